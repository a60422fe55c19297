// Private keys. The first byte chooses: bytes, bytes with a passphrase, a file; the rest is it.
#include <unistd.h>

#include "fuzz/input.hpp"

using namespace rfctls_test;
using namespace rfctls_test::fuzz;

namespace {

rfctls_status from_file(const std::string &content, Key &key) {
  static char path[] = "/tmp/rfctls-fuzz-XXXXXX";
  static const int fd = mkstemp(path);
  must(fd >= 0 && ftruncate(fd, 0) == 0 &&
           pwrite(fd, content.data(), content.size(), 0) == static_cast<ssize_t>(content.size()),
       "a file can be written");
  static const bool kept = std::atexit([] { unlink(path); }) == 0;
  (void)kept;
  return rfctls_key_from_file(path, "secret", out(key));
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Input input(data, size);
  unsigned way = input.byte() % 3;
  std::string text = input.rest();
  Key key;
  rfctls_status status = RFCTLS_OK;
  switch (way) {
  case 0: status = rfctls_key_load(text.data(), text.size(), nullptr, out(key)); break;
  case 1: status = rfctls_key_load(text.data(), text.size(), "secret", out(key)); break;
  default: status = from_file(text, key); break;
  }
  answered(status);
  must((status == RFCTLS_OK) == (key != nullptr), "a key is there when it says so");
  must(status == RFCTLS_OK || status == RFCTLS_E_PARSE || status == RFCTLS_E_IDENTITY ||
           status == RFCTLS_E_UNSUPPORTED || status == RFCTLS_E_ARGUMENT,
       "bad bytes are named so");
  if (key) {
    Key also(rfctls_key_ref(key.get()));
  }
  return 0;
}
