/* A buffered stream over a TLS socket, for C and any FFI: lines, whole answers, many small writes.
 *
 * It waits as its socket does, within the socket's timers, each of which one call has once: a peer that
 * drips cannot stretch it. After RFCTLS_WANT_* and RFCTLS_E_TIMEOUT nothing is lost: what came stays for
 * the next call to read, what was written stays for the next flush.
 *
 * One thread reads while another writes; a second one that does the same gets RFCTLS_E_STATE. To end the
 * call that another thread waits in, close the socket. As long as there is a stream, only it should send
 * and receive. */
#ifndef RFCTLS_STREAM_H
#define RFCTLS_STREAM_H

#include "rfctls/socket.h"
#include "rfctls/status.h"
#include "rfctls/types.h"

RFCTLS_BEGIN

/* A stream over a connection, before or after its handshake; it keeps a reference. close_socket 1: closing
 * the stream closes the socket, politely. RFCTLS_E_STATE: a listener has no stream. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_stream_open(rfctls_socket *socket, int close_socket,
                                                        rfctls_stream **out);
/* Takes one more reference and returns its argument. */
RFCTLS_API rfctls_stream *RFCTLS_CALL rfctls_stream_ref(rfctls_stream *stream);
/* Drops one reference; with the last one goes what was not flushed, and the reference of the socket. */
RFCTLS_API void RFCTLS_CALL rfctls_stream_unref(rfctls_stream *stream);

/* Reads what is there, at least 1 byte, at most capacity. RFCTLS_OK with *received = 0 is the polite end
 * (unless capacity is 0). All that rfctls_socket_recv answers. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_stream_read(rfctls_stream *stream, void *buffer,
                                                        size_t capacity, size_t *received);
/* Reads one line, with the '\n' that ends it (a '\r' before it is a byte like others): an empty line is 1
 * byte, the end 0; the last line may lack its '\n'. capacity is the limit: RFCTLS_E_LIMIT leaves a longer
 * line unread, for a larger buffer or for rfctls_stream_read, as does every other failure. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_stream_read_line(rfctls_stream *stream, void *buffer,
                                                             size_t capacity, size_t *received);
/* Reads until the polite end. capacity is the limit: RFCTLS_E_LIMIT leaves all unread when more came, as
 * does every other failure (RFCTLS_E_TRUNCATED: the end was not polite). */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_stream_read_all(rfctls_stream *stream, void *buffer,
                                                            size_t capacity, size_t *received);

/* Writes into the stream's buffer of 64 KiB, and sends that whenever it is full. *sent counts the bytes
 * that the stream has taken, on failure too: the next write goes on behind them. Blocking: all of them;
 * non-blocking: RFCTLS_OK with *sent >= 1, or RFCTLS_WANT_* with *sent = 0. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_stream_write(rfctls_stream *stream, const void *data,
                                                         size_t size, size_t *sent);
/* Sends all that was written. RFCTLS_WANT_*, RFCTLS_E_TIMEOUT: call again. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_stream_flush(rfctls_stream *stream);
/* Flushes, then closes the socket if it was opened so (rfctls_socket_close). RFCTLS_WANT_*, and
 * RFCTLS_E_TIMEOUT of the flush: call again. Any other failure is told after all is closed. What was read
 * ahead is lost. A second call is RFCTLS_OK; other verbs answer RFCTLS_E_CLOSED then. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_stream_close(rfctls_stream *stream);

RFCTLS_END

#endif
