// The scripted platform.
#include "script_os.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include <gtest/gtest.h>

#include "base/deadline.h"
#include "base/error.h"

namespace script_os {
State state;
}

using script_os::Poll;
using script_os::state;

namespace {

template <typename T>
T next(std::deque<T> &queue, T otherwise) {
  if (queue.empty()) {
    return otherwise;
  }
  T value = queue.front();
  queue.pop_front();
  return value;
}

rfctls_status say(rfctls_status status) {
  return status < 0 ? rfctls__fail_system(status, 104, "scripted failure") : status;
}

// Descriptors of connects are 7, 8, … in the order of the tries.
rfctls_status next_of_connect(intptr_t fd) {
  auto named = state.attempts.find(state.connected_to.at(static_cast<size_t>(fd) - 7));
  if (named == state.attempts.end()) {
    return next(state.connects, RFCTLS_OK);
  }
  rfctls_status status = named->second.front();
  if (named->second.size() > 1) {
    named->second.pop_front();
  }
  return status;
}

}  // namespace

extern "C" {

int64_t __wrap_rfctls__now(void);
int64_t __wrap_rfctls__now(void) {
  return state.now;
}

rfctls_status rfctls__os_resolve(const char *, const char *, rfctls_family, int,
                                 rfctls__os_found found, void *user) {
  rfctls_status status = RFCTLS_OK;
  for (size_t i = 0; i < state.addresses.size() && status == RFCTLS_OK; i++) {
    rfctls__endpoint endpoint = {};
    endpoint.size = 16;
    state.addresses[i].copy(reinterpret_cast<char *>(endpoint.storage.bytes), RFCTLS__IP_TEXT - 1);
    status = found(user, &endpoint);
  }
  return status;
}

void rfctls__os_describe(const rfctls__endpoint *endpoint, char text[RFCTLS__IP_TEXT],
                         uint16_t *port, rfctls_family *family) {
  snprintf(text, RFCTLS__IP_TEXT, "%.60s", reinterpret_cast<const char *>(endpoint->storage.bytes));
  *port = 443;
  *family = strchr(text, ':') != nullptr ? RFCTLS_FAMILY_IPV6 : RFCTLS_FAMILY_IPV4;
}

rfctls_status rfctls__os_unix(const char *, rfctls__endpoint *out) {
  out->size = 16;
  return RFCTLS_OK;
}

const char *rfctls__os_path(const rfctls__endpoint *) {
  return nullptr;
}

int rfctls__os_is_ip(const char *text) {
  return strspn(text, "0123456789.") == strlen(text);
}

rfctls_status rfctls__os_connect(const rfctls__endpoint *to, intptr_t *fd) {
  state.connected_to.emplace_back(reinterpret_cast<const char *>(to->storage.bytes));
  intptr_t made = 6 + static_cast<intptr_t>(state.connected_to.size());
  rfctls_status status = next_of_connect(made);
  if (status >= 0) {
    *fd = made;
  }
  return say(status);
}

rfctls_status rfctls__os_connected(intptr_t fd) {
  return say(next_of_connect(fd));
}

rfctls_status rfctls__os_listen(const rfctls__endpoint *, int, int, intptr_t *fd) {
  *fd = 7;
  return RFCTLS_OK;
}

rfctls_status rfctls__os_accept(intptr_t, intptr_t *fd) {
  *fd = 8;
  return say(next(state.accepts, RFCTLS_WANT_READ));
}

rfctls_status rfctls__os_inspect(intptr_t, int *listens) {
  *listens = state.listens;
  return RFCTLS_OK;
}

rfctls_status rfctls__os_send(intptr_t, const void *data, size_t size, size_t *sent) {
  script_os::Send outcome = next(state.sends, script_os::Send{RFCTLS_OK, SIZE_MAX});
  *sent = 0;
  if (outcome.status == RFCTLS_OK) {
    *sent = std::min(size, outcome.most);
    state.sent.append(static_cast<const char *>(data), *sent);
  }
  return say(outcome.status);
}

rfctls_status rfctls__os_recv(intptr_t, void *buffer, size_t room, int, size_t *received) {
  script_os::Recv outcome = next(state.recvs, script_os::Recv{RFCTLS_WANT_READ, ""});
  *received = std::min(room, outcome.bytes.size());
  memcpy(buffer, outcome.bytes.data(), *received);
  if (*received < outcome.bytes.size()) {
    state.recvs.push_front({RFCTLS_OK, outcome.bytes.substr(*received)});
  }
  return say(outcome.status);
}

void rfctls__os_claim(intptr_t) {}

rfctls_status rfctls__os_shutdown(intptr_t, rfctls_how) {
  state.finished = true;
  return RFCTLS_OK;
}

int64_t rfctls__os_unacknowledged(intptr_t) {
  return state.unacknowledged;
}
void rfctls__os_close(intptr_t) {
  state.closed++;
}

rfctls_status rfctls__os_local_endpoint(intptr_t, rfctls__endpoint *out) {
  out->size = 16;
  return RFCTLS_OK;
}

rfctls_status rfctls__os_peer_endpoint(intptr_t, rfctls__endpoint *out) {
  out->size = 16;
  return RFCTLS_OK;
}

rfctls_status rfctls__os_poll(rfctls__poll *items, size_t count, int64_t nanoseconds, size_t *ready,
                              int *interrupted) {
  Poll outcome = next(state.polls, Poll::timeout);
  state.poll_count++;
  state.polled_events = items[0].events;
  *ready = 0;
  *interrupted = outcome == Poll::signal;
  for (size_t i = 0; i < count; i++) {
    items[i].found = 0;
  }
  if (state.on_poll) {
    auto act = std::move(state.on_poll);
    state.on_poll = nullptr;
    act();
  }
  if (outcome == Poll::ready || outcome == Poll::error) {
    items[0].found = outcome == Poll::ready ? items[0].events : uint32_t{RFCTLS__POLL_ERROR};
    *ready = 1;
  } else if (state.woken > 0) {
    items[count - 1].found = RFCTLS__POLL_READ;
    *ready = 1;
  } else if (outcome == Poll::timeout) {
    if (nanoseconds < 0) {
      ADD_FAILURE() << "sleeps for ever";
      return rfctls__fail(RFCTLS_E_INTERNAL, "sleeps for ever");
    }
    state.now += nanoseconds;
  }
  return RFCTLS_OK;
}

rfctls_status rfctls__os_waker_open(rfctls__os_waker *waker) {
  waker->read_fd = waker->write_fd = 99;
  return RFCTLS_OK;
}

rfctls_status rfctls__os_waker_open_socket(rfctls__os_waker *waker) {
  return rfctls__os_waker_open(waker);
}

void rfctls__os_waker_signal(const rfctls__os_waker *) {
  state.woken++;
}
void rfctls__os_waker_drain(const rfctls__os_waker *) {
  state.woken = 0;
}
void rfctls__os_waker_close(rfctls__os_waker *) {}

}  // extern "C"
