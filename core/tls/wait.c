/* Waiting: what a socket waits for, whether it blocks, and what other event loops have to know. */
#include "tls/wait.h"

#include "rfctls/pollset.h"
#include "rfctls/socket.h"

enum { LOOK_AGAIN = 5000000 }; /* nanoseconds, while a close drains */

static const rfctls__engine *const engine = &rfctls__engine_linked;

/* ---- looking ---- */

int rfctls__readable(const rfctls_socket *socket) {
  if (socket->closing != RFCTLS__NOT_CLOSING) {
    return socket->closing == RFCTLS__CLOSED;
  }
  switch (socket->phase) {
  case RFCTLS__LISTENING:
  case RFCTLS__CONNECTING:
  case RFCTLS__OPENING: return 0;
  case RFCTLS__HANDSHAKING:
    return rfctls__may_hold_record(socket) || socket->tcp != RFCTLS__OPEN ||
           socket->decision != RFCTLS_OK;
  case RFCTLS__ESTABLISHED:
    return rfctls__may_hold_record(socket) || socket->tcp != RFCTLS__OPEN ||
           socket->read_end != RFCTLS__OPEN || rfctls__buffer_size(&socket->plain) > 0 ||
           engine->pending(socket->conn) > 0;
  case RFCTLS__BROKEN: return 1;
  }
  return 1;
}

uint32_t rfctls__events_for(const rfctls_socket *socket, int want) {
  rfctls__connecting connecting;
  if (rfctls__raw_is_connecting(socket->raw, &connecting)) {
    return connecting.events;
  }
  if (want == RFCTLS_WANT_READ) {
    return RFCTLS__POLL_READ |
           (rfctls__buffer_size(&socket->out) > 0 ? (uint32_t)RFCTLS__POLL_WRITE : 0);
  }
  return RFCTLS__POLL_WRITE;
}

static rfctls__deadline timer_of(const rfctls_socket *socket) {
  rfctls__connecting connecting = {.deadline = RFCTLS__NEVER};
  (void)rfctls__raw_is_connecting(socket->raw, &connecting);
  return rfctls__deadline_earlier(
      socket->close_deadline,
      rfctls__deadline_earlier(connecting.deadline, socket->handshake_deadline));
}

int rfctls__timer_ran_out(const rfctls_socket *socket) {
  return rfctls__deadline_passed(timer_of(socket));
}

rfctls__deadline rfctls__next_of_connect(const rfctls_socket *socket) {
  rfctls__connecting connecting = {.next = RFCTLS__NEVER};
  (void)rfctls__raw_is_connecting(socket->raw, &connecting);
  return connecting.next;
}

rfctls__deadline rfctls__next_look(const rfctls_socket *socket) {
  rfctls__deadline next =
      rfctls__deadline_earlier(timer_of(socket), rfctls__next_of_connect(socket));
  return socket->closing == RFCTLS__DRAINING /* no event tells of an acknowledgement */
             ? rfctls__deadline_earlier(next, rfctls__now() + LOOK_AGAIN)
             : next;
}

void rfctls__wait_entry_begin(rfctls_socket *socket, int want, rfctls__waker *waker,
                              rfctls__wait_entry *entry) {
  rfctls__waiters_add(&socket->waiters, &entry->waiter, waker);
  entry->fd = rfctls_raw_fd(socket->raw);
  entry->events = rfctls__events_for(socket, want);
  entry->found = rfctls__raw_ready(socket->raw) & entry->events;
  if (want == RFCTLS__WANT_TURN) {
    entry->fd = RFCTLS__NO_FD;
  }
  entry->deadline = rfctls__next_look(socket);
  socket->users++;
}

void rfctls__wait_entry_end(rfctls_socket *socket, rfctls__wait_entry *entry) {
  rfctls__waiters_remove(&socket->waiters, &entry->waiter);
  rfctls__leave(socket);
}

/* ---- how a call waits ---- */

rfctls_status rfctls_socket_set_blocking(rfctls_socket *socket, int blocking) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__enter_socket(socket);
  if (status == RFCTLS_OK) {
    rfctls__socket_lock(socket);
    if (blocking && !rfctls__can_block(socket)) {
      status = rfctls__fail(RFCTLS_E_UNSUPPORTED, "a socket over memory cannot wait");
    } else {
      socket->blocking = blocking != 0;
    }
    rfctls__socket_unlock(socket);
  }
  return status;
}

int rfctls_socket_is_blocking(const rfctls_socket *socket) {
  int blocking = 0;
  if (socket != NULL) {
    blocking = rfctls__socket_lock(socket)->blocking;
    rfctls__socket_unlock(socket);
  }
  return blocking;
}

