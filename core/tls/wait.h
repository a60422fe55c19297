/* What a socket waits for, for the loop, a wait and a pollset. Under the lock. */
#ifndef RFCTLS_TLS_WAIT_H
#define RFCTLS_TLS_WAIT_H

#include "tls/socket_state.h"

/* Never leaves drive: another call has the turn. */
enum { RFCTLS__WANT_TURN = 100 };

/* A place among those whom a change wakes. The socket stays open as long. */
typedef struct rfctls__wait_entry {
  rfctls__waiter waiter;
  intptr_t fd;
  uint32_t events;           /* RFCTLS__POLL_* */
  uint32_t found;            /* those that memory below is ready for: no system tells of them */
  rfctls__deadline deadline; /* when to look again: a connect, handshake or close is under way */
} rfctls__wait_entry;

/* RFCTLS__POLL_* to wait for. */
uint32_t rfctls__events_for(const rfctls_socket *socket, int want);
/* When to look again without any event. */
rfctls__deadline rfctls__next_look(const rfctls_socket *socket);
/* Whether a timer that is not one operation's alone has run out: of connect, handshake or close. */
int rfctls__timer_ran_out(const rfctls_socket *socket);
void rfctls__wait_entry_begin(rfctls_socket *socket, int want, rfctls__waker *waker,
                              rfctls__wait_entry *entry);
void rfctls__wait_entry_end(rfctls_socket *socket, rfctls__wait_entry *entry);
/* Whether recv, accept or a handshake has something to do without the transport. */
int rfctls__readable(const rfctls_socket *socket);
/* When a connect under way has to be tried again without any event. */
rfctls__deadline rfctls__next_of_connect(const rfctls_socket *socket);

#endif
