// net/windows.c keeps the contract of net/os.h.
#include <winsock2.h>
#include <ws2tcpip.h>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/deadline.h"
#include "net/resolver.h"
#include "net/wait.h"
#include "rfctls.h"

namespace {

constexpr int64_t kSecond = 1000000000;

std::string message() {
  return rfctls_error_message();
}

rfctls__endpoint resolve(const char *node, const std::string &service) {
  rfctls__endpoint found{};
  auto keep = [](void *user, const rfctls__endpoint *endpoint) {
    auto *first = static_cast<rfctls__endpoint *>(user);
    if (first->size == 0) {
      *first = *endpoint;
    }
    return RFCTLS_OK;
  };
  EXPECT_EQ(rfctls__os_resolve(node, service.c_str(), RFCTLS_FAMILY_ANY, 0, keep, &found),
            RFCTLS_OK)
      << message();
  return found;
}

intptr_t listen_on(const char *node) {
  intptr_t fd = -1;
  rfctls__endpoint at = resolve(node, "0");
  EXPECT_EQ(rfctls__os_listen(&at, 0, 0, &fd), RFCTLS_OK) << message();
  return fd;
}

std::string port_of(intptr_t fd) {
  rfctls__endpoint end{};
  char text[RFCTLS__IP_TEXT];
  uint16_t port = 0;
  rfctls_family family;
  EXPECT_EQ(rfctls__os_local_endpoint(fd, &end), RFCTLS_OK) << message();
  rfctls__os_describe(&end, text, &port, &family);
  return std::to_string(port);
}

uint32_t poll_one(intptr_t fd, uint32_t events, int64_t nanoseconds = 10 * kSecond) {
  rfctls__poll item = {fd, events, 0};
  size_t ready = 0;
  int interrupted = 0;
  EXPECT_EQ(rfctls__os_poll(&item, 1, nanoseconds, &ready, &interrupted), RFCTLS_OK) << message();
  EXPECT_EQ(ready, item.found != 0 ? 1u : 0u);
  return item.found;
}

intptr_t connect_to(const char *node, const std::string &port) {
  rfctls__endpoint to = resolve(node, port);
  intptr_t fd = -1;
  rfctls_status status = rfctls__os_connect(&to, &fd);
  while (status == RFCTLS_WANT_WRITE) {
    poll_one(fd, RFCTLS__POLL_WRITE);
    status = rfctls__os_connected(fd);
  }
  EXPECT_EQ(status, RFCTLS_OK) << message();
  return fd;
}

intptr_t accept_from(intptr_t listener) {
  intptr_t fd = -1;
  EXPECT_EQ(poll_one(listener, RFCTLS__POLL_READ), static_cast<uint32_t>(RFCTLS__POLL_READ));
  EXPECT_EQ(rfctls__os_accept(listener, &fd), RFCTLS_OK) << message();
  return fd;
}

struct Pair {
  explicit Pair(const char *node = "127.0.0.1")
      : listener(listen_on(node)),
        client(connect_to(node, port_of(listener))),
        server(accept_from(listener)) {}
  ~Pair() {
    for (intptr_t fd : {listener, client, server}) {
      if (fd != RFCTLS__NO_FD) {
        rfctls__os_close(fd);
      }
    }
  }
  void drop(intptr_t &fd) {
    rfctls__os_close(fd);
    fd = RFCTLS__NO_FD;
  }
  intptr_t listener, client, server;
};

bool is_open(intptr_t fd) {
  int type = 0, size = sizeof type;
  return getsockopt(static_cast<SOCKET>(fd), SOL_SOCKET, SO_TYPE, reinterpret_cast<char *>(&type),
                    &size) == 0;
}

// ---- addresses ----

TEST(Resolve, FindsTheLoopbackAddressesAndSaysWhatIsUnknown) {
  char text[RFCTLS__IP_TEXT];
  uint16_t port = 0;
  rfctls_family family;
  rfctls__endpoint end = resolve("127.0.0.1", "443");
  rfctls__os_describe(&end, text, &port, &family);
  EXPECT_STREQ(text, "127.0.0.1");
  EXPECT_EQ(port, 443);
  EXPECT_EQ(family, RFCTLS_FAMILY_IPV4);
  end = resolve("::1", "443");
  rfctls__os_describe(&end, text, &port, &family);
  EXPECT_STREQ(text, "::1");
  EXPECT_EQ(family, RFCTLS_FAMILY_IPV6);
  auto ignore = [](void *, const rfctls__endpoint *) { return RFCTLS_OK; };
  EXPECT_EQ(rfctls__os_resolve("no-such-host.invalid", "1", RFCTLS_FAMILY_ANY, 0, ignore, nullptr),
            RFCTLS_E_RESOLVE);
  EXPECT_NE(message().find("cannot resolve host \"no-such-host.invalid\""), std::string::npos)
      << message();
}

TEST(Resolve, NamesAreLookedUpByAThread) {
  rfctls_addresses *addresses = nullptr;
  const rfctls_addresses *found = nullptr;
  rfctls__lookup *lookup = nullptr;
  EXPECT_EQ(rfctls__lookup_begin("127.0.0.1", "443", RFCTLS_FAMILY_ANY, &addresses, &lookup),
            RFCTLS_OK);
  EXPECT_EQ(lookup, nullptr) << "a number is none";
  rfctls_addresses_unref(addresses);
  for (const char *node : {"localhost", "no-such-host.invalid"}) {
    ASSERT_EQ(rfctls__lookup_begin(node, "443", RFCTLS_FAMILY_ANY, &addresses, &lookup),
              RFCTLS_WANT_READ)
        << message();
    EXPECT_EQ(poll_one(rfctls__lookup_fd(lookup), RFCTLS__POLL_READ), uint32_t{RFCTLS__POLL_READ});
    EXPECT_EQ(rfctls__lookup_try(lookup, &found),
              std::string(node) == "localhost" ? RFCTLS_OK : RFCTLS_E_RESOLVE);
    rfctls__lookup_free(lookup);
  }
  ASSERT_EQ(rfctls__lookup_begin("localhost", "443", RFCTLS_FAMILY_ANY, &addresses, &lookup),
            RFCTLS_WANT_READ);
  rfctls__lookup_free(lookup);  // the thread frees the rest
}

TEST(Resolve, KnowsAnIpAddressWhenItSeesOne) {
  EXPECT_EQ(rfctls__os_is_ip("192.0.2.1"), 1);
  EXPECT_EQ(rfctls__os_is_ip("2001:db8::1"), 1);
  EXPECT_EQ(rfctls__os_is_ip("server.test"), 0);
}

TEST(Unix, SocketsAreUnsupported) {
  rfctls__endpoint end{};
  EXPECT_EQ(rfctls__os_unix("/run/x", &end), RFCTLS_E_UNSUPPORTED);
  EXPECT_EQ(rfctls__os_path(&end), nullptr);
}

// ---- connecting ----

TEST(Connect, MovesBytesBothWays) {
  for (const char *node : {"127.0.0.1", "::1"}) {
    Pair pair(node);
    size_t count = 0;
    char buffer[8];
    EXPECT_EQ(rfctls__os_send(pair.client, "there", 5, &count), RFCTLS_OK);
    EXPECT_EQ(poll_one(pair.server, RFCTLS__POLL_READ), static_cast<uint32_t>(RFCTLS__POLL_READ));
    EXPECT_EQ(rfctls__os_recv(pair.server, buffer, sizeof buffer, 1, &count), RFCTLS_OK) << "peek";
    EXPECT_EQ(rfctls__os_recv(pair.server, buffer, sizeof buffer, 0, &count), RFCTLS_OK);
    EXPECT_EQ(std::string(buffer, count), "there");
    EXPECT_EQ(rfctls__os_recv(pair.server, buffer, sizeof buffer, 0, &count), RFCTLS_WANT_READ);
  }
}

TEST(Connect, ToAPortWhereNobodyListensIsRefusedAtOnce) {
  SOCKET dead = socket(AF_INET, SOCK_STREAM, 0);  // bound, so that nobody else takes the port
  struct sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(dead, reinterpret_cast<struct sockaddr *>(&address), sizeof address), 0);
  rfctls__endpoint to = resolve("127.0.0.1", port_of(static_cast<intptr_t>(dead)));
  intptr_t fd = RFCTLS__NO_FD;
  int64_t begin = rfctls__now();
  rfctls_status status = rfctls__os_connect(&to, &fd);
  while (status == RFCTLS_WANT_WRITE && rfctls__now() - begin < 10 * kSecond) {
    poll_one(fd, RFCTLS__POLL_WRITE, kSecond / 10);
    status = rfctls__os_connected(fd);
  }
  EXPECT_EQ(status, RFCTLS_E_CONNECT);
  EXPECT_EQ(rfctls_error_system_code(), WSAECONNREFUSED);
  if (fd != RFCTLS__NO_FD) {
    rfctls__os_close(fd);
  }
  closesocket(dead);
}

