/* Allocation, with a hook for tests, and wiping. */
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static rfctls__alloc_hook hook;

void rfctls__set_alloc_hook(rfctls__alloc_hook new_hook) {
  __atomic_store_n(&hook, new_hook, __ATOMIC_RELEASE);
}

static int must_fail(void) {
  rfctls__alloc_hook ask = __atomic_load_n(&hook, __ATOMIC_ACQUIRE);
  return ask != NULL && ask();
}

void *rfctls__alloc(size_t size) {
  return must_fail() ? NULL : calloc(1, size > 0 ? size : 1);
}

void *rfctls__realloc(void *memory, size_t size) {
  return must_fail() ? NULL : realloc(memory, size > 0 ? size : 1);
}

void rfctls__free(void *memory) {
  free(memory);
}

char *rfctls__strdup(const char *text) {
  return text != NULL ? rfctls__strndup(text, strlen(text)) : NULL;
}

char *rfctls__strndup(const void *data, size_t size) {
  char *copy;
  if (data == NULL || size == SIZE_MAX) {
    return NULL;
  }
  copy = rfctls__realloc(NULL, size + 1);
  if (copy != NULL) {
    memcpy(copy, data, size);
    copy[size] = '\0';
  }
  return copy;
}

void rfctls__wipe(void *memory, size_t size) {
  /* The compiler cannot know what a volatile pointer points at. */
  static void *(*const volatile overwrite)(void *, int, size_t) = memset;
  if (size > 0) {
    overwrite(memory, 0, size);
  }
}
