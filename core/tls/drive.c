/* The loop that owns the transport: engines turn bytes into bytes, this moves the bytes.
 *
 * The lock is held for one step (CPU and non-blocking system calls), never while sleeping. That the
 * system calls are made under it fixes the order of bytes. Before a call unlocks to sleep it is among
 * the waiters; whoever changes something wakes them all, and each looks again. */
#include "tls/drive.h"

#include "tls/decision.h"
#include "tls/resumption.h"

enum {
  FILL = 48 * 1024,       /* read at once; a block holds it behind half a record          */
  FILLS = 64,             /* so often before a step that only wants more lets others in   */
  OUT_LIMIT = 256 * 1024, /* replies past it stop decrypting until the peer takes them    */
  PROBE = 16 * 1024       /* plaintext set aside when a failed write looks for an alert   */
};

static const rfctls__engine *const engine = &rfctls__engine_linked;

/* ---- failing ---- */

rfctls_status rfctls__mention_refusal(const rfctls_socket *socket, rfctls_status status) {
  rfctls__facts now = {.refused_renegotiation = 0};
  if (socket->phase == RFCTLS__ESTABLISHED) {
    engine->facts(socket->conn, &now);
  }
  return now.refused_renegotiation
             ? rfctls__fail_in("we refused the renegotiation that the peer asked for")
             : status;
}

rfctls_status rfctls__break(rfctls_socket *socket, rfctls_status status) {
  if (socket->read_end == RFCTLS__OPEN) {
    socket->read_end = RFCTLS__FAILED;
    (void)rfctls__mention_refusal(socket, status);
  }
  if (socket->write_end == RFCTLS__OPEN) {
    socket->write_end = RFCTLS__FAILED;
  }
  rfctls__error_save(&socket->failure);
  socket->changed = 1;
  return status;
}

rfctls_status rfctls__starve(rfctls_socket *socket) {
  socket->undecided = 0;
  if (socket->tcp == RFCTLS__FAILED) {
    return rfctls__break(socket, rfctls__error_restore(&socket->failure));
  }
  if (socket->tcp == RFCTLS__OPEN) {
    return RFCTLS_WANT_READ;
  }
  if (socket->phase != RFCTLS__ESTABLISHED) {
    return rfctls__break(
        socket, rfctls__fail(RFCTLS_E_TRUNCATED, "peer ended the connection during the handshake"));
  }
  socket->read_end = socket->config->allow_truncation ? RFCTLS__ENDED : RFCTLS__CUT;
  return RFCTLS_OK;
}

/* ---- moving bytes ---- */

/* OK: bytes, or the end, or a failure have come and are kept; WANT_READ: nothing has. */
static rfctls_status fill(rfctls_socket *socket) {
  uint8_t *room;
  size_t received = 0;
  rfctls_status status;
  if (socket->tcp != RFCTLS__OPEN || socket->phase == RFCTLS__CONNECTING) {
    return RFCTLS_WANT_READ;
  }
  status = rfctls__buffer_reserve(&socket->in, FILL, &room);
  if (status != RFCTLS_OK) {
    return status;
  }
  status = rfctls__raw_try_recv(socket->raw, room, FILL, 0, &received);
  if (status == RFCTLS_WANT_READ) {
    return status;
  }
  if (status == RFCTLS_OK) {
    rfctls__buffer_commit(&socket->in, received);
    socket->undecided = received > 0;
    socket->tcp = received > 0 ? RFCTLS__OPEN : RFCTLS__ENDED;
  } else {
    rfctls__error_save(&socket->failure);
    socket->tcp = RFCTLS__FAILED;
  }
  socket->changed = 1;
  return RFCTLS_OK;
}

rfctls_status rfctls__decrypt(rfctls_socket *socket, void *buffer, size_t room, size_t *given) {
  rfctls__buffer unsaid = {0}; /* replies, once our side has ended */
  rfctls_status status;
  *given = 0;
  if (rfctls__buffer_size(&socket->out) > OUT_LIMIT) {
    return RFCTLS_WANT_WRITE;
  }
  status = engine->decrypt(socket->conn, &socket->in, buffer, room, given,
                           socket->write_end == RFCTLS__OPEN ? &socket->out : &unsaid);
  rfctls__buffer_release(&unsaid);
  if (status == RFCTLS_WANT_READ) {
    return rfctls__starve(socket);
  }
  if (status < 0) {
    return rfctls__break(socket, status);
  }
  if (*given == 0) {
    socket->read_end = RFCTLS__ENDED;
  }
  return RFCTLS_OK;
}

/* A write failed. The peer's alert, which may say why, has perhaps overtaken the reset. In the handshake
 * nothing else will come: the peer has not got what it would answer. After it, what lies before the
 * alert is set aside for recv. */
static void probe(rfctls_socket *socket) {
  uint8_t *room;
  size_t given = 0;
  if (socket->phase == RFCTLS__HANDSHAKING) {
    (void)fill(socket);
    socket->tcp = socket->tcp == RFCTLS__OPEN ? RFCTLS__FAILED : socket->tcp;
    return;
  }
  if (socket->phase != RFCTLS__ESTABLISHED || socket->read_end != RFCTLS__OPEN ||
      rfctls__buffer_size(&socket->plain) > 0) {
    return;
  }
  (void)fill(socket);
  if (rfctls__buffer_reserve(&socket->plain, PROBE, &room) == RFCTLS_OK) {
    (void)rfctls__decrypt(socket, room, PROBE, &given);
    rfctls__buffer_commit(&socket->plain, given);
  }
}

