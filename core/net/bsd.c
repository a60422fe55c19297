/* What net asks of a system, as far as the sockets of BSD are the same everywhere: see os.h. */
#include "net/bsd.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

_Static_assert(sizeof(struct sockaddr_storage) <= sizeof(((rfctls__endpoint *)0)->storage),
               "an endpoint holds every socket address");
_Static_assert(sizeof(rfctls__socket) <= sizeof(intptr_t), "a descriptor holds a socket");

static void set(rfctls__socket s, int level, int option, int value) {
  (void)setsockopt(s, level, option, (const char *)&value, sizeof value);
}

/* A transport that is not TCP has no delay to switch off. */
static void set_no_delay(rfctls__socket s) {
  set(s, IPPROTO_TCP, TCP_NODELAY, 1);
}

/* ---- addresses ---- */

void rfctls__os_describe(const rfctls__endpoint *endpoint, char text[RFCTLS__IP_TEXT],
                         uint16_t *port, rfctls_family *family) {
  const struct sockaddr *address = rfctls__sockaddr_of(endpoint);
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
  if (getnameinfo(address, (rfctls__socket_size)endpoint->size, text, RFCTLS__IP_TEXT, NULL, 0,
                  NI_NUMERICHOST) != 0) {
    text[0] = '\0';
  }
}

