/* What base asks of a POSIX system: locks, the process, the clock, error texts. */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/error.h"
#include "base/lock.h"

/* ---- locks ---- */

_Static_assert(sizeof(pthread_mutex_t) <= sizeof(rfctls__lock), "a mutex fits into a lock");
_Static_assert(_Alignof(pthread_mutex_t) <= _Alignof(rfctls__lock), "a lock is aligned as a mutex");

static pthread_mutex_t *mutex_of(rfctls__lock *lock) {
  return (pthread_mutex_t *)(void *)lock;
}

/* With default attributes, and used as they are here, none of these can fail. */
void rfctls__lock_init(rfctls__lock *lock) {
  (void)pthread_mutex_init(mutex_of(lock), NULL);
}

void rfctls__lock_fini(rfctls__lock *lock) {
  (void)pthread_mutex_destroy(mutex_of(lock));
}

void rfctls__lock_take(rfctls__lock *lock) {
  (void)pthread_mutex_lock(mutex_of(lock));
}

void rfctls__lock_drop(rfctls__lock *lock) {
  (void)pthread_mutex_unlock(mutex_of(lock));
}

/* The state tells which process has made the lock, twice its number: plus 1 when it is made, plus 0
 * while a thread is making it. In a child it differs, so the lock is made anew. */
void rfctls__static_lock_take(rfctls__static_lock *lock) {
  uint64_t making = 2 * rfctls__process(), made = making + 1;
  uint64_t state = __atomic_load_n(&lock->state, __ATOMIC_ACQUIRE);
  while (state != made) {
    if (state != making && __atomic_compare_exchange_n(&lock->state, &state, making, 0,
                                                       __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
      rfctls__lock_init(&lock->lock);
      __atomic_store_n(&lock->state, made, __ATOMIC_RELEASE);
      break;
    }
    if (state == making) {
      (void)sched_yield();
      state = __atomic_load_n(&lock->state, __ATOMIC_ACQUIRE);
    }
  }
  rfctls__lock_take(&lock->lock);
}

void rfctls__static_lock_drop(rfctls__static_lock *lock) {
  rfctls__lock_drop(&lock->lock);
}

/* ---- the process ---- */

#if defined(MADV_WIPEONFORK)

/* Stands for a page that the system does not give. */
static uint64_t no_page;
/* A page that a fork wipes: the number of this process, 0 in a child that has not asked yet. */
static uint64_t *wiped_page;
/* Counts on from what the parent had: so all numbers of one line of descent differ. */
static uint64_t last_number;

static uint64_t *map_wiped_page(void) {
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  uint64_t *expected = NULL, *page = &no_page;
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  /* An emulator that takes the impossible advice -1 takes any, and follows none. */
  if (memory != MAP_FAILED && madvise(memory, size, -1) != 0 &&
      madvise(memory, size, MADV_WIPEONFORK) == 0) {
    page = memory;
  }
  if (!__atomic_compare_exchange_n(&wiped_page, &expected, page, 0, __ATOMIC_ACQ_REL,
                                   __ATOMIC_ACQUIRE)) {
    page = expected; /* another thread was faster */
  }
  if (memory != MAP_FAILED && page != memory) {
    (void)munmap(memory, size);
  }
  return page;
}

uint64_t rfctls__process(void) {
  uint64_t *page = __atomic_load_n(&wiped_page, __ATOMIC_ACQUIRE);
  uint64_t number, next;
  if (page == NULL) {
    page = map_wiped_page();
  }
  if (page == &no_page) {
    return (uint64_t)getpid();
  }
  number = __atomic_load_n(page, __ATOMIC_RELAXED);
  if (number != 0) {
    return number;
  }
  next = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
  return __atomic_compare_exchange_n(page, &number, next, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)
             ? next
             : number;
}

#else

uint64_t rfctls__process(void) {
  return (uint64_t)getpid();
}

#endif

/* ---- the clock ---- */

int64_t rfctls__now(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- error texts ---- */

void rfctls__system_text(int64_t code, char *text, size_t size) {
#if defined(__GLIBC__)
  const char *found = strerror_r((int)code, text, size);
  size_t length = strlen(found);
  if (found != text) {
    length = length < size ? length : size - 1;
    memcpy(text, found, length);
    text[length] = '\0';
  }
#else
  if (strerror_r((int)code, text, size) != 0) {
    text[0] = '\0';
  }
#endif
}
