/* The transport under a TLS socket: a TCP or Unix-domain socket, or memory that the program feeds and
 * drains.
 *
 * It has the verbs of plain sockets, for what is said before TLS (STARTTLS, proxies) or without it. A
 * blocking transport (the default) waits up to its timer and answers RFCTLS_E_TIMEOUT past it, a
 * non-blocking one answers RFCTLS_WANT_*. One thread may receive while another sends and a third closes.
 * While a TLS socket speaks on a transport, these verbs answer RFCTLS_E_STATE; after close,
 * RFCTLS_E_CLOSED; in a child process, RFCTLS_E_FORKED. */
#ifndef RFCTLS_RAW_H
#define RFCTLS_RAW_H

#include "rfctls/address.h"
#include "rfctls/config.h"
#include "rfctls/status.h"
#include "rfctls/types.h"

RFCTLS_BEGIN

typedef enum rfctls_how {
  RFCTLS_SHUT_READ = 0,
  RFCTLS_SHUT_WRITE = 1,
  RFCTLS_SHUT_BOTH = 2,
  RFCTLS_HOW_IS_INT = 0x7fffffff
} rfctls_how;
RFCTLS_ENUM_IS_INT(rfctls_how);

/* Flags of send and recv, here and in rfctls/socket.h; others are RFCTLS_E_ARGUMENT. */
typedef enum rfctls_flag {
  RFCTLS_PEEK = 1,     /* recv: leave the bytes for the next call                */
  RFCTLS_DONTWAIT = 2, /* this call does not wait, though the socket is blocking */
  RFCTLS_WAITALL = 4,  /* recv: wait until the buffer is full, or the end        */
  RFCTLS_FLAG_IS_INT = 0x7fffffff
} rfctls_flag;
RFCTLS_ENUM_IS_INT(rfctls_flag);

/* ---- make ---- */

/* Connects by TCP to the first address of node that accepts: IPv6 and IPv4 take turns, and an address that
 * does not answer holds the next one up for 250 ms (RFC 8305). service is a port or its name. timeout_ms is for
 * resolving and connecting together (-1: none). blocking 0: comes back at once, and the transport connects;
 * its verbs answer RFCTLS_WANT_READ while the name is looked up, RFCTLS_WANT_WRITE until an address has
 * accepted, and then do what they do; rfctls_raw_finish_connect does no more than that. RFCTLS_E_RESOLVE: a
 * name is not known. RFCTLS_E_CONNECT: all addresses refused or are unreachable. RFCTLS_E_TIMEOUT.
 * RFCTLS_E_ARGUMENT: as rfctls_addresses_resolve. RFCTLS_E_SYSTEM: no thread for the look-up (names are looked
 * up by a thread of the library, numbers are not), no descriptor. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_connect(const char *node, const char *service,
                                                        rfctls_family family, int blocking,
                                                        int64_t timeout_ms, rfctls_raw **out);
/* Until the transport is connected: RFCTLS_OK, at once where it is already. Non-blocking: RFCTLS_WANT_READ or
 * _WRITE, wait and call again, but not later than after rfctls_raw_wait_timeout. RFCTLS_E_RESOLVE,
 * RFCTLS_E_CONNECT; RFCTLS_E_TIMEOUT: the next call begins its timer anew. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_finish_connect(rfctls_raw *raw);
/* Listens on one address; backlog 0 takes the system's largest. RFCTLS_E_SYSTEM: address in use,
 * not ours, no right to it. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_listen(const rfctls_address *address, int backlog,
                                                       rfctls_raw **out);
/* Connects to the Unix-domain socket at a path, within timeout_ms (-1: none). RFCTLS_E_CONNECT: nobody
 * listens there, no right to it, or as many wait to be accepted as its listener lets. RFCTLS_E_ARGUMENT: the
 * path is empty, or longer than the system takes. RFCTLS_E_UNSUPPORTED: the system has no such sockets. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_connect_unix(const char *path, int64_t timeout_ms,
                                                             rfctls_raw **out);
/* Makes the Unix-domain socket at a path, and listens there. The file stays after close: the program
 * removes it, before the next listen at the latest. Who may connect is decided by the rights of the
 * folder, and by the umask. RFCTLS_E_SYSTEM: something is there already, no right to it; else as above. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_listen_unix(const char *path, int backlog,
                                                            rfctls_raw **out);
/* Takes a descriptor that the program has (a SOCKET on Windows); asks the system whether it
 * listens. owned 1: made non-blocking, and closed with this handle; 0: borrowed, its flags are
 * left as they are (Windows has no way to: there it becomes non-blocking, too) and it is never closed.
 * RFCTLS_E_SYSTEM: not a stream socket. On failure the
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
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_feed(rfctls_raw *raw, const void *data,
                                                     size_t size);
/* The peer sends no more: as the FIN of TCP, not as a close_notify. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_feed_end(rfctls_raw *raw);
/* Takes at most capacity bytes that are for the peer, also after close. RFCTLS_WANT_READ: there are none
 * now; RFCTLS_OK with *received = 0: there will be none any more (unless capacity is 0). At most 256 KiB
 * wait to be drained, then the socket answers RFCTLS_WANT_WRITE. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_drain(rfctls_raw *raw, void *buffer,
                                                      size_t capacity, size_t *received);

/* Takes one more reference and returns its argument. */
RFCTLS_API rfctls_raw *RFCTLS_CALL rfctls_raw_ref(rfctls_raw *raw);
/* Drops one reference; the last one closes an owned descriptor. */
RFCTLS_API void RFCTLS_CALL rfctls_raw_unref(rfctls_raw *raw);

