#include "fault/shim.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <ctime>

#include "net/os.h"

namespace rfctls_test::fault {

const char *const call_names[CALLS] = {
    "socket",      "connect",     "bind",  "listen",     "accept4",     "send",
    "recv",        "ppoll",       "poll",  "setsockopt", "getsockopt",  "shutdown",
    "getsockname", "getpeername", "ioctl", "eventfd",    "getaddrinfo", "close"};

const std::vector<Kind> &kinds() {
  static const std::vector<Kind> all = {
      {SOCKET, "EMFILE", FAILS, EMFILE, {RFCTLS_E_SYSTEM}},
      {SOCKET, "ENOBUFS", FAILS, ENOBUFS, {RFCTLS_E_SYSTEM}},
      {SOCKET, "EAFNOSUPPORT", FAILS, EAFNOSUPPORT, {RFCTLS_E_CONNECT, RFCTLS_E_SYSTEM}},
      {CONNECT, "EINTR", DONE_BUT, EINTR, {}},
      {CONNECT, "ECONNREFUSED", FAILS, ECONNREFUSED, {RFCTLS_E_CONNECT}},
      {CONNECT, "ENETUNREACH", FAILS, ENETUNREACH, {RFCTLS_E_CONNECT}},
      {CONNECT, "ETIMEDOUT", FAILS, ETIMEDOUT, {RFCTLS_E_CONNECT}},
      {BIND, "EADDRINUSE", FAILS, EADDRINUSE, {RFCTLS_E_SYSTEM}},
      {BIND, "EACCES", FAILS, EACCES, {RFCTLS_E_SYSTEM}},
      {LISTEN, "EADDRINUSE", FAILS, EADDRINUSE, {RFCTLS_E_SYSTEM}},
      {ACCEPT, "EINTR", FAILS, EINTR, {}},
      {ACCEPT, "EAGAIN", FAILS, EAGAIN, {}},
      {ACCEPT, "ECONNABORTED", FAILS, ECONNABORTED, {}},
      {ACCEPT, "EMFILE", FAILS, EMFILE, {RFCTLS_E_SYSTEM}},
      {ACCEPT, "ENOBUFS", FAILS, ENOBUFS, {RFCTLS_E_SYSTEM}},
      {SEND, "EINTR", FAILS, EINTR, {}},
      {SEND, "EAGAIN", FAILS, EAGAIN, {}},
      {SEND, "EAGAIN, again and again", EVERY_OTHER_ONE, EAGAIN, {}},
      {SEND, "short", SHORT, 0, {}},
      {SEND, "ECONNRESET", FAILS, ECONNRESET, {RFCTLS_E_RESET}},
      {SEND, "EPIPE", FAILS, EPIPE, {RFCTLS_E_RESET}},
      {SEND, "ETIMEDOUT", FAILS, ETIMEDOUT, {RFCTLS_E_RESET}},
      {SEND, "ENOBUFS", FAILS, ENOBUFS, {RFCTLS_E_SYSTEM}},
      {RECV, "EINTR", FAILS, EINTR, {}},
      {RECV, "EAGAIN", FAILS, EAGAIN, {}},
      {RECV, "EAGAIN, again and again", EVERY_OTHER_ONE, EAGAIN, {}},
      {RECV, "short", SHORT, 0, {}},
      {RECV, "ECONNRESET", FAILS, ECONNRESET, {RFCTLS_E_RESET}},
      {RECV, "ETIMEDOUT", FAILS, ETIMEDOUT, {RFCTLS_E_RESET}},
      {RECV, "ENOBUFS", FAILS, ENOBUFS, {RFCTLS_E_SYSTEM}},
      {RECV, "end", NOTHING, 0, {RFCTLS_E_TRUNCATED}},
      {RECV, "silence", STALLS, 0, {RFCTLS_E_TIMEOUT}},
      {SLEEP, "EINTR", FAILS, EINTR, {}},
      {SLEEP, "too early", NOTHING, 0, {}},
      {SLEEP, "ENOMEM", FAILS, ENOMEM, {RFCTLS_E_SYSTEM}},
      {LOOK, "EINTR", FAILS, EINTR, {}},
      {LOOK, "nothing", NOTHING, 0, {}},
      {OPTION, "EINVAL", FAILS, EINVAL, {}},
      {ASK, "ECONNREFUSED", TELLS, ECONNREFUSED, {RFCTLS_E_CONNECT}},
      {ASK, "ENOBUFS", FAILS, ENOBUFS, {RFCTLS_E_CONNECT}},
      {SHUTDOWN, "ENOTCONN", FAILS, ENOTCONN, {}},
      {OUR_END, "ENOBUFS", FAILS, ENOBUFS, {}},
      {PEER_END, "ENOTCONN", FAILS, ENOTCONN, {}},
      {QUEUE, "EINVAL", FAILS, EINVAL, {}},
      {WAKER, "EMFILE", FAILS, EMFILE, {RFCTLS_E_SYSTEM}},
      {RESOLVE, "EAI_AGAIN", FAILS, EAI_AGAIN, {RFCTLS_E_RESOLVE}},
      {RESOLVE, "EAI_MEMORY", FAILS, EAI_MEMORY, {RFCTLS_E_MEMORY}},
      {CLOSE, "EINTR", DONE_BUT, EINTR, {}},
      {CLOSE, "EIO", DONE_BUT, EIO, {}},
  };
  return all;
}

namespace {

struct Script {
  bool armed = false;
  const Kind *kind = nullptr;
  int nth = 0;
  int stalled = -1;  // the descriptor that nothing comes from any more
  Record record = {};
};

thread_local Script script;
bool ignoring;

// The fault that this call has now, or NULL.
const Kind *fault_of(Call call) {
  if (!script.armed) {
    return nullptr;
  }
  int count = ++script.record.counts[call];
  const Kind *kind = script.kind;
  if (kind == nullptr || kind->call != call || count < script.nth) {
    return nullptr;
  }
  bool lasting = kind->way == STALLS || kind->way == EVERY_OTHER_ONE;
  bool now =
      count == script.nth || (lasting && (kind->way == STALLS || (count - script.nth) % 2 == 0));
  script.record.fired |= now;
  return now ? kind : nullptr;
}

template <typename Result>
Result failed(const Kind *kind, Result done) {
  (void)done;
  errno = kind->way == STALLS ? EAGAIN : kind->code;
  return -1;
}

// What most calls do: fails before, or after, or not at all.
template <typename Action>
auto pass(Call call, Action action) -> decltype(action()) {
  const Kind *kind = fault_of(call);
  if (kind == nullptr) {
    return action();
  }
  return failed(kind, kind->way == DONE_BUT ? action() : decltype(action()){});
}

}  // namespace

void arm(const Kind *kind, int nth) {
  script = Script{true, kind, nth, -1, {}};
}

Record disarm() {
  Record record = script.record;
  script = Script{};
  return record;
}

bool has_fired() {
  return script.record.fired;
}

Pause::Pause() : was_armed_(script.armed) {
  script.armed = false;
}

Pause::~Pause() {
  script.armed = was_armed_;
}

void ignore_failed_sends(bool ignore) {
  ignoring = ignore;
}

}  // namespace rfctls_test::fault

