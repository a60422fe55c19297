// A client of ours, and what its peer may send to it: see drive.hpp.
#include "fuzz/drive.hpp"

using namespace rfctls_test::fuzz;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Input input(data, size);
  Drive(RFCTLS_CLIENT, input).run();
  return 0;
}