int rfctls__os_is_ip(const char *text) {
  struct in6_addr address;
  return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

static rfctls_status endpoint_of(intptr_t fd, int of_peer, rfctls__endpoint *out) {
  rfctls__endpoint endpoint = {{0}, 0};
  rfctls__socket_size size = sizeof endpoint.storage;
  rfctls__socket s = (rfctls__socket)fd;
  struct sockaddr *address = (struct sockaddr *)(void *)&endpoint.storage;
  if ((of_peer ? getpeername(s, address, &size) : getsockname(s, address, &size)) != 0) {
    return rfctls__fail_socket("cannot tell the addresses of the connection");
  }
  endpoint.size = (size_t)size;
  *out = endpoint;
  return RFCTLS_OK;
}

rfctls_status rfctls__os_local_endpoint(intptr_t fd, rfctls__endpoint *out) {
  return endpoint_of(fd, 0, out);
}

rfctls_status rfctls__os_peer_endpoint(intptr_t fd, rfctls__endpoint *out) {
  return endpoint_of(fd, 1, out);
}

/* ---- making ---- */

static rfctls_status fail_connect(int code) {
  return rfctls__fail_system(RFCTLS_E_CONNECT, code, "cannot connect");
}

/* A system without IPv6 refuses its sockets: to a caller that is an address that cannot be
 * reached. */
static rfctls_status fail_open(void) {
  int code = rfctls__socket_code();
  return rfctls__fail_system(
      code == RFCTLS__CODE(EAFNOSUPPORT) ? RFCTLS_E_CONNECT : RFCTLS_E_SYSTEM, code,
      "cannot make a socket");
}

rfctls_status rfctls__os_connect(const rfctls__endpoint *to, intptr_t *fd) {
  rfctls__socket made;
  int code;
  rfctls_status status = rfctls__sockets_start();
  if (status != RFCTLS_OK) {
    return status;
  }
  made = rfctls__socket_open(rfctls__sockaddr_of(to)->sa_family);
  if (made == RFCTLS__NO_SOCKET) {
    return fail_open();
  }
  set_no_delay(made);
  code = connect(made, rfctls__sockaddr_of(to), (rfctls__socket_size)to->size) == 0
             ? 0
             : rfctls__socket_code();
  if (code == 0 || rfctls__is_under_way(code)) {
    *fd = (intptr_t)made;
    return code == 0 ? RFCTLS_OK : RFCTLS_WANT_WRITE;
  }
  rfctls__os_close((intptr_t)made);
  return fail_connect(code);
}

rfctls_status rfctls__os_connected(intptr_t fd) {
  rfctls__socket s = (rfctls__socket)fd;
  int code = 0;
  rfctls__socket_size size = sizeof code;
  if (!rfctls__socket_is_connected(s)) {
    return RFCTLS_WANT_WRITE;
  }
  if (getsockopt(s, SOL_SOCKET, SO_ERROR, (char *)&code, &size) != 0) {
    code = rfctls__socket_code();
  }
  return code == 0 ? RFCTLS_OK : fail_connect(code);
}

rfctls_status rfctls__os_listen(const rfctls__endpoint *at, int backlog, int both, intptr_t *fd) {
  const struct sockaddr *address = rfctls__sockaddr_of(at);
  rfctls__socket made;
  rfctls_status status = rfctls__sockets_start();
  if (status != RFCTLS_OK) {
    return status;
  }
  made = rfctls__socket_open(address->sa_family);
  if (made == RFCTLS__NO_SOCKET) {
    return rfctls__fail_socket("cannot make a socket");
  }
  set(made, SOL_SOCKET, RFCTLS__LISTEN_OPTION, 1);
  if (address->sa_family == AF_INET6) {
    set(made, IPPROTO_IPV6, IPV6_V6ONLY, !both);
  }
  if (bind(made, address, (rfctls__socket_size)at->size) == 0 &&
      listen(made, backlog > 0 ? backlog : SOMAXCONN) == 0) {
    *fd = (intptr_t)made;
    return RFCTLS_OK;
  }
  status = rfctls__fail_socket("cannot listen");
  rfctls__os_close((intptr_t)made);
  return status;
}

rfctls_status rfctls__os_accept(intptr_t listener, intptr_t *fd) {
  while (rfctls__socket_may_accept((rfctls__socket)listener)) {
    rfctls__socket accepted = rfctls__socket_accept((rfctls__socket)listener);
    int code = accepted != RFCTLS__NO_SOCKET ? 0 : rfctls__socket_code();
    if (code == 0) {
      set_no_delay(accepted);
      *fd = (intptr_t)accepted;
      return RFCTLS_OK;
    }
    if (rfctls__would_block(code)) {
      return RFCTLS_WANT_READ;
    }
    if (!rfctls__is_lost_connection(code)) {
      return rfctls__fail_socket("cannot accept a connection");
    }
  }
  return RFCTLS_WANT_READ;
}

rfctls_status rfctls__os_inspect(intptr_t fd, int *listens) {
  rfctls__socket s = (rfctls__socket)fd;
  int type = 0;
  rfctls__socket_size size = sizeof type;
  rfctls_status status;
  if (!rfctls__is_socket_number(fd)) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "%lld is no descriptor", (long long)fd);
  }
  status = rfctls__sockets_start();
  if (status != RFCTLS_OK) {
    return status;
  }
  if (getsockopt(s, SOL_SOCKET, SO_TYPE, (char *)&type, &size) != 0) {
    return rfctls__fail_system(RFCTLS_E_SYSTEM, rfctls__socket_code(), "descriptor %lld",
                               (long long)fd);
  }
  if (type != SOCK_STREAM) {
    return rfctls__fail(RFCTLS_E_SYSTEM, "descriptor %lld is not a stream socket", (long long)fd);
  }
  *listens = 0;
  size = sizeof *listens;
  (void)getsockopt(s, SOL_SOCKET, SO_ACCEPTCONN, (char *)listens, &size);
  *listens = *listens != 0;
  rfctls__socket_borrow(s);
  return RFCTLS_OK;
}

void rfctls__os_claim(intptr_t fd) {
  rfctls__socket_set_flags((rfctls__socket)fd);
  set_no_delay((rfctls__socket)fd);
}

/* ---- using ---- */

/* The connection is over, whether the peer said so or the network gave up. */
static int is_reset(int code) {
  return code == RFCTLS__CODE(ECONNRESET) || code == RFCTLS__CODE_NO_RECEIVER ||
         code == RFCTLS__CODE(ECONNABORTED) || code == RFCTLS__CODE(ENETRESET) ||
         code == RFCTLS__CODE(ETIMEDOUT) || code == RFCTLS__CODE(EHOSTUNREACH) ||
         code == RFCTLS__CODE(ENETUNREACH);
}

