/* A module of a host's that has the library inside it, as a rock of Lua has: for test_unload.py. */
#include "rfctls.h"

/* Begins to look a name up, and gives it up. */
__attribute__((visibility("default"))) int begin_and_give_up(const char *node);

int begin_and_give_up(const char *node) {
  rfctls_raw *raw = NULL;
  rfctls_status status = rfctls_raw_connect(node, "443", RFCTLS_FAMILY_ANY, 0, -1, &raw);
  rfctls_raw_unref(raw);
  return status == RFCTLS_OK;
}
