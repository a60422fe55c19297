/* What net asks of Windows: Winsock, its resolver, WSAPoll, and sockets that wake.
 *
 * Winsock has no flag that keeps one call from waiting, and does not tell a socket's mode: every socket
 * that we use, borrowed ones too, is made non-blocking and stays so. */
#define WIN32_LEAN_AND_MEAN
#include <winsock2.h>
#include <ws2tcpip.h>

#include <limits.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "net/os.h"

_Static_assert(sizeof(struct sockaddr_storage) <= sizeof(((rfctls__endpoint *)0)->storage),
               "an endpoint holds every socket address");
_Static_assert(sizeof(SOCKET) <= sizeof(intptr_t), "a descriptor holds a socket");

static SOCKET socket_of(intptr_t fd) {
  return (SOCKET)fd;
}

static rfctls_status fail(const char *what) {
  return rfctls__fail_system(RFCTLS_E_SYSTEM, WSAGetLastError(), "%s", what);
}

/* ---- Winsock itself ---- */

static BOOL CALLBACK start(INIT_ONCE *once, void *unused, void **unused_too) {
  WSADATA data;
  int code = WSAStartup(MAKEWORD(2, 2), &data);
  (void)once;
  (void)unused;
  (void)unused_too;
  WSASetLastError(code);
  return code == 0;
}

/* Never cleaned up: sockets may live as long as the process. */
static rfctls_status started(void) {
  static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
  return InitOnceExecuteOnce(&once, start, NULL, NULL) ? RFCTLS_OK : fail("cannot start Winsock");
}

static void set(SOCKET s, int level, int option, int value) {
  (void)setsockopt(s, level, option, (const char *)&value, sizeof value);
}

static void set_flags(SOCKET s) {
  u_long on = 1;
  (void)ioctlsocket(s, (long)FIONBIO, &on);
  (void)SetHandleInformation((HANDLE)s, HANDLE_FLAG_INHERIT, 0);
}

static void set_no_delay(SOCKET s) {
  set(s, IPPROTO_TCP, TCP_NODELAY, 1);
}

static SOCKET open_socket(int family, int type) {
  SOCKET s = WSASocketW(family, type, 0, NULL, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
  if (s != INVALID_SOCKET) {
    set_flags(s);
  }
  return s;
}

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
  int is_service = node == NULL || code == WSATYPE_NOT_FOUND;
  if (code == WSA_NOT_ENOUGH_MEMORY) {
    return rfctls__fail_memory();
  }
  return rfctls__fail_system(RFCTLS_E_RESOLVE, code, "cannot resolve %s \"%s\"",
                             is_service ? "service" : "host", is_service ? service : node);
}

static const struct sockaddr *sockaddr_of(const rfctls__endpoint *endpoint) {
  return (const struct sockaddr *)(const void *)&endpoint->storage;
}

/* NULL without memory; text that is not UTF-8 becomes a name that nobody has. */
static wchar_t *widen(const char *text) {
  int length = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
  wchar_t *wide = rfctls__alloc((size_t)length * sizeof *wide);
  if (wide != NULL) {
    (void)MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, length);
  }
  return wide;
}

static rfctls_status give_all(const ADDRINFOW *list, rfctls__os_found found, void *user) {
  rfctls_status status = RFCTLS_OK;
  for (const ADDRINFOW *item = list; item != NULL && status == RFCTLS_OK; item = item->ai_next) {
    rfctls__endpoint endpoint = {{0}, item->ai_addrlen};
    memcpy(&endpoint.storage, item->ai_addr, item->ai_addrlen);
    status = found(user, &endpoint);
  }
  return status;
}

rfctls_status rfctls__os_resolve(const char *node, const char *service, rfctls_family family,
                                 int flags, rfctls__os_found found, void *user) {
  ADDRINFOW hints = {0}, *list = NULL;
  wchar_t *wide_node = NULL, *wide_service = NULL;
  int code;
  rfctls_status status = started();
  if (status != RFCTLS_OK) {
    return status;
  }
  hints.ai_family = family_of(family);
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ((flags & RFCTLS__PASSIVE) != 0 ? AI_PASSIVE : 0) |
                   ((flags & RFCTLS__NUMERIC) != 0 ? AI_NUMERICHOST | AI_NUMERICSERV : 0);
  wide_node = node != NULL ? widen(node) : NULL;
  wide_service = widen(service);
  if ((node != NULL && wide_node == NULL) || wide_service == NULL) {
    status = rfctls__fail_memory();
    goto done;
  }
  code = GetAddrInfoW(wide_node, wide_service, &hints, &list);
  if (code == 0) {
    status = give_all(list, found, user);
  } else if ((code == WSAHOST_NOT_FOUND || code == WSATYPE_NOT_FOUND) &&
             (flags & RFCTLS__NUMERIC) != 0) {
    status = RFCTLS_WANT_READ;
  } else {
    status = fail_resolve(code, node, service);
  }
done:
  if (list != NULL) {
    FreeAddrInfoW(list);
  }
  rfctls__free(wide_node);
  rfctls__free(wide_service);
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
  (void)out;
  return rfctls__fail(RFCTLS_E_UNSUPPORTED, "no Unix-domain socket at \"%s\": none on Windows",
                      path);
}