// ---- in the way of the system's ----

using namespace rfctls_test::fault;

extern "C" {

int __real_socket(int family, int type, int protocol);
int __real_connect(int fd, const sockaddr *to, socklen_t size);
int __real_bind(int fd, const sockaddr *at, socklen_t size);
int __real_listen(int fd, int backlog);
int __real_accept4(int fd, sockaddr *from, socklen_t *size, int flags);
ssize_t __real_send(int fd, const void *data, size_t size, int flags);
ssize_t __real_recv(int fd, void *buffer, size_t room, int flags);
int __real_ppoll(pollfd *items, nfds_t count, const timespec *time, const sigset_t *signals);
int __real_poll(pollfd *items, nfds_t count, int time);
int __real_setsockopt(int fd, int level, int option, const void *value, socklen_t size);
int __real_getsockopt(int fd, int level, int option, void *value, socklen_t *size);
int __real_shutdown(int fd, int how);
int __real_getsockname(int fd, sockaddr *at, socklen_t *size);
int __real_getpeername(int fd, sockaddr *at, socklen_t *size);
int __real_ioctl(int fd, unsigned long request, void *argument);
int __real_eventfd(unsigned count, int flags);
int __real_getaddrinfo(const char *node, const char *service, const addrinfo *hints,
                       addrinfo **list);
int __real_close(int fd);
rfctls_status __real_rfctls__os_send(intptr_t fd, const void *data, size_t size, size_t *sent);

int __wrap_socket(int family, int type, int protocol) {
  return pass(SOCKET, [&] { return __real_socket(family, type, protocol); });
}

int __wrap_connect(int fd, const sockaddr *to, socklen_t size) {
  return pass(CONNECT, [&] { return __real_connect(fd, to, size); });
}

int __wrap_bind(int fd, const sockaddr *at, socklen_t size) {
  return pass(BIND, [&] { return __real_bind(fd, at, size); });
}

int __wrap_listen(int fd, int backlog) {
  return pass(LISTEN, [&] { return __real_listen(fd, backlog); });
}

int __wrap_accept4(int fd, sockaddr *from, socklen_t *size, int flags) {
  return pass(ACCEPT, [&] { return __real_accept4(fd, from, size, flags); });
}

ssize_t __wrap_send(int fd, const void *data, size_t size, int flags) {
  const Kind *kind = fault_of(SEND);
  if (kind != nullptr && kind->way != SHORT) {
    return failed<ssize_t>(kind, 0);
  }
  return __real_send(fd, data, kind != nullptr && size > 1 ? 1 : size, flags);
}

ssize_t __wrap_recv(int fd, void *buffer, size_t room, int flags) {
  const Kind *kind = fault_of(RECV);
  if (kind != nullptr && kind->way == NOTHING) {
    return 0;
  }
  if (kind != nullptr && kind->way != SHORT) {
    script.stalled = kind->way == STALLS ? fd : -1;
    return failed<ssize_t>(kind, 0);
  }
  return __real_recv(fd, buffer, kind != nullptr && room > 1 ? 1 : room, flags);
}

int __wrap_ppoll(pollfd *items, nfds_t count, const timespec *time, const sigset_t *signals) {
  const Kind *kind = fault_of(SLEEP);
  if (kind != nullptr) {
    return kind->way == NOTHING ? 0 : failed(kind, 0);
  }
  std::vector<pollfd> heard(items, items + count);
  for (pollfd &item : heard) {
    if (script.armed && item.fd == script.stalled) {
      item.events = static_cast<short>(item.events & POLLOUT);
      item.fd = item.events != 0 ? item.fd : -1;  // not even that the peer hung up
    }
  }
  int ready = __real_ppoll(heard.data(), count, time, signals);
  for (nfds_t i = 0; i < count; i++) {
    items[i].revents = heard[i].revents;
  }
  return ready;
}

int __wrap_poll(pollfd *items, nfds_t count, int time) {
  const Kind *kind = fault_of(LOOK);
  if (kind != nullptr) {
    return kind->way == NOTHING ? 0 : failed(kind, 0);
  }
  return __real_poll(items, count, time);
}

int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t size) {
  return pass(OPTION, [&] { return __real_setsockopt(fd, level, option, value, size); });
}

