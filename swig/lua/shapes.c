/* Shapes of the library's operations that only Lua needs. Part of the generated module. */
#include <string.h>
#include <time.h>

enum {
  LINE = 2048 /* a search for the end of a line looks this far at once */
};

/* For TLS sockets and for the transports below alike:
 * send_range sends a part of the data, without a new string for it;
 * recv_all receives until the buffer is full, the end comes, or a recv is not OK: then what came before
 * is there, too, beside that status;
 * recv_line receives up to the next end of line, included, or what is there of the line. The rest
 * stays in the socket, where pending, pollsets and a C host can see it. */
#define SHAPES(NOUN)                                                                               \
  static rfctls_status rfctls_##NOUN##_send_range(rfctls_##NOUN *noun, uint32_t flags,             \
                                                  const void *data, size_t size, size_t start,     \
                                                  size_t count, size_t *sent) {                    \
    if (start > size)                                                                              \
      start = size;                                                                                \
    if (count > size - start)                                                                      \
      count = size - start;                                                                        \
    return rfctls_##NOUN##_send(noun, flags, (const char *)data + start, count, sent);             \
  }                                                                                                \
                                                                                                   \
  static rfctls_status rfctls_##NOUN##_recv_all(rfctls_##NOUN *noun, uint32_t flags, void *buffer, \
                                                size_t capacity, size_t *received) {               \
    rfctls_status status;                                                                          \
    size_t count;                                                                                  \
    do {                                                                                           \
      status = rfctls_##NOUN##_recv(noun, flags, (char *)buffer + *received, capacity - *received, \
                                    &count);                                                       \
      *received += count;                                                                          \
    } while (status == RFCTLS_OK && count > 0 && *received < capacity);                            \
    return status;                                                                                 \
  }                                                                                                \
                                                                                                   \
  static rfctls_status rfctls_##NOUN##_recv_line(                                                  \
      rfctls_##NOUN *noun, uint32_t flags, void *buffer, size_t capacity, size_t *received) {      \
    const char *end;                                                                               \
    rfctls_status status;                                                                          \
    if (capacity > LINE)                                                                           \
      capacity = LINE;                                                                             \
    status = rfctls_##NOUN##_recv(noun, flags | RFCTLS_PEEK, buffer, capacity, received);          \
    if (status != RFCTLS_OK || *received == 0)                                                     \
      return status;                                                                               \
    end = (const char *)memchr(buffer, '\n', *received);                                           \
    if (end != NULL)                                                                               \
      capacity = (size_t)(end - (const char *)buffer) + 1;                                         \
    else                                                                                           \
      capacity = *received;                                                                        \
    return rfctls_##NOUN##_recv(noun, flags, buffer, capacity, received);                          \
  }

SHAPES(socket)
SHAPES(raw)

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
