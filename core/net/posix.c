/* What net asks of a POSIX system, beside bsd.c: the resolver, Unix-domain sockets, poll, and descriptors that
 * wake. */
#include "net/bsd.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

/* Linux and the BSDs make a descriptor with its flags in one call, and sleep by the nanosecond.
 * Other systems do without; define RFCTLS__PLAIN_POSIX to try that way on these. */
#if defined(__APPLE__) && !defined(RFCTLS__PLAIN_POSIX)
#define RFCTLS__PLAIN_POSIX
#endif
#if defined(__linux__)
#include <linux/sockios.h>
#if !defined(RFCTLS__PLAIN_POSIX)
#include <sys/eventfd.h>
#endif
#endif

_Static_assert(sizeof(struct sockaddr_un) < sizeof(((rfctls__endpoint *)0)->storage),
               "the longest path ends in a zero");

enum { NANOSECONDS = 1000000000 };

void rfctls__socket_set_flags(rfctls__socket fd) {
  int flags = fcntl(fd, F_GETFL);
  (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (flags >= 0) {
    (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  }
#if defined(SO_NOSIGPIPE)
  (void)setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &(int){1}, sizeof(int));
#endif
}

/* ---- two ways ---- */

#if defined(RFCTLS__PLAIN_POSIX)

rfctls__socket rfctls__socket_open(int family) {
  int fd = socket(family, SOCK_STREAM, 0);
  if (fd >= 0) {
    rfctls__socket_set_flags(fd);
  }
  return fd;
}

rfctls__socket rfctls__socket_accept(rfctls__socket listener) {
  int fd = accept(listener, NULL, NULL);
  if (fd >= 0) {
    rfctls__socket_set_flags(fd);
  }
  return fd;
}

int rfctls__sockets_poll(struct pollfd *items, size_t count, int64_t nanoseconds) {
  return poll(items, (nfds_t)count, rfctls__milliseconds_of(nanoseconds));
}

static int flagged(int code, const int pair[2]) {
  if (code == 0) {
    rfctls__socket_set_flags(pair[0]);
    rfctls__socket_set_flags(pair[1]);
  }
  return code;
}

static int open_pair(int pair[2]) {
  return flagged(pipe(pair), pair);
}

static int open_sockets(int pair[2]) {
  return flagged(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), pair);
}

#else

rfctls__socket rfctls__socket_open(int family) {
  return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

rfctls__socket rfctls__socket_accept(rfctls__socket listener) {
  return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int rfctls__sockets_poll(struct pollfd *items, size_t count, int64_t nanoseconds) {
  struct timespec time = {(time_t)(nanoseconds / NANOSECONDS), (long)(nanoseconds % NANOSECONDS)};
  return ppoll(items, (nfds_t)count, nanoseconds < 0 ? NULL : &time, NULL);
}

static int open_pair(int pair[2]) {
#if defined(__linux__)
  pair[0] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  pair[1] = pair[0];
  return pair[0] < 0 ? -1 : 0;
#else
  return pipe2(pair, O_CLOEXEC | O_NONBLOCK);
#endif
}

static int open_sockets(int pair[2]) {
  return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair);
}

#endif

/* ---- sockets ---- */

/* Its flags are left as they are: each call says that it must not wait. */
void rfctls__socket_borrow(rfctls__socket s) {
  (void)s;
}

int rfctls__socket_is_connected(rfctls__socket s) {
  struct pollfd item = {s, POLLOUT, 0};
  return poll(&item, 1, 0) > 0;
}

/* A borrowed one may block. */
int rfctls__socket_may_accept(rfctls__socket listener) {
  struct pollfd item = {listener, POLLIN, 0};
  return poll(&item, 1, 0) != 0;
}

/* ---- addresses ---- */

static rfctls_status fail_resolve(int code, const char *node, const char *service) {
  int is_service = node == NULL || code == EAI_SERVICE;
  const char *kind = is_service ? "service" : "host", *culprit = is_service ? service : node;
  if (code == EAI_MEMORY) {
    return rfctls__fail_memory();
  }
  if (code == EAI_SYSTEM) {
    return rfctls__fail_system(RFCTLS_E_RESOLVE, errno, "cannot resolve %s \"%s\"", kind, culprit);
  }
  return rfctls__fail(RFCTLS_E_RESOLVE, "cannot resolve %s \"%s\": %s", kind, culprit,
                      gai_strerror(code));
}

rfctls_status rfctls__os_resolve(const char *node, const char *service, rfctls_family family,
                                 int flags, rfctls__os_found found, void *user) {
  struct addrinfo hints = {0}, *list = NULL;
  rfctls_status status = RFCTLS_OK;
  int code;
  hints.ai_family = rfctls__address_family_of(family);
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = rfctls__resolver_flags_of(flags);
  code = getaddrinfo(node, service, &hints, &list);
  if (code == EAI_NONAME && (flags & RFCTLS__NUMERIC) != 0) {
    return RFCTLS_WANT_READ;
  }
  if (code != 0) {
    return fail_resolve(code, node, service);
  }
  for (struct addrinfo *item = list; item != NULL && status == RFCTLS_OK; item = item->ai_next) {
    rfctls__endpoint endpoint = {{0}, item->ai_addrlen};
    memcpy(&endpoint.storage, item->ai_addr, item->ai_addrlen);
    status = found(user, &endpoint);
  }
  freeaddrinfo(list);
  return status;
}

rfctls_status rfctls__os_unix(const char *path, rfctls__endpoint *out) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t size = strlen(path);
  if (size >= sizeof address.sun_path) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "path \"%s\" is longer than %zu bytes", path,
                        sizeof address.sun_path - 1);
  }
  memcpy(address.sun_path, path, size + 1);
  *out = (rfctls__endpoint){{0}, offsetof(struct sockaddr_un, sun_path) + size + 1};
  memcpy(&out->storage, &address, sizeof address);
  return RFCTLS_OK;
}

