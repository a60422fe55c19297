// What every target shares: an input that is taken from piece by piece, and what must hold of every answer.
#ifndef RFCTLS_TESTS_FUZZ_INPUT_HPP
#define RFCTLS_TESTS_FUZZ_INPUT_HPP

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "support/handles.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace rfctls_test::fuzz {

// Not assert: it holds in every build.
inline void must(bool holds, const char *what) {
  if (!holds) {
    std::fprintf(stderr, "broken promise: %s (%s)\n", what, rfctls_error_message());
    std::abort();
  }
}

// Every failure says what it is.
inline rfctls_status answered(rfctls_status status) {
  must(status >= 0 || rfctls_error_message()[0] != '\0', "a failure has a message");
  must(status != RFCTLS_E_INTERNAL, "no input is a bug of ours");
  return status;
}

class Input {
 public:
  Input(const uint8_t *data, size_t size) : at_(data), left_(size) {}

  bool empty() const {
    return left_ == 0;
  }
  // 0 at the end.
  unsigned byte() {
    if (left_ == 0) {
      return 0;
    }
    left_--;
    return *at_++;
  }
  unsigned two_bytes() {
    unsigned high = byte();
    return high << 8 | byte();
  }
  std::string bytes(size_t most) {
    std::string taken(reinterpret_cast<const char *>(at_), std::min(most, left_));
    at_ += taken.size();
    left_ -= taken.size();
    return taken;
  }
  std::string rest() {
    return bytes(left_);
  }

 private:
  const uint8_t *at_;
  size_t left_;
};

}  // namespace rfctls_test::fuzz

#endif
