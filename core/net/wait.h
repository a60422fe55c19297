/* The only place that sleeps, and how another thread ends a sleep. */
#ifndef RFCTLS_NET_WAIT_H
#define RFCTLS_NET_WAIT_H

#include "base/deadline.h"
#include "net/os.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* Wakers are pooled: a sleeper takes one for as long as it sleeps. After a fork the child starts
 * with an empty pool. Who gives one back sees to it that nobody signals it any more. */
typedef struct rfctls__waker rfctls__waker;

rfctls_status rfctls__waker_take(rfctls__waker **out);
void rfctls__waker_give(rfctls__waker *waker);
/* Ends the sleep of whoever holds it, now or when it begins; once, for any number of signals. Any
 * thread. */
void rfctls__waker_signal(rfctls__waker *waker);
/* Frees those that the process keeps, when nobody is inside any more. */
void rfctls__wakers_forget(void);
/* Readable once it was signalled; for rfctls__wait_many. */
intptr_t rfctls__waker_fd(const rfctls__waker *waker);

/* A call that sleeps, on its own stack, and a list of them, which its owner guards. */
typedef struct rfctls__waiter {
  rfctls__waker *waker;
  struct rfctls__waiter *next;
} rfctls__waiter;

void rfctls__waiters_add(rfctls__waiter **waiters, rfctls__waiter *waiter, rfctls__waker *waker);
void rfctls__waiters_remove(rfctls__waiter **waiters, const rfctls__waiter *waiter);
/* Each of them looks again. */
void rfctls__waiters_wake(const rfctls__waiter *waiters);

/* Waits for one descriptor (RFCTLS__NO_FD: only for the waker) or the waker (NULL: none).
 * OK: something may have happened; E_TIMEOUT: the deadline has passed, never early.
 * stop_on_signal: a signal is OK too; otherwise it is repeated. */
rfctls_status rfctls__wait(intptr_t fd, uint32_t events, rfctls__waker *waker,
                           rfctls__deadline deadline, int stop_on_signal);

/* Waits for many; *ready counts, 0 past the deadline or after a signal, both OK. */
rfctls_status rfctls__wait_many(rfctls__poll *items, size_t count, rfctls__deadline deadline,
                                size_t *ready);

#if defined(__cplusplus)
}
#endif

#endif
