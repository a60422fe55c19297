/* The transport itself: who owns it, who uses it, its way to being connected, and one try of each verb. */
#include "net/transport_state.h"

#include "base/error.h"
#include "base/memory.h"
#include "net/address.h"

/* ---- owned ---- */

static intptr_t descriptor(const rfctls_raw *raw) {
  return __atomic_load_n(&raw->fd, __ATOMIC_ACQUIRE);
}

/* The one before. */
static rfctls__connector *set_connector(rfctls_raw *raw, rfctls__connector *connector) {
  return __atomic_exchange_n(&raw->connector, connector, __ATOMIC_ACQ_REL);
}

/* Closes, when nobody uses it any more; a second time does nothing. */
static void let_go(rfctls_raw *raw) {
  rfctls__connector_free(set_connector(raw, NULL));
  intptr_t fd = __atomic_exchange_n(&raw->fd, RFCTLS__NO_FD, __ATOMIC_ACQ_REL);
  if (raw->owned && fd != RFCTLS__NO_FD) {
    rfctls__os_close(fd);
  }
  if (raw->memory != NULL) {
    rfctls__memory_close(raw->memory);
  }
}

rfctls_raw *rfctls_raw_ref(rfctls_raw *raw) {
  if (raw != NULL) {
    rfctls__refcount_take(&raw->refs);
  }
  return raw;
}

void rfctls_raw_unref(rfctls_raw *raw) {
  if (raw == NULL || !rfctls__refcount_drop(&raw->refs)) {
    return;
  }
  let_go(raw);
  rfctls__memory_free(raw->memory);
  rfctls__buffer_wipe(&raw->unread);
  rfctls_address_unref(raw->connected_to);
  rfctls__lock_fini(&raw->lock);
  rfctls__free(raw);
}

intptr_t rfctls__raw_release(rfctls_raw *raw) {
  return __atomic_exchange_n(&raw->fd, RFCTLS__NO_FD, __ATOMIC_ACQ_REL);
}

void rfctls__raw_lend(rfctls_raw *raw) {
  (void)__atomic_add_fetch(&raw->lent, 1, __ATOMIC_ACQ_REL);
}

void rfctls__raw_give_back(rfctls_raw *raw) {
  (void)__atomic_sub_fetch(&raw->lent, 1, __ATOMIC_ACQ_REL);
}

/* ---- used ---- */

static int is_closed(const rfctls_raw *raw) {
  return __atomic_load_n(&raw->closed, __ATOMIC_ACQUIRE);
}

/* What a verb has to find, under the lock. */
static rfctls_status check_free(const rfctls_raw *raw) {
  if (is_closed(raw)) {
    return rfctls__fail(RFCTLS_E_CLOSED, "the transport is closed");
  }
  if (__atomic_load_n(&raw->lent, __ATOMIC_ACQUIRE) > 0) {
    return rfctls__fail(RFCTLS_E_STATE, "a TLS socket speaks on this transport");
  }
  return RFCTLS_OK;
}

rfctls_status rfctls__raw_enter(rfctls_raw *raw) {
  rfctls_status status;
  if (raw == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no transport");
  }
  if (raw->process != rfctls__process()) {
    return rfctls__fail(RFCTLS_E_FORKED, "the transport belongs to the parent process");
  }
  rfctls__lock_take(&raw->lock);
  status = check_free(raw);
  raw->users += status == RFCTLS_OK;
  rfctls__lock_drop(&raw->lock);
  return status;
}

/* Under the lock. */
static void let_go_if_last(rfctls_raw *raw) {
  if (raw->closed && raw->users == 0) {
    let_go(raw);
  }
}

void rfctls__raw_leave(rfctls_raw *raw) {
  rfctls__lock_take(&raw->lock);
  raw->users--;
  let_go_if_last(raw);
  rfctls__lock_drop(&raw->lock);
}

void rfctls__raw_watch_begin(rfctls_raw *raw, rfctls__waker *waker, rfctls__waiter *waiter) {
  rfctls__lock_take(&raw->lock);
  rfctls__waiters_add(&raw->waiters, waiter, waker);
  raw->users++;
  rfctls__lock_drop(&raw->lock);
}

void rfctls__raw_watch_end(rfctls_raw *raw, const rfctls__waiter *waiter) {
  rfctls__lock_take(&raw->lock);
  rfctls__waiters_remove(&raw->waiters, waiter);
  raw->users--;
  let_go_if_last(raw);
  rfctls__lock_drop(&raw->lock);
}

