/* What every system says of files: see file.h. */
#include "base/file.h"

#include <string.h>

#include "base/error.h"

rfctls_status rfctls__refuse_pem(const char *path) {
  return strstr(path, "-----BEGIN") != NULL
             ? rfctls__fail(RFCTLS_E_ARGUMENT, "PEM text stands where the name of a file is due")
             : RFCTLS_OK;
}