TEST(Connect, MakesSocketsThatNeitherDelayNorAreInherited) {
  Pair pair;
  for (intptr_t fd : {pair.client, pair.server}) {
    int value = 0, size = sizeof value;
    ASSERT_EQ(getsockopt(static_cast<SOCKET>(fd), IPPROTO_TCP, TCP_NODELAY,
                         reinterpret_cast<char *>(&value), &size),
              0);
    EXPECT_NE(value, 0);
    DWORD flags = HANDLE_FLAG_INHERIT;
    ASSERT_TRUE(GetHandleInformation(reinterpret_cast<HANDLE>(fd), &flags));
    EXPECT_EQ(flags & HANDLE_FLAG_INHERIT, 0u);
  }
}

TEST(Listen, TakesAPortForItselfAlone) {
  Pair pair;
  rfctls__endpoint at = resolve("127.0.0.1", port_of(pair.listener));
  intptr_t fd = RFCTLS__NO_FD;
  EXPECT_EQ(rfctls__os_listen(&at, 0, 0, &fd), RFCTLS_E_SYSTEM);
  EXPECT_EQ(rfctls_error_system_code(), WSAEADDRINUSE);
}

TEST(Accept, DoesNotWait) {
  intptr_t listener = listen_on("127.0.0.1"), fd = RFCTLS__NO_FD;
  EXPECT_EQ(rfctls__os_accept(listener, &fd), RFCTLS_WANT_READ);
  rfctls__os_close(listener);
}

