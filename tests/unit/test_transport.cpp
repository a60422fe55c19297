// The transport below TLS: connecting, listening, adopting, moving bytes, and who is at the ends.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "net/address.h"
#include "net/open.h"
#include "net/transport_os.h"
#include "net/wait.h"
#include "support/handles.hpp"
#include "support/memory.hpp"

namespace {

using rfctls_test::Address;
using rfctls_test::Addresses;
using rfctls_test::out;
using rfctls_test::Raw;

std::string message() {
  return rfctls_error_message();
}

Addresses resolve(const char *node, int port, rfctls_family family = RFCTLS_FAMILY_ANY,
                  int passive = 0) {
  Addresses addresses;
  EXPECT_EQ(
      rfctls_addresses_resolve(node, std::to_string(port).c_str(), family, passive, out(addresses)),
      RFCTLS_OK)
      << message();
  return addresses;
}

rfctls_address *first(const Addresses &addresses) {
  return rfctls_addresses_at(addresses.get(), 0);
}

Raw listen_on(const char *node, int port = 0) {
  Raw raw;
  EXPECT_EQ(rfctls_raw_listen(first(resolve(node, port)), 0, out(raw)), RFCTLS_OK) << message();
  return raw;
}

Address local_of(const Raw &raw) {
  Address address;
  EXPECT_EQ(rfctls_raw_local_address(raw.get(), out(address)), RFCTLS_OK) << message();
  return address;
}

Address peer_of(const Raw &raw) {
  Address address;
  EXPECT_EQ(rfctls_raw_peer_address(raw.get(), out(address)), RFCTLS_OK) << message();
  return address;
}

int port_of(const Raw &raw) {
  return rfctls_address_port(local_of(raw).get());
}

rfctls_status try_to_connect(const char *node, int port, int64_t timeout_ms, Raw &raw,
                             int blocking = 1) {
  return rfctls_raw_connect(node, std::to_string(port).c_str(), RFCTLS_FAMILY_ANY, blocking,
                            timeout_ms, out(raw));
}

Raw connect_to(const char *node, int port) {
  Raw raw;
  EXPECT_EQ(try_to_connect(node, port, 10000, raw), RFCTLS_OK) << message();
  return raw;
}

// To ::1 and 127.0.0.1, the former first.
Raw begin_to_connect_here(int port) {
  Raw raw;
  rfctls__enter("test");
  EXPECT_EQ(rfctls__raw_connect(nullptr, std::to_string(port).c_str(), RFCTLS_FAMILY_ANY, 10000,
                                out(raw)),
            RFCTLS_OK)
      << message();
  return raw;
}

void wait_for(const Raw &raw, uint32_t events) {
  ASSERT_EQ(rfctls__wait(rfctls_raw_fd(raw.get()), events, nullptr, rfctls__deadline_in(10000), 0),
            RFCTLS_OK);
}

Raw accept_from(const Raw &listener) {
  Raw raw;
  wait_for(listener, RFCTLS__POLL_READ);
  EXPECT_EQ(rfctls__raw_try_accept(listener.get(), out(raw)), RFCTLS_OK) << message();
  return raw;
}

// A port on which nobody listens: it is bound all the while.
struct DeadPort {
  DeadPort() : fd(socket(AF_INET, SOCK_STREAM, 0)) {
    struct sockaddr_in address = {};
    socklen_t size = sizeof address;
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd, reinterpret_cast<struct sockaddr *>(&address), size), 0);
    EXPECT_EQ(getsockname(fd, reinterpret_cast<struct sockaddr *>(&address), &size), 0);
    port = ntohs(address.sin_port);
  }
  ~DeadPort() {
    close(fd);
  }
  int fd, port;
};

bool has_ipv6() {  // on the loopback interface
  Raw raw;
  return rfctls_raw_listen(first(resolve("::1", 0)), 0, out(raw)) == RFCTLS_OK;
}

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  getsockopt(fd, level, name, &value, &size);
  return value;
}

int fd_of(const Raw &raw) {
  return static_cast<int>(rfctls_raw_fd(raw.get()));
}

bool is_open(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}

