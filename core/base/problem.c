/* Problems in words: see problem.h. */
#include "base/problem.h"

#include <stdio.h>

void rfctls__problem_say(char *out, size_t size, const rfctls__problem *problem) {
  const char *kind = problem->depth == 0 ? "certificate for" : "issuer certificate";
  const char *holder = problem->holder, *detail = problem->detail;
  switch ((int)problem->reason) { /* most have a text of their own */
  case RFCTLS_REASON_NAME:
    (void)snprintf(out, size, "certificate is for %s, not for %s", holder, detail);
    return;
  case RFCTLS_REASON_EXPIRED:
    (void)snprintf(out, size, "%s %s expired on %s", kind, holder, detail);
    return;
  case RFCTLS_REASON_NOT_YET_VALID:
    (void)snprintf(out, size, "%s %s is not valid before %s", kind, holder, detail);
    return;
  case RFCTLS_REASON_SELF_SIGNED:
    (void)snprintf(out, size, "%s %s is self-signed and not trusted", kind, holder);
    return;
  case RFCTLS_REASON_ISSUER:
    (void)snprintf(out, size, "%s %s was issued by %s, which is not trusted", kind, holder, detail);
    return;
  default: (void)snprintf(out, size, "%s %s: %s", kind, holder, detail);
  }
}