rfctls_status rfctls_socket_set_timeout(rfctls_socket *socket, rfctls_timer timer,
                                        int64_t milliseconds) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__enter_socket(socket);
  if (status == RFCTLS_OK) {
    status = rfctls__check_timer(timer, milliseconds);
  }
  if (status == RFCTLS_OK) {
    rfctls__socket_lock(socket)->timers[timer] = milliseconds;
    rfctls__socket_unlock(socket);
  }
  return status;
}

int64_t rfctls_socket_timeout(const rfctls_socket *socket, rfctls_timer timer) {
  int64_t milliseconds = -1;
  if (socket != NULL && timer >= RFCTLS_TIMER_CONNECT && timer <= RFCTLS_TIMER_CLOSE) {
    milliseconds = rfctls__socket_lock(socket)->timers[timer];
    rfctls__socket_unlock(socket);
  }
  return milliseconds;
}

/* ---- one wait ---- */

/* Takes the lock off while it sleeps. */
static rfctls_status wait_beneath(rfctls_socket *socket, int want, rfctls__waker *waker,
                                  rfctls__deadline deadline) {
  rfctls__wait_entry entry;
  rfctls_status status = RFCTLS_OK;
  rfctls__wait_entry_begin(socket, want, waker, &entry);
  if (entry.found == 0 && !rfctls__can_block(socket)) {
    status = rfctls__fail(RFCTLS_E_UNSUPPORTED, "memory cannot be waited for: feed or drain it");
  } else if (entry.found == 0) {
    rfctls__socket_unlock(socket);
    status = rfctls__wait(entry.fd, entry.events, waker,
                          rfctls__deadline_earlier(deadline, entry.deadline), 1);
    rfctls__socket_lock(socket);
  }
  rfctls__wait_entry_end(socket, &entry);
  if (status == RFCTLS_E_TIMEOUT && !rfctls__deadline_passed(deadline)) {
    rfctls__error_clear();
    status = RFCTLS_OK;
  }
  return status == RFCTLS_E_TIMEOUT ? rfctls__raw_fail_late(socket->raw) : status;
}

rfctls_status rfctls_socket_wait(rfctls_socket *socket, rfctls_status want, int64_t timeout_ms) {
  rfctls__waker *waker = NULL;
  rfctls__deadline deadline = rfctls__deadline_in(timeout_ms);
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__enter_socket(socket);
  if (status == RFCTLS_OK && want != RFCTLS_WANT_READ && want != RFCTLS_WANT_WRITE) {
    status = rfctls__fail(RFCTLS_E_ARGUMENT, "%d is not what a wait can give", (int)want);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__waker_take(&waker);
  }
  if (status != RFCTLS_OK) {
    return status;
  }
  rfctls__socket_lock(socket);
  if (socket->closing != RFCTLS__CLOSED &&
      (want != RFCTLS_WANT_READ || !rfctls__readable(socket))) {
    status = wait_beneath(socket, (int)want, waker, deadline);
  }
  rfctls__socket_unlock(socket);
  rfctls__waker_give(waker);
  return status;
}

/* ---- other event loops ---- */

/* A close under way is not: what it wants, only the peer can give. */
static int is_ready(const rfctls_socket *socket, rfctls_status want, uint32_t events) {
  if (socket->closing != RFCTLS__NOT_CLOSING) {
    return socket->closing == RFCTLS__CLOSED;
  }
  return (want == RFCTLS_WANT_READ && rfctls__readable(socket)) ||
         (rfctls__raw_ready(socket->raw) & events) != 0;
}

uint32_t rfctls_socket_wait_events(const rfctls_socket *socket, rfctls_status want) {
  uint32_t events;
  if (socket == NULL || (want != RFCTLS_WANT_READ && want != RFCTLS_WANT_WRITE)) {
    return 0;
  }
  rfctls__socket_lock(socket);
  events = rfctls__events_for(socket, (int)want);
  if (is_ready(socket, want, events)) {
    events = 0;
  }
  rfctls__socket_unlock(socket);
  return ((events & RFCTLS__POLL_READ) != 0 ? (uint32_t)RFCTLS_EVENT_READ : 0) |
         ((events & RFCTLS__POLL_WRITE) != 0 ? (uint32_t)RFCTLS_EVENT_WRITE : 0);
}

intptr_t rfctls_socket_wait_fd(const rfctls_socket *socket) {
  intptr_t fd = RFCTLS__NO_FD;
  if (socket != NULL) {
    fd = rfctls_raw_fd(socket->raw);
  }
  return fd;
}

int64_t rfctls_socket_wait_timeout(const rfctls_socket *socket) {
  int64_t left = -1;
  if (socket != NULL) {
    left = rfctls__deadline_left_ms(rfctls__next_look(rfctls__socket_lock(socket)));
    rfctls__socket_unlock(socket);
  }
  return left;
}
