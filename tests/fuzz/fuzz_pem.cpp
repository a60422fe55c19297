// Certificates in PEM, and what may be PEM or DER: the input is the text.
#include "fuzz/input.hpp"
#include "pki/pem.h"

using namespace rfctls_test;
using namespace rfctls_test::fuzz;

namespace {

// What comes out goes in again, and is the same.
void read_back(rfctls_cert *cert) {
  Cert again;
  size_t size = 0;
  const void *der = rfctls_cert_der(cert, &size);
  must(rfctls_cert_load(der, size, out(again)) == RFCTLS_OK, "DER is read as it was written");
  must(std::strcmp(rfctls_cert_fingerprint(cert), rfctls_cert_fingerprint(again.get())) == 0,
       "it is the same certificate");
  must(rfctls_cert_not_before(cert) == rfctls_cert_not_before(again.get()), "with the same dates");
  for (size_t i = 0; i < rfctls_cert_name_count(cert); i++) {
    must(rfctls_cert_name(cert, i) != nullptr, "names are text");
  }
  (void)rfctls_cert_matches_name(cert, "server.test");
}

// Blocks lie in the text, behind each other.
void walk(rfctls__bytes text) {
  rfctls__pem_block block;
  size_t offset = 0, before = 0;
  while (rfctls__pem_next(text, &offset, &block) == RFCTLS_OK && block.text.size > 0) {
    must(offset > before && offset <= text.size, "every block moves on");
    must(block.text.data >= text.data + before &&
             block.text.data + block.text.size == text.data + offset,
         "a block lies in the text");
    must(rfctls__pem_line(text, block.text.data) >= 1, "lines are counted from 1");
    before = offset;
    rfctls__buffer decoded = {};
    if (answered(rfctls__pem_decode(&block, &decoded)) == RFCTLS_OK) {
      must(rfctls__buffer_size(&decoded) > 0, "what is decoded is something");
    }
    (void)rfctls__pem_has_headers(&block);
    (void)rfctls__pem_kind_of(&block);
    rfctls__buffer_release(&decoded);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  rfctls__bytes text = {data, size};
  Chain chain;
  Cert cert;
  walk(text);
  rfctls_status all = answered(rfctls_chain_load(data, size, nullptr, out(chain)));
  rfctls_status first = answered(rfctls_cert_load(data, size, out(cert)));
  must(all != RFCTLS_OK || rfctls_chain_count(chain.get()) > 0, "a chain is not empty");
  must((all == RFCTLS_OK) == (first == RFCTLS_OK), "a chain has a first certificate");
  for (size_t i = 0; i < rfctls_chain_count(chain.get()); i++) {
    read_back(rfctls_chain_at(chain.get(), i));
  }
  return 0;
}
