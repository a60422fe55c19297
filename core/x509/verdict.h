/* What an engine found of the peer's chain: one finding a certificate. */
#ifndef RFCTLS_X509_VERDICT_H
#define RFCTLS_X509_VERDICT_H

#include "base/buffer.h"
#include "rfctls/status.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* One certificate of the peer's chain, as the library judged it. */
typedef struct rfctls__finding {
  int depth;
  rfctls_reason reason; /* RFCTLS_REASON_NONE: trusted */
  const char *text;     /* "" when trusted             */
  rfctls__bytes der;
} rfctls__finding;

/* Root first, leaf last; borrowed from the connection until its next handshake call. */
typedef struct rfctls__findings {
  const rfctls__finding *items;
  size_t count;
} rfctls__findings;

/* Findings, and what they borrow from. */
typedef struct rfctls__verdict {
  rfctls__finding *items;
  size_t count;
  rfctls__list texts; /* what the items' text borrows from, each with its NUL */
  rfctls__list certs; /* what the items' der borrows from, leaf first         */
} rfctls__verdict;

/* Leaves zeros. */
void rfctls__verdict_release(rfctls__verdict *verdict);

#if defined(__cplusplus)
}
#endif

#endif
