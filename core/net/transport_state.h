/* What a transport holds, for make.c, which makes it, raw.c, its life, and plain.c, its verbs without TLS. */
#ifndef RFCTLS_NET_TRANSPORT_STATE_H
#define RFCTLS_NET_TRANSPORT_STATE_H

#include "base/buffer.h"
#include "base/lock.h"
#include "base/refcount.h"
#include "net/transport.h"

/* What stands above the lock never changes once it is connected, but for the descriptor. The ends are learned
 * then, because the system forgets them when the connection breaks. */
struct rfctls_raw {
  rfctls__refcount refs;
  uint64_t process;
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

/* Asks the system who is at its ends. Under the lock, or when nobody else knows the transport yet. */
void rfctls__raw_learn_ends(rfctls_raw *raw);

/* Begins a verb: E_ARGUMENT, E_FORKED, E_CLOSED, E_STATE; else the descriptor stays open until it
 * leaves. */
rfctls_status rfctls__raw_enter(rfctls_raw *raw);
void rfctls__raw_leave(rfctls_raw *raw);

/* How many of the bytes that were given back it has put into the buffer. peek: they stay. */
size_t rfctls__raw_take_unread(rfctls_raw *raw, void *buffer, size_t room, int peek);

#endif