const char *rfctls__os_path(const rfctls__endpoint *endpoint) {
  (void)endpoint;
  return NULL;
}

int rfctls__os_is_ip(const char *text) {
  struct in6_addr address;
  return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

typedef int(WSAAPI *ask_name)(SOCKET s, struct sockaddr *address, int *size);

static rfctls_status endpoint_of(intptr_t fd, ask_name ask, rfctls__endpoint *out) {
  rfctls__endpoint endpoint = {{0}, 0};
  int size = sizeof endpoint.storage;
  if (ask(socket_of(fd), (struct sockaddr *)(void *)&endpoint.storage, &size) != 0) {
    return fail("cannot tell the addresses of the connection");
  }
  endpoint.size = (size_t)size;
  *out = endpoint;
  return RFCTLS_OK;
}

rfctls_status rfctls__os_local_endpoint(intptr_t fd, rfctls__endpoint *out) {
  return endpoint_of(fd, getsockname, out);
}

rfctls_status rfctls__os_peer_endpoint(intptr_t fd, rfctls__endpoint *out) {
  return endpoint_of(fd, getpeername, out);
}

/* ---- making ---- */

/* A system without IPv6 refuses its sockets: to a caller that is an address that cannot be
 * reached. */
static rfctls_status fail_socket(void) {
  int code = WSAGetLastError();
  return rfctls__fail_system(code == WSAEAFNOSUPPORT ? RFCTLS_E_CONNECT : RFCTLS_E_SYSTEM, code,
                             "cannot make a socket");
}

static rfctls_status fail_connect(int code) {
  return rfctls__fail_system(RFCTLS_E_CONNECT, code, "cannot connect");
}

rfctls_status rfctls__os_connect(const rfctls__endpoint *to, intptr_t *fd) {
  SOCKET made;
  int code;
  rfctls_status status = started();
  if (status != RFCTLS_OK) {
    return status;
  }
  made = open_socket(sockaddr_of(to)->sa_family, SOCK_STREAM);
  if (made == INVALID_SOCKET) {
    return fail_socket();
  }
  set_no_delay(made);
  code = connect(made, sockaddr_of(to), (int)to->size) == 0 ? 0 : WSAGetLastError();
  if (code == 0 || code == WSAEWOULDBLOCK) {
    *fd = (intptr_t)made;
    return code == 0 ? RFCTLS_OK : RFCTLS_WANT_WRITE;
  }
  (void)closesocket(made);
  return fail_connect(code);
}

/* By select, as every Windows knows it: a connect that failed is an exception. */
rfctls_status rfctls__os_connected(intptr_t fd) {
  struct timeval at_once = {0, 0};
  fd_set writable = {1, {socket_of(fd)}}, failed = writable;
  int code = 0, size = sizeof code;
  if (select(0, NULL, &writable, &failed, &at_once) <= 0) {
    return RFCTLS_WANT_WRITE;
  }
  if (getsockopt(socket_of(fd), SOL_SOCKET, SO_ERROR, (char *)&code, &size) != 0) {
    code = WSAGetLastError();
  }
  return code == 0 ? RFCTLS_OK : fail_connect(code);
}

rfctls_status rfctls__os_listen(const rfctls__endpoint *at, int backlog, int both, intptr_t *fd) {
  SOCKET made;
  rfctls_status status = started();
  if (status != RFCTLS_OK) {
    return status;
  }
  made = open_socket(sockaddr_of(at)->sa_family, SOCK_STREAM);
  if (made == INVALID_SOCKET) {
    return fail("cannot make a socket");
  }
  set(made, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, 1); /* else another process could share the port */
  if (sockaddr_of(at)->sa_family == AF_INET6) {
    set(made, IPPROTO_IPV6, IPV6_V6ONLY, !both);
  }
  if (bind(made, sockaddr_of(at), (int)at->size) == 0 &&
      listen(made, backlog > 0 ? backlog : SOMAXCONN) == 0) {
    *fd = (intptr_t)made;
    return RFCTLS_OK;
  }
  status = fail("cannot listen");
  (void)closesocket(made);
  return status;
}

/* Whether accept only told how a connection ended that nobody has taken yet. */
static int is_lost_connection(int code) {
  return code == WSAECONNRESET || code == WSAECONNABORTED || code == WSAENETDOWN ||
         code == WSAEINTR;
}

rfctls_status rfctls__os_accept(intptr_t listener, intptr_t *fd) {
  for (;;) {
    SOCKET accepted = accept(socket_of(listener), NULL, NULL);
    int code = accepted != INVALID_SOCKET ? 0 : WSAGetLastError();
    if (code == 0) {
      rfctls__os_claim((intptr_t)accepted);
      *fd = (intptr_t)accepted;
      return RFCTLS_OK;
    }
    if (code == WSAEWOULDBLOCK) {
      return RFCTLS_WANT_READ;
    }
    if (!is_lost_connection(code)) {
      return fail("cannot accept a connection");
    }
  }
}

rfctls_status rfctls__os_inspect(intptr_t fd, int *listens) {
  int type = 0, size = sizeof type;
  rfctls_status status;
  if (fd < 0) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "%lld is no descriptor", (long long)fd);
  }
  status = started();
  if (status != RFCTLS_OK) {
    return status;
  }
  if (getsockopt(socket_of(fd), SOL_SOCKET, SO_TYPE, (char *)&type, &size) != 0) {
    return rfctls__fail_system(RFCTLS_E_SYSTEM, WSAGetLastError(), "descriptor %lld",
                               (long long)fd);
  }
  if (type != SOCK_STREAM) {
    return rfctls__fail(RFCTLS_E_SYSTEM, "descriptor %lld is not a stream socket", (long long)fd);
  }
  *listens = 0;
  size = sizeof *listens;
  (void)getsockopt(socket_of(fd), SOL_SOCKET, SO_ACCEPTCONN, (char *)listens, &size);
  *listens = *listens != 0;
  set_flags(socket_of(fd));
  return RFCTLS_OK;
}