void rfctls__raw_close(rfctls_raw *raw) {
  rfctls__lock_take(&raw->lock);
  __atomic_store_n(&raw->closed, 1, __ATOMIC_RELEASE);
  rfctls__waiters_wake(raw->waiters);
  let_go_if_last(raw);
  rfctls__lock_drop(&raw->lock);
}

/* ---- connecting ---- */

/* Getters may lock a transport that is const to their caller. */
static rfctls_raw *lock(const rfctls_raw *raw) {
  rfctls_raw *mutable = (rfctls_raw *)(uintptr_t)raw;
  rfctls__lock_take(&mutable->lock);
  return mutable;
}

static int connects(const rfctls_raw *raw) {
  return __atomic_load_n(&raw->connector, __ATOMIC_ACQUIRE) != NULL;
}

int rfctls__raw_is_connecting(const rfctls_raw *raw, rfctls__connecting *out) {
  int connecting = 0;
  if (connects(raw)) {
    rfctls_raw *locked = lock(raw);
    connecting = locked->connector != NULL;
    if (connecting) {
      *out = rfctls__connector_state(locked->connector);
    }
    rfctls__lock_drop(&locked->lock);
  }
  return connecting;
}

rfctls_status rfctls__raw_fail_late(const rfctls_raw *raw) {
  rfctls_raw *locked = lock(raw);
  rfctls_status status = locked->connector != NULL
                             ? rfctls__connector_fail_late(locked->connector)
                             : rfctls__fail(RFCTLS_E_TIMEOUT, "the timer ran out");
  rfctls__lock_drop(&locked->lock);
  return status;
}

void rfctls__raw_learn_ends(rfctls_raw *raw) {
  int connected = raw->connected_to != NULL ||
                  (!raw->listens && rfctls__os_peer_endpoint(raw->fd, &raw->peer) == RFCTLS_OK);
  if (raw->listens || connected) {
    (void)rfctls__os_local_endpoint(raw->fd, &raw->local);
  }
  rfctls__error_clear();
}

/* Under the lock. Whoever waits for a descriptor that is closed now, looks again. */
static rfctls_status go_on(rfctls_raw *raw) {
  intptr_t watched = rfctls__connector_state(raw->connector).fd, fd;
  rfctls_address *to;
  rfctls_status status = rfctls__connector_try(raw->connector, &fd, &to);
  if (status == RFCTLS_OK) {
    raw->connected_to = to;
    __atomic_store_n(&raw->fd, fd, __ATOMIC_RELEASE);
    rfctls__raw_learn_ends(raw);
    rfctls__connector_free(set_connector(raw, NULL));
  }
  if (status <= 0 || rfctls__connector_state(raw->connector).fd != watched) {
    rfctls__waiters_wake(raw->waiters);
  }
  return status;
}

rfctls_status rfctls__raw_go_on_connecting(rfctls_raw *raw) {
  rfctls_status status = RFCTLS_OK;
  if (connects(raw)) {
    rfctls__lock_take(&raw->lock);
    if (raw->connector != NULL) {
      status = go_on(raw);
    }
    rfctls__lock_drop(&raw->lock);
  }
  return status;
}

/* ---- told ---- */

intptr_t rfctls_raw_fd(const rfctls_raw *raw) {
  rfctls__connecting connecting;
  if (raw == NULL || is_closed(raw)) {
    return RFCTLS__NO_FD;
  }
  return rfctls__raw_is_connecting(raw, &connecting) ? connecting.fd : descriptor(raw);
}

rfctls__memory *rfctls__raw_memory(const rfctls_raw *raw) {
  return raw->memory;
}

int rfctls__raw_is_open(const rfctls_raw *raw) {
  return !is_closed(raw);
}

uint32_t rfctls__raw_ready(const rfctls_raw *raw) {
  return (raw->memory != NULL ? rfctls__memory_ready(raw->memory) : 0) |
         (rfctls_raw_pending(raw) > 0 ? (uint32_t)RFCTLS__POLL_READ : 0);
}

int rfctls__raw_is_listener(const rfctls_raw *raw) {
  return raw->listens;
}

int rfctls__raw_is_owned(const rfctls_raw *raw) {
  return raw->owned;
}

typedef rfctls_status (*ask_system)(intptr_t fd, rfctls__endpoint *out);

