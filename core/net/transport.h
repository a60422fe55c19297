/* The transport as the TLS layer uses it: one try each, never waiting. */
#ifndef RFCTLS_NET_TRANSPORT_H
#define RFCTLS_NET_TRANSPORT_H

#include "base/deadline.h"
#include "net/connector.h"
#include "net/os.h"
#include "net/wait.h"
#include "rfctls/raw.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* ---- a transport that connects ---- */

/* One try. OK: it is connected; else as rfctls__connector_try. */
rfctls_status rfctls__raw_go_on_connecting(rfctls_raw *raw);
/* 1 and what to wait for, as long as it connects. */
int rfctls__raw_is_connecting(const rfctls_raw *raw, rfctls__connecting *out);
/* E_TIMEOUT, because it is not connected yet. */
rfctls_status rfctls__raw_fail_late(const rfctls_raw *raw);

/* ---- a connected or listening transport ---- */

/* Whether a call can wait for it: not over memory, since nothing tells when a program feeds it. */
int rfctls__raw_can_block(const rfctls_raw *raw);
int rfctls__raw_is_open(const rfctls_raw *raw);
/* Which of RFCTLS__POLL_* it is ready for, as far as is known without asking the system: memory, and
 * bytes that were given back. */
uint32_t rfctls__raw_ready(const rfctls_raw *raw);
int rfctls__raw_is_listener(const rfctls_raw *raw);
/* 0 for borrowed descriptors, and for memory. */
int rfctls__raw_is_owned(const rfctls_raw *raw);
/* OK with *sent >= 1, WANT_WRITE, E_RESET, E_SYSTEM. */
rfctls_status rfctls__raw_try_send(rfctls_raw *raw, const void *data, size_t size, size_t *sent);
/* OK (*received = 0: the end), WANT_READ, E_RESET, E_SYSTEM. peek: the bytes stay. */
rfctls_status rfctls__raw_try_recv(rfctls_raw *raw, void *buffer, size_t room, int peek,
                                   size_t *received);
/* Sends FIN, on an owned descriptor only; in memory, ends what is drained. */
void rfctls__raw_finish(rfctls_raw *raw);
int64_t rfctls__raw_unacknowledged(const rfctls_raw *raw);
/* Closes an owned descriptor, forgets a borrowed one, wakes who watches it; the addresses stay known.
 * The descriptor stays open until the last operation and watch have left; tries are the caller's business.
 * A second call does nothing. */
void rfctls__raw_close(rfctls_raw *raw);
/* Gives the descriptor up: it is the caller's from now on. RFCTLS__NO_FD: there is none. */
intptr_t rfctls__raw_release(rfctls_raw *raw);
/* As long as a TLS socket speaks on it, the public operations leave it alone. */
void rfctls__raw_lend(rfctls_raw *raw);
void rfctls__raw_give_back(rfctls_raw *raw);
/* A place among those whom a close wakes; the descriptor stays open as long. */
void rfctls__raw_wait_begin(rfctls_raw *raw, rfctls__waker *waker, rfctls__waiter *waiter);
void rfctls__raw_wait_end(rfctls_raw *raw, const rfctls__waiter *waiter);
/* As rfctls_raw_local_address and _peer_address, within a public call. */
rfctls_status rfctls__raw_local_address(const rfctls_raw *raw, rfctls_address **out);
rfctls_status rfctls__raw_peer_address(const rfctls_raw *raw, rfctls_address **out);

#if defined(__cplusplus)
}
#endif

#endif
