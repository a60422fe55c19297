/* What net asks of a POSIX system: sockets, the resolver, poll, and descriptors that wake. */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "net/os.h"

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
_Static_assert(sizeof(struct sockaddr_storage) <= sizeof(((rfctls__endpoint *)0)->storage),
               "an endpoint holds every socket address");

enum { NANOSECONDS = 1000000000 };

static rfctls_status fail(const char *what) {
  return rfctls__fail_system(RFCTLS_E_SYSTEM, errno, "%s", what);
}

static void set(int fd, int level, int option, int value) {
  (void)setsockopt(fd, level, option, &value, sizeof value);
}

/* A transport that is not TCP has no delay to switch off. */
static void set_no_delay(int fd) {
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

static void set_flags(int fd) {
  int flags = fcntl(fd, F_GETFL);
  (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (flags >= 0) {
    (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  }
#if defined(SO_NOSIGPIPE)
  set(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
}

/* ---- two ways ---- */

#if defined(RFCTLS__PLAIN_POSIX)

#if !defined(MSG_NOSIGNAL)
#define MSG_NOSIGNAL 0
#endif

static int open_socket(int family) {
  int fd = socket(family, SOCK_STREAM, 0);
  if (fd >= 0) {
    set_flags(fd);
  }
  return fd;
}

static int accept_socket(int listener) {
  int fd = accept(listener, NULL, NULL);
  if (fd >= 0) {
    set_flags(fd);
  }
  return fd;
}

/* Rounded up, so that it is never early; what is longer than INT_MAX is asked for again. */
static int poll_for(struct pollfd *items, nfds_t count, int64_t nanoseconds) {
  int64_t milliseconds = nanoseconds / 1000000 + (nanoseconds % 1000000 > 0);
  if (nanoseconds < 0) {
    return poll(items, count, -1);
  }
  return poll(items, count, milliseconds < INT_MAX ? (int)milliseconds : INT_MAX);
}

static int flagged(int code, const int pair[2]) {
  if (code == 0) {
    set_flags(pair[0]);
    set_flags(pair[1]);
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

static int open_socket(int family) {
  return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int accept_socket(int listener) {
  return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static int poll_for(struct pollfd *items, nfds_t count, int64_t nanoseconds) {
  struct timespec time = {(time_t)(nanoseconds / NANOSECONDS), (long)(nanoseconds % NANOSECONDS)};
  return ppoll(items, count, nanoseconds < 0 ? NULL : &time, NULL);
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

/* ---- addresses ---- */

static int family_of(rfctls_family family) {
  switch (family) {
  case RFCTLS_FAMILY_IPV4: return AF_INET;
  case RFCTLS_FAMILY_IPV6: return AF_INET6;
  case RFCTLS_FAMILY_ANY:
  case RFCTLS_FAMILY_IS_INT: break;
  }
  return AF_UNSPEC;
}

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

static const struct sockaddr *sockaddr_of(const rfctls__endpoint *endpoint) {
  return (const struct sockaddr *)(const void *)&endpoint->storage;
}

rfctls_status rfctls__os_resolve(const char *node, const char *service, rfctls_family family,
                                 int flags, rfctls__os_found found, void *user) {
  struct addrinfo hints = {0}, *list = NULL;
  rfctls_status status = RFCTLS_OK;
  int code;
  hints.ai_family = family_of(family);
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ((flags & RFCTLS__PASSIVE) != 0 ? AI_PASSIVE : 0) |
                   ((flags & RFCTLS__NUMERIC) != 0 ? AI_NUMERICHOST | AI_NUMERICSERV : 0);
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

void rfctls__os_describe(const rfctls__endpoint *endpoint, char text[RFCTLS__IP_TEXT],
                         uint16_t *port, rfctls_family *family) {
  const struct sockaddr *address = sockaddr_of(endpoint);
  text[0] = '\0';
  *port = 0;
  *family = RFCTLS_FAMILY_ANY;
  if (endpoint->size == 0) {
    return;
  }
  if (address->sa_family == AF_INET) {
    *family = RFCTLS_FAMILY_IPV4;
    *port = ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port);
  } else if (address->sa_family == AF_INET6) {
    *family = RFCTLS_FAMILY_IPV6;
    *port = ntohs(((const struct sockaddr_in6 *)(const void *)address)->sin6_port);
  } else {
    return;
  }
  /* Unlike inet_ntop it adds the scope of a link-local address. */
  if (getnameinfo(address, (socklen_t)endpoint->size, text, RFCTLS__IP_TEXT, NULL, 0,
                  NI_NUMERICHOST) != 0) {
    text[0] = '\0';
  }
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

int rfctls__os_is_ip(const char *text) {
  struct in6_addr address;
  return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

typedef int (*ask_name)(int fd, struct sockaddr *address, socklen_t *size);

static rfctls_status endpoint_of(intptr_t fd, ask_name ask, rfctls__endpoint *out) {
  rfctls__endpoint endpoint = {{0}, 0};
  socklen_t size = sizeof endpoint.storage;
  if (ask((int)fd, (struct sockaddr *)(void *)&endpoint.storage, &size) != 0) {
    return fail("cannot tell the addresses of the connection");
  }
  endpoint.size = size;
  *out = endpoint;
  return RFCTLS_OK;
}

static int ask_local(int fd, struct sockaddr *address, socklen_t *size) {
  return getsockname(fd, address, size);
}

static int ask_peer(int fd, struct sockaddr *address, socklen_t *size) {
  return getpeername(fd, address, size);
}

rfctls_status rfctls__os_local_endpoint(intptr_t fd, rfctls__endpoint *out) {
  return endpoint_of(fd, ask_local, out);
}

rfctls_status rfctls__os_peer_endpoint(intptr_t fd, rfctls__endpoint *out) {
  return endpoint_of(fd, ask_peer, out);
}

/* ---- making ---- */

/* A system without IPv6 refuses its sockets: to a caller that is an address that cannot be
 * reached. */
static rfctls_status fail_socket(void) {
  return rfctls__fail_system(errno == EAFNOSUPPORT ? RFCTLS_E_CONNECT : RFCTLS_E_SYSTEM, errno,
                             "cannot make a socket");
}

static rfctls_status fail_connect(int code) {
  return rfctls__fail_system(RFCTLS_E_CONNECT, code, "cannot connect");
}

rfctls_status rfctls__os_connect(const rfctls__endpoint *to, intptr_t *fd) {
  int made = open_socket(sockaddr_of(to)->sa_family), code;
  if (made < 0) {
    return fail_socket();
  }
  set_no_delay(made);
  code = connect(made, sockaddr_of(to), (socklen_t)to->size) == 0 ? 0 : errno;
  if (code == 0 || code == EINPROGRESS || code == EINTR) {
    *fd = made;
    return code == 0 ? RFCTLS_OK : RFCTLS_WANT_WRITE;
  }
  (void)close(made);
  return fail_connect(code);
}

rfctls_status rfctls__os_connected(intptr_t fd) {
  struct pollfd item = {(int)fd, POLLOUT, 0};
  int code = 0;
  socklen_t size = sizeof code;
  if (poll(&item, 1, 0) <= 0) {
    return RFCTLS_WANT_WRITE;
  }
  if (getsockopt((int)fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0) {
    code = errno;
  }
  return code == 0 ? RFCTLS_OK : fail_connect(code);
}

rfctls_status rfctls__os_listen(const rfctls__endpoint *at, int backlog, int both, intptr_t *fd) {
  int made = open_socket(sockaddr_of(at)->sa_family);
  rfctls_status status;
  if (made < 0) {
    return fail("cannot make a socket");
  }
  set(made, SOL_SOCKET, SO_REUSEADDR, 1); /* not while another listens, but after it has ended */
  if (sockaddr_of(at)->sa_family == AF_INET6) {
    set(made, IPPROTO_IPV6, IPV6_V6ONLY, !both);
  }
  if (bind(made, sockaddr_of(at), (socklen_t)at->size) == 0 &&
      listen(made, backlog > 0 ? backlog : SOMAXCONN) == 0) {
    *fd = made;
    return RFCTLS_OK;
  }
  status = fail("cannot listen");
  (void)close(made);
  return status;
}

/* Whether accept only told how a connection ended that nobody has taken yet (accept(2)). */
static int is_lost_connection(int code) {
  return code == EINTR || code == ECONNABORTED || code == EPROTO || code == ENETDOWN ||
         code == EHOSTDOWN || code == EHOSTUNREACH || code == ENETUNREACH || code == ENOPROTOOPT;
}

rfctls_status rfctls__os_accept(intptr_t listener, intptr_t *fd) {
  for (;;) {
    struct pollfd item = {(int)listener, POLLIN, 0}; /* a borrowed one may block */
    int accepted;
    if (poll(&item, 1, 0) == 0) {
      return RFCTLS_WANT_READ;
    }
    accepted = accept_socket((int)listener);
    if (accepted >= 0) {
      set_no_delay(accepted);
      *fd = accepted;
      return RFCTLS_OK;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return RFCTLS_WANT_READ;
    }
    if (!is_lost_connection(errno)) {
      return fail("cannot accept a connection");
    }
  }
}

rfctls_status rfctls__os_inspect(intptr_t fd, int *listens) {
  int type = 0;
  socklen_t size = sizeof type;
  if (fd < 0 || fd > INT_MAX) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "%lld is no descriptor", (long long)fd);
  }
  if (getsockopt((int)fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    return rfctls__fail_system(RFCTLS_E_SYSTEM, errno, "descriptor %d", (int)fd);
  }
  if (type != SOCK_STREAM) {
    return rfctls__fail(RFCTLS_E_SYSTEM, "descriptor %d is not a stream socket", (int)fd);
  }
  *listens = 0;
  size = sizeof *listens;
  (void)getsockopt((int)fd, SOL_SOCKET, SO_ACCEPTCONN, listens, &size);
  return RFCTLS_OK;
}

void rfctls__os_claim(intptr_t fd) {
  set_flags((int)fd);
  set_no_delay((int)fd);
}

/* ---- using ---- */

/* The connection is over, whether the peer said so or the network gave up. */
static int is_reset(int code) {
  return code == ECONNRESET || code == EPIPE || code == ECONNABORTED || code == ENETRESET ||
         code == ETIMEDOUT || code == EHOSTUNREACH || code == ENETUNREACH;
}

static rfctls_status fail_transfer(rfctls_status want, const char *what) {
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    return want;
  }
  return rfctls__fail_system(is_reset(errno) ? RFCTLS_E_RESET : RFCTLS_E_SYSTEM, errno, "%s", what);
}

rfctls_status rfctls__os_send(intptr_t fd, const void *data, size_t size, size_t *sent) {
  ssize_t count;
  *sent = 0;
  do {
    count = send((int)fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    return fail_transfer(RFCTLS_WANT_WRITE, "cannot send");
  }
  *sent = (size_t)count;
  return RFCTLS_OK;
}

rfctls_status rfctls__os_recv(intptr_t fd, void *buffer, size_t room, int peek, size_t *received) {
  int flags = MSG_DONTWAIT | (peek ? MSG_PEEK : 0);
  ssize_t count;
  *received = 0;
  do {
    count = recv((int)fd, buffer, room, flags);
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    return fail_transfer(RFCTLS_WANT_READ, "cannot receive");
  }
  *received = (size_t)count;
  return RFCTLS_OK;
}

static int direction_of(rfctls_how how) {
  switch (how) {
  case RFCTLS_SHUT_READ: return SHUT_RD;
  case RFCTLS_SHUT_WRITE: return SHUT_WR;
  case RFCTLS_SHUT_BOTH:
  case RFCTLS_HOW_IS_INT: break;
  }
  return SHUT_RDWR;
}

rfctls_status rfctls__os_shutdown(intptr_t fd, rfctls_how how) {
  return shutdown((int)fd, direction_of(how)) == 0 ? RFCTLS_OK : fail("cannot shut down");
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

/* ---- waiting ---- */

static short asked_of(uint32_t events) {
  return (short)((events & RFCTLS__POLL_READ ? POLLIN : 0) |
                 (events & RFCTLS__POLL_WRITE ? POLLOUT : 0));
}

static uint32_t found_of(short events, uint32_t asked) {
  uint32_t found = (events & POLLIN ? (uint32_t)RFCTLS__POLL_READ : 0) |
                   (events & POLLOUT ? (uint32_t)RFCTLS__POLL_WRITE : 0) |
                   (events & (POLLERR | POLLNVAL) ? (uint32_t)RFCTLS__POLL_ERROR : 0);
  if (events & POLLHUP) {
    found |= asked != 0 ? asked : (uint32_t)RFCTLS__POLL_ERROR;
  }
  return found;
}

rfctls_status rfctls__os_poll(rfctls__poll *items, size_t count, int64_t nanoseconds, size_t *ready,
                              int *interrupted) {
  struct pollfd few[8], *fds = few;
  rfctls_status status = RFCTLS_OK;
  *ready = 0;
  *interrupted = 0;
  if (count > sizeof few / sizeof *few) {
    fds = count <= SIZE_MAX / sizeof *fds ? rfctls__alloc(count * sizeof *fds) : NULL;
    if (fds == NULL) {
      return rfctls__fail_memory();
    }
  }
  for (size_t i = 0; i < count; i++) {
    fds[i] = (struct pollfd){(int)items[i].fd, asked_of(items[i].events), 0};
    items[i].found = 0;
  }
  if (poll_for(fds, (nfds_t)count, nanoseconds) < 0) {
    *interrupted = errno == EINTR;
    status = *interrupted ? RFCTLS_OK : fail("cannot wait");
  } else {
    for (size_t i = 0; i < count; i++) {
      items[i].found = found_of(fds[i].revents, items[i].events);
      *ready += items[i].found != 0;
    }
  }
  if (fds != few) {
    rfctls__free(fds);
  }
  return status;
}

static rfctls_status make_waker(int code, const int pair[2], rfctls__os_waker *waker) {
  if (code != 0) {
    return fail("cannot make a descriptor to wake a thread by");
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
