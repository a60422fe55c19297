/* The transport itself: who owns it, who uses it, its way to being connected, and one try of each
 * operation, which its table does. */
#include "net/transport_state.h"

#include "base/alloc.h"
#include "base/error.h"
#include "net/address.h"

/* ---- owned ---- */

rfctls_raw *rfctls__raw_alloc(const rfctls__transport_operations *operations, intptr_t fd) {
  rfctls_raw *raw = rfctls__alloc(sizeof *raw);
  if (raw == NULL) {
    (void)rfctls__fail_memory();
    return NULL;
  }
  rfctls__refcount_init(&raw->refs);
  rfctls__lock_init(&raw->lock);
  raw->process = rfctls__process();
  raw->operations = operations;
  raw->fd = fd;
  raw->blocking = 1;
  for (size_t i = 0; i < RFCTLS__TIMER_COUNT; i++) {
    raw->timers[i] = -1;
  }
  return raw;
}

/* The one before. */
static rfctls__connector *set_connector(rfctls_raw *raw, rfctls__connector *connector) {
  return __atomic_exchange_n(&raw->connector, connector, __ATOMIC_ACQ_REL);
}

/* Closes, when nobody uses it any more; a second time does nothing. */
static void let_go(rfctls_raw *raw) {
  rfctls__connector_free(set_connector(raw, NULL));
  raw->operations->close(raw);
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
  raw->operations->release(raw);
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

/* What an operation has to find, under the lock. */
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

void rfctls__raw_wait_begin(rfctls_raw *raw, rfctls__waker *waker, rfctls__waiter *waiter) {
  rfctls__lock_take(&raw->lock);
  rfctls__waiters_add(&raw->waiters, waiter, waker);
  raw->users++;
  rfctls__lock_drop(&raw->lock);
}

void rfctls__raw_wait_end(rfctls_raw *raw, const rfctls__waiter *waiter) {
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
  rfctls_raw *mutable = (rfctls_raw *)raw;
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
  intptr_t before = rfctls__connector_state(raw->connector).fd, fd;
  rfctls_address *to;
  rfctls_status status = rfctls__connector_try(raw->connector, &fd, &to);
  if (status == RFCTLS_OK) {
    raw->connected_to = to;
    __atomic_store_n(&raw->fd, fd, __ATOMIC_RELEASE);
    rfctls__raw_learn_ends(raw);
    rfctls__connector_free(set_connector(raw, NULL));
  }
  if (status <= 0 || rfctls__connector_state(raw->connector).fd != before) {
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
  return rfctls__raw_is_connecting(raw, &connecting) ? connecting.fd : rfctls__raw_descriptor(raw);
}

uint32_t rfctls__raw_ready(const rfctls_raw *raw) {
  return raw->operations->ready(raw) |
         (rfctls__raw_unread_size(raw) > 0 ? (uint32_t)RFCTLS__POLL_READ : 0);
}

int rfctls__raw_can_block(const rfctls_raw *raw) {
  return raw->operations->can_block;
}

int rfctls__raw_is_open(const rfctls_raw *raw) {
  return !is_closed(raw);
}

int rfctls__raw_is_listener(const rfctls_raw *raw) {
  return raw->listens;
}

int rfctls__raw_is_owned(const rfctls_raw *raw) {
  return raw->owned;
}

/* They are learned under the lock, but do not change any more once it is connected. */
static rfctls_status tell_end(const rfctls_raw *raw, const rfctls__endpoint *known,
                              rfctls_status (*ask)(const rfctls_raw *, rfctls__endpoint *),
                              rfctls_address **out) {
  rfctls__endpoint asked = {{0}, 0};
  rfctls_status status = RFCTLS_OK;
  if (connects(raw)) {
    return rfctls__fail(RFCTLS_E_STATE, "the transport is not connected yet");
  }
  if (known->size == 0) {
    status = ask(raw, &asked);
    known = &asked;
  }
  return status == RFCTLS_OK ? rfctls__address_new(known, NULL, out) : status;
}

rfctls_status rfctls__raw_local_address(const rfctls_raw *raw, rfctls_address **out) {
  *out = NULL;
  return tell_end(raw, &raw->local, raw->operations->local_endpoint, out);
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
  return tell_end(raw, &raw->peer, raw->operations->peer_endpoint, out);
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

rfctls_status rfctls__raw_try_send(rfctls_raw *raw, const void *data, size_t size, size_t *sent) {
  return raw->operations->send(raw, data, size, sent);
}

rfctls_status rfctls__raw_try_recv(rfctls_raw *raw, void *buffer, size_t room, int peek,
                                   size_t *received) {
  *received = rfctls__raw_take_unread(raw, buffer, room, peek);
  return *received > 0 ? RFCTLS_OK : raw->operations->recv(raw, buffer, room, peek, received);
}

void rfctls__raw_finish(rfctls_raw *raw) {
  raw->operations->finish(raw);
}

int64_t rfctls__raw_unacknowledged(const rfctls_raw *raw) {
  return raw->operations->unacknowledged(raw);
}
