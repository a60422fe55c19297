/* Verdicts: see verdict.h. */
#include "x509/verdict.h"

#include <string.h>

#include "base/alloc.h"

void rfctls__verdict_release(rfctls__verdict *verdict) {
  rfctls__free(verdict->items);
  rfctls__list_release(&verdict->texts);
  rfctls__list_release(&verdict->certs);
  memset(verdict, 0, sizeof *verdict);
}