std::string receive(const Raw &raw, size_t size) {
  std::string all;
  while (all.size() < size) {
    char buffer[65536];
    size_t received = 0;
    rfctls_status status = rfctls__raw_try_recv(raw.get(), buffer, sizeof buffer, 0, &received);
    if (status == RFCTLS_WANT_READ) {
      wait_for(raw, RFCTLS__POLL_READ);
    } else if (status != RFCTLS_OK || received == 0) {
      break;
    }
    all.append(buffer, received);
  }
  return all;
}

struct Pair {
  explicit Pair(const char *node = "127.0.0.1")
      : listener(listen_on(node)),
        client(connect_to(node, port_of(listener))),
        server(accept_from(listener)) {}
  Raw listener, client, server;
};

/* ---- making ---- */

TEST(Connect, MovesBytesBothWays) {
  Pair pair;
  size_t sent = 0;
  ASSERT_EQ(rfctls__raw_try_send(pair.client.get(), "there", 5, &sent), RFCTLS_OK);
  EXPECT_EQ(sent, 5u);
  EXPECT_EQ(receive(pair.server, 5), "there");
  ASSERT_EQ(rfctls__raw_try_send(pair.server.get(), "back", 4, &sent), RFCTLS_OK);
  EXPECT_EQ(receive(pair.client, 4), "back");
}

