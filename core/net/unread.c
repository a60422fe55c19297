/* Bytes that were given back to a transport: receiving finds them before what the system, or memory,
 * has. */
#include "net/transport_state.h"

/* Under the lock. What is given back later was received earlier. */
static rfctls_status put_before(rfctls_raw *raw, const void *data, size_t size) {
  rfctls__bytes before = rfctls__buffer_bytes(&raw->unread);
  rfctls__buffer whole = {0};
  rfctls_status status = rfctls__buffer_append(&whole, data, size);
  if (status == RFCTLS_OK && before.size > 0) {
    status = rfctls__buffer_append(&whole, before.data, before.size);
  }
  if (status != RFCTLS_OK) {
    rfctls__buffer_wipe(&whole);
    return status;
  }
  rfctls__buffer_wipe(&raw->unread);
  raw->unread = whole;
  __atomic_store_n(&raw->unread_size, rfctls__buffer_size(&whole), __ATOMIC_RELEASE);
  rfctls__waiters_wake(raw->waiters);
  return RFCTLS_OK;
}

rfctls_status rfctls__raw_put_unread(rfctls_raw *raw, const void *data, size_t size) {
  rfctls_status status;
  rfctls__lock_take(&raw->lock);
  status = put_before(raw, data, size);
  rfctls__lock_drop(&raw->lock);
  return status;
}

size_t rfctls__raw_take_unread(rfctls_raw *raw, void *buffer, size_t room, int peek) {
  rfctls__buffer bytes;
  size_t taken;
  if (rfctls__raw_unread_size(raw) == 0) {
    return 0;
  }
  rfctls__lock_take(&raw->lock);
  bytes = raw->unread;
  taken = rfctls__buffer_take(&bytes, buffer, room);
  if (!peek) {
    raw->unread = bytes;
    __atomic_store_n(&raw->unread_size, rfctls__buffer_size(&bytes), __ATOMIC_RELEASE);
    if (rfctls__buffer_size(&bytes) == 0) {
      rfctls__buffer_wipe(&raw->unread);
    }
  }
  rfctls__lock_drop(&raw->lock);
  return taken;
}
