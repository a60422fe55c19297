/* Ending: shutdown and close, each a step for the one loop; and going on without TLS. */
#include "tls/close.h"

#include "base/alloc.h"
#include "net/transport_io.h"
#include "net/transport_os.h"
#include "tls/io.h"

static const rfctls__engine *const engine = &rfctls__engine_linked;

/* ---- close_notify ---- */

static int can_send_close_notify(const rfctls_socket *socket) {
  return socket->phase == RFCTLS__ESTABLISHED && socket->write_end == RFCTLS__OPEN;
}

/* Half of a post-handshake message may stand before our close_notify: the rest of it is read, and what
 * comes with it is of no use any more. */
static rfctls_status discard_rest(rfctls_socket *socket) {
  uint8_t waste[4096];
  size_t given = 1;
  rfctls_status status = RFCTLS_OK;
  while (status == RFCTLS_OK && given > 0 && socket->read_end == RFCTLS__OPEN) {
    status = rfctls__decrypt(socket, waste, sizeof waste, &given);
  }
  rfctls__wipe(waste, sizeof waste);
  return status;
}

/* What is pending, then close_notify: OK when both have left or nothing can be said any more. */
static rfctls_status send_close_notify(rfctls_socket *socket) {
  rfctls_status status;
  rfctls__flush(socket);
  if (socket->write_end == RFCTLS__FAILED) {
    return RFCTLS_OK;
  }
  if (rfctls__buffer_size(&socket->out) > 0) {
    return RFCTLS_WANT_WRITE; /* a begun record is always finished */
  }
  if (!can_send_close_notify(socket)) {
    return RFCTLS_OK;
  }
  status = engine->close_notify(socket->conn, &socket->in, &socket->out);
  if (status == RFCTLS_WANT_READ) {
    status = discard_rest(socket);
    return can_send_close_notify(socket) && socket->read_end == RFCTLS__OPEN ? status : RFCTLS_OK;
  }
  if (status < 0) {
    return rfctls__break(socket, status);
  }
  socket->write_end = RFCTLS__ENDED;
  rfctls__flush(socket);
  return rfctls__buffer_size(&socket->out) > 0 ? RFCTLS_WANT_WRITE : RFCTLS_OK;
}

/* ---- shutdown ---- */

/* What is pending, then close_notify; the transport stays as it is. */
static rfctls_status end_writing(rfctls_socket *socket) {
  rfctls_status status = rfctls__check_established(socket);
  if (status == RFCTLS_OK && socket->sender != NULL) {
    return (rfctls_status)RFCTLS__WANT_TURN;
  }
  if (status == RFCTLS_OK && socket->write_end != RFCTLS__FAILED) {
    status = send_close_notify(socket);
  }
  if (status == RFCTLS_OK && socket->write_end == RFCTLS__FAILED) {
    return rfctls__error_restore(&socket->failure);
  }
  return status;
}

typedef struct shutdown_call {
  rfctls__operation operation; /* first */
  rfctls_how how;
} shutdown_call;

static rfctls_status shut_listener(rfctls_socket *socket, rfctls_how how) {
  if (how != RFCTLS_SHUT_WRITE) {
    rfctls__raw_refuse(socket->raw);
    socket->changed = 1;
  }
  return RFCTLS_OK;
}

static rfctls_status shutdown_step(rfctls_socket *socket, rfctls__operation *operation) {
  rfctls_how how = ((const shutdown_call *)operation)->how;
  rfctls_status status = RFCTLS_OK;
  if (socket->phase == RFCTLS__LISTENING) {
    return shut_listener(socket, how);
  }
  if (how != RFCTLS_SHUT_READ) {
    status = end_writing(socket);
    if (status == RFCTLS_OK) {
      rfctls__raw_finish(socket->raw);
    }
  }
  if (status == RFCTLS_OK && how != RFCTLS_SHUT_WRITE) {
    status = rfctls__check_established(socket);
    if (status == RFCTLS_OK) {
      socket->read_end = RFCTLS__ENDED;
      rfctls__buffer_wipe(&socket->plain);
      socket->changed = 1;
    }
  }
  return status;
}

