/* Sockets as net/bsd.c sees them, on POSIX. */
#ifndef RFCTLS_NET_SOCKETS_H
#define RFCTLS_NET_SOCKETS_H

#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>

#include "rfctls/status.h"

typedef int rfctls__socket;
typedef socklen_t rfctls__socket_size;

/* The number of an error, by its name on POSIX; and that of sending where nobody receives any more. */
#define RFCTLS__CODE(name) name
enum {
  RFCTLS__NO_SOCKET = -1,
  RFCTLS__CODE_NO_RECEIVER = EPIPE,
  RFCTLS__LISTEN_OPTION = SO_REUSEADDR, /* not while another listens, but after it has ended */
  RFCTLS__POLLIN = POLLIN,
  RFCTLS__POLLOUT = POLLOUT
};

#if !defined(MSG_NOSIGNAL)
#define MSG_NOSIGNAL 0
#endif

static inline int rfctls__is_socket_number(intptr_t fd) {
  return fd >= 0 && fd <= INT_MAX;
}

static inline int rfctls__socket_code(void) {
  return errno;
}

static inline rfctls_status rfctls__sockets_start(void) {
  return RFCTLS_OK;
}

static inline int rfctls__is_under_way(int code) {
  return code == EINPROGRESS || code == EINTR;
}

static inline int rfctls__would_block(int code) {
  return code == EAGAIN || code == EWOULDBLOCK;
}

/* Whether accept only told how a connection ended that nobody has taken yet (accept(2)). */
static inline int rfctls__is_lost_connection(int code) {
  return code == EINTR || code == ECONNABORTED || code == EPROTO || code == ENETDOWN ||
         code == EHOSTDOWN || code == EHOSTUNREACH || code == ENETUNREACH || code == ENOPROTOOPT;
}

static inline int64_t rfctls__send_once(rfctls__socket s, const void *data, size_t size) {
  ssize_t count;
  do {
    count = send(s, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  return count;
}

static inline int64_t rfctls__recv_once(rfctls__socket s, void *buffer, size_t room, int peek) {
  int flags = MSG_DONTWAIT | (peek ? MSG_PEEK : 0);
  ssize_t count;
  do {
    count = recv(s, buffer, room, flags);
  } while (count < 0 && errno == EINTR);
  return count;
}

#endif
