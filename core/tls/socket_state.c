/* Entering, locking and leaving a TLS socket: see socket_state.h. */
#include "tls/socket_state.h"

/* Getters may lock a socket that is const to their caller. */
rfctls_socket *rfctls__socket_lock(const rfctls_socket *socket) {
  rfctls_socket *mutable = (rfctls_socket *)socket;
  rfctls__lock_take(&mutable->lock);
  return mutable;
}

void rfctls__socket_unlock(const rfctls_socket *socket) {
  rfctls__lock_drop(&((rfctls_socket *)socket)->lock);
}

rfctls_status rfctls__enter_socket(const rfctls_socket *socket) {
  if (socket == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no socket");
  }
  if (socket->process != rfctls__process()) {
    return rfctls__fail(RFCTLS_E_FORKED, "the socket belongs to the parent process");
  }
  return RFCTLS_OK;
}

rfctls__deadline rfctls__lasting_deadline(const rfctls_socket *socket, rfctls_timer timer,
                                          rfctls__deadline *kept) {
  if (*kept == RFCTLS__NEVER) {
    *kept = rfctls__deadline_in(socket->timers[timer]);
  }
  return *kept;
}

static void wake(rfctls_socket *socket) {
  socket->changed = 0;
  rfctls__waiters_wake(socket->waiters);
}

/* Gives the memory of empty buffers back: an idle connection holds none. */
static void trim(rfctls_socket *socket) {
  rfctls__buffer *buffers[] = {&socket->in, &socket->out, &socket->plain};
  for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) {
    if (buffers[i]->data != NULL && rfctls__buffer_size(buffers[i]) == 0) {
      rfctls__buffer_release(buffers[i]);
    }
  }
}

void rfctls__before_sleep(rfctls_socket *socket) {
  if (socket->changed) {
    wake(socket);
  }
  trim(socket);
}

void rfctls__leave(rfctls_socket *socket) {
  socket->users--;
  if (socket->changed || rfctls__may_hold_record(socket)) {
    wake(socket);
  }
  trim(socket);
  if (socket->closing == RFCTLS__CLOSED && socket->users == 0) {
    rfctls__raw_close(socket->raw);
  }
}
