/* Shared ownership: made with one reference; the call that drops the last one frees. */
#ifndef RFCTLS_BASE_REFCOUNT_H
#define RFCTLS_BASE_REFCOUNT_H

#include <stddef.h>

typedef struct rfctls__refcount {
  size_t count;
} rfctls__refcount;

static inline void rfctls__refcount_init(rfctls__refcount *refs) {
  __atomic_store_n(&refs->count, 1, __ATOMIC_RELAXED);
}

static inline void rfctls__refcount_take(rfctls__refcount *refs) {
  __atomic_fetch_add(&refs->count, 1, __ATOMIC_RELAXED);
}

/* 1 if that was the last one. */
static inline int rfctls__refcount_drop(rfctls__refcount *refs) {
  return __atomic_sub_fetch(&refs->count, 1, __ATOMIC_ACQ_REL) == 0;
}

#endif