/* Behind the longest path there is still a zero: the storage is larger than the system's structure. */
const char *rfctls__os_path(const rfctls__endpoint *endpoint) {
  const struct sockaddr_un *address = (const void *)&endpoint->storage;
  if (endpoint->size == 0 || address->sun_family != AF_UNIX) {
    return NULL;
  }
  return endpoint->size > offsetof(struct sockaddr_un, sun_path) ? address->sun_path : "";
}

int64_t rfctls__os_unacknowledged(intptr_t fd) {
#if defined(SIOCOUTQ)
  int count = 0;
  return ioctl((int)fd, SIOCOUTQ, &count) == 0 ? count : -1;
#elif defined(SO_NWRITE)
  int count = 0;
  socklen_t size = sizeof count;
  return getsockopt((int)fd, SOL_SOCKET, SO_NWRITE, &count, &size) == 0 ? count : -1;
#else
  (void)fd;
  return -1;
#endif
}

void rfctls__os_close(intptr_t fd) {
  (void)close((int)fd); /* never again after EINTR: the number may be another's already */
}

/* ---- waking ---- */

static rfctls_status make_waker(int code, const int pair[2], rfctls__os_waker *waker) {
  if (code != 0) {
    return rfctls__fail_socket("cannot make a descriptor to wake a thread by");
  }
  *waker = (rfctls__os_waker){pair[0], pair[1]};
  return RFCTLS_OK;
}

rfctls_status rfctls__os_waker_open(rfctls__os_waker *waker) {
  int pair[2];
  return make_waker(open_pair(pair), pair, waker);
}

rfctls_status rfctls__os_waker_open_socket(rfctls__os_waker *waker) {
  int pair[2];
  return make_waker(open_sockets(pair), pair, waker);
}

void rfctls__os_waker_signal(const rfctls__os_waker *waker) {
  static const uint64_t one = 1; /* eight bytes: what an eventfd takes; a full pipe wakes anyway */
  while (write((int)waker->write_fd, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void rfctls__os_waker_drain(const rfctls__os_waker *waker) {
  uint64_t waste[8];
  ssize_t count;
  do {
    count = read((int)waker->read_fd, waste, sizeof waste);
  } while (count == (ssize_t)sizeof waste || (count < 0 && errno == EINTR));
}

void rfctls__os_waker_close(rfctls__os_waker *waker) {
  rfctls__os_close(waker->read_fd);
  if (waker->write_fd != waker->read_fd) {
    rfctls__os_close(waker->write_fd);
  }
  *waker = (rfctls__os_waker){RFCTLS__NO_FD, RFCTLS__NO_FD};
}
