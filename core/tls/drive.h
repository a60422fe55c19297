/* The one loop of the library, and how a call sleeps beside others. */
#ifndef RFCTLS_TLS_DRIVE_H
#define RFCTLS_TLS_DRIVE_H

#include "tls/socket.h"

/* Never leaves drive: another call has the turn. */
enum { RFCTLS__WANT_TURN = 100 };

typedef struct rfctls__verb rfctls__verb;

/* One push under the lock: OK, WANT_*, E. Owed bytes were flushed before, as far as they went; what it
 * puts into `out` is flushed after. */
typedef rfctls_status (*rfctls__step)(rfctls_socket *socket, rfctls__verb *verb);

struct rfctls__verb {
  rfctls__step step;
  int waits;   /* 0: answers WANT_*                                        */
  int closes;  /* goes on though the socket is closing                     */
  int64_t nap; /* set by a step: look again after so many nanoseconds; 0: no */
  rfctls__deadline deadline;
};

/* Runs a step until it is done, sleeping in between where the verb waits. */
rfctls_status rfctls__drive(rfctls_socket *socket, rfctls__verb *verb);

/* ---- io.c: the verbs within a public call, which may make several of them and has its timer once ---- */

typedef struct rfctls__patience {
  int waits;
  rfctls__deadline deadline;
} rfctls__patience;

/* E_ARGUMENT, E_FORKED; whether and until when a call with these flags, begun now, waits. */
rfctls_status rfctls__patience_of(const rfctls_socket *socket, uint32_t flags, rfctls_timer timer,
                                  rfctls__patience *out);
/* As rfctls_socket_send, _recv and _close; the counts are 0 before. */
rfctls_status rfctls__send(rfctls_socket *socket, const rfctls__patience *patience,
                           const void *data, size_t size, size_t *sent);
rfctls_status rfctls__recv(rfctls_socket *socket, const rfctls__patience *patience, uint32_t flags,
                           void *buffer, size_t capacity, size_t *received);
rfctls_status rfctls__close(rfctls_socket *socket);

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
/* What is owed, then close_notify: OK when both have left or nothing can be said any more. */
rfctls_status rfctls__goodbye(rfctls_socket *socket);

/* One try at connecting, as rfctls__raw_go_on_connecting. (handshake.c) */
rfctls_status rfctls__go_on_connecting(rfctls_socket *socket);

/* ---- looking and sleeping, also for wait and pollset ---- */

/* A place among those whom a change wakes. The socket stays open as long. */
typedef struct rfctls__watch {
  rfctls__waiter waiter;
  intptr_t fd;
  uint32_t events;           /* RFCTLS__POLL_* */
  uint32_t found;            /* those that memory below is ready for: no system tells of them */
  rfctls__deadline deadline; /* when to look again: a connect, handshake or close is under way */
} rfctls__watch;

/* RFCTLS__POLL_* to wait for. */
uint32_t rfctls__events_for(const rfctls_socket *socket, int want);
/* When to look again without any event. */
rfctls__deadline rfctls__next_look(const rfctls_socket *socket);
/* Whether a timer that is not one verb's alone has run out: of connect, handshake or close. */
int rfctls__timer_ran_out(const rfctls_socket *socket);
void rfctls__watch_begin(rfctls_socket *socket, int want, rfctls__waker *waker,
                         rfctls__watch *watch);
void rfctls__watch_end(rfctls_socket *socket, rfctls__watch *watch);
/* Whether recv, accept or a handshake has something to do without the transport. */
int rfctls__readable(const rfctls_socket *socket);
/* A look after which the caller may leave the socket: wakes and closes what has to be. */
void rfctls__leave(rfctls_socket *socket);

#endif
