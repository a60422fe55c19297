/* Sockets as net/bsd.c sees them, on Windows. */
#ifndef RFCTLS_NET_SOCKETS_H
#define RFCTLS_NET_SOCKETS_H

#define WIN32_LEAN_AND_MEAN
#include <winsock2.h>
#include <ws2tcpip.h>

#include <limits.h>
#include <stdint.h>

#include "rfctls/status.h"

typedef SOCKET rfctls__socket;
typedef int rfctls__socket_size;

/* The number of an error, by its name on POSIX; and that of sending where nobody receives any more. */
#define RFCTLS__CODE(name) WSA##name
#define RFCTLS__NO_SOCKET INVALID_SOCKET
enum {
  RFCTLS__CODE_NO_RECEIVER = WSAESHUTDOWN,
  RFCTLS__LISTEN_OPTION = SO_EXCLUSIVEADDRUSE, /* else another process could share the port */
  RFCTLS__POLLIN = POLLRDNORM,
  RFCTLS__POLLOUT = POLLWRNORM,
  SHUT_RD = SD_RECEIVE,
  SHUT_WR = SD_SEND,
  SHUT_RDWR = SD_BOTH
};

static inline int rfctls__is_socket_number(intptr_t fd) {
  return fd >= 0;
}

static inline int rfctls__socket_code(void) {
  return WSAGetLastError();
}

/* Makes Winsock ready, once. E_SYSTEM. (windows.c) */
rfctls_status rfctls__sockets_start(void);

static inline int rfctls__is_under_way(int code) {
  return code == WSAEWOULDBLOCK;
}

static inline int rfctls__would_block(int code) {
  return code == WSAEWOULDBLOCK;
}

/* Whether accept only told how a connection ended that nobody has taken yet. */
static inline int rfctls__is_lost_connection(int code) {
  return code == WSAECONNRESET || code == WSAECONNABORTED || code == WSAENETDOWN ||
         code == WSAEINTR;
}

static inline int rfctls__at_most_int(size_t size) {
  return size < INT_MAX ? (int)size : INT_MAX;
}

static inline int64_t rfctls__send_once(rfctls__socket s, const void *data, size_t size) {
  return send(s, data, rfctls__at_most_int(size), 0);
}

static inline int64_t rfctls__recv_once(rfctls__socket s, void *buffer, size_t room, int peek) {
  return recv(s, buffer, rfctls__at_most_int(room), peek ? MSG_PEEK : 0);
}

#endif
