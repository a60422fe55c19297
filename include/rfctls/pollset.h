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

RFCTLS_END

#endif