TEST(Connect, MakesDescriptorsThatChildrenDoNotGetAndThatDoNotDelayOrBlock) {
  Pair pair;
  for (const Raw *raw : {&pair.listener, &pair.client, &pair.server}) {
    EXPECT_NE(fcntl(fd_of(*raw), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_NE(fcntl(fd_of(*raw), F_GETFL) & O_NONBLOCK, 0);
  }
  EXPECT_NE(option(fd_of(pair.client), IPPROTO_TCP, TCP_NODELAY), 0);
  EXPECT_NE(option(fd_of(pair.server), IPPROTO_TCP, TCP_NODELAY), 0);
}

TEST(Connect, NamesWhoRefused) {
  DeadPort dead;
  Raw raw;
  EXPECT_EQ(try_to_connect("127.0.0.1", dead.port, 10000, raw), RFCTLS_E_CONNECT);
  EXPECT_EQ(raw, nullptr);
  EXPECT_EQ(rfctls_error_system_code(), ECONNREFUSED);
  EXPECT_EQ(message(), "cannot connect to 127.0.0.1 port " + std::to_string(dead.port) +
                           ": Connection refused");
  EXPECT_STREQ(rfctls_error_origin(), "rfctls_raw_connect");
}

TEST(Connect, EndsAtItsTimerAndNotBefore) {
  Raw listener;
  std::vector<Raw> waiting;
  ASSERT_EQ(rfctls_raw_listen(first(resolve("127.0.0.1", 0)), 1, out(listener)), RFCTLS_OK);
  int port = port_of(listener);
  rfctls_status status = RFCTLS_OK;
  rfctls__deadline deadline = 0;
  while (status == RFCTLS_OK && waiting.size() < 100) {  // until the queue of the listener is full
    waiting.emplace_back();
    deadline = rfctls__deadline_in(100);
    status = try_to_connect("127.0.0.1", port, 100, waiting.back());
  }
  EXPECT_EQ(status, RFCTLS_E_TIMEOUT);
  EXPECT_GE(rfctls__now(), deadline);
  EXPECT_EQ(message(),
            "127.0.0.1 port " + std::to_string(port) + " did not accept the connection in time");
}

TEST(Connect, WithoutMemoryLeavesNothingBehind) {
  Raw listener = listen_on("127.0.0.1");
  int port = port_of(listener);
  rfctls_test::for_each_failing_allocation([&] {
    Raw raw;
    rfctls_status status = try_to_connect("127.0.0.1", port, 10000, raw);
    EXPECT_EQ(status == RFCTLS_OK, raw != nullptr);
    return status;
  });
}

TEST(Connect, TriesEveryAddressInTurn) {
  Raw listener = listen_on("127.0.0.1");
  Addresses both = resolve(nullptr, port_of(listener));  // ::1 is the first; nobody listens there
  ASSERT_GT(rfctls_addresses_count(both.get()), 1u);
  ASSERT_EQ(rfctls_address_family(first(both)), RFCTLS_FAMILY_IPV6);
  Raw raw = begin_to_connect_here(port_of(listener));
  ASSERT_EQ(rfctls_raw_finish_connect(raw.get()), RFCTLS_OK);
  EXPECT_EQ(rfctls_error_status(), RFCTLS_OK) << "the first failure is overcome";
  EXPECT_STREQ(rfctls_address_ip(peer_of(raw).get()), "127.0.0.1");
}

TEST(Connect, SaysTheLastRefusalAgain) {
  DeadPort dead;
  Raw raw = begin_to_connect_here(dead.port);
  for (int i = 0; i < 2; i++) {
    EXPECT_EQ(rfctls_raw_finish_connect(raw.get()), RFCTLS_E_CONNECT);
    EXPECT_EQ(rfctls_raw_fd(raw.get()), RFCTLS__NO_FD);
    EXPECT_EQ(message(), "cannot connect to 127.0.0.1 port " + std::to_string(dead.port) +
                             ": Connection refused");
  }
}

// A listener whose queue is full: the system drops what asks to connect, as a dead host would.
class BlackHole {
 public:
  int port = 0;

  explicit BlackHole(const char *ip) {
    EXPECT_EQ(rfctls_raw_listen(first(resolve(ip, 0)), 1, out(listener_)), RFCTLS_OK) << message();
    port = port_of(listener_);
    rfctls_status status = RFCTLS_OK;
    for (int i = 0; i < 64 && status == RFCTLS_OK; i++) {
      Raw filler;
      status = try_to_connect(ip, port, 200, filler);
      fillers_.push_back(std::move(filler));
    }
    EXPECT_EQ(status, RFCTLS_E_TIMEOUT) << "it still answers";
  }

 private:
  Raw listener_;
  std::vector<Raw> fillers_;
};

TEST(Connect, GoesOnBesideADeadAddressAfter250Milliseconds) {
  if (!has_ipv6()) {
    GTEST_SKIP() << "no IPv6 on the loopback interface";
  }
  BlackHole dead("::1");
  Raw listener = listen_on("127.0.0.1", dead.port);
  ASSERT_EQ(rfctls_address_family(first(resolve(nullptr, dead.port))), RFCTLS_FAMILY_IPV6);
  const int64_t begin = rfctls__now();
  Raw raw = begin_to_connect_here(dead.port);
  ASSERT_EQ(rfctls_raw_finish_connect(raw.get()), RFCTLS_OK);
  const int64_t took = rfctls__now() - begin;
  EXPECT_STREQ(rfctls_address_ip(peer_of(raw).get()), "127.0.0.1");
  EXPECT_GE(took, 250 * int64_t{1000000});
  EXPECT_LT(took, 900 * int64_t{1000000}) << "the system itself would ask again after a second";
}

TEST(Connect, WithoutBlockingIsDrivenByTheVerbs) {
  BlackHole dead("127.0.0.1");
  Raw raw;
  char byte;
  size_t count;
  Address address;
  ASSERT_EQ(try_to_connect("127.0.0.1", dead.port, 10000, raw, 0), RFCTLS_OK);
  EXPECT_EQ(rfctls_raw_finish_connect(raw.get()), RFCTLS_WANT_WRITE);
  EXPECT_EQ(rfctls_raw_send(raw.get(), 0, "x", 1, &count), RFCTLS_WANT_WRITE);
  EXPECT_EQ(rfctls_raw_recv(raw.get(), 0, &byte, 1, &count), RFCTLS_WANT_WRITE);
  EXPECT_EQ(rfctls_raw_shutdown(raw.get(), RFCTLS_SHUT_WRITE), RFCTLS_E_STATE);
  EXPECT_EQ(rfctls_raw_peer_address(raw.get(), out(address)), RFCTLS_E_STATE);
  EXPECT_EQ(message(), "the transport is not connected yet");
  EXPECT_GT(rfctls_raw_wait_timeout(raw.get()), 0);
  Raw listener = listen_on("127.0.0.1"), other;
  ASSERT_EQ(try_to_connect("127.0.0.1", port_of(listener), 10000, other, 0), RFCTLS_OK);
  rfctls_raw_set_blocking(other.get(), 1);
  EXPECT_EQ(rfctls_raw_send(other.get(), 0, "x", 1, &count), RFCTLS_OK);
  EXPECT_EQ(rfctls_raw_wait_timeout(other.get()), -1);
  EXPECT_EQ(receive(accept_from(listener), 1), "x");
}

TEST(Connect, EndsAtItsTimerWhateverVerbDrivesIt) {
  BlackHole dead("127.0.0.1");
  Raw raw;
  char byte;
  size_t count;
  const rfctls__deadline deadline = rfctls__deadline_in(200);
  ASSERT_EQ(try_to_connect("127.0.0.1", dead.port, 200, raw, 0), RFCTLS_OK);
  rfctls_raw_set_blocking(raw.get(), 1);
  EXPECT_EQ(rfctls_raw_recv(raw.get(), 0, &byte, 1, &count), RFCTLS_E_TIMEOUT);
  EXPECT_NE(message().find("did not accept the connection in time"), std::string::npos);
  EXPECT_GE(rfctls__now(), deadline);
  EXPECT_EQ(rfctls_raw_finish_connect(raw.get()), RFCTLS_E_TIMEOUT) << "the timer begins anew";
  EXPECT_GE(rfctls__now(), deadline + 200 * int64_t{1000000});
}

TEST(Connect, EndsWhenAnotherThreadCloses) {
  BlackHole dead("127.0.0.1");
  Raw raw;
  ASSERT_EQ(try_to_connect("127.0.0.1", dead.port, -1, raw, 0), RFCTLS_OK);
  rfctls_raw_set_blocking(raw.get(), 1);
  std::thread closer([&] { EXPECT_EQ(rfctls_raw_close(raw.get()), RFCTLS_OK); });
  EXPECT_EQ(rfctls_raw_finish_connect(raw.get()), RFCTLS_E_CLOSED);
  closer.join();
}

TEST(Connect, GivenUpClosesWhatStillConnects) {
  BlackHole dead("127.0.0.1");
  Raw raw;
  ASSERT_EQ(try_to_connect("127.0.0.1", dead.port, -1, raw, 0), RFCTLS_OK);
  int fd = fd_of(raw);
  EXPECT_TRUE(is_open(fd));
  raw.reset();
  EXPECT_FALSE(is_open(fd));
}

TEST(Listen, NamesThePortThatIsTaken) {
  Raw listener = listen_on("127.0.0.1"), second;
  int port = port_of(listener);
  EXPECT_EQ(rfctls_raw_listen(first(resolve("127.0.0.1", port)), 0, out(second)), RFCTLS_E_SYSTEM);
  EXPECT_EQ(rfctls_error_system_code(), EADDRINUSE);
  EXPECT_EQ(message(),
            "cannot listen on 127.0.0.1 port " + std::to_string(port) + ": Address already in use");
}

TEST(Listen, TakesItsPortAgainRightAfterAConnection) {
  int port = 0;
  {
    Pair pair;
    port = port_of(pair.listener);
    rfctls__raw_finish(pair.server.get());  // the server's end is the one that lingers
    EXPECT_EQ(receive(pair.client, 1), "");
    rfctls__raw_finish(pair.client.get());
    EXPECT_EQ(receive(pair.server, 1), "");
  }
  listen_on("127.0.0.1", port);
}

TEST(Listen, OnAllAddressesTakesBothFamilies) {
  Addresses all = resolve(nullptr, 0, RFCTLS_FAMILY_ANY, 1);
  Raw listener;
  rfctls__enter("test");
  ASSERT_EQ(rfctls__raw_listen_any(all.get(), 1, out(listener)), RFCTLS_OK) << message();
  EXPECT_EQ(rfctls_error_status(), RFCTLS_OK);
  Raw four = connect_to("127.0.0.1", port_of(listener));
  accept_from(listener);
  if (!has_ipv6()) {
    GTEST_SKIP() << "no IPv6 here";
  }
  EXPECT_EQ(rfctls_address_family(local_of(listener).get()), RFCTLS_FAMILY_IPV6);
  Raw six = connect_to("::1", port_of(listener));
  accept_from(listener);
}

TEST(Listen, OnTheIpv6WildcardAloneLeavesIpv4) {
  if (!has_ipv6()) {
    GTEST_SKIP() << "no IPv6 here";
  }
  Raw six = listen_on("::"), four;
  Addresses addresses = resolve("0.0.0.0", port_of(six));
  EXPECT_EQ(rfctls_raw_listen(first(addresses), 0, out(four)), RFCTLS_OK) << message();
}

TEST(Listen, GoesOnToTheNextAddress) {
  if (!has_ipv6()) {
    GTEST_SKIP() << "no IPv6 here";
  }
  Raw taken = listen_on("::1"), listener;
  Addresses both = resolve(nullptr, port_of(taken));
  rfctls__enter("test");
  ASSERT_EQ(rfctls__raw_listen_any(both.get(), 0, out(listener)), RFCTLS_OK) << message();
  EXPECT_EQ(rfctls_error_status(), RFCTLS_OK) << "the first failure is overcome";
  EXPECT_STREQ(rfctls_address_ip(local_of(listener).get()), "127.0.0.1");
}

TEST(Accept, DoesNotWait) {
  Raw listener = listen_on("127.0.0.1"), raw;
  EXPECT_EQ(rfctls__raw_try_accept(listener.get(), out(raw)), RFCTLS_WANT_READ);
  EXPECT_EQ(raw, nullptr);
}

TEST(Accept, DoesNotWaitOnABorrowedListenerThatBlocks) {
  Raw listener = listen_on("127.0.0.1"), borrowed, raw;
  int fd = fd_of(listener);
  ASSERT_EQ(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK), 0);
  ASSERT_EQ(rfctls_raw_adopt(fd, 0, out(borrowed)), RFCTLS_OK);
  EXPECT_TRUE(rfctls__raw_is_listener(borrowed.get()));
  alarm(10);
  EXPECT_EQ(rfctls__raw_try_accept(borrowed.get(), out(raw)), RFCTLS_WANT_READ);
  alarm(0);
  Raw client = connect_to("127.0.0.1", port_of(listener));
  EXPECT_NE(accept_from(borrowed), nullptr);
}

TEST(Accept, OfAConnectionThatBrokeIsAResetNotAFailureOfTheListener) {
  Raw listener = listen_on("127.0.0.1");
  Raw client = connect_to("127.0.0.1", port_of(listener));
  struct linger reset = {1, 0};
  setsockopt(fd_of(client), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  client.reset();
  Raw server = accept_from(listener);
  char byte;
  size_t received = 0;
  ASSERT_NE(server, nullptr);
  wait_for(server, RFCTLS__POLL_READ);
  EXPECT_EQ(rfctls__raw_try_recv(server.get(), &byte, 1, 0, &received), RFCTLS_E_RESET);
  EXPECT_EQ(rfctls_error_system_code(), ECONNRESET);
}

TEST(Accept, WithoutMemoryClosesTheConnection) {
  Raw listener = listen_on("127.0.0.1");
  Raw client = connect_to("127.0.0.1", port_of(listener)), server;
  wait_for(listener, RFCTLS__POLL_READ);
  rfctls_test::allocations_left = 0;
  rfctls__set_alloc_hook(rfctls_test::fail_when_none_is_left);
  EXPECT_EQ(rfctls__raw_try_accept(listener.get(), out(server)), RFCTLS_E_MEMORY);
  rfctls__set_alloc_hook(nullptr);
  EXPECT_EQ(receive(client, 1), "") << "the client waits for nobody";
}

/* ---- adopting ---- */

TEST(Adopt, LeavesABorrowedDescriptorAsItIs) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  int flags = fcntl(pair[0], F_GETFL);
  Raw raw;
  ASSERT_EQ(rfctls_raw_adopt(pair[0], 0, out(raw)), RFCTLS_OK);
  EXPECT_FALSE(rfctls__raw_is_owned(raw.get()));
  EXPECT_FALSE(rfctls__raw_is_listener(raw.get()));
  char byte;
  size_t count = 0;
  EXPECT_EQ(rfctls__raw_try_recv(raw.get(), &byte, 1, 0, &count), RFCTLS_WANT_READ) << "it blocks";
  EXPECT_EQ(rfctls__raw_try_send(raw.get(), "x", 1, &count), RFCTLS_OK);
  rfctls__raw_finish(raw.get());
  EXPECT_EQ(rfctls__raw_try_send(raw.get(), "y", 1, &count), RFCTLS_OK) << "was finished";
  EXPECT_EQ(fcntl(pair[0], F_GETFL), flags);
  EXPECT_EQ(fcntl(pair[0], F_GETFD), 0);
  raw.reset();
  EXPECT_TRUE(is_open(pair[0]));
  close(pair[0]);
  close(pair[1]);
}

TEST(Adopt, TakesAnOwnedDescriptorOver) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  Raw raw;
  ASSERT_EQ(rfctls_raw_adopt(pair[0], 1, out(raw)), RFCTLS_OK);
  EXPECT_EQ(rfctls_raw_fd(raw.get()), pair[0]);
  EXPECT_NE(fcntl(pair[0], F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(fcntl(pair[0], F_GETFD) & FD_CLOEXEC, 0);
  rfctls_raw *second = rfctls_raw_ref(raw.get());
  raw.reset();
  EXPECT_TRUE(is_open(pair[0]));
  rfctls_raw_unref(second);
  EXPECT_FALSE(is_open(pair[0]));
  close(pair[1]);
}

TEST(Adopt, RefusesWhatIsNotAStreamSocket) {
  int pair[2], datagram = socket(AF_INET, SOCK_DGRAM, 0);
  ASSERT_EQ(pipe(pair), 0);
  Raw raw;
  EXPECT_EQ(rfctls_raw_adopt(pair[0], 1, out(raw)), RFCTLS_E_SYSTEM);
  EXPECT_EQ(rfctls_error_system_code(), ENOTSOCK);
  EXPECT_EQ(rfctls_raw_adopt(datagram, 1, out(raw)), RFCTLS_E_SYSTEM);
  EXPECT_EQ(message(), "descriptor " + std::to_string(datagram) + " is not a stream socket");
  EXPECT_TRUE(is_open(pair[0])) << "it stays the caller's";
  EXPECT_TRUE(is_open(datagram));
  close(datagram);
  EXPECT_EQ(rfctls_raw_adopt(datagram, 1, out(raw)), RFCTLS_E_SYSTEM);
  EXPECT_EQ(rfctls_error_system_code(), EBADF);
  EXPECT_EQ(rfctls_raw_adopt(-1, 1, out(raw)), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_adopt(INTPTR_MAX, 1, out(raw)), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(raw, nullptr);
  close(pair[0]);
  close(pair[1]);
}

/* ---- moving bytes ---- */

TEST(Transfer, WantsWhenNothingCanBeDone) {
  Pair pair;
  std::string much(1 << 20, 'x');
  size_t count = 9, total = 0;
  char byte;
  EXPECT_EQ(rfctls__raw_try_recv(pair.client.get(), &byte, 1, 0, &count), RFCTLS_WANT_READ);
  EXPECT_EQ(count, 0u);
  rfctls_status status;
  while ((status = rfctls__raw_try_send(pair.client.get(), much.data(), much.size(), &count)) ==
         RFCTLS_OK) {
    total += count;
  }
  EXPECT_EQ(status, RFCTLS_WANT_WRITE);
  EXPECT_EQ(count, 0u);
  EXPECT_GT(rfctls__raw_unacknowledged(pair.client.get()), 0);
  EXPECT_EQ(receive(pair.server, total).size(), total);
}

TEST(Transfer, EndsPolitely) {
  Pair pair;
  char byte;
  size_t count = 9;
  ASSERT_EQ(rfctls__raw_try_send(pair.client.get(), "last", 4, &count), RFCTLS_OK);
  rfctls__raw_finish(pair.client.get());
  EXPECT_EQ(receive(pair.server, 5), "last");
  EXPECT_EQ(rfctls__raw_try_recv(pair.server.get(), &byte, 1, 0, &count), RFCTLS_OK);
  EXPECT_EQ(count, 0u);
  /* The peer's system acknowledges on its own; its answer proves that it has. */
  ASSERT_EQ(rfctls__raw_try_send(pair.server.get(), "x", 1, &count), RFCTLS_OK);
  EXPECT_EQ(receive(pair.client, 1), "x");
  EXPECT_EQ(rfctls__raw_unacknowledged(pair.client.get()), 0);
}

TEST(Transfer, AfterThePeerIsGoneIsAReset) {
  Pair pair;
  size_t count = 0;
  ASSERT_EQ(rfctls__raw_try_send(pair.client.get(), "unread", 6, &count), RFCTLS_OK);
  wait_for(pair.server, RFCTLS__POLL_READ);
  pair.server.reset();  // unread bytes: the system resets
  rfctls_status status = RFCTLS_OK;
  wait_for(pair.client, RFCTLS__POLL_READ);
  for (int i = 0; i < 3; i++) {  // the first finds ECONNRESET, the next EPIPE; no signal
    status = rfctls__raw_try_send(pair.client.get(), "x", 1, &count);
    EXPECT_EQ(status, RFCTLS_E_RESET) << message();
    EXPECT_EQ(count, 0u);
  }
  EXPECT_EQ(rfctls_error_system_code(), EPIPE);
}

TEST(Transfer, CannotTellTheAcknowledgedOfAListener) {
  Raw listener = listen_on("127.0.0.1");
  EXPECT_EQ(rfctls__raw_unacknowledged(listener.get()), -1);
}

/* ---- telling ---- */

TEST(Ends, AreToldFromBothSidesAndAfterClose) {
  for (const char *node : {"127.0.0.1", "::1"}) {
    if (node[0] == ':' && !has_ipv6()) {
      continue;
    }
    Pair pair(node);
    int port = port_of(pair.listener), clients = port_of(pair.client);
    for (int closed = 0; closed < 2; closed++) {
      SCOPED_TRACE(closed);
      EXPECT_EQ(rfctls_address_port(peer_of(pair.client).get()), port);
      EXPECT_EQ(rfctls_address_port(local_of(pair.client).get()), clients);
      EXPECT_EQ(rfctls_address_port(local_of(pair.server).get()), port);
      EXPECT_EQ(rfctls_address_port(peer_of(pair.server).get()), clients);
      EXPECT_STREQ(rfctls_address_ip(peer_of(pair.server).get()), node);
      EXPECT_EQ(port_of(pair.listener), port);
      for (Raw *raw : {&pair.client, &pair.server, &pair.listener}) {
        rfctls__raw_close(raw->get());
        EXPECT_EQ(rfctls_raw_fd(raw->get()), -1);
      }
    }
  }
}

TEST(Ends, KeepTheHostThatWasConnectedTo) {
  Raw listener = listen_on("127.0.0.1"), client = connect_to("localhost", port_of(listener));
  EXPECT_STREQ(rfctls_address_host(peer_of(client).get()), "localhost");
  EXPECT_STREQ(rfctls_address_host(local_of(client).get()), "127.0.0.1");
}

TEST(Ends, OfAListenerAreOne) {
  Raw listener = listen_on("127.0.0.1");
  Address address;
  EXPECT_EQ(rfctls_raw_peer_address(listener.get(), out(address)), RFCTLS_E_STATE);
  EXPECT_EQ(message(), "a listener has no peer");
  EXPECT_STREQ(rfctls_error_origin(), "rfctls_raw_peer_address");
}

TEST(Ends, ThatWereNeverKnownAreSaidToBe) {
  Raw raw;
  Address address;
  ASSERT_EQ(rfctls_raw_adopt(socket(AF_INET, SOCK_STREAM, 0), 1, out(raw)), RFCTLS_OK);
  EXPECT_EQ(rfctls_error_status(), RFCTLS_OK);
  EXPECT_EQ(rfctls_raw_peer_address(raw.get(), out(address)), RFCTLS_E_SYSTEM);
  EXPECT_EQ(rfctls_error_system_code(), ENOTCONN);
  rfctls__raw_close(raw.get());
  EXPECT_EQ(rfctls_raw_peer_address(raw.get(), out(address)), RFCTLS_E_CLOSED);
  EXPECT_EQ(rfctls_raw_local_address(raw.get(), out(address)), RFCTLS_E_CLOSED);
}

TEST(Ends, AreAskedForAgainWhenItConnectsLater) {
  Raw listener = listen_on("127.0.0.1"), raw;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(rfctls_raw_adopt(fd, 1, out(raw)), RFCTLS_OK);
  Addresses addresses = resolve("127.0.0.1", port_of(listener));
  const rfctls__endpoint *to = rfctls__address_endpoint(first(addresses));
  (void)connect(fd, reinterpret_cast<const struct sockaddr *>(&to->storage),
                static_cast<socklen_t>(to->size));
  wait_for(raw, RFCTLS__POLL_WRITE);
  EXPECT_EQ(rfctls_address_port(peer_of(raw).get()), port_of(listener));
  EXPECT_NE(port_of(raw), 0);
}

TEST(Ends, ThatAreNotOfIpAreEmpty) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  Raw one, other;
  ASSERT_EQ(rfctls_raw_adopt(pair[0], 1, out(one)), RFCTLS_OK);
  ASSERT_EQ(rfctls_raw_adopt(pair[1], 1, out(other)), RFCTLS_OK);
  EXPECT_STREQ(rfctls_address_ip(peer_of(one).get()), "");
  EXPECT_STREQ(rfctls_address_host(local_of(one).get()), "");
  EXPECT_EQ(rfctls_address_port(local_of(one).get()), 0);
  EXPECT_EQ(rfctls_address_family(peer_of(one).get()), RFCTLS_FAMILY_ANY);
}

TEST(Raw, ClosesOnceThoughItsNumberIsUsedAgain) {
  Raw raw = listen_on("127.0.0.1");
  int fd = fd_of(raw);
  rfctls__raw_close(raw.get());
  EXPECT_FALSE(is_open(fd));
  ASSERT_EQ(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, fd), fd);
  rfctls__raw_close(raw.get());
  raw.reset();
  EXPECT_TRUE(is_open(fd));
  close(fd);
}

TEST(Raw, TellsItsDescriptorWhileAnotherThreadCloses) {
  Raw raw = listen_on("127.0.0.1");
  intptr_t fd = rfctls_raw_fd(raw.get());
  std::thread closer([&] { rfctls__raw_close(raw.get()); });
  intptr_t seen;
  while ((seen = rfctls_raw_fd(raw.get())) != -1) {
    ASSERT_EQ(seen, fd);
  }
  closer.join();
}

TEST(Raw, ThatIsNoneIsRefused) {
  Raw raw;
  Address address;
  Addresses addresses = resolve("127.0.0.1", 0);
  EXPECT_EQ(rfctls_raw_ref(nullptr), nullptr);
  rfctls_raw_unref(nullptr);
  EXPECT_EQ(rfctls_raw_fd(nullptr), -1);
  EXPECT_EQ(try_to_connect(nullptr, 1, 0, raw), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(try_to_connect("127.0.0.1", 1, -2, raw), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_connect("127.0.0.1", nullptr, RFCTLS_FAMILY_ANY, 1, 0, out(raw)),
            RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_connect("127.0.0.1", "1", RFCTLS_FAMILY_ANY, 1, 0, nullptr),
            RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_finish_connect(nullptr), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_wait_timeout(nullptr), -1);
  EXPECT_EQ(rfctls_raw_listen(nullptr, 0, out(raw)), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_listen(first(addresses), -1, out(raw)), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(message(), "backlog -1 is negative");
  EXPECT_EQ(rfctls_raw_adopt(0, 0, nullptr), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_local_address(nullptr, out(address)), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_peer_address(nullptr, out(address)), RFCTLS_E_ARGUMENT);
}

}  // namespace
