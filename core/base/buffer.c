/* The byte queue and the list of byte strings. Memory that a queue outgrows is wiped: it may
 * have held a key. */
#include "base/buffer.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

/* ---- memory ---- */

enum {
  SMALLEST = 64,
  LARGE = 16 * 1024 + 1, /* from here on a queue gets a block                        */
  BLOCK = 70 * 1024,     /* holds what is read at once, or RFCTLS__STEP in records   */
  SPARE_BLOCKS = 16
};

/* Blocks that nobody uses. A connection has its queues only for the time of a call, and a block that
 * comes from the system each time, a page fault a page, costs a tenth of encrypting what it holds. No
 * multiple of 4 KiB: an allocator often puts the buffer that libssl fills a record in right behind a block,
 * and a copy between two that differ by whole pages takes a processor three times as long. */
static uint8_t *spare[SPARE_BLOCKS]; /* atomic, each of them */

static uint8_t *pop_block(void) {
  uint8_t *block = NULL;
  for (size_t i = 0; block == NULL && i < SPARE_BLOCKS; i++) {
    if (__atomic_load_n(&spare[i], __ATOMIC_RELAXED) != NULL) {
      block = __atomic_exchange_n(&spare[i], NULL, __ATOMIC_ACQ_REL);
    }
  }
  return block;
}

/* 1: kept. */
static int push_block(uint8_t *block) {
  int kept = 0;
  for (size_t i = 0; !kept && i < SPARE_BLOCKS; i++) {
    uint8_t *none = NULL;
    kept =
        __atomic_compare_exchange_n(&spare[i], &none, block, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
  }
  return kept;
}

void rfctls__buffers_forget(void) {
  for (uint8_t *block = pop_block(); block != NULL; block = pop_block()) {
    rfctls__free(block);
  }
}

/* At least *capacity, which is set to what there is. */
static uint8_t *take_memory(size_t *capacity) {
  uint8_t *block = NULL;
  if (*capacity >= LARGE && *capacity <= BLOCK) {
    *capacity = BLOCK;
    block = pop_block();
  }
  return block != NULL ? block : rfctls__realloc(NULL, *capacity);
}

static void give_memory(uint8_t *memory, size_t capacity) {
  if (memory == NULL || capacity != BLOCK || !push_block(memory)) {
    rfctls__free(memory);
  }
}

/* ---- queues ---- */

/* Puts the stored bytes at the begin of memory. */
static void move_to(rfctls__buffer *buffer, uint8_t *memory, size_t capacity) {
  rfctls__bytes bytes = rfctls__buffer_bytes(buffer);
  if (bytes.size > 0) {
    memmove(memory, bytes.data, bytes.size);
  }
  if (memory != buffer->data) {
    rfctls__buffer_wipe(buffer);
  }
  *buffer = (rfctls__buffer){memory, 0, bytes.size, capacity};
}

/* Doubles, at least. */
static rfctls_status grow(rfctls__buffer *buffer, size_t size) {
  size_t used = rfctls__buffer_size(buffer);
  size_t capacity = buffer->capacity > SIZE_MAX / 2 ? SIZE_MAX : 2 * buffer->capacity;
  uint8_t *memory;
  if (size > SIZE_MAX - used) {
    return rfctls__fail_memory();
  }
  capacity = capacity < used + size ? used + size : capacity;
  capacity = capacity < SMALLEST ? SMALLEST : capacity;
  memory = take_memory(&capacity);
  if (memory == NULL) {
    return rfctls__fail_memory();
  }
  move_to(buffer, memory, capacity);
  return RFCTLS_OK;
}

rfctls_status rfctls__buffer_reserve(rfctls__buffer *buffer, size_t size, uint8_t **room) {
  rfctls_status status = RFCTLS_OK;
  size_t used = rfctls__buffer_size(buffer);
  *room = NULL;
  if (buffer->data == NULL || rfctls__buffer_room(buffer) < size) {
    /* Moving pays when at least as much was consumed before: a byte is then moved once on
     * average. */
    if (buffer->data != NULL && buffer->head >= used && buffer->capacity - used >= size) {
      move_to(buffer, buffer->data, buffer->capacity);
    } else {
      status = grow(buffer, size);
    }
  }
  if (status == RFCTLS_OK) {
    *room = buffer->data + buffer->tail;
  }
  return status;
}

void rfctls__buffer_commit(rfctls__buffer *buffer, size_t size) {
  buffer->tail += size;
}

rfctls_status rfctls__buffer_append(rfctls__buffer *buffer, const void *data, size_t size) {
  rfctls_status status;
  uint8_t *room;
  if (size == 0) {
    return RFCTLS_OK;
  }
  status = rfctls__buffer_reserve(buffer, size, &room);
  if (status == RFCTLS_OK) {
    memcpy(room, data, size);
    rfctls__buffer_commit(buffer, size);
  }
  return status;
}

rfctls_status rfctls__buffer_append_sized(rfctls__buffer *buffer, const void *data, size_t size) {
  uint64_t before = size;
  rfctls_status status = rfctls__buffer_append(buffer, &before, sizeof before);
  return status == RFCTLS_OK ? rfctls__buffer_append(buffer, data, size) : status;
}

void rfctls__buffer_consume(rfctls__buffer *buffer, size_t size) {
  if (size < rfctls__buffer_size(buffer)) {
    buffer->head += size;
  } else {
    buffer->head = 0;
    buffer->tail = 0;
  }
}

size_t rfctls__buffer_take(rfctls__buffer *buffer, void *out, size_t size) {
  rfctls__bytes bytes = rfctls__buffer_bytes(buffer);
  size_t taken = size < bytes.size ? size : bytes.size;
  if (taken > 0) {
    memcpy(out, bytes.data, taken);
    rfctls__buffer_consume(buffer, taken);
  }
  return taken;
}

void rfctls__buffer_release(rfctls__buffer *buffer) {
  give_memory(buffer->data, buffer->capacity);
  *buffer = (rfctls__buffer){NULL, 0, 0, 0};
}

void rfctls__buffer_wipe(rfctls__buffer *buffer) {
  rfctls__wipe(buffer->data, buffer->capacity);
  rfctls__buffer_release(buffer);
}

/* ---- lists ---- */

rfctls_status rfctls__list_add(rfctls__list *list, const void *data, size_t size) {
  rfctls_status status;
  rfctls__buffer item = {NULL, 0, 0, 0};
  rfctls__buffer *items = rfctls__realloc(list->items, (list->count + 1) * sizeof *items);
  if (items == NULL) {
    return rfctls__fail_memory();
  }
  list->items = items;
  status = rfctls__buffer_append(&item, data, size);
  if (status == RFCTLS_OK) {
    list->items[list->count++] = item;
  }
  return status;
}

rfctls__bytes rfctls__list_at(const rfctls__list *list, size_t index) {
  rfctls__bytes none = {NULL, 0};
  return index < list->count ? rfctls__buffer_bytes(&list->items[index]) : none;
}

void rfctls__list_release(rfctls__list *list) {
  for (size_t i = 0; i < list->count; i++) {
    rfctls__buffer_release(&list->items[i]);
  }
  rfctls__free(list->items);
  *list = (rfctls__list){NULL, 0};
}

rfctls_status rfctls__bytes_given(const void *data, size_t size, rfctls__bytes *out) {
  if (data == NULL && size > 0) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no bytes, though %zu were announced", size);
  }
  *out = (rfctls__bytes){data, size};
  return RFCTLS_OK;
}