rfctls_status rfctls_socket_shutdown(rfctls_socket *socket, rfctls_how how) {
  shutdown_call call = {.operation = {.step = shutdown_step}, .how = how};
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__check_how(how);
  if (status == RFCTLS_OK) {
    status = rfctls__wait_policy_of(socket, 0, RFCTLS_TIMER_WRITE, &call.operation.policy);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__drive(socket, &call.operation);
  }
  return status;
}

/* ---- close ---- */

/* Reads and throws away until the peer's FIN, or until its system has acknowledged all: unread bytes
 * would turn close(2) into a reset that takes our last bytes with it. */
static rfctls_status drain(rfctls_socket *socket, rfctls__operation *operation) {
  enum { FIRST_NAP = 200 * 1000, LAST_NAP = 20 * 1000 * 1000 };
  uint8_t waste[16 * 1024];
  size_t received = 1;
  rfctls_status status = RFCTLS_OK;
  rfctls__buffer_release(&socket->in);
  while (status == RFCTLS_OK && received > 0 &&
         !rfctls__deadline_passed(operation->policy.deadline)) {
    status = rfctls__raw_try_recv(socket->raw, waste, sizeof waste, 0, &received);
  }
  if (status < 0 || (status == RFCTLS_OK && received == 0) ||
      rfctls__raw_unacknowledged(socket->raw) == 0) {
    return RFCTLS_OK;
  }
  /* No event tells of an acknowledgement: look again soon, then less often. */
  operation->nap = operation->nap == 0         ? FIRST_NAP
                   : operation->nap < LAST_NAP ? operation->nap * 2
                                               : LAST_NAP;
  return RFCTLS_WANT_READ;
}

static rfctls_status close_step(rfctls_socket *socket, rfctls__operation *operation) {
  rfctls__connecting connecting;
  rfctls_status status = RFCTLS_OK;
  if (socket->closing == RFCTLS__SENDING_CLOSE_NOTIFY && socket->phase != RFCTLS__LISTENING &&
      !rfctls__raw_is_connecting(socket->raw, &connecting)) {
    status = send_close_notify(socket);
    if (status > 0) {
      return status;
    }
    rfctls__raw_finish(socket->raw);
    socket->closing = RFCTLS__DRAINING;
  }
  if (socket->closing == RFCTLS__DRAINING && rfctls__raw_is_owned(socket->raw)) {
    socket->tcp = RFCTLS__ENDED; /* from here on the drain reads, not the loop */
    status = drain(socket, operation);
    if (status > 0) {
      return status;
    }
  }
  socket->closing = RFCTLS__CLOSED;
  socket->changed = 1;
  return RFCTLS_OK;
}

/* Closes at once, whatever is left to say. Under the lock. */
static void cut_off(rfctls_socket *socket) {
  socket->users++;
  socket->closing = RFCTLS__CLOSED;
  socket->close_deadline = RFCTLS__NEVER;
  socket->changed = 1;
  rfctls__leave(socket);
}

static void abandon(rfctls_socket *socket) {
  rfctls__socket_lock(socket);
  cut_off(socket);
  rfctls__socket_unlock(socket);
}

rfctls_status rfctls_socket_close(rfctls_socket *socket) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__enter_socket(socket);
  return status == RFCTLS_OK ? rfctls__close(socket) : status;
}

