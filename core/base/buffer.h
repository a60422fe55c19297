/* Bytes: a view that owns nothing, and a growing queue that does. The queue is filled at its
 * tail and consumed at its head; it moves or grows only in reserve. */
#ifndef RFCTLS_BASE_BUFFER_H
#define RFCTLS_BASE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "rfctls/status.h"

#if defined(__cplusplus)
extern "C" {
#endif

typedef struct rfctls__bytes {
  const uint8_t *data;
  size_t size;
} rfctls__bytes;

/* Bytes as a caller gave them: E_ARGUMENT for NULL with a size; NULL and 0 are no bytes. */
rfctls_status rfctls__bytes_given(const void *data, size_t size, rfctls__bytes *out);

typedef struct rfctls__buffer {
  uint8_t *data; /* NULL while nothing was ever stored, or after release */
  size_t head;
  size_t tail;
  size_t capacity;
} rfctls__buffer;

/* The bytes that are stored. */
static inline size_t rfctls__buffer_size(const rfctls__buffer *buffer) {
  return buffer->tail - buffer->head;
}

static inline rfctls__bytes rfctls__buffer_bytes(const rfctls__buffer *buffer) {
  rfctls__bytes bytes = {NULL, 0};
  if (buffer->data != NULL) {
    bytes.data = buffer->data + buffer->head;
    bytes.size = rfctls__buffer_size(buffer);
  }
  return bytes;
}

/* Makes room for size bytes at the tail: *room points at them. NULL and E_MEMORY otherwise. */
rfctls_status rfctls__buffer_reserve(rfctls__buffer *buffer, size_t size, uint8_t **room);
/* How many bytes may be written at the tail without reserve moving anything. */
static inline size_t rfctls__buffer_room(const rfctls__buffer *buffer) {
  return buffer->capacity - buffer->tail;
}

/* What was written into the room belongs to the buffer now. */
void rfctls__buffer_commit(rfctls__buffer *buffer, size_t size);
rfctls_status rfctls__buffer_append(rfctls__buffer *buffer, const void *data, size_t size);
/* With its size before it, so that no two lists of values are written alike: for digests, in this process. */
rfctls_status rfctls__buffer_append_sized(rfctls__buffer *buffer, const void *data, size_t size);
/* Takes size bytes (at most what is there) from the head. */
void rfctls__buffer_consume(rfctls__buffer *buffer, size_t size);
/* Copies up to size bytes out and consumes them; answers how many. */
size_t rfctls__buffer_take(rfctls__buffer *buffer, void *out, size_t size);
/* Gives the memory back. wipe: overwrites it before. */
void rfctls__buffer_release(rfctls__buffer *buffer);
void rfctls__buffer_wipe(rfctls__buffer *buffer);

/* Frees the memory that is kept for new buffers, when nobody is inside any more. */
void rfctls__buffers_forget(void);

/* A list of byte strings, each owned: certificates in DER. */
typedef struct rfctls__list {
  rfctls__buffer *items;
  size_t count;
} rfctls__list;

rfctls_status rfctls__list_add(rfctls__list *list, const void *data, size_t size);
rfctls__bytes rfctls__list_at(const rfctls__list *list, size_t index);
void rfctls__list_release(rfctls__list *list);

#if defined(__cplusplus)
}
#endif

#endif
