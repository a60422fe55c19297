/* What net asks of the operating system: one call each, none of them waits but rfctls__os_poll
 * and the resolver. net/posix.c and net/windows.c implement it; tests link a scripted one
 * instead.
 *
 * Descriptors are driven without blocking per call, so that a borrowed one keeps its flags; on Windows,
 * where no call can be told not to wait, it becomes non-blocking in inspect.
 * EINTR is repeated inside, except by poll. No call raises SIGPIPE. Each sets the error record
 * on failure. */
#ifndef RFCTLS_NET_OS_H
#define RFCTLS_NET_OS_H

#include <stddef.h>
#include <stdint.h>

#include "rfctls/address.h"
#include "rfctls/socket.h"
#include "rfctls/status.h"

#if defined(__cplusplus)
extern "C" {
#endif

#define RFCTLS__NO_FD ((intptr_t)-1)

/* A socket address of the system, opaque to all but the platform's file. */
typedef struct rfctls__endpoint {
  union {
    int64_t alignment;
    void *pointer;
    unsigned char bytes[128];
  } storage;
  size_t size; /* 0: none */
} rfctls__endpoint;

enum { RFCTLS__IP_TEXT = 64 };

/* ---- addresses ---- */

enum {
  RFCTLS__PASSIVE = 1, /* for listening: node NULL is all addresses, else the loopback one */
  RFCTLS__NUMERIC = 2  /* without asking anybody: WANT_READ if one of them is a name       */
};

/* The service is given, checked, a port or a name. Calls found for every address, in order; its failure
 * ends the walk. E_RESOLVE names the culprit. */
typedef rfctls_status (*rfctls__os_found)(void *user, const rfctls__endpoint *endpoint);
rfctls_status rfctls__os_resolve(const char *node, const char *service, rfctls_family family,
                                 int flags, rfctls__os_found found, void *user);
/* The IP address as text, the port, the family; "", 0 and ANY if it is none of IP's. */
void rfctls__os_describe(const rfctls__endpoint *endpoint, char text[RFCTLS__IP_TEXT],
                         uint16_t *port, rfctls_family *family);
/* The address of the Unix-domain socket at a path. E_ARGUMENT: longer than the system takes;
 * E_UNSUPPORTED: it has no such sockets. */
rfctls_status rfctls__os_unix(const char *path, rfctls__endpoint *out);
/* The path of a Unix-domain socket, which lies in the endpoint; NULL if it is none. */
const char *rfctls__os_path(const rfctls__endpoint *endpoint);
/* 1 if text is an IPv4 or IPv6 address. */
int rfctls__os_is_ip(const char *text);

/* ---- sockets ---- */

/* A new non-blocking stream socket that begins to connect: OK, WANT_WRITE (then ask connected), or
 * E_CONNECT, E_SYSTEM. *fd is set for OK and WANT_WRITE. TCP_NODELAY, close-on-exec. */
rfctls_status rfctls__os_connect(const rfctls__endpoint *to, intptr_t *fd);
/* How the connect ended: OK, WANT_WRITE (it has not), E_CONNECT. */
rfctls_status rfctls__os_connected(intptr_t fd);
/* both: an IPv6 wildcard also takes IPv4, where the system can. */
rfctls_status rfctls__os_listen(const rfctls__endpoint *at, int backlog, int both, intptr_t *fd);
/* OK, WANT_READ, E_SYSTEM. A connection that broke before it was accepted is passed over. Never
 * waits, but on a borrowed listener that blocks, when another process takes the last connection
 * between our look and our accept. */
rfctls_status rfctls__os_accept(intptr_t listener, intptr_t *fd);
/* Whether it is a stream socket, and one that listens. */
rfctls_status rfctls__os_inspect(intptr_t fd, int *listens);
/* A descriptor that was made elsewhere becomes ours: non-blocking, close-on-exec, TCP_NODELAY. */
void rfctls__os_claim(intptr_t fd);
/* OK with *sent >= 1, WANT_WRITE, E_RESET, E_SYSTEM. */
rfctls_status rfctls__os_send(intptr_t fd, const void *data, size_t size, size_t *sent);
/* OK (*received = 0: the end of TCP), WANT_READ, E_RESET, E_SYSTEM. peek: the bytes stay. */
rfctls_status rfctls__os_recv(intptr_t fd, void *buffer, size_t room, int peek, size_t *received);
/* WRITE sends FIN. E_SYSTEM: not connected. */
rfctls_status rfctls__os_shutdown(intptr_t fd, rfctls_how how);
/* Bytes that the peer's system has not acknowledged, FIN included; -1 where the system cannot
 * tell. */
int64_t rfctls__os_unacknowledged(intptr_t fd);
void rfctls__os_close(intptr_t fd);
rfctls_status rfctls__os_local_endpoint(intptr_t fd, rfctls__endpoint *out);
rfctls_status rfctls__os_peer_endpoint(intptr_t fd, rfctls__endpoint *out);

/* ---- waiting ---- */

enum { RFCTLS__POLL_READ = 1, RFCTLS__POLL_WRITE = 2, RFCTLS__POLL_ERROR = 4 };

typedef struct rfctls__poll {
  intptr_t fd;     /* RFCTLS__NO_FD is passed over        */
  uint32_t events; /* READ, WRITE; ERROR is always told   */
  uint32_t found;  /* a peer that hung up makes all ready that was asked for */
} rfctls__poll;

/* Waits until one is ready, at most nanoseconds (-1: for ever). OK with *ready >= 0;
 * *interrupted = 1 when a signal ended it. E_SYSTEM, E_MEMORY. */
rfctls_status rfctls__os_poll(rfctls__poll *items, size_t count, int64_t nanoseconds, size_t *ready,
                              int *interrupted);

/* A descriptor that another thread makes readable. */
typedef struct rfctls__os_waker {
  intptr_t read_fd;
  intptr_t write_fd; /* the same as read_fd where the system can */
} rfctls__os_waker;

rfctls_status rfctls__os_waker_open(rfctls__os_waker *waker);
/* The same with a stream socket to wait for: other event loops than ours may take nothing else. */
rfctls_status rfctls__os_waker_open_socket(rfctls__os_waker *waker);
void rfctls__os_waker_signal(const rfctls__os_waker *waker);
void rfctls__os_waker_drain(const rfctls__os_waker *waker);
void rfctls__os_waker_close(rfctls__os_waker *waker);

#if defined(__cplusplus)
}
#endif

#endif