static rfctls_status end_transfer(int64_t count, size_t *moved, rfctls_status want,
                                  const char *what) {
  int code;
  *moved = count < 0 ? 0 : (size_t)count;
  if (count >= 0) {
    return RFCTLS_OK;
  }
  code = rfctls__socket_code();
  if (rfctls__would_block(code)) {
    return want;
  }
  return rfctls__fail_system(is_reset(code) ? RFCTLS_E_RESET : RFCTLS_E_SYSTEM, code, "%s", what);
}

rfctls_status rfctls__os_send(intptr_t fd, const void *data, size_t size, size_t *sent) {
  return end_transfer(rfctls__send_once((rfctls__socket)fd, data, size), sent, RFCTLS_WANT_WRITE,
                      "cannot send");
}

rfctls_status rfctls__os_recv(intptr_t fd, void *buffer, size_t room, int peek, size_t *received) {
  return end_transfer(rfctls__recv_once((rfctls__socket)fd, buffer, room, peek), received,
                      RFCTLS_WANT_READ, "cannot receive");
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
  return shutdown((rfctls__socket)fd, direction_of(how)) == 0
             ? RFCTLS_OK
             : rfctls__fail_socket("cannot shut down");
}

/* ---- waiting ---- */

static short asked_of(uint32_t events) {
  return (short)((events & RFCTLS__POLL_READ ? RFCTLS__POLLIN : 0) |
                 (events & RFCTLS__POLL_WRITE ? RFCTLS__POLLOUT : 0));
}

static uint32_t found_of(short events, uint32_t asked) {
  uint32_t found = (events & RFCTLS__POLLIN ? (uint32_t)RFCTLS__POLL_READ : 0) |
                   (events & RFCTLS__POLLOUT ? (uint32_t)RFCTLS__POLL_WRITE : 0) |
                   (events & (POLLERR | POLLNVAL) ? (uint32_t)RFCTLS__POLL_ERROR : 0);
  if (events & POLLHUP) {
    found |= asked != 0 ? asked : (uint32_t)RFCTLS__POLL_ERROR;
  }
  return found;
}

static size_t ask_for(struct pollfd *fds, const rfctls__poll *items, size_t count) {
  size_t used = 0;
  for (size_t i = 0; i < count; i++) {
    if (items[i].fd != RFCTLS__NO_FD) {
      fds[used++] = (struct pollfd){(rfctls__socket)items[i].fd, asked_of(items[i].events), 0};
    }
  }
  return used;
}

static void tell_found(rfctls__poll *items, size_t count, const struct pollfd *fds, size_t *ready) {
  size_t used = 0;
  for (size_t i = 0; i < count; i++) {
    int there = items[i].fd != RFCTLS__NO_FD;
    items[i].found = there ? found_of(fds[used++].revents, items[i].events) : 0;
    *ready += items[i].found != 0;
  }
}

rfctls_status rfctls__os_poll(rfctls__poll *items, size_t count, int64_t nanoseconds, size_t *ready,
                              int *interrupted) {
  struct pollfd few[8], *fds = few;
  rfctls_status status = RFCTLS_OK;
  *ready = 0;
  *interrupted = 0;
  if (count > sizeof few / sizeof *few) {
    fds = count <= INT_MAX / sizeof *fds ? rfctls__alloc(count * sizeof *fds) : NULL;
    if (fds == NULL) {
      return rfctls__fail_memory();
    }
  }
  if (rfctls__sockets_poll(fds, ask_for(fds, items, count), nanoseconds) < 0) {
    *interrupted = rfctls__socket_code() == RFCTLS__CODE(EINTR);
    status = *interrupted ? RFCTLS_OK : rfctls__fail_socket("cannot wait");
    memset(fds, 0, count * sizeof *fds);
  }
  tell_found(items, count, fds, ready);
  if (fds != few) {
    rfctls__free(fds);
  }
  return status;
}
