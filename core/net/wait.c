/* Sleeping: nothing else in the library does. And waking a thread that sleeps. */
#include "net/wait.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/lock.h"

/* ---- wakers ---- */

struct rfctls__waker {
  rfctls__os_waker os;
  int signalled; /* atomic: 1 from the signal on until it is drained; saves system calls */
  struct rfctls__waker *next;
};

enum { KEPT = 64 };

static struct {
  rfctls__static_lock lock;
  rfctls__waker *first; /* written last, so that a fork in between leaves a whole list */
  size_t count;
  uint64_t process; /* that the descriptors belong to */
} pool = {RFCTLS__STATIC_LOCK, NULL, 0, 0};

static void waker_free(rfctls__waker *waker) {
  rfctls__os_waker_close(&waker->os);
  rfctls__free(waker);
}

/* A descriptor of the parent would wake the parent. */
static void leave_to_parent(void) {
  uint64_t process = rfctls__process();
  rfctls__waker *waker = pool.first;
  if (pool.process == process) {
    return;
  }
  while (waker != NULL) {
    rfctls__waker *next = waker->next;
    waker_free(waker);
    waker = next;
  }
  pool.first = NULL;
  pool.count = 0;
  pool.process = process;
}

static rfctls__waker *pop(void) {
  rfctls__waker *waker;
  rfctls__static_lock_take(&pool.lock);
  leave_to_parent();
  waker = pool.first;
  if (waker != NULL) {
    __atomic_store_n(&pool.first, waker->next, __ATOMIC_RELEASE);
    pool.count--;
  }
  rfctls__static_lock_drop(&pool.lock);
  return waker;
}

/* 1: kept. */
static int push(rfctls__waker *waker) {
  int kept = 0;
  rfctls__static_lock_take(&pool.lock);
  leave_to_parent();
  if (pool.count < KEPT) {
    waker->next = pool.first;
    __atomic_store_n(&pool.first, waker, __ATOMIC_RELEASE);
    pool.count++;
    kept = 1;
  }
  rfctls__static_lock_drop(&pool.lock);
  return kept;
}

void rfctls__wakers_forget(void) {
  for (rfctls__waker *waker = pop(); waker != NULL; waker = pop()) {
    waker_free(waker);
  }
}

rfctls_status rfctls__waker_take(rfctls__waker **out) {
  rfctls__waker *waker = pop();
  rfctls_status status = RFCTLS_OK;
  *out = NULL;
  if (waker == NULL) {
    waker = rfctls__alloc(sizeof *waker);
    if (waker == NULL) {
      return rfctls__fail_memory();
    }
    status = rfctls__os_waker_open(&waker->os);
  }
  if (status == RFCTLS_OK) {
    *out = waker;
  } else {
    rfctls__free(waker);
  }
  return status;
}

void rfctls__waker_signal(rfctls__waker *waker) {
  if (__atomic_exchange_n(&waker->signalled, 1, __ATOMIC_ACQ_REL) == 0) {
    rfctls__os_waker_signal(&waker->os);
  }
}

intptr_t rfctls__waker_fd(const rfctls__waker *waker) {
  return waker->os.read_fd;
}

/* The mark is taken off last: a signal that comes in between is part of this one, and the
 * holder, who is awake, finds what it was about. Taken off first, its bytes would be drained and
 * its mark stay. */
static void drain(rfctls__waker *waker) {
  rfctls__os_waker_drain(&waker->os);
  (void)__atomic_exchange_n(&waker->signalled, 0, __ATOMIC_ACQ_REL);
}

void rfctls__waker_give(rfctls__waker *waker) {
  if (__atomic_load_n(&waker->signalled, __ATOMIC_ACQUIRE)) {
    drain(waker);
  }
  if (!push(waker)) {
    waker_free(waker);
  }
}

/* ---- waiters ---- */

void rfctls__waiters_add(rfctls__waiter **waiters, rfctls__waiter *waiter, rfctls__waker *waker) {
  *waiter = (rfctls__waiter){waker, *waiters};
  *waiters = waiter;
}

void rfctls__waiters_remove(rfctls__waiter **waiters, const rfctls__waiter *waiter) {
  while (*waiters != waiter) {
    waiters = &(*waiters)->next;
  }
  *waiters = waiter->next;
}

void rfctls__waiters_wake(const rfctls__waiter *waiters) {
  for (; waiters != NULL; waiters = waiters->next) {
    rfctls__waker_signal(waiters->waker);
  }
}

/* ---- waiting ---- */

rfctls_status rfctls__wait(intptr_t fd, uint32_t events, rfctls__waker *waker,
                           rfctls__deadline deadline, int stop_on_signal) {
  rfctls__poll items[2] = {{fd, events, 0}, {RFCTLS__NO_FD, RFCTLS__POLL_READ, 0}};
  if (waker != NULL) {
    items[1].fd = waker->os.read_fd;
  }
  for (;;) {
    int64_t left = rfctls__deadline_left(deadline);
    size_t ready = 0;
    int interrupted = 0;
    rfctls_status status = rfctls__os_poll(items, 2, left, &ready, &interrupted);
    if (status != RFCTLS_OK) {
      return status;
    }
    if (items[1].found != 0) {
      drain(waker);
    }
    if (ready > 0 || (interrupted && stop_on_signal)) {
      return RFCTLS_OK;
    }
    if (left == 0 && !interrupted) { /* it had passed before this look */
      return rfctls__fail(RFCTLS_E_TIMEOUT, "the timer ran out");
    }
  }
}

rfctls_status rfctls__wait_many(rfctls__poll *items, size_t count, rfctls__deadline deadline,
                                size_t *ready) {
  for (;;) {
    int64_t left = rfctls__deadline_left(deadline);
    int interrupted = 0;
    rfctls_status status = rfctls__os_poll(items, count, left, ready, &interrupted);
    if (status != RFCTLS_OK || *ready > 0 || interrupted || left == 0) {
      return status;
    }
  }
}
