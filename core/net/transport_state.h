/* What a transport holds, as the files of this folder see it. */
#ifndef RFCTLS_NET_TRANSPORT_STATE_H
#define RFCTLS_NET_TRANSPORT_STATE_H

#include "base/buffer.h"
#include "base/lock.h"
#include "base/refcount.h"
#include "net/transport.h"

typedef struct rfctls__memory rfctls__memory; /* see transport_memory.c */

/* What a transport does by the system (transport_os.c) or by memory (transport_memory.c): one try each, as
 * net/transport.h says. */
typedef struct rfctls__transport_operations {
  int can_block; /* whether a call can wait for it */
  rfctls_status (*send)(rfctls_raw *raw, const void *data, size_t size, size_t *sent);
  rfctls_status (*recv)(rfctls_raw *raw, void *buffer, size_t room, int peek, size_t *received);
  rfctls_status (*shutdown)(rfctls_raw *raw, rfctls_how how);
  void (*finish)(rfctls_raw *raw);
  int64_t (*unacknowledged)(const rfctls_raw *raw);
  uint32_t (*ready)(const rfctls_raw *raw);
  rfctls_status (*local_endpoint)(const rfctls_raw *raw, rfctls__endpoint *out);
  rfctls_status (*peer_endpoint)(const rfctls_raw *raw, rfctls__endpoint *out);
  void (*close)(rfctls_raw *raw); /* when nobody is inside any more; also a second time */
  void (*release)(rfctls_raw *raw);
} rfctls__transport_operations;

/* What stands above the lock never changes once it is connected, but for the descriptor. The ends are learned
 * then, because the system forgets them when the connection breaks. */
struct rfctls_raw {
  rfctls__refcount refs;
  uint64_t process;
  const rfctls__transport_operations *operations;
  intptr_t fd;            /* RFCTLS__NO_FD while it connects, and once it is closed; read by other
                             threads: atomic */
  rfctls__memory *memory; /* NULL: over a descriptor */
  int owned;
  int listens;
  rfctls_address *connected_to; /* NULL: see peer                     */
  rfctls__endpoint local;       /* size 0: not known then; ask again  */
  rfctls__endpoint peer;

  rfctls__lock lock;
  rfctls__connector *connector; /* NULL once it is connected; also read without the lock: atomic */
  int closed;   /* also read without the lock: atomic                              */
  int refuses;  /* a listener that was shut down; as closed                        */
  size_t users; /* calls inside; the last one to leave a closed transport closes it */
  size_t lent;  /* TLS sockets that speak on it: atomic                            */
  rfctls__waiter *waiters;
  int blocking;
  int64_t timers[RFCTLS__TIMER_COUNT];
  rfctls__buffer unread; /* given back, to be received first */
  size_t unread_size;    /* of it, also read without the lock: atomic */
  int64_t untold_reset;  /* the system's code, where bytes that came before it went first */
};

/* A new one, blocking and without timers; NULL and E_MEMORY. */
rfctls_raw *rfctls__raw_alloc(const rfctls__transport_operations *operations, intptr_t fd);

/* The descriptor, also while others change it. */
static inline intptr_t rfctls__raw_descriptor(const rfctls_raw *raw) {
  return __atomic_load_n(&raw->fd, __ATOMIC_ACQUIRE);
}

/* Asks the system who is at its ends. Under the lock, or when nobody else knows the transport yet. */
void rfctls__raw_learn_ends(rfctls_raw *raw);

/* Begins an operation: E_ARGUMENT, E_FORKED, E_CLOSED, E_STATE; else the descriptor stays open until it
 * leaves. */
rfctls_status rfctls__raw_enter(rfctls_raw *raw);
void rfctls__raw_leave(rfctls_raw *raw);

/* ---- unread.c: bytes that were given back ---- */

/* Puts them before those that are there. */
rfctls_status rfctls__raw_put_unread(rfctls_raw *raw, const void *data, size_t size);
/* How many of them it has put into the buffer. peek: they stay. */
size_t rfctls__raw_take_unread(rfctls_raw *raw, void *buffer, size_t room, int peek);
/* How many there are; without the lock. */
static inline size_t rfctls__raw_unread_size(const rfctls_raw *raw) {
  return __atomic_load_n(&raw->unread_size, __ATOMIC_ACQUIRE);
}

#endif
