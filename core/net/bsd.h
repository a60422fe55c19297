/* What POSIX and Winsock share (bsd.c), and what differs between them (posix.c, windows.c). sockets.h is the
 * platform's, which CMake chooses. Only these three files include this. */
#ifndef RFCTLS_NET_BSD_H
#define RFCTLS_NET_BSD_H

#include "sockets.h"

#include "base/error.h"
#include "net/os.h"

/* ---- shared ---- */

static inline const struct sockaddr *rfctls__sockaddr_of(const rfctls__endpoint *endpoint) {
  return (const struct sockaddr *)(const void *)&endpoint->storage;
}

/* E_SYSTEM with the code of the call that failed last. */
static inline rfctls_status rfctls__fail_socket(const char *what) {
  return rfctls__fail_system(RFCTLS_E_SYSTEM, rfctls__socket_code(), "%s", what);
}

/* AF_* */
static inline int rfctls__address_family_of(rfctls_family family) {
  switch (family) {
  case RFCTLS_FAMILY_IPV4: return AF_INET;
  case RFCTLS_FAMILY_IPV6: return AF_INET6;
  case RFCTLS_FAMILY_ANY:
  case RFCTLS_FAMILY_IS_INT: break;
  }
  return AF_UNSPEC;
}

/* AI_* of RFCTLS__PASSIVE and _NUMERIC. */
static inline int rfctls__resolver_flags_of(int flags) {
  return ((flags & RFCTLS__PASSIVE) != 0 ? AI_PASSIVE : 0) |
         ((flags & RFCTLS__NUMERIC) != 0 ? AI_NUMERICHOST | AI_NUMERICSERV : 0);
}

/* ---- the platform's file ---- */

/* A new stream socket, non-blocking and not inherited; RFCTLS__NO_SOCKET. */
rfctls__socket rfctls__socket_open(int family);
void rfctls__socket_set_flags(rfctls__socket s);
/* A borrowed socket is going to be used. */
void rfctls__socket_borrow(rfctls__socket s);
/* Whether a connect has ended. */
int rfctls__socket_is_connected(rfctls__socket s);
/* 0: nobody waits, and accept could block. */
int rfctls__socket_may_accept(rfctls__socket listener);
/* As rfctls__socket_open. */
rfctls__socket rfctls__socket_accept(rfctls__socket listener);
/* As poll(2), but for its time: negative is for ever, and for no item at all it sleeps. */
int rfctls__sockets_poll(struct pollfd *items, size_t count, int64_t nanoseconds);

/* Of nanoseconds; rounded up, so that it is never early; what is longer than INT_MAX is asked for again. */
static inline int rfctls__milliseconds_of(int64_t nanoseconds) {
  int64_t milliseconds = nanoseconds / 1000000 + (nanoseconds % 1000000 > 0);
  if (nanoseconds < 0) {
    return -1;
  }
  return milliseconds < INT_MAX ? (int)milliseconds : INT_MAX;
}

#endif
