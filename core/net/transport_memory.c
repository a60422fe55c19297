/* The memory transport: two queues, one for each direction, whose far ends the program holds.
 * Its lock is a leaf, taken beneath a socket's for as long as bytes are copied. */
#include "net/transport_memory.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/lock.h"
#include "base/memory.h"
#include "net/transport.h"

/* What may wait to be drained before sending answers WANT_WRITE: a program that does not drain
 * does not fill the memory. */
enum { HELD_MOST = 256 * 1024 };

typedef struct queue {
  rfctls__buffer bytes;
  int ended; /* nothing comes after these bytes */
} queue;

struct rfctls__memory {
  rfctls__lock lock;
  queue in;  /* fed, not received yet */
  queue out; /* sent, not drained yet */
  int closed;
};

rfctls_status rfctls__memory_new(rfctls__memory **out) {
  *out = rfctls__alloc(sizeof **out);
  if (*out == NULL) {
    return rfctls__fail_memory();
  }
  rfctls__lock_init(&(*out)->lock);
  return RFCTLS_OK;
}

void rfctls__memory_free(rfctls__memory *memory) {
  if (memory != NULL) {
    rfctls__buffer_release(&memory->in.bytes);
    rfctls__buffer_release(&memory->out.bytes);
    rfctls__lock_fini(&memory->lock);
    rfctls__free(memory);
  }
}

/* ---- the near end, which TLS holds ---- */

/* OK with bytes, or with none at the end; WANT_READ. */
static rfctls_status take(queue *from, void *buffer, size_t room, int peek, size_t *taken) {
  rfctls__buffer bytes = from->bytes;
  *taken = rfctls__buffer_take(&bytes, buffer, room);
  if (!peek) {
    from->bytes = bytes;
  }
  if (rfctls__buffer_size(&from->bytes) == 0) {
    rfctls__buffer_release(&from->bytes); /* an idle connection holds none */
  }
  return *taken > 0 || room == 0 || from->ended ? RFCTLS_OK : RFCTLS_WANT_READ;
}

rfctls_status rfctls__memory_recv(rfctls__memory *memory, void *buffer, size_t room, int peek,
                                  size_t *received) {
  rfctls_status status;
  rfctls__lock_take(&memory->lock);
  status = take(&memory->in, buffer, room, peek, received);
  rfctls__lock_drop(&memory->lock);
  return status;
}

static size_t room_of(const queue *to) {
  size_t held = rfctls__buffer_size(&to->bytes);
  return held < HELD_MOST ? HELD_MOST - held : 0;
}

rfctls_status rfctls__memory_send(rfctls__memory *memory, const void *data, size_t size,
                                  size_t *sent) {
  rfctls_status status = RFCTLS_WANT_WRITE;
  size_t room;
  *sent = 0;
  rfctls__lock_take(&memory->lock);
  room = room_of(&memory->out);
  room = size < room ? size : room;
  if (memory->out.ended) {
    status = rfctls__fail(RFCTLS_E_STATE, "writing was shut down");
  } else if (room > 0 || size == 0) {
    status = rfctls__buffer_append(&memory->out.bytes, data, room);
    *sent = status == RFCTLS_OK ? room : 0;
  }
  rfctls__lock_drop(&memory->lock);
  return status;
}

/* Under the lock. */
static void shut(rfctls__memory *memory, rfctls_how how) {
  if (how != RFCTLS_SHUT_READ) {
    memory->out.ended = 1;
  }
  if (how != RFCTLS_SHUT_WRITE) {
    memory->in.ended = 1;
    rfctls__buffer_release(&memory->in.bytes);
  }
}

void rfctls__memory_shutdown(rfctls__memory *memory, rfctls_how how) {
  rfctls__lock_take(&memory->lock);
  shut(memory, how);
  rfctls__lock_drop(&memory->lock);
}

void rfctls__memory_close(rfctls__memory *memory) {
  rfctls__lock_take(&memory->lock);
  shut(memory, RFCTLS_SHUT_BOTH);
  memory->closed = 1;
  rfctls__lock_drop(&memory->lock);
}

uint32_t rfctls__memory_ready(rfctls__memory *memory) {
  uint32_t ready = 0;
  rfctls__lock_take(&memory->lock);
  if (memory->in.ended || rfctls__buffer_size(&memory->in.bytes) > 0) {
    ready |= RFCTLS__POLL_READ;
  }
  if (memory->out.ended || room_of(&memory->out) > 0) {
    ready |= RFCTLS__POLL_WRITE;
  }
  rfctls__lock_drop(&memory->lock);
  return ready;
}

/* ---- the far end, which the program holds ---- */

rfctls_status rfctls_raw_memory(rfctls_raw **out) {
  rfctls__memory *memory = NULL;
  rfctls_status status;
  rfctls__enter(__func__);
  if (out == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no place for the transport");
  }
  *out = NULL;
  status = rfctls__memory_new(&memory);
  if (status == RFCTLS_OK) {
    status = rfctls__raw_over_memory(memory, out);
  }
  if (status != RFCTLS_OK) {
    rfctls__memory_free(memory);
  }
  return status;
}

static rfctls_status enter(const rfctls_raw *raw, rfctls__memory **out) {
  *out = raw != NULL ? rfctls__raw_memory(raw) : NULL;
  return *out != NULL ? RFCTLS_OK
                      : rfctls__fail(RFCTLS_E_ARGUMENT, "no transport, or not one over memory");
}

/* Under the lock. */
static rfctls_status check_hungry(const rfctls__memory *memory) {
  if (memory->closed) {
    return rfctls__fail(RFCTLS_E_CLOSED, "the transport is closed");
  }
  return memory->in.ended ? rfctls__fail(RFCTLS_E_STATE, "the end was fed already") : RFCTLS_OK;
}

rfctls_status rfctls_raw_feed(rfctls_raw *raw, const void *data, size_t size) {
  rfctls__memory *memory;
  rfctls_status status;
  rfctls__enter(__func__);
  status = enter(raw, &memory);
  if (status == RFCTLS_OK && data == NULL && size > 0) {
    status = rfctls__fail(RFCTLS_E_ARGUMENT, "no data to feed");
  }
  if (status != RFCTLS_OK) {
    return status;
  }
  rfctls__lock_take(&memory->lock);
  status = check_hungry(memory);
  if (status == RFCTLS_OK) {
    status = rfctls__buffer_append(&memory->in.bytes, data, size);
  }
  rfctls__lock_drop(&memory->lock);
  return status;
}

rfctls_status rfctls_raw_feed_end(rfctls_raw *raw) {
  rfctls__memory *memory;
  rfctls_status status;
  rfctls__enter(__func__);
  status = enter(raw, &memory);
  if (status == RFCTLS_OK) {
    rfctls__lock_take(&memory->lock);
    memory->in.ended = 1;
    rfctls__lock_drop(&memory->lock);
  }
  return status;
}

rfctls_status rfctls_raw_drain(rfctls_raw *raw, void *buffer, size_t capacity, size_t *received) {
  rfctls__memory *memory;
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__count(received, buffer, capacity);
  if (status == RFCTLS_OK) {
    status = enter(raw, &memory);
  }
  if (status == RFCTLS_OK) {
    rfctls__lock_take(&memory->lock);
    status = take(&memory->out, buffer, capacity, 0, received);
    rfctls__lock_drop(&memory->lock);
  }
  return status;
}