int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *size) {
  const Kind *kind = fault_of(ASK);
  if (kind != nullptr && kind->way == TELLS) {
    *static_cast<int *>(value) = kind->code;
    return 0;
  }
  return kind != nullptr ? failed(kind, 0) : __real_getsockopt(fd, level, option, value, size);
}

int __wrap_shutdown(int fd, int how) {
  return pass(SHUTDOWN, [&] { return __real_shutdown(fd, how); });
}

int __wrap_getsockname(int fd, sockaddr *at, socklen_t *size) {
  return pass(OUR_END, [&] { return __real_getsockname(fd, at, size); });
}

int __wrap_getpeername(int fd, sockaddr *at, socklen_t *size) {
  return pass(PEER_END, [&] { return __real_getpeername(fd, at, size); });
}

int __wrap_ioctl(int fd, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  return pass(QUEUE, [&] { return __real_ioctl(fd, request, argument); });
}

int __wrap_eventfd(unsigned count, int flags) {
  return pass(WAKER, [&] { return __real_eventfd(count, flags); });
}

int __wrap_getaddrinfo(const char *node, const char *service, const addrinfo *hints,
                       addrinfo **list) {
  const Kind *kind = fault_of(RESOLVE);
  return kind != nullptr ? kind->code : __real_getaddrinfo(node, service, hints, list);
}

int __wrap_close(int fd) {
  return pass(CLOSE, [&] { return __real_close(fd); });
}

rfctls_status __wrap_rfctls__os_send(intptr_t fd, const void *data, size_t size, size_t *sent) {
  rfctls_status status = __real_rfctls__os_send(fd, data, size, sent);
  if (ignoring && status < 0) {
    *sent = size;
    return RFCTLS_OK;
  }
  return status;
}
}
