/* Sending and receiving, each a step for the one loop; and new keys. */
#include "tls/io.h"

#include <string.h>

#include "net/transport_io.h"

static const rfctls__engine *const engine = &rfctls__engine_linked;

/* ---- send ---- */

typedef struct send_call {
  rfctls__operation operation; /* first */
  const uint8_t *data;
  size_t size;
  size_t sent;
} send_call;

rfctls_status rfctls__check_established(const rfctls_socket *socket) {
  switch (socket->phase) {
  case RFCTLS__LISTENING:
    return rfctls__fail(RFCTLS_E_STATE, "a listener neither sends nor receives: accept first");
  case RFCTLS__CONNECTING:
  case RFCTLS__OPENING:
  case RFCTLS__HANDSHAKING: return rfctls__fail(RFCTLS_E_STATE, "the handshake is not done yet");
  case RFCTLS__BROKEN: return rfctls__error_restore(&socket->failure);
  case RFCTLS__ESTABLISHED: return RFCTLS_OK;
  }
  return rfctls__fail(RFCTLS_E_INTERNAL, "no such phase");
}

static rfctls_status check_writing(rfctls_socket *socket) {
  if (socket->write_end == RFCTLS__FAILED) {
    return rfctls__error_restore(&socket->failure);
  }
  if (socket->write_end == RFCTLS__ENDED) {
    return rfctls__fail(RFCTLS_E_STATE, "writing was shut down");
  }
  return RFCTLS_OK;
}

/* What was encrypted has wholly left: it counts now. */
static rfctls_status settle(rfctls_socket *socket, send_call *call) {
  if (call->size - call->sent < socket->pending_write) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "%zu bytes are owed, only %zu given",
                        socket->pending_write, call->size - call->sent);
  }
  if (rfctls__buffer_size(&socket->out) > 0) {
    return RFCTLS_WANT_WRITE;
  }
  call->sent += socket->pending_write;
  socket->pending_write = 0;
  return RFCTLS_OK;
}

/* Writing must wait for the rest of a message that has half come: after the end of TCP for ever. */
static rfctls_status starve_writing(rfctls_socket *socket) {
  rfctls_status status = rfctls__starve(socket);
  return status != RFCTLS_OK
             ? status
             : rfctls__break(socket, rfctls__fail(RFCTLS_E_TRUNCATED,
                                                  "peer ended the connection in mid-message"));
}

static rfctls_status send_step(rfctls_socket *socket, rfctls__operation *operation) {
  send_call *call = (send_call *)operation;
  rfctls_status status = rfctls__check_established(socket);
  if (status == RFCTLS_OK && socket->sender != NULL && socket->sender != operation) {
    return (rfctls_status)RFCTLS__WANT_TURN;
  }
  while (status == RFCTLS_OK) {
    status = check_writing(socket);
    if (status == RFCTLS_OK) {
      socket->sender = operation;
      status = settle(socket, call);
    }
    if (status != RFCTLS_OK || call->sent == call->size) {
      break;
    }
    status = engine->encrypt(socket->conn, call->data + call->sent, call->size - call->sent,
                             &socket->pending_write, &socket->in, &socket->out);
    if (status < 0) {
      rfctls__break(socket, status);
    }
    if (status == RFCTLS_WANT_READ) {
      status = starve_writing(socket);
    }
    rfctls__flush(socket);
  }
  return status;
}

rfctls_status rfctls__send(rfctls_socket *socket, const rfctls__wait_policy *policy,
                           const void *data, size_t size, size_t *sent) {
  send_call call = {
      .operation = {.step = send_step, .policy = *policy}, .data = data, .size = size};
  rfctls_status status = rfctls__drive(socket, &call.operation);
  *sent = call.sent;
  return status > 0 && call.sent > 0 ? RFCTLS_OK : status;
}

rfctls_status rfctls_socket_send(rfctls_socket *socket, uint32_t flags, const void *data,
                                 size_t size, size_t *sent) {
  rfctls__wait_policy policy;
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__count(sent, data, size);
  if (status == RFCTLS_OK) {
    status = rfctls__wait_policy_of(socket, flags, RFCTLS_TIMER_WRITE, &policy);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__check_flags(flags, RFCTLS_DONTWAIT);
  }
  return status == RFCTLS_OK ? rfctls__send(socket, &policy, data, size, sent) : status;
}

/* ---- recv ---- */

typedef struct recv_call {
  rfctls__operation operation; /* first */
  uint8_t *buffer;
  size_t capacity;
  size_t received;
  uint32_t flags;
} recv_call;

rfctls_status rfctls__end_of_reading(rfctls_socket *socket) {
  switch (socket->read_end) {
  case RFCTLS__OPEN: return rfctls__fail(RFCTLS_E_INTERNAL, "reading has not ended");
  case RFCTLS__ENDED: return RFCTLS_OK;
  case RFCTLS__CUT:
    return rfctls__mention_refusal(
        socket, rfctls__fail(RFCTLS_E_TRUNCATED, "peer ended the connection without close_notify"));
  case RFCTLS__FAILED: return rfctls__error_restore(&socket->failure);
  }
  return rfctls__fail(RFCTLS_E_INTERNAL, "no such end");
}

