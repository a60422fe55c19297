/* The transport that is no descriptor: two queues, one for each direction, whose far ends the program holds.
 * Its lock is a leaf, taken beneath a socket's for as long as bytes are copied. */
#include "base/alloc.h"
#include "base/error.h"
#include "net/transport_state.h"

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

static rfctls_status new_memory(rfctls__memory **out) {
  *out = rfctls__alloc(sizeof **out);
  if (*out == NULL) {
    return rfctls__fail_memory();
  }
  rfctls__lock_init(&(*out)->lock);
  return RFCTLS_OK;
}

static void free_memory(rfctls__memory *memory) {
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

static rfctls_status receive(rfctls_raw *raw, void *buffer, size_t room, int peek,
                             size_t *received) {
  rfctls__memory *memory = raw->memory;
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

static rfctls_status send(rfctls_raw *raw, const void *data, size_t size, size_t *sent) {
  rfctls__memory *memory = raw->memory;
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

/* WRITE: what was sent is all, the drain finds an end behind it. READ: as if the end had been fed. */
static rfctls_status shut_down(rfctls_raw *raw, rfctls_how how) {
  rfctls__lock_take(&raw->memory->lock);
  shut(raw->memory, how);
  rfctls__lock_drop(&raw->memory->lock);
  return RFCTLS_OK;
}

static void finish(rfctls_raw *raw) {
  (void)shut_down(raw, RFCTLS_SHUT_WRITE);
}

/* Takes no more food. What was sent can still be drained. */
static void close_queues(rfctls_raw *raw) {
  rfctls__memory *memory = raw->memory;
  rfctls__lock_take(&memory->lock);
  shut(memory, RFCTLS_SHUT_BOTH);
  memory->closed = 1;
  rfctls__lock_drop(&memory->lock);
}

/* Which of RFCTLS__POLL_READ and _WRITE would not answer WANT_* now. */
static uint32_t ready_now(const rfctls_raw *raw) {
  rfctls__memory *memory = raw->memory;
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

static int64_t unacknowledged(const rfctls_raw *raw) {
  (void)raw;
  return -1;
}

/* Neither IP nor port. */
static rfctls_status no_endpoint(const rfctls_raw *raw, rfctls__endpoint *out) {
  (void)raw;
  *out = (rfctls__endpoint){{0}, 0};
  return RFCTLS_OK;
}

static void release(rfctls_raw *raw) {
  free_memory(raw->memory);
}

static const rfctls__transport_operations by_memory = {
    .can_block = 0,
    .send = send,
    .recv = receive,
    .shutdown = shut_down,
    .finish = finish,
    .unacknowledged = unacknowledged,
    .ready = ready_now,
    .local_endpoint = no_endpoint,
    .peer_endpoint = no_endpoint,
    .close = close_queues,
    .release = release,
};

/* ---- the far end, which the program holds ---- */

rfctls_status rfctls_raw_memory(rfctls_raw **out) {
  rfctls__memory *memory = NULL;
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__output(out, sizeof *out, "the transport");
  if (status == RFCTLS_OK) {
    status = new_memory(&memory);
  }
  if (status == RFCTLS_OK) {
    *out = rfctls__raw_alloc(&by_memory, RFCTLS__NO_FD);
    status = *out != NULL ? RFCTLS_OK : RFCTLS_E_MEMORY;
  }
  if (status == RFCTLS_OK) {
    (*out)->memory = memory;
  } else {
    free_memory(memory);
  }
  return status;
}

static rfctls_status enter(const rfctls_raw *raw, rfctls__memory **out) {
  *out = raw != NULL ? raw->memory : NULL;
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