void rfctls__os_claim(intptr_t fd) {
  set_flags(socket_of(fd));
  set_no_delay(socket_of(fd));
}

/* ---- using ---- */

/* The connection is over, whether the peer said so or the network gave up. */
static int is_reset(int code) {
  return code == WSAECONNRESET || code == WSAECONNABORTED || code == WSAENETRESET ||
         code == WSAESHUTDOWN || code == WSAETIMEDOUT || code == WSAEHOSTUNREACH ||
         code == WSAENETUNREACH;
}

static rfctls_status fail_transfer(rfctls_status want, const char *what) {
  int code = WSAGetLastError();
  if (code == WSAEWOULDBLOCK) {
    return want;
  }
  return rfctls__fail_system(is_reset(code) ? RFCTLS_E_RESET : RFCTLS_E_SYSTEM, code, "%s", what);
}

static int at_most_int(size_t size) {
  return size < INT_MAX ? (int)size : INT_MAX;
}

rfctls_status rfctls__os_send(intptr_t fd, const void *data, size_t size, size_t *sent) {
  int count = send(socket_of(fd), data, at_most_int(size), 0);
  *sent = 0;
  if (count == SOCKET_ERROR) {
    return fail_transfer(RFCTLS_WANT_WRITE, "cannot send");
  }
  *sent = (size_t)count;
  return RFCTLS_OK;
}

rfctls_status rfctls__os_recv(intptr_t fd, void *buffer, size_t room, int peek, size_t *received) {
  int count = recv(socket_of(fd), buffer, at_most_int(room), peek ? MSG_PEEK : 0);
  *received = 0;
  if (count == SOCKET_ERROR) {
    return fail_transfer(RFCTLS_WANT_READ, "cannot receive");
  }
  *received = (size_t)count;
  return RFCTLS_OK;
}

static int direction_of(rfctls_how how) {
  switch (how) {
  case RFCTLS_SHUT_READ: return SD_RECEIVE;
  case RFCTLS_SHUT_WRITE: return SD_SEND;
  case RFCTLS_SHUT_BOTH:
  case RFCTLS_HOW_IS_INT: break;
  }
  return SD_BOTH;
}

rfctls_status rfctls__os_shutdown(intptr_t fd, rfctls_how how) {
  return shutdown(socket_of(fd), direction_of(how)) == 0 ? RFCTLS_OK : fail("cannot shut down");
}

int64_t rfctls__os_unacknowledged(intptr_t fd) {
  (void)fd;
  return -1;
}

void rfctls__os_close(intptr_t fd) {
  (void)closesocket(socket_of(fd));
}

/* ---- waiting ---- */

