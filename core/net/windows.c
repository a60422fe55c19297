/* What net asks of Windows, beside bsd.c: Winsock itself, its resolver, WSAPoll, and sockets that wake.
 *
 * Winsock has no flag that keeps one call from waiting, and does not tell a socket's mode: every socket
 * that we use, borrowed ones too, is made non-blocking and stays so. */
#include "net/bsd.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

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
rfctls_status rfctls__sockets_start(void) {
  static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
  return InitOnceExecuteOnce(&once, start, NULL, NULL)
             ? RFCTLS_OK
             : rfctls__fail_socket("cannot start Winsock");
}

void rfctls__socket_set_flags(rfctls__socket s) {
  u_long on = 1;
  (void)ioctlsocket(s, (long)FIONBIO, &on);
  (void)SetHandleInformation((HANDLE)s, HANDLE_FLAG_INHERIT, 0);
}

static SOCKET open_socket(int family, int type) {
  SOCKET s = WSASocketW(family, type, 0, NULL, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
  if (s != INVALID_SOCKET) {
    rfctls__socket_set_flags(s);
  }
  return s;
}

rfctls__socket rfctls__socket_open(int family) {
  return open_socket(family, SOCK_STREAM);
}

void rfctls__socket_borrow(rfctls__socket s) {
  rfctls__socket_set_flags(s);
}

/* By select, as every Windows knows it: a connect that failed is an exception. */
int rfctls__socket_is_connected(rfctls__socket s) {
  struct timeval at_once = {0, 0};
  fd_set writable = {1, {s}}, failed = writable;
  return select(0, NULL, &writable, &failed, &at_once) > 0;
}

int rfctls__socket_may_accept(rfctls__socket listener) {
  (void)listener;
  return 1;
}

rfctls__socket rfctls__socket_accept(rfctls__socket listener) {
  SOCKET accepted = accept(listener, NULL, NULL);
  if (accepted != INVALID_SOCKET) {
    rfctls__socket_set_flags(accepted);
  }
  return accepted;
}

/* WSAPoll takes no empty list. */
int rfctls__sockets_poll(struct pollfd *items, size_t count, int64_t nanoseconds) {
  int timeout = rfctls__milliseconds_of(nanoseconds);
  if (count == 0) {
    Sleep(timeout < 0 ? INFINITE : (DWORD)timeout);
    return 0;
  }
  return WSAPoll(items, (ULONG)count, timeout);
}

/* ---- addresses ---- */

static rfctls_status fail_resolve(int code, const char *node, const char *service) {
  int is_service = node == NULL || code == WSATYPE_NOT_FOUND;
  if (code == WSA_NOT_ENOUGH_MEMORY) {
    return rfctls__fail_memory();
  }
  return rfctls__fail_system(RFCTLS_E_RESOLVE, code, "cannot resolve %s \"%s\"",
                             is_service ? "service" : "host", is_service ? service : node);
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
  rfctls_status status = rfctls__sockets_start();
  if (status != RFCTLS_OK) {
    return status;
  }
  hints.ai_family = rfctls__address_family_of(family);
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = rfctls__resolver_flags_of(flags);
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

rfctls_status rfctls__os_unix(const char *path, rfctls__endpoint *out) {
  (void)out;
  return rfctls__fail(RFCTLS_E_UNSUPPORTED, "no Unix-domain socket at \"%s\": none on Windows",
                      path);
}

const char *rfctls__os_path(const rfctls__endpoint *endpoint) {
  (void)endpoint;
  return NULL;
}

int64_t rfctls__os_unacknowledged(intptr_t fd) {
  (void)fd;
  return -1;
}

void rfctls__os_close(intptr_t fd) {
  (void)closesocket((SOCKET)fd);
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
  rfctls_status status = rfctls__sockets_start();
  if (status != RFCTLS_OK) {
    return status;
  }
  s = open_socket(AF_INET, SOCK_DGRAM);
  if (s == INVALID_SOCKET || !open_loop(s)) {
    status = rfctls__fail_socket("cannot make a socket to wake a thread by");
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
  (void)send((SOCKET)waker->write_fd, "!", 1, 0); /* when it is full, it wakes anyway */
}

void rfctls__os_waker_drain(const rfctls__os_waker *waker) {
  char waste[8];
  while (recv((SOCKET)waker->read_fd, waste, sizeof waste, 0) > 0) {
  }
}

void rfctls__os_waker_close(rfctls__os_waker *waker) {
  rfctls__os_close(waker->read_fd);
  *waker = (rfctls__os_waker){RFCTLS__NO_FD, RFCTLS__NO_FD};
}
