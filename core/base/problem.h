/* What is wrong with a certificate, in the words that both engines use. */
#ifndef RFCTLS_BASE_PROBLEM_H
#define RFCTLS_BASE_PROBLEM_H

#include <stddef.h>

#include "rfctls/status.h"

#if defined(__cplusplus)
extern "C" {
#endif

typedef struct rfctls__problem {
  rfctls_reason reason;
  int depth;          /* 0: the peer's own certificate                                */
  const char *holder; /* whom it is for                                               */
  const char *detail; /* NAME: who was asked for; EXPIRED, NOT_YET_VALID: the date;
                         ISSUER: who issued it; SELF_SIGNED: NULL; others: what is wrong */
} rfctls__problem;

/* One clause that names the certificate. */
void rfctls__problem_say(char *out, size_t size, const rfctls__problem *problem);

#if defined(__cplusplus)
}
#endif

#endif