/* They are learned under the lock, but do not change any more once it is connected. */
static rfctls_status tell_end(const rfctls_raw *raw, const rfctls__endpoint *known, ask_system ask,
                              rfctls_address **out) {
  rfctls__endpoint asked = {{0}, 0};
  rfctls_status status = RFCTLS_OK;
  if (connects(raw)) {
    return rfctls__fail(RFCTLS_E_STATE, "the transport is not connected yet");
  }
  if (known->size == 0 && raw->memory == NULL) {
    intptr_t fd = rfctls_raw_fd(raw);
    status = fd != RFCTLS__NO_FD ? ask(fd, &asked)
                                 : rfctls__fail(RFCTLS_E_CLOSED, "the transport is closed");
    known = &asked;
  }
  return status == RFCTLS_OK ? rfctls__address_new(known, NULL, out) : status;
}

rfctls_status rfctls__raw_local_address(const rfctls_raw *raw, rfctls_address **out) {
  *out = NULL;
  return tell_end(raw, &raw->local, rfctls__os_local_endpoint, out);
}

rfctls_status rfctls__raw_peer_address(const rfctls_raw *raw, rfctls_address **out) {
  *out = NULL;
  if (raw->listens) {
    return rfctls__fail(RFCTLS_E_STATE, "a listener has no peer");
  }
  if (!connects(raw) && raw->connected_to != NULL) {
    *out = rfctls_address_ref(raw->connected_to);
    return RFCTLS_OK;
  }
  return tell_end(raw, &raw->peer, rfctls__os_peer_endpoint, out);
}

static rfctls_status check(const rfctls_raw *raw, rfctls_address **out) {
  if (out != NULL) {
    *out = NULL;
  }
  return raw != NULL && out != NULL
             ? RFCTLS_OK
             : rfctls__fail(RFCTLS_E_ARGUMENT, "no transport, or no place for the address");
}

rfctls_status rfctls_raw_local_address(const rfctls_raw *raw, rfctls_address **out) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = check(raw, out);
  return status == RFCTLS_OK ? rfctls__raw_local_address(raw, out) : status;
}

rfctls_status rfctls_raw_peer_address(const rfctls_raw *raw, rfctls_address **out) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = check(raw, out);
  return status == RFCTLS_OK ? rfctls__raw_peer_address(raw, out) : status;
}

/* ---- driven ---- */

/* Linux refuses new connections from now on, other systems when the descriptor is closed. */
void rfctls__raw_refuse(rfctls_raw *listener) {
  rfctls__lock_take(&listener->lock);
  __atomic_store_n(&listener->refuses, 1, __ATOMIC_RELEASE);
  if (rfctls__os_shutdown(descriptor(listener), RFCTLS_SHUT_READ) != RFCTLS_OK) {
    rfctls__error_clear();
  }
  rfctls__waiters_wake(listener->waiters);
  rfctls__lock_drop(&listener->lock);
}

rfctls_status rfctls__raw_try_accept(rfctls_raw *listener, rfctls_raw **out) {
  intptr_t fd = RFCTLS__NO_FD;
  rfctls_status status;
  *out = NULL;
  if (__atomic_load_n(&listener->refuses, __ATOMIC_ACQUIRE)) {
    return rfctls__fail(RFCTLS_E_CLOSED, "the listener was shut down");
  }
  status = rfctls__os_accept(descriptor(listener), &fd);
  if (status != RFCTLS_OK) {
    return status;
  }
  status = rfctls__raw_new(fd, out);
  if (status != RFCTLS_OK) {
    rfctls__os_close(fd);
  }
  return status;
}

rfctls_status rfctls__raw_try_send(rfctls_raw *raw, const void *data, size_t size, size_t *sent) {
  return raw->memory != NULL ? rfctls__memory_send(raw->memory, data, size, sent)
                             : rfctls__os_send(descriptor(raw), data, size, sent);
}

rfctls_status rfctls__raw_try_recv(rfctls_raw *raw, void *buffer, size_t room, int peek,
                                   size_t *received) {
  *received = rfctls__raw_take_unread(raw, buffer, room, peek);
  if (*received > 0) {
    return RFCTLS_OK;
  }
  return raw->memory != NULL ? rfctls__memory_recv(raw->memory, buffer, room, peek, received)
                             : rfctls__os_recv(descriptor(raw), buffer, room, peek, received);
}

void rfctls__raw_finish(rfctls_raw *raw) {
  if (raw->memory != NULL) {
    rfctls__memory_shutdown(raw->memory, RFCTLS_SHUT_WRITE);
  } else if (raw->owned) {
    (void)rfctls__os_shutdown(descriptor(raw), RFCTLS_SHUT_WRITE); /* shows elsewhere */
  }
}

int64_t rfctls__raw_unacknowledged(const rfctls_raw *raw) {
  return rfctls__os_unacknowledged(descriptor(raw));
}
