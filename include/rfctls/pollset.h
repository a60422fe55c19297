/* Waits for many sockets at once, TLS and raw mixed, and knows what a descriptor does not: decrypted
 * bytes that wait inside a TLS socket, and handshake timers that ran out. No limit on descriptor
 * numbers. One thread at a time. */
#ifndef RFCTLS_POLLSET_H
#define RFCTLS_POLLSET_H

#include "rfctls/raw.h"
#include "rfctls/socket.h"
#include "rfctls/status.h"
#include "rfctls/types.h"

RFCTLS_BEGIN

typedef enum rfctls_event {
  RFCTLS_EVENT_READ = 1,  /* recv, accept or a handshake that wanted to read can go on  */
  RFCTLS_EVENT_WRITE = 2, /* send, or a handshake that wanted to write, can go on       */
  RFCTLS_EVENT_ERROR =
      4, /* the system reports an error, or a timer ran out: the next verb says which */
  RFCTLS_EVENT_IS_INT = 0x7fffffff
} rfctls_event;
RFCTLS_ENUM_IS_INT(rfctls_event);

RFCTLS_API rfctls_status RFCTLS_CALL rfctls_pollset_new(rfctls_pollset **out);
/* Frees the set and drops its references. */
RFCTLS_API void RFCTLS_CALL rfctls_pollset_unref(rfctls_pollset *pollset);
/* Adds a socket with the events to wait for (RFCTLS_EVENT_READ | _WRITE; _ERROR is always told); the
 * set keeps a reference. *index tells its place. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_pollset_add_socket(rfctls_pollset *pollset,
                                                               rfctls_socket *socket,
                                                               uint32_t events, size_t *index);
/* The same for a transport without TLS. Over memory, both are looked at when the wait begins; feeding
 * ends no wait. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_pollset_add_raw(rfctls_pollset *pollset,
                                                            rfctls_raw *raw, uint32_t events,
                                                            size_t *index);
/* Waits until one is ready, at most timeout_ms (-1: for ever); *ready is how many are, 0 past the
 * timer or after a signal: both are RFCTLS_OK. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_pollset_wait(rfctls_pollset *pollset,
                                                         int64_t timeout_ms, size_t *ready);
/* What the last wait found at an index: RFCTLS_EVENT_* or 0. */
RFCTLS_API uint32_t RFCTLS_CALL rfctls_pollset_events(const rfctls_pollset *pollset, size_t index);
/* Takes all out. */
RFCTLS_API void RFCTLS_CALL rfctls_pollset_clear(rfctls_pollset *pollset);

/* ---- for other event loops: which descriptor, for which events, and how long ---- */

/* The descriptor to watch, the socket's own; -1: there is none, over memory, after close, and for NULL.
 * While a non-blocking connect is under way it may be another one after each call: ask again, and stop
 * watching the old one before the call, for it may be closed, and its number belong to something else. */
RFCTLS_API intptr_t RFCTLS_CALL rfctls_socket_wait_fd(const rfctls_socket *socket);
/* For which of RFCTLS_EVENT_READ and _WRITE the descriptor has to be watched until
 * the call that answered want (RFCTLS_WANT_READ or _WRITE) should be made again. 0: for none, call again at
 * once; what it wants is here already. Over memory, READ means feed and WRITE means drain. To be asked
 * anew after each call; any thread. 0 also for NULL, and for another want. */
RFCTLS_API uint32_t RFCTLS_CALL rfctls_socket_wait_events(const rfctls_socket *socket,
                                                          rfctls_status want);
/* After how many milliseconds that call should be made again although the descriptor told of nothing: a
 * timer of the handshake or of a close runs out then, another address has its turn, or there is something
 * that no event tells of. 0: at
 * once; -1: there is no such time; also for NULL. */
RFCTLS_API int64_t RFCTLS_CALL rfctls_socket_wait_timeout(const rfctls_socket *socket);

RFCTLS_END

#endif
