/* The one loop of the library, and what its steps do. */
#ifndef RFCTLS_TLS_DRIVE_H
#define RFCTLS_TLS_DRIVE_H

#include "tls/wait.h"

typedef struct rfctls__operation rfctls__operation;

/* One push under the lock: OK, WANT_*, E. Pending bytes were flushed before, as far as they went; what it
 * puts into `out` is flushed after. */
typedef rfctls_status (*rfctls__step)(rfctls_socket *socket, rfctls__operation *operation);

/* How long a public call waits, which may drive several operations and has its timer once. */
typedef struct rfctls__wait_policy {
  int waits; /* 0: answers WANT_* */
  rfctls__deadline deadline;
} rfctls__wait_policy;

struct rfctls__operation {
  rfctls__step step;
  rfctls__wait_policy policy;
  int closes;  /* goes on though the socket is closing                       */
  int64_t nap; /* set by a step: look again after so many nanoseconds; 0: no */
};

/* Runs a step until it is done, sleeping in between where the operation waits. */
rfctls_status rfctls__drive(rfctls_socket *socket, rfctls__operation *operation);

/* E_ARGUMENT, E_FORKED; whether and until when a call with these flags, begun now, waits. */
rfctls_status rfctls__wait_policy_of(const rfctls_socket *socket, uint32_t flags,
                                     rfctls_timer timer, rfctls__wait_policy *out);

/* ---- steps use these, under the lock ---- */

/* Sends of `out` what the system takes. A failure is kept in write_end. */
void rfctls__flush(rfctls_socket *socket);
/* A peer that was refused what it asked for has perhaps failed or ended for that: its message then begins
 * with what was refused. Returns the status. */
rfctls_status rfctls__mention_refusal(const rfctls_socket *socket, rfctls_status status);
/* Both directions fail with the thread's error record, which stays the reason. Returns its status. */
rfctls_status rfctls__break(rfctls_socket *socket, rfctls_status status);
/* The engine answered WANT_READ: that, or what the end of TCP makes of it. */
rfctls_status rfctls__starve(rfctls_socket *socket);
/* As engine->decrypt into buffer, with the state of reading kept: OK with *given = 0 is the end. */
rfctls_status rfctls__decrypt(rfctls_socket *socket, void *buffer, size_t room, size_t *given);

#endif
