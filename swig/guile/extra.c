/* What only Guile has: shapes of send and recv that suit bytevectors, and a clock. */
#include <time.h>

/* One TLS record holds at most this much plaintext (RFC 8446 section 5.1). */
#define RECORD_SIZE 16384

static size_t in_range(size_t start, size_t count, size_t size) {
  if (start >= size)
    return 0;
  return count < size - start ? count : size - start;
}

/* Sends a part of the data. */
static rfctls_status rfctls_socket_send_range(rfctls_socket *socket, uint32_t flags,
                                              const void *data, size_t size, size_t start,
                                              size_t count, size_t *sent) {
  count = in_range(start, count, size);
  return rfctls_socket_send(socket, flags, (const char *)data + (count > 0 ? start : 0), count,
                            sent);
}

/* Receives into a part of the buffer. */
static rfctls_status rfctls_socket_recv_range(rfctls_socket *socket, uint32_t flags, void *whole,
                                              size_t size, size_t start, size_t count,
                                              size_t *taken) {
  count = in_range(start, count, size);
  return rfctls_socket_recv(socket, flags, (char *)whole + (count > 0 ? start : 0), count, taken);
}

/* Receives a new bytevector, made when it is known how much there is. */
static rfctls_status rfctls_socket_recv_bytes(rfctls_socket *socket, uint32_t flags,
                                              size_t capacity, SCM *bytes) {
  char record[RECORD_SIZE];
  size_t received = 0;
  rfctls_status status = rfctls_socket_recv(
      socket, flags, record, capacity < sizeof record ? capacity : sizeof record, &received);
  if (status == RFCTLS_OK)
    *bytes = bytes_out(record, received);
  return status;
}

/* Milliseconds of a clock that never goes back. */
static int64_t rfctls_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
