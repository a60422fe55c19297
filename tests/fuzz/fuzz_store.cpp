// Stores, PKCS#7 and PKCS#12 in BER or DER: the input is one, and "secret" its passphrase.
#include "fuzz/input.hpp"
#include "pki/bag.h"
#include "x509/ber.h"

using namespace rfctls_test;
using namespace rfctls_test::fuzz;

namespace {

// What has become DER stays as it is.
void convert(rfctls__bytes data) {
  rfctls__buffer once = {}, twice = {};
  if (answered(rfctls__ber_to_der(data, &once)) == RFCTLS_OK) {
    must(rfctls__ber_to_der(rfctls__buffer_bytes(&once), &twice) == RFCTLS_OK &&
             rfctls__bytes_equal(rfctls__buffer_bytes(&once), rfctls__buffer_bytes(&twice)),
         "DER is BER, too");
  }
  rfctls__buffer_release(&once);
  rfctls__buffer_release(&twice);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Chain chain, of_key;
  Key key;
  convert({data, size});
  rfctls_status all = answered(rfctls_chain_load(data, size, "secret", out(chain)));
  must((all == RFCTLS_OK) == (rfctls_chain_count(chain.get()) > 0), "a chain is not empty");
  for (const char *alias : {static_cast<const char *>(nullptr), "a", "b"}) {
    rfctls_status both =
        answered(rfctls_identity_load(data, size, "secret", alias, out(of_key), out(key)));
    must((both == RFCTLS_OK) == (key != nullptr), "a key is there when it says so");
    must(both != RFCTLS_OK || (all == RFCTLS_OK &&
                               rfctls_chain_count(of_key.get()) <= rfctls_chain_count(chain.get())),
         "its certificates are some of all");
  }
  return 0;
}
