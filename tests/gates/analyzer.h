/* For clang's analyzer, which sees one file at a time: what fails returns the status that it was given, an output
 * that is missing is an error, and memory comes as zeros. tidy.py puts this before the files of core. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

#define rfctls__alloc(size) calloc(1, size)
#define rfctls__fail(status, ...) ((void)rfctls__fail(status, __VA_ARGS__), status)
#define rfctls__fail_system(status, ...) ((void)rfctls__fail_system(status, __VA_ARGS__), status)
#define rfctls__fail_engine(status, ...) ((void)rfctls__fail_engine(status, __VA_ARGS__), status)
#define rfctls__fail_memory() ((void)rfctls__fail_memory(), RFCTLS_E_MEMORY)
#define rfctls__output(out, size, what) \
  ((void)rfctls__output(out, size, what), (out) != NULL ? RFCTLS_OK : RFCTLS_E_ARGUMENT)

#if !defined _WIN32
#include "openssl/failure.h"
#define rfctls__openssl_fail(status, ...) ((void)rfctls__openssl_fail(status, __VA_ARGS__), status)
#endif