rfctls_status rfctls__close(rfctls_socket *socket) {
  rfctls__operation operation = {.step = close_step, .closes = 1};
  rfctls_status status;
  rfctls__socket_lock(socket);
  if (socket->closing == RFCTLS__CLOSED) {
    rfctls__socket_unlock(socket);
    return RFCTLS_OK;
  }
  if (socket->closing == RFCTLS__NOT_CLOSING) {
    socket->closing = RFCTLS__SENDING_CLOSE_NOTIFY;
    socket->handshake_deadline = RFCTLS__NEVER;
    socket->changed = 1;
  }
  operation.policy.waits = socket->blocking;
  operation.policy.deadline =
      rfctls__lasting_deadline(socket, RFCTLS_TIMER_CLOSE, &socket->close_deadline);
  rfctls__socket_unlock(socket);
  status = rfctls__drive(socket, &operation);
  if (status > 0 && !rfctls__deadline_passed(operation.policy.deadline)) {
    return status;
  }
  if (status != RFCTLS_OK) {
    abandon(socket);
  }
  return status == RFCTLS_E_TIMEOUT || status > 0
             ? rfctls__fail(RFCTLS_E_TIMEOUT, "closed, but the peer has not acknowledged all")
             : status;
}

rfctls_status rfctls_socket_abort(rfctls_socket *socket) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__enter_socket(socket);
  if (status == RFCTLS_OK) {
    abandon(socket);
  }
  return status;
}

int rfctls_socket_is_closed(const rfctls_socket *socket) {
  int closed = 1;
  if (socket != NULL) {
    rfctls__socket_lock(socket);
    closed = socket->closing != RFCTLS__NOT_CLOSING ||
             (socket->read_end != RFCTLS__OPEN && socket->write_end != RFCTLS__OPEN);
    rfctls__socket_unlock(socket);
  }
  return closed;
}

/* ---- without TLS ---- */

static rfctls_status detach(rfctls_socket *socket, intptr_t *fd) {
  if (socket->closing != RFCTLS__NOT_CLOSING) {
    return rfctls__fail(RFCTLS_E_CLOSED, "the socket is closed");
  }
  if (socket->phase == RFCTLS__CONNECTING) {
    return rfctls__fail(RFCTLS_E_STATE, "the socket is not connected yet");
  }
  if (!rfctls__can_block(socket)) {
    return rfctls__fail(RFCTLS_E_UNSUPPORTED, "there is no descriptor below this socket");
  }
  *fd = rfctls__raw_release(socket->raw);
  cut_off(socket);
  return RFCTLS_OK;
}

static rfctls_status begin_leaving(rfctls_socket *socket, intptr_t *fd) {
  if (fd == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no place for the descriptor");
  }
  *fd = RFCTLS__NO_FD;
  return rfctls__enter_socket(socket);
}

rfctls_status rfctls_socket_detach(rfctls_socket *socket, intptr_t *fd) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = begin_leaving(socket, fd);
  if (status == RFCTLS_OK) {
    rfctls__socket_lock(socket);
    status = detach(socket, fd);
    rfctls__socket_unlock(socket);
  }
  return status;
}

typedef struct unwrap_call {
  rfctls__operation operation; /* first */
  intptr_t *fd;
} unwrap_call;

static rfctls_status unwrap_step(rfctls_socket *socket, rfctls__operation *operation) {
  rfctls_status status = end_writing(socket);
  if (status == RFCTLS_OK) {
    status = rfctls__look_ahead(socket);
  }
  if (status == RFCTLS_OK && rfctls__buffer_size(&socket->plain) > 0) {
    status = rfctls__fail(RFCTLS_E_STATE, "the peer has sent bytes that nobody received");
  }
  if (status == RFCTLS_OK) {
    status = rfctls__end_of_reading(socket);
  }
  return status == RFCTLS_OK ? detach(socket, ((unwrap_call *)operation)->fd) : status;
}

rfctls_status rfctls_socket_unwrap(rfctls_socket *socket, intptr_t *fd) {
  unwrap_call call = {.operation = {.step = unwrap_step}, .fd = fd};
  rfctls_status status;
  rfctls__enter(__func__);
  status = begin_leaving(socket, fd);
  if (status == RFCTLS_OK) {
    status = rfctls__wait_policy_of(socket, 0, RFCTLS_TIMER_WRITE, &call.operation.policy);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__drive(socket, &call.operation);
  }
  return status;
}