static short asked_of(uint32_t events) {
  return (short)((events & RFCTLS__POLL_READ ? POLLRDNORM : 0) |
                 (events & RFCTLS__POLL_WRITE ? POLLWRNORM : 0));
}

static uint32_t found_of(short events, uint32_t asked) {
  uint32_t found = (events & POLLRDNORM ? (uint32_t)RFCTLS__POLL_READ : 0) |
                   (events & POLLWRNORM ? (uint32_t)RFCTLS__POLL_WRITE : 0) |
                   (events & (POLLERR | POLLNVAL) ? (uint32_t)RFCTLS__POLL_ERROR : 0);
  if (events & POLLHUP) {
    found |= asked != 0 ? asked : (uint32_t)RFCTLS__POLL_ERROR;
  }
  return found;
}

/* Rounded up, so that it is never early; what is longer than INT_MAX is asked for again. */
static int milliseconds_of(int64_t nanoseconds) {
  int64_t milliseconds = nanoseconds / 1000000 + (nanoseconds % 1000000 > 0);
  if (nanoseconds < 0) {
    return -1;
  }
  return milliseconds < INT_MAX ? (int)milliseconds : INT_MAX;
}

/* WSAPoll takes no empty list, and no list of nobody. */
static rfctls_status poll_them(rfctls__poll *items, size_t count, WSAPOLLFD *fds, int timeout,
                               size_t *ready) {
  ULONG used = 0;
  for (size_t i = 0; i < count; i++) {
    if (items[i].fd != RFCTLS__NO_FD) {
      fds[used++] = (WSAPOLLFD){socket_of(items[i].fd), asked_of(items[i].events), 0};
    }
  }
  if (used == 0) {
    Sleep(timeout < 0 ? INFINITE : (DWORD)timeout);
  } else if (WSAPoll(fds, used, timeout) == SOCKET_ERROR) {
    return fail("cannot wait");
  }
  used = 0;
  for (size_t i = 0; i < count; i++) {
    int there = items[i].fd != RFCTLS__NO_FD;
    items[i].found = there ? found_of(fds[used++].revents, items[i].events) : 0;
    *ready += items[i].found != 0;
  }
  return RFCTLS_OK;
}

rfctls_status rfctls__os_poll(rfctls__poll *items, size_t count, int64_t nanoseconds, size_t *ready,
                              int *interrupted) {
  WSAPOLLFD few[8], *fds = few;
  rfctls_status status;
  *ready = 0;
  *interrupted = 0;
  if (count > sizeof few / sizeof *few) {
    fds = count <= ULONG_MAX / sizeof *fds ? rfctls__alloc(count * sizeof *fds) : NULL;
    if (fds == NULL) {
      return rfctls__fail_memory();
    }
  }
  status = poll_them(items, count, fds, milliseconds_of(nanoseconds), ready);
  if (fds != few) {
    rfctls__free(fds);
  }
  return status;
}

/* ---- waking ---- */

/* Connected to itself, so that it takes nothing from others. */
static int open_loop(SOCKET s) {
  struct sockaddr_in self = {0};
  int size = sizeof self;
  self.sin_family = AF_INET;
  self.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return bind(s, (struct sockaddr *)(void *)&self, size) == 0 &&
         getsockname(s, (struct sockaddr *)(void *)&self, &size) == 0 &&
         connect(s, (struct sockaddr *)(void *)&self, size) == 0;
}

rfctls_status rfctls__os_waker_open(rfctls__os_waker *waker) {
  SOCKET s;
  rfctls_status status = started();
  if (status != RFCTLS_OK) {
    return status;
  }
  s = open_socket(AF_INET, SOCK_DGRAM);
  if (s == INVALID_SOCKET || !open_loop(s)) {
    status = fail("cannot make a socket to wake a thread by");
    if (s != INVALID_SOCKET) {
      (void)closesocket(s);
    }
    return status;
  }
  *waker = (rfctls__os_waker){(intptr_t)s, (intptr_t)s};
  return RFCTLS_OK;
}

rfctls_status rfctls__os_waker_open_socket(rfctls__os_waker *waker) {
  return rfctls__os_waker_open(waker);
}

void rfctls__os_waker_signal(const rfctls__os_waker *waker) {
  (void)send(socket_of(waker->write_fd), "!", 1, 0); /* when it is full, it wakes anyway */
}

void rfctls__os_waker_drain(const rfctls__os_waker *waker) {
  char waste[8];
  while (recv(socket_of(waker->read_fd), waste, sizeof waste, 0) > 0) {
  }
}

void rfctls__os_waker_close(rfctls__os_waker *waker) {
  rfctls__os_close(waker->read_fd);
  *waker = (rfctls__os_waker){RFCTLS__NO_FD, RFCTLS__NO_FD};
}