// ---- adopting ----

TEST(Inspect, TellsAListenerAndMakesABorrowedSocketNonBlocking) {
  SOCKET blocking = socket(AF_INET, SOCK_STREAM, 0);
  Pair pair;
  int listens = -1;
  ASSERT_EQ(rfctls__os_inspect(static_cast<intptr_t>(blocking), &listens), RFCTLS_OK) << message();
  EXPECT_EQ(listens, 0);
  ASSERT_EQ(rfctls__os_inspect(pair.listener, &listens), RFCTLS_OK) << message();
  EXPECT_EQ(listens, 1);
  struct sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(std::stoi(port_of(pair.listener))));
  int done = connect(blocking, reinterpret_cast<struct sockaddr *>(&address), sizeof address);
  EXPECT_TRUE(done == 0 || WSAGetLastError() == WSAEWOULDBLOCK);
  poll_one(static_cast<intptr_t>(blocking), RFCTLS__POLL_WRITE);
  size_t count = 0;
  char byte;
  EXPECT_EQ(rfctls__os_recv(static_cast<intptr_t>(blocking), &byte, 1, 0, &count),
            RFCTLS_WANT_READ);
  closesocket(blocking);
}

TEST(Inspect, RefusesWhatIsNotAStreamSocket) {
  int listens;
  SOCKET datagram = socket(AF_INET, SOCK_DGRAM, 0);
  EXPECT_EQ(rfctls__os_inspect(static_cast<intptr_t>(datagram), &listens), RFCTLS_E_SYSTEM);
  EXPECT_NE(message().find("is not a stream socket"), std::string::npos);
  closesocket(datagram);
  EXPECT_EQ(rfctls__os_inspect(-1, &listens), RFCTLS_E_ARGUMENT);
  HANDLE file = CreateFileW(L"NUL", GENERIC_READ, 0, nullptr, OPEN_EXISTING, 0, nullptr);
  EXPECT_EQ(rfctls__os_inspect(reinterpret_cast<intptr_t>(file), &listens), RFCTLS_E_SYSTEM);
  EXPECT_EQ(rfctls_error_system_code(), WSAENOTSOCK);
  CloseHandle(file);
}