/* ---- talk ---- */

/* The next connection of a listener, within RFCTLS_TIMER_ACCEPT; it inherits whether it blocks, and the
 * timers. RFCTLS_E_TIMEOUT, RFCTLS_WANT_READ. RFCTLS_E_STATE: not a listener. RFCTLS_E_SYSTEM (too many
 * open files) leaves the listener alive. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_accept(rfctls_raw *listener, rfctls_raw **out);
/* Sends. Blocking: all of it; non-blocking: RFCTLS_OK with *sent >= 1, or RFCTLS_WANT_WRITE with *sent =
 * 0. *sent counts what has left to the system, on failure too. RFCTLS_E_TIMEOUT, RFCTLS_E_RESET. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_send(rfctls_raw *raw, uint32_t flags,
                                                     const void *data, size_t size, size_t *sent);
/* Receives what is there, at least 1 byte, at most capacity; RFCTLS_OK with *received = 0 is the end
 * (unless capacity is 0). What stops RFCTLS_WAITALL shows at the next call, after the bytes that came.
 * RFCTLS_PEEK gives what is there, without RFCTLS_WAITALL. RFCTLS_E_TIMEOUT, RFCTLS_E_RESET. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_recv(rfctls_raw *raw, uint32_t flags, void *buffer,
                                                     size_t capacity, size_t *received);
/* Gives bytes back that were received and not used: the next receive, also that of a TLS socket over the
 * transport, finds them first. For what a program has read ahead before TLS begins, as the hello that came
 * in one segment with a PROXY line; also where another library had received them. Owns a copy. Of two calls
 * the later one's bytes come first. No bytes change nothing. RFCTLS_E_STATE: a listener has received
 * none. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_unread(rfctls_raw *raw, const void *data,
                                                       size_t size);
/* How many of these bytes nobody has received yet; the descriptor does not tell of them, a pollset does. 0
 * for NULL. */
RFCTLS_API size_t RFCTLS_CALL rfctls_raw_pending(const rfctls_raw *raw);
/* Ends one direction, or both, also of a borrowed descriptor: the peer finds the end of WRITE behind
 * what was sent. A listener takes no more connections after READ or BOTH: accept answers RFCTLS_E_CLOSED, and
 * so do the calls that other threads wait in; WRITE changes nothing there. RFCTLS_E_SYSTEM: not connected. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_shutdown(rfctls_raw *raw, rfctls_how how);
/* Closes at once, and wakes the calls that other threads wait in; a borrowed descriptor stays open. The
 * system goes on sending what it has, unless bytes of the peer were left unread: then TCP resets. A second
 * call is RFCTLS_OK. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_close(rfctls_raw *raw);

/* ---- wait ---- */

/* RFCTLS_E_UNSUPPORTED: over memory no call can wait. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_set_blocking(rfctls_raw *raw, int blocking);
RFCTLS_API int RFCTLS_CALL rfctls_raw_is_blocking(const rfctls_raw *raw);
/* RFCTLS_TIMER_READ, _WRITE or _ACCEPT, in milliseconds: -1 none (the default), 0 poll. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_set_timeout(rfctls_raw *raw, rfctls_timer timer,
                                                            int64_t milliseconds);
/* That timer; -1 also for NULL or a timer that a transport does not have. */
RFCTLS_API int64_t RFCTLS_CALL rfctls_raw_timeout(const rfctls_raw *raw, rfctls_timer timer);
/* For other event loops: milliseconds until a transport that connects has to be tried again though its
 * descriptor tells nothing (another address has its turn, the timer ends); -1: it need not be. */
RFCTLS_API int64_t RFCTLS_CALL rfctls_raw_wait_timeout(const rfctls_raw *raw);

/* ---- tell ---- */

/* The descriptor, borrowed; -1 for NULL, after close, or over memory. While the transport connects, it is the
 * one to wait for until the next call, which may have another. */
RFCTLS_API intptr_t RFCTLS_CALL rfctls_raw_fd(const rfctls_raw *raw);
/* Our end; of what is not IP, an address without IP and port
 * (whose host is the path of a Unix-domain socket). The answer
 * stays the same after close; RFCTLS_E_CLOSED if it was never known. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_local_address(const rfctls_raw *raw,
                                                              rfctls_address **out);
/* The other end, as above. RFCTLS_E_STATE: a listener has none. RFCTLS_E_SYSTEM: not connected. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_peer_address(const rfctls_raw *raw,
                                                             rfctls_address **out);

RFCTLS_END

#endif
