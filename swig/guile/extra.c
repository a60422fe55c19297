/* What only Guile has: plain and TLS sockets under the same names, shapes of send and recv that suit
 * bytevectors, and a clock. */
#include <time.h>

/* One TLS record holds at most this much plaintext (RFC 8446 section 5.1). */
#define RECORD_SIZE 16384

/* ---- a socket of either kind: one of the two is set ---- */

typedef struct any_socket {
  rfctls_raw *plain;
  rfctls_socket *tls;
} any_socket;

static any_socket any_in(SCM handle, int position, const char *procedure) {
  any_socket any = {NULL, NULL};
  if (rfctls_raw_p(handle))
    any.plain = (rfctls_raw *)SCM_SMOB_DATA(handle);
  else
    any.tls = handle_in(handle, rfctls_socket_tag, position, procedure);
  return any;
}

static SCM any_out(any_socket any) {
  return any.plain != NULL ? handle_new(rfctls_raw_tag, any.plain)
                           : handle_new(rfctls_socket_tag, any.tls);
}

static rfctls_status any_send(any_socket any, const void *data, size_t size, size_t *sent) {
  return any.plain != NULL ? rfctls_raw_send(any.plain, 0, data, size, sent)
                           : rfctls_socket_send(any.tls, 0, data, size, sent);
}

static rfctls_status any_recv(any_socket any, uint32_t flags, void *buffer, size_t capacity,
                              size_t *received) {
  return any.plain != NULL ? rfctls_raw_recv(any.plain, flags, buffer, capacity, received)
                           : rfctls_socket_recv(any.tls, flags, buffer, capacity, received);
}

static size_t in_range(size_t start, size_t count, size_t size) {
  if (start >= size)
    return 0;
  return count < size - start ? count : size - start;
}

/* Sends a part of the data. */
static rfctls_status rfctls_any_send(any_socket any, const void *data, size_t size, size_t start,
                                     size_t count, size_t *sent) {
  count = in_range(start, count, size);
  return any_send(any, (const char *)data + (count > 0 ? start : 0), count, sent);
}

/* Receives into a part of the buffer. */
static rfctls_status rfctls_any_recv(any_socket any, uint32_t flags, void *whole, size_t size,
                                     size_t start, size_t count, size_t *taken) {
  count = in_range(start, count, size);
  return any_recv(any, flags, (char *)whole + (count > 0 ? start : 0), count, taken);
}

/* The same for ports, to which a connection that TLS ended is no failure yet. */
static rfctls_status rfctls_any_read(any_socket any, void *whole, size_t size, size_t start,
                                     size_t count, size_t *got) {
  return rfctls_any_recv(any, 0, whole, size, start, count, got);
}

/* Such an end: every later call answers the same. */
static int is_cut(any_socket any, rfctls_status status) {
  return any.tls != NULL && (status == RFCTLS_E_TRUNCATED || status == RFCTLS_E_RESET ||
                             status == RFCTLS_E_ALERT || status == RFCTLS_E_PROTOCOL);
}

/* Receives a new bytevector, made when it is known how much there is. */
static rfctls_status rfctls_any_recv_bytes(any_socket any, uint32_t flags, size_t capacity,
                                           SCM *made) {
  char record[RECORD_SIZE];
  size_t received = 0;
  rfctls_status status =
      any_recv(any, flags, record, capacity < sizeof record ? capacity : sizeof record, &received);
  if (status == RFCTLS_OK)
    *made = bytes_out(record, received);
  return status;
}

static rfctls_status rfctls_any_finish_connect(any_socket any) {
  return any.plain != NULL ? rfctls_raw_finish_connect(any.plain)
                           : rfctls_socket_finish_connect(any.tls);
}

static rfctls_status rfctls_any_accept(any_socket any, SCM *made) {
  any_socket accepted = {NULL, NULL};
  rfctls_status status = any.plain != NULL ? rfctls_raw_accept(any.plain, &accepted.plain)
                                           : rfctls_socket_accept(any.tls, &accepted.tls);
  if (status == RFCTLS_OK)
    *made = any_out(accepted);
  return status;
}

static rfctls_status rfctls_any_shutdown(any_socket any, rfctls_how how) {
  return any.plain != NULL ? rfctls_raw_shutdown(any.plain, how)
                           : rfctls_socket_shutdown(any.tls, how);
}

static rfctls_status rfctls_any_close(any_socket any) {
  return any.plain != NULL ? rfctls_raw_close(any.plain) : rfctls_socket_close(any.tls);
}

static int rfctls_any_is_closed(any_socket any) {
  return any.plain != NULL ? rfctls_raw_fd(any.plain) == -1 : rfctls_socket_is_closed(any.tls);
}

static rfctls_status rfctls_any_local_address(any_socket any, rfctls_address **out) {
  return any.plain != NULL ? rfctls_raw_local_address(any.plain, out)
                           : rfctls_socket_local_address(any.tls, out);
}

static rfctls_status rfctls_any_peer_address(any_socket any, rfctls_address **out) {
  return any.plain != NULL ? rfctls_raw_peer_address(any.plain, out)
                           : rfctls_socket_peer_address(any.tls, out);
}

static rfctls_status rfctls_any_join(rfctls_pollset *pollset, any_socket any, uint32_t events,
                                     size_t *index) {
  return any.plain != NULL ? rfctls_pollset_add_raw(pollset, any.plain, events, index)
                           : rfctls_pollset_add_socket(pollset, any.tls, events, index);
}

/* ---- waiting ---- */

static uint32_t events_of(rfctls_status want) {
  return want == RFCTLS_WANT_READ ? RFCTLS_EVENT_READ : RFCTLS_EVENT_WRITE;
}

/* For what to watch the descriptor; 0: for nothing, try again. */
static uint32_t rfctls_any_wait_events(any_socket any, rfctls_status want) {
  if (any.plain == NULL)
    return rfctls_socket_wait_events(any.tls, want);
  return want == RFCTLS_WANT_READ && rfctls_raw_pending(any.plain) > 0 ? 0 : events_of(want);
}

static int64_t rfctls_any_wait_timeout(any_socket any) {
  return any.plain != NULL ? rfctls_raw_wait_timeout(any.plain)
                           : rfctls_socket_wait_timeout(any.tls);
}

static intptr_t rfctls_any_wait_fd(any_socket any) {
  return any.plain != NULL ? rfctls_raw_fd(any.plain) : rfctls_socket_wait_fd(any.tls);
}

/* Milliseconds of a clock that never goes back. */
static int64_t rfctls_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- what the facade remembers of a socket of either kind ---- */

static SCM rfctls_any_facade(SCM socket) {
  any_in(socket, 1, "rfctls-any-facade");
  return SCM_SMOB_OBJECT_2(socket);
}

static void rfctls_any_set_facade(SCM socket, SCM facade) {
  any_in(socket, 1, "rfctls-any-set-facade");
  SCM_SET_SMOB_OBJECT_2(socket, facade);
}

/* The class of TLS sockets; GOOPS has to be loaded. */
static SCM rfctls_socket_class(void) {
  return scm_class_of(scm_new_double_smob(rfctls_socket_tag, 0, SCM_UNPACK(SCM_BOOL_F), 0));
}