// ---- moving bytes ----

TEST(Transfer, WantsWhenNothingCanBeDoneAndLosesNothing) {
  Pair pair;
  std::string much(1 << 20, 'x');
  size_t count = 0, sent = 0, got = 0;
  rfctls_status status;
  while ((status = rfctls__os_send(pair.client, much.data(), much.size(), &count)) == RFCTLS_OK &&
         sent < (1u << 28)) {
    sent += count;
  }
  ASSERT_EQ(status, RFCTLS_WANT_WRITE) << message();
  EXPECT_EQ(rfctls__os_unacknowledged(pair.client), -1) << "Windows cannot tell";
  while (got < sent) {
    ASSERT_EQ(poll_one(pair.server, RFCTLS__POLL_READ), static_cast<uint32_t>(RFCTLS__POLL_READ));
    ASSERT_EQ(rfctls__os_recv(pair.server, much.data(), much.size(), 0, &count), RFCTLS_OK);
    got += count;
  }
  EXPECT_EQ(got, sent);
}

TEST(Transfer, EndsPolitely) {
  Pair pair;
  size_t count = 9;
  char buffer[8];
  ASSERT_EQ(rfctls__os_send(pair.client, "last", 4, &count), RFCTLS_OK);
  ASSERT_EQ(rfctls__os_shutdown(pair.client, RFCTLS_SHUT_WRITE), RFCTLS_OK);
  poll_one(pair.server, RFCTLS__POLL_READ);
  ASSERT_EQ(rfctls__os_recv(pair.server, buffer, sizeof buffer, 0, &count), RFCTLS_OK);
  EXPECT_EQ(count, 4u);
  poll_one(pair.server, RFCTLS__POLL_READ);
  EXPECT_EQ(rfctls__os_recv(pair.server, buffer, sizeof buffer, 0, &count), RFCTLS_OK);
  EXPECT_EQ(count, 0u);
  EXPECT_EQ(rfctls__os_send(pair.client, "x", 1, &count), RFCTLS_E_RESET) << "was finished";
}

TEST(Transfer, AfterThePeerIsGoneIsAReset) {
  Pair pair;
  size_t count = 0;
  char byte;
  ASSERT_EQ(rfctls__os_send(pair.client, "unread", 6, &count), RFCTLS_OK);
  poll_one(pair.server, RFCTLS__POLL_READ);
  pair.drop(pair.server);  // with unread bytes: the system resets
  EXPECT_NE(poll_one(pair.client, RFCTLS__POLL_READ), 0u);
  rfctls_status status = rfctls__os_recv(pair.client, &byte, 1, 0, &count);
  if (status == RFCTLS_OK) {  // Wine reports the reset to the next sender only
    EXPECT_EQ(count, 0u);
    for (int i = 0; i < 100 && status == RFCTLS_OK; i++) {
      status = rfctls__os_send(pair.client, "x", 1, &count);
    }
  }
  EXPECT_EQ(status, RFCTLS_E_RESET) << message();
}

// ---- waiting ----

TEST(Poll, EndsAtItsDeadlineAndNotBefore) {
  Pair pair;
  for (intptr_t fd : {pair.client, RFCTLS__NO_FD}) {
    int64_t begin = rfctls__now();
    EXPECT_EQ(poll_one(fd, RFCTLS__POLL_READ, kSecond / 20 + 1), 0u);
    EXPECT_GE(rfctls__now() - begin, kSecond / 20 + 1);
  }
}