static void fail_writing(rfctls_socket *socket) {
  socket->write_end = RFCTLS__FAILED;
  rfctls__error_save(&socket->failure);
  rfctls__buffer_release(&socket->out);
  socket->changed = 1;
  probe(socket);
}

static void push_out(rfctls_socket *socket) {
  while (rfctls__buffer_size(&socket->out) > 0) {
    rfctls__bytes bytes = rfctls__buffer_bytes(&socket->out);
    size_t sent = 0;
    rfctls_status status = rfctls__raw_try_send(socket->raw, bytes.data, bytes.size, &sent);
    if (status == RFCTLS_WANT_WRITE) {
      return;
    }
    if (status != RFCTLS_OK) {
      fail_writing(socket);
      return;
    }
    rfctls__buffer_consume(&socket->out, sent);
  }
  socket->changed = 1;
}

void rfctls__flush(rfctls_socket *socket) {
  if (rfctls__buffer_size(&socket->out) > 0) {
    push_out(socket);
  }
}

/* ---- how long a call waits ---- */

rfctls_status rfctls__wait_policy_of(const rfctls_socket *socket, uint32_t flags,
                                     rfctls_timer timer, rfctls__wait_policy *out) {
  rfctls_status status = rfctls__enter_socket(socket);
  if (status == RFCTLS_OK) {
    rfctls__socket_lock(socket);
    out->waits = socket->blocking && (flags & RFCTLS_DONTWAIT) == 0;
    out->deadline = out->waits ? rfctls__deadline_in(socket->timers[timer]) : RFCTLS__NEVER;
    rfctls__socket_unlock(socket);
  }
  return status;
}

/* ---- the loop ---- */

/* Takes the lock off while it sleeps. OK: look again. */
static rfctls_status sleep_for(rfctls_socket *socket, rfctls__operation *operation, int want) {
  rfctls__wait_entry entry;
  rfctls__waker *waker = NULL;
  rfctls__deadline deadline =
      rfctls__deadline_earlier(operation->policy.deadline, rfctls__next_of_connect(socket));
  rfctls_status status;
  if (rfctls__deadline_passed(operation->policy.deadline)) {
    return rfctls__fail(RFCTLS_E_TIMEOUT, "the timer ran out");
  }
  status = rfctls__waker_take(&waker);
  if (status != RFCTLS_OK) {
    return status;
  }
  if (operation->nap > 0) {
    deadline = rfctls__deadline_earlier(deadline, rfctls__now() + operation->nap);
  }
  rfctls__before_sleep(socket);
  rfctls__wait_entry_begin(socket, want, waker, &entry);
  rfctls__lock_drop(&socket->lock);
  status = rfctls__wait(entry.fd, entry.events, waker, deadline, 0);
  rfctls__lock_take(&socket->lock);
  rfctls__waiters_remove(&socket->waiters, &entry.waiter);
  socket->users--;
  rfctls__waker_give(waker);
  /* A timer that ran out is said after one more try, by the next sleep. */
  return status == RFCTLS_E_TIMEOUT ? RFCTLS_OK : status;
}

/* The step, again as long as bytes come, or a failed write has shown what the step has not seen yet. */
static rfctls_status attempt(rfctls_socket *socket, rfctls__operation *operation) {
  for (int fills = 0;; fills++) {
    rfctls_status status;
    rfctls__end writing;
    rfctls__flush(socket);
    status = operation->step(socket, operation);
    writing = socket->write_end;
    rfctls__flush(socket);
    if (status != RFCTLS_WANT_READ || socket->phase == RFCTLS__LISTENING ||
        socket->phase == RFCTLS__CONNECTING) {
      return status;
    }
    if (socket->write_end != writing) {
      continue;
    }
    /* A peer that floods us with what says nothing cannot stretch the timer. */
    if (fills == FILLS || (fills > 0 && rfctls__deadline_passed(operation->policy.deadline))) {
      return status;
    }
    status = fill(socket);
    if (status != RFCTLS_OK) {
      return status;
    }
  }
}

static rfctls_status loop(rfctls_socket *socket, rfctls__operation *operation) {
  for (;;) {
    rfctls_status status;
    if (socket->closing != RFCTLS__NOT_CLOSING && !operation->closes) {
      return rfctls__fail(RFCTLS_E_CLOSED, "the socket is closed");
    }
    status = attempt(socket, operation);
    if (status == RFCTLS_WANT_VERIFY || status == RFCTLS_WANT_IDENTITY) {
      status = rfctls__decision_ask(socket);
      if (status == RFCTLS_OK) {
        continue;
      }
    }
    if (status <= 0 || status == RFCTLS_WANT_VERIFY || status == RFCTLS_WANT_IDENTITY) {
      return status;
    }
    if (!operation->policy.waits) {
      return (int)status == RFCTLS__WANT_TURN ? RFCTLS_WANT_WRITE : status;
    }
    status = sleep_for(socket, operation, (int)status);
    if (status != RFCTLS_OK) {
      return status;
    }
  }
}

rfctls_status rfctls__drive(rfctls_socket *socket, rfctls__operation *operation) {
  rfctls_status status;
  rfctls__lock_take(&socket->lock);
  socket->users++;
  status = loop(socket, operation);
  rfctls__session_collect(socket);
  if (socket->sender == operation || socket->handshaker == operation) {
    socket->sender = socket->sender == operation ? NULL : socket->sender;
    socket->handshaker = socket->handshaker == operation ? NULL : socket->handshaker;
    socket->changed = 1;
  }
  rfctls__leave(socket);
  rfctls__lock_drop(&socket->lock);
  if (status >= 0) {
    rfctls__error_clear(); /* of what was overcome on the way */
  }
  return status;
}
