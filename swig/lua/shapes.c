/* Shapes of the library's operations that only Lua needs. Part of the generated module. */
#include <string.h>
#include <time.h>

enum {
  SCRATCH = 16384, /* one TLS record holds at most this much plaintext (RFC 8446 section 5.1) */
  LINE = 2048      /* a search for the end of a line looks this far at once                   */
};

/* Sends a part of the data, without a new string for it. */
static rfctls_status rfctls_socket_send_range(rfctls_socket *socket, uint32_t flags,
                                              const void *data, size_t size, size_t start,
                                              size_t count, size_t *sent) {
  if (start > size) start = size;
  if (count > size - start) count = size - start;
  return rfctls_socket_send(socket, flags, (const char *)data + start, count, sent);
}

/* Receives up to the next end of line, included, or what is there of the line. The rest stays in the
 * socket, where pending, pollsets and a C host can see it. */
static rfctls_status rfctls_socket_recv_line(rfctls_socket *socket, uint32_t flags, void *buffer,
                                             size_t capacity, size_t *received) {
  const char *end;
  rfctls_status status;
  if (capacity > LINE) capacity = LINE;
  status = rfctls_socket_recv(socket, flags | RFCTLS_PEEK, buffer, capacity, received);
  if (status != RFCTLS_OK || *received == 0) return status;
  end = (const char *)memchr(buffer, '\n', *received);
  if (end != NULL) capacity = (size_t)(end - (const char *)buffer) + 1;
  else capacity = *received;
  return rfctls_socket_recv(socket, flags, buffer, capacity, received);
}

/* Milliseconds of a clock that never goes back: settimeout(t, "t") counts over several calls. */
static int64_t rfctls_clock(void) {
  struct timespec now;
#if defined(CLOCK_MONOTONIC)
  clock_gettime(CLOCK_MONOTONIC, &now);
#else
  timespec_get(&now, TIME_UTC);
#endif
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