TEST(Poll, TakesMoreThanTheSixtyFourOfSelect) {
  std::vector<std::unique_ptr<Pair>> pairs;
  std::vector<rfctls__poll> items;
  size_t count = 0, ready = 0;
  int interrupted = 0;
  for (int i = 0; i < 100; i++) {
    pairs.push_back(std::make_unique<Pair>());
    items.push_back({pairs.back()->server, RFCTLS__POLL_READ, 9});
  }
  items.push_back({RFCTLS__NO_FD, RFCTLS__POLL_READ, 9});
  for (size_t i : {0u, 70u, 99u}) {
    ASSERT_EQ(rfctls__os_send(pairs[i]->client, "x", 1, &count), RFCTLS_OK);
    poll_one(pairs[i]->server, RFCTLS__POLL_READ);
  }
  ASSERT_EQ(rfctls__os_poll(items.data(), items.size(), 10 * kSecond, &ready, &interrupted),
            RFCTLS_OK);
  EXPECT_EQ(ready, 3u);
  for (size_t i = 0; i < items.size(); i++) {
    EXPECT_EQ(items[i].found, i == 0 || i == 70 || i == 99 ? 1u : 0u) << i;
  }
}

TEST(Poll, TellsThatThePeerHungUp) {
  for (uint32_t events :
       {uint32_t{RFCTLS__POLL_READ}, uint32_t{RFCTLS__POLL_READ | RFCTLS__POLL_WRITE}}) {
    Pair pair;
    pair.drop(pair.server);
    EXPECT_NE(poll_one(pair.client, events) & events, 0u);
  }
}

TEST(Poll, EndsWhenAnotherThreadSends) {
  Pair pair;
  std::thread other([&] {
    size_t count = 0;
    EXPECT_EQ(rfctls__os_send(pair.client, "x", 1, &count), RFCTLS_OK);
  });
  EXPECT_EQ(poll_one(pair.server, RFCTLS__POLL_READ), uint32_t{RFCTLS__POLL_READ});
  other.join();
}

TEST(Waker, EndsTheSleepOfAnotherThreadOnceForAnyNumberOfSignals) {
  rfctls__waker *waker = nullptr;
  ASSERT_EQ(rfctls__waker_take(&waker), RFCTLS_OK) << message();
  std::thread other([&] {
    for (int i = 0; i < 3; i++) {
      rfctls__waker_signal(waker);
    }
  });
  EXPECT_EQ(rfctls__wait(RFCTLS__NO_FD, 0, waker, rfctls__deadline_in(10000), 0), RFCTLS_OK);
  other.join();
  (void)rfctls__wait(RFCTLS__NO_FD, 0, waker, rfctls__deadline_in(0), 0);
  EXPECT_EQ(rfctls__wait(RFCTLS__NO_FD, 0, waker, rfctls__deadline_in(30), 0), RFCTLS_E_TIMEOUT);
  rfctls__waker_give(waker);
}

TEST(Waker, NeverLosesASignalOfTwoThatTakeTurns) {
  constexpr int kRounds = 500;
  rfctls__waker *wakers[2] = {};
  std::atomic<int> turn{0}, timeouts{0};
  for (auto &waker : wakers) {
    ASSERT_EQ(rfctls__waker_take(&waker), RFCTLS_OK);
  }
  auto play = [&](int me) {
    while (turn < kRounds && timeouts == 0) {
      if (turn % 2 == me) {
        turn++;
        rfctls__waker_signal(wakers[1 - me]);
      } else {
        timeouts +=
            rfctls__wait(RFCTLS__NO_FD, 0, wakers[me], rfctls__deadline_in(10000), 0) != RFCTLS_OK;
      }
    }
    rfctls__waker_signal(wakers[1 - me]);
  };
  std::thread other(play, 1);
  play(0);
  other.join();
  EXPECT_EQ(timeouts, 0);
  EXPECT_GE(turn, kRounds);
  for (auto *waker : wakers) {
    rfctls__waker_give(waker);
  }
}

TEST(Close, ClosesTheSocket) {
  Pair pair;
  intptr_t fd = pair.client;
  pair.drop(pair.client);
  EXPECT_FALSE(is_open(fd));
}

}  // namespace
