/* The transport over a descriptor of the system. */
#include "net/transport_os.h"

#include "base/error.h"
#include "net/transport_state.h"

/* Linux refuses new connections from now on, other systems when the descriptor is closed. */
void rfctls__raw_refuse(rfctls_raw *listener) {
  rfctls__lock_take(&listener->lock);
  __atomic_store_n(&listener->refuses, 1, __ATOMIC_RELEASE);
  if (rfctls__os_shutdown(rfctls__raw_descriptor(listener), RFCTLS_SHUT_READ) != RFCTLS_OK) {
    rfctls__error_clear();
  }
  rfctls__waiters_wake(listener->waiters);
  rfctls__lock_drop(&listener->lock);
}

static rfctls_status send_by_system(rfctls_raw *raw, const void *data, size_t size, size_t *sent) {
  return rfctls__os_send(rfctls__raw_descriptor(raw), data, size, sent);
}

static rfctls_status recv_by_system(rfctls_raw *raw, void *buffer, size_t room, int peek,
                                    size_t *received) {
  return rfctls__os_recv(rfctls__raw_descriptor(raw), buffer, room, peek, received);
}

static rfctls_status shut(rfctls_raw *raw, rfctls_how how) {
  rfctls__connecting connecting;
  if (raw->listens) {
    if (how != RFCTLS_SHUT_WRITE) {
      rfctls__raw_refuse(raw);
    }
    return RFCTLS_OK;
  }
  if (rfctls__raw_is_connecting(raw, &connecting)) {
    return rfctls__fail(RFCTLS_E_STATE, "the transport is not connected yet");
  }
  return rfctls__os_shutdown(raw->fd, how);
}

static void finish(rfctls_raw *raw) {
  if (raw->owned) {
    (void)rfctls__os_shutdown(rfctls__raw_descriptor(raw), RFCTLS_SHUT_WRITE); /* shows elsewhere */
  }
}

static int64_t unacknowledged(const rfctls_raw *raw) {
  return rfctls__os_unacknowledged(rfctls__raw_descriptor(raw));
}

/* The system is asked when somebody waits. */
static uint32_t none_ready(const rfctls_raw *raw) {
  (void)raw;
  return 0;
}

static rfctls_status ask(const rfctls_raw *raw,
                         rfctls_status (*endpoint_of)(intptr_t fd, rfctls__endpoint *out),
                         rfctls__endpoint *out) {
  intptr_t fd = rfctls_raw_fd(raw);
  return fd != RFCTLS__NO_FD ? endpoint_of(fd, out)
                             : rfctls__fail(RFCTLS_E_CLOSED, "the transport is closed");
}

static rfctls_status ask_local(const rfctls_raw *raw, rfctls__endpoint *out) {
  return ask(raw, rfctls__os_local_endpoint, out);
}

static rfctls_status ask_peer(const rfctls_raw *raw, rfctls__endpoint *out) {
  return ask(raw, rfctls__os_peer_endpoint, out);
}

static void close_descriptor(rfctls_raw *raw) {
  intptr_t fd = __atomic_exchange_n(&raw->fd, RFCTLS__NO_FD, __ATOMIC_ACQ_REL);
  if (raw->owned && fd != RFCTLS__NO_FD) {
    rfctls__os_close(fd);
  }
}

static void release_nothing(rfctls_raw *raw) {
  (void)raw;
}

static const rfctls__transport_operations by_system = {
    .can_block = 1,
    .send = send_by_system,
    .recv = recv_by_system,
    .shutdown = shut,
    .finish = finish,
    .unacknowledged = unacknowledged,
    .ready = none_ready,
    .local_endpoint = ask_local,
    .peer_endpoint = ask_peer,
    .close = close_descriptor,
    .release = release_nothing,
};

/* ---- making ---- */

rfctls_status rfctls__raw_over_fd(intptr_t fd, int owned, int listens, rfctls_raw **out) {
  *out = rfctls__raw_alloc(&by_system, fd);
  if (*out == NULL) {
    return RFCTLS_E_MEMORY;
  }
  (*out)->owned = owned;
  (*out)->listens = listens;
  rfctls__raw_learn_ends(*out);
  return RFCTLS_OK;
}

rfctls_status rfctls__raw_over_connector(rfctls__connector *connector, rfctls_raw **out) {
  *out = rfctls__raw_alloc(&by_system, RFCTLS__NO_FD);
  if (*out == NULL) {
    rfctls__connector_free(connector);
    return RFCTLS_E_MEMORY;
  }
  (*out)->owned = 1;
  (*out)->connector = connector;
  return RFCTLS_OK;
}

static rfctls_status check_refuses(const rfctls_raw *listener) {
  return __atomic_load_n(&listener->refuses, __ATOMIC_ACQUIRE)
             ? rfctls__fail(RFCTLS_E_CLOSED, "the listener was shut down")
             : RFCTLS_OK;
}

/* What the system says of a listener that is being shut down in the middle of it is no failure of its own. */
rfctls_status rfctls__raw_try_accept(rfctls_raw *listener, rfctls_raw **out) {
  intptr_t fd = RFCTLS__NO_FD;
  rfctls_status status = check_refuses(listener);
  *out = NULL;
  if (status != RFCTLS_OK) {
    return status;
  }
  status = rfctls__os_accept(rfctls__raw_descriptor(listener), &fd);
  if (status != RFCTLS_OK) {
    return status < 0 && check_refuses(listener) != RFCTLS_OK ? RFCTLS_E_CLOSED : status;
  }
  status = rfctls__raw_over_fd(fd, 1, 0, out);
  if (status != RFCTLS_OK) {
    rfctls__os_close(fd);
  }
  return status;
}