rfctls_status rfctls__look_ahead(rfctls_socket *socket) {
  enum { SET_ASIDE = 16 * 1024 };
  rfctls_status status = RFCTLS_OK;
  if (rfctls__buffer_size(&socket->plain) == 0 && socket->read_end == RFCTLS__OPEN) {
    uint8_t *room;
    size_t given = 0;
    status = rfctls__buffer_reserve(&socket->plain, SET_ASIDE, &room);
    if (status == RFCTLS_OK) {
      status = rfctls__decrypt(socket, room, SET_ASIDE, &given);
      rfctls__buffer_commit(&socket->plain, given);
    }
  }
  return status;
}

static rfctls_status peek(rfctls_socket *socket, recv_call *call) {
  rfctls_status status = rfctls__look_ahead(socket);
  rfctls__bytes plain = rfctls__buffer_bytes(&socket->plain);
  if (status == RFCTLS_OK && plain.size == 0) {
    return rfctls__end_of_reading(socket);
  }
  if (status == RFCTLS_OK) {
    call->received = plain.size < call->capacity ? plain.size : call->capacity;
    memcpy(call->buffer, plain.data, call->received);
  }
  return status;
}

static rfctls_status recv_step(rfctls_socket *socket, rfctls__operation *operation) {
  recv_call *call = (recv_call *)operation;
  rfctls_status status = rfctls__check_established(socket);
  if (status != RFCTLS_OK || call->capacity == 0) {
    return status;
  }
  if ((call->flags & RFCTLS_PEEK) != 0) {
    return peek(socket, call);
  }
  do {
    size_t given = rfctls__buffer_take(&socket->plain, call->buffer + call->received,
                                       call->capacity - call->received);
    if (given == 0 && socket->read_end == RFCTLS__OPEN) {
      status = rfctls__decrypt(socket, call->buffer + call->received,
                               call->capacity - call->received, &given);
    }
    if (status == RFCTLS_OK && given == 0) {
      return rfctls__end_of_reading(socket);
    }
    call->received += given;
  } while (status == RFCTLS_OK && (call->flags & RFCTLS_WAITALL) != 0 &&
           call->received < call->capacity);
  return status;
}

rfctls_status rfctls__recv(rfctls_socket *socket, const rfctls__wait_policy *policy, uint32_t flags,
                           void *buffer, size_t capacity, size_t *received) {
  recv_call call = {.operation = {.step = recv_step, .policy = *policy},
                    .buffer = buffer,
                    .capacity = capacity,
                    .flags = flags};
  rfctls_status status = rfctls__drive(socket, &call.operation);
  *received = call.received;
  if (call.received > 0) { /* bytes go first; what stopped WAITALL shows again at the next call */
    rfctls__error_clear();
    return RFCTLS_OK;
  }
  return status;
}

rfctls_status rfctls_socket_recv(rfctls_socket *socket, uint32_t flags, void *buffer,
                                 size_t capacity, size_t *received) {
  rfctls__wait_policy policy;
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__count(received, buffer, capacity);
  if (status == RFCTLS_OK) {
    status = rfctls__wait_policy_of(socket, flags, RFCTLS_TIMER_READ, &policy);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__check_flags(flags, RFCTLS_PEEK | RFCTLS_DONTWAIT | RFCTLS_WAITALL);
  }
  return status == RFCTLS_OK ? rfctls__recv(socket, &policy, flags, buffer, capacity, received)
                             : status;
}

size_t rfctls_socket_pending(const rfctls_socket *socket) {
  size_t size = 0;
  if (socket != NULL) {
    rfctls__socket_lock(socket);
    size = rfctls__buffer_size(&socket->plain);
    if (socket->phase == RFCTLS__ESTABLISHED) {
      size += engine->pending(socket->conn);
    }
    rfctls__socket_unlock(socket);
  }
  return size;
}

/* ---- new keys ---- */

/* Behind what was encrypted before, and only when that has left: a peer that takes nothing cannot
 * make it pile up. */
static rfctls_status key_update_step(rfctls_socket *socket, rfctls__operation *operation) {
  rfctls_status status = rfctls__check_established(socket);
  (void)operation;
  if (status == RFCTLS_OK) {
    status = check_writing(socket);
  }
  if (status != RFCTLS_OK) {
    return status;
  }
  if (rfctls__buffer_size(&socket->out) > 0) {
    return RFCTLS_WANT_WRITE;
  }
  status = engine->key_update(socket->conn, &socket->in, &socket->out);
  if (status == RFCTLS_WANT_READ) {
    return starve_writing(socket);
  }
  return status < 0 && status != RFCTLS_E_UNSUPPORTED ? rfctls__break(socket, status) : status;
}

rfctls_status rfctls_socket_key_update(rfctls_socket *socket) {
  rfctls__operation operation = {.step = key_update_step};
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__wait_policy_of(socket, 0, RFCTLS_TIMER_WRITE, &operation.policy);
  return status == RFCTLS_OK ? rfctls__drive(socket, &operation) : status;
}
