/* The transport under a TLS socket: a TCP socket, or memory that the program feeds and drains. */
#ifndef RFCTLS_RAW_H
#define RFCTLS_RAW_H

#include "rfctls/address.h"
#include "rfctls/status.h"
#include "rfctls/types.h"

RFCTLS_BEGIN

/* Connects by TCP to one address, within timeout_ms (-1: as long as the system tries).
 * RFCTLS_E_CONNECT: refused or unreachable. RFCTLS_E_TIMEOUT. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_connect(const rfctls_address *address,
                                                        int64_t timeout_ms, rfctls_raw **out);
/* Listens on one address; backlog 0 takes the system's largest. RFCTLS_E_SYSTEM: address in use,
 * not ours, no right to it. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_listen(const rfctls_address *address, int backlog,
                                                       rfctls_raw **out);
/* Takes a descriptor that the program has (a SOCKET on Windows); asks the system whether it
 * listens. owned 1: made non-blocking, and closed with this handle; 0: borrowed, its flags are
 * left as they are and it is never closed. RFCTLS_E_SYSTEM: not a stream socket. On failure the
 * descriptor stays the caller's. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_adopt(intptr_t fd, int owned, rfctls_raw **out);
/* A transport without a descriptor: what the peer sent is fed, what is for the peer is drained, and how
 * both travel is the program's business (TLS inside TLS, any event loop, any protocol around). Wrap it
 * as any other. Nothing over it ever waits: a TLS socket over it is non-blocking, RFCTLS_WANT_READ means
 * feed, RFCTLS_WANT_WRITE means drain. Its addresses have neither IP nor port. One thread may feed, one
 * drain, while others use the socket. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_memory(rfctls_raw **out);
/* Bytes that came from the peer: all are kept until the socket receives them, however many. Owns a copy.
 * RFCTLS_E_STATE after the end; RFCTLS_E_CLOSED: the socket was closed, nobody will read them. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_feed(rfctls_raw *raw, const void *data, size_t size);
/* The peer sends no more: as the FIN of TCP, not as a close_notify. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_feed_end(rfctls_raw *raw);
/* Takes at most capacity bytes that are for the peer, also after close. RFCTLS_WANT_READ: there are none
 * now; RFCTLS_OK with *received = 0: there will be none any more (unless capacity is 0). At most 256 KiB
 * wait to be drained, then the socket answers RFCTLS_WANT_WRITE. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_drain(rfctls_raw *raw, void *buffer, size_t capacity,
                                                      size_t *received);

/* Takes one more reference and returns its argument. */
RFCTLS_API rfctls_raw *RFCTLS_CALL rfctls_raw_ref(rfctls_raw *raw);
/* Drops one reference; the last one closes an owned descriptor. */
RFCTLS_API void RFCTLS_CALL rfctls_raw_unref(rfctls_raw *raw);

/* The descriptor, borrowed; -1 for NULL, after close, or over memory. */
RFCTLS_API intptr_t RFCTLS_CALL rfctls_raw_fd(const rfctls_raw *raw);
/* Our end; of what is not IP, an address without IP and port. The answer
 * stays the same after close; RFCTLS_E_CLOSED if it was never known. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_local_address(const rfctls_raw *raw,
                                                              rfctls_address **out);
/* The other end, as above. RFCTLS_E_STATE: a listener has none. RFCTLS_E_SYSTEM: not connected. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_peer_address(const rfctls_raw *raw,
                                                             rfctls_address **out);

RFCTLS_END

#endif
