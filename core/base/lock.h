/* Mutual exclusion, and doing a thing once. The system's part is base/posix.c or base/windows.c. */
#ifndef RFCTLS_BASE_LOCK_H
#define RFCTLS_BASE_LOCK_H

#include <stdint.h>

#if defined(__cplusplus)
extern "C" {
#endif

/* Room for the system's mutex; zeroed memory is not a lock yet. */
typedef union rfctls__lock {
  int64_t alignment;
  void *pointer;
  unsigned char space[64];
} rfctls__lock;

void rfctls__lock_init(rfctls__lock *lock);
void rfctls__lock_fini(rfctls__lock *lock);
void rfctls__lock_take(rfctls__lock *lock);
void rfctls__lock_drop(rfctls__lock *lock);

/* A lock for static storage: initialised by RFCTLS__STATIC_LOCK, never finished. In a child process
 * it is free, even if a thread of the parent held it during the fork. */
typedef struct rfctls__static_lock {
  uint64_t state;
  rfctls__lock lock;
} rfctls__static_lock;

#define RFCTLS__STATIC_LOCK \
  {                         \
    0, {                    \
      0                     \
    }                       \
  }

void rfctls__static_lock_take(rfctls__static_lock *lock);
void rfctls__static_lock_drop(rfctls__static_lock *lock);

/* A number, never 0, that differs between a process and its children, and theirs. Cheap: a memory
 * read where the system has MADV_WIPEONFORK, else getpid. */
uint64_t rfctls__process(void);

#if defined(__cplusplus)
}
#endif

#endif
