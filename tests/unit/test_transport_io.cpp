// The verbs of plain sockets: do they wait as long as they may, lose nothing, and keep away from a
// transport that TLS speaks on?
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <thread>

#include "base/deadline.h"
#include "support/pair.hpp"

namespace {

using rfctls_test::Address;
using rfctls_test::Addresses;
using rfctls_test::out;
using rfctls_test::Raw;
using rfctls_test::require;

std::string message() {
  return rfctls_error_message();
}

Addresses resolve(const std::string &port) {
  Addresses addresses;
  require(rfctls_addresses_resolve("127.0.0.1", port.c_str(), RFCTLS_FAMILY_ANY, 0, out(addresses)),
          "resolve");
  return addresses;
}

struct Plain {
  Plain() {
    Address address;
    require(rfctls_raw_listen(rfctls_addresses_at(resolve("0").get(), 0), 0, out(listener)),
            "listen");
    require(rfctls_raw_local_address(listener.get(), out(address)), "address");
    port = std::to_string(rfctls_address_port(address.get()));
    client = connect();
    require(rfctls_raw_accept(listener.get(), out(server)), "accept");
  }

  Raw connect() const {
    Raw raw;
    require(rfctls_raw_connect("127.0.0.1", port.c_str(), RFCTLS_FAMILY_ANY, 1, 10000, out(raw)),
            "connect");
    return raw;
  }

  std::string port;
  Raw listener, client, server;
};

rfctls_status send_all(const Raw &raw, const std::string &text) {
  size_t sent = 0;
  rfctls_status status = rfctls_raw_send(raw.get(), 0, text.data(), text.size(), &sent);
  EXPECT_EQ(sent, status == RFCTLS_OK ? text.size() : sent);
  return status;
}

// What one call gives; *status may be NULL where it has to be RFCTLS_OK.
std::string receive(const Raw &raw, size_t most, uint32_t flags = 0,
                    rfctls_status *status = nullptr) {
  std::string text(most, '\0');
  size_t received = 0;
  rfctls_status ended = rfctls_raw_recv(raw.get(), flags, text.data(), most, &received);
  if (status != nullptr) {
    *status = ended;
  } else {
    EXPECT_EQ(ended, RFCTLS_OK) << message();
  }
  return text.substr(0, received);
}

// Until another thread has received what lies there.
void wait_until_taken(const Raw &raw) {
  rfctls_status status;
  while (!receive(raw, 1, RFCTLS_PEEK | RFCTLS_DONTWAIT, &status).empty()) {
    std::this_thread::yield();
  }
}

void reset_by(Raw &raw) {
  struct linger abort = {1, 0};
  setsockopt(static_cast<int>(rfctls_raw_fd(raw.get())), SOL_SOCKET, SO_LINGER, &abort,
             sizeof abort);
  raw.reset();
}

void await(const Raw &raw) {
  rfctls_test::Pollset set;
  size_t index, ready = 0;
  require(rfctls_pollset_new(out(set)), "pollset");
  require(rfctls_pollset_add_raw(set.get(), raw.get(), RFCTLS_EVENT_READ, &index), "add");
  require(rfctls_pollset_wait(set.get(), 10000, &ready), "wait");
  EXPECT_EQ(ready, 1u);
}

bool is_open(intptr_t fd) {
  return fcntl(static_cast<int>(fd), F_GETFD) >= 0;
}

/* ---- accept ---- */

TEST(Accept, EndsAtItsTimerAndNotBefore) {
  Plain plain;
  Raw raw;
  ASSERT_EQ(rfctls_raw_set_timeout(plain.listener.get(), RFCTLS_TIMER_ACCEPT, 50), RFCTLS_OK);
  rfctls__deadline deadline = rfctls__deadline_in(50);
  EXPECT_EQ(rfctls_raw_accept(plain.listener.get(), out(raw)), RFCTLS_E_TIMEOUT);
  EXPECT_GE(rfctls__now(), deadline);
  EXPECT_STREQ(rfctls_error_origin(), "rfctls_raw_accept");
  EXPECT_EQ(raw, nullptr);
  Raw client = plain.connect();
  EXPECT_EQ(rfctls_raw_accept(plain.listener.get(), out(raw)), RFCTLS_OK) << "the listener lives";
}

TEST(Accept, HandsOnWhetherItBlocksAndItsTimers) {
  Plain plain;
  Raw raw;
  rfctls_status status = RFCTLS_OK;
  ASSERT_EQ(rfctls_raw_set_timeout(plain.listener.get(), RFCTLS_TIMER_READ, 20), RFCTLS_OK);
  Raw first = plain.connect();
  ASSERT_EQ(rfctls_raw_accept(plain.listener.get(), out(raw)), RFCTLS_OK);
  receive(raw, 1, 0, &status);
  EXPECT_EQ(status, RFCTLS_E_TIMEOUT);
  ASSERT_EQ(rfctls_raw_set_blocking(plain.listener.get(), 0), RFCTLS_OK);
  EXPECT_EQ(rfctls_raw_accept(plain.listener.get(), out(raw)), RFCTLS_WANT_READ);
  Raw second = plain.connect();
  await(plain.listener);
  ASSERT_EQ(rfctls_raw_accept(plain.listener.get(), out(raw)), RFCTLS_OK);
  receive(raw, 1, 0, &status);
  EXPECT_EQ(status, RFCTLS_WANT_READ);
}

TEST(Accept, IsForListenersAndTalkingIsNot) {
  Plain plain;
  Raw raw;
  size_t count = 0;
  char byte = 0;
  EXPECT_EQ(rfctls_raw_accept(plain.client.get(), out(raw)), RFCTLS_E_STATE);
  EXPECT_EQ(rfctls_raw_send(plain.listener.get(), 0, &byte, 1, &count), RFCTLS_E_STATE);
  EXPECT_EQ(rfctls_raw_recv(plain.listener.get(), 0, &byte, 1, &count), RFCTLS_E_STATE);
}

TEST(Accept, EndsWhenTheListenerIsShutDown) {
  Plain plain;
  Raw raw;
  rfctls_status waiting = RFCTLS_OK;
  ASSERT_EQ(rfctls_raw_shutdown(plain.listener.get(), RFCTLS_SHUT_WRITE), RFCTLS_OK);
  Raw client = plain.connect();
  ASSERT_EQ(rfctls_raw_accept(plain.listener.get(), out(raw)), RFCTLS_OK) << "nothing was changed";
  std::thread waiter([&] {
    Raw other;
    waiting = rfctls_raw_accept(plain.listener.get(), out(other));
  });
  EXPECT_EQ(rfctls_raw_shutdown(plain.listener.get(), RFCTLS_SHUT_BOTH), RFCTLS_OK);
  waiter.join();
  EXPECT_EQ(waiting, RFCTLS_E_CLOSED);
  EXPECT_EQ(rfctls_raw_accept(plain.listener.get(), out(raw)), RFCTLS_E_CLOSED);
  EXPECT_EQ(message(), "the listener was shut down");
  EXPECT_EQ(rfctls_raw_shutdown(plain.listener.get(), RFCTLS_SHUT_BOTH), RFCTLS_OK);
  EXPECT_EQ(rfctls_raw_close(plain.listener.get()), RFCTLS_OK);
  EXPECT_EQ(rfctls_raw_shutdown(plain.listener.get(), RFCTLS_SHUT_BOTH), RFCTLS_E_CLOSED);
}

/* ---- recv ---- */

TEST(Recv, GivesWhatIsThereAndTheEnd) {
  Plain plain;
  ASSERT_EQ(send_all(plain.client, "there"), RFCTLS_OK);
  EXPECT_EQ(receive(plain.server, 100), "there");
  ASSERT_EQ(rfctls_raw_shutdown(plain.client.get(), RFCTLS_SHUT_WRITE), RFCTLS_OK);
  EXPECT_EQ(receive(plain.server, 100), "");
  ASSERT_EQ(send_all(plain.server, "back"), RFCTLS_OK) << "the other direction lives";
  EXPECT_EQ(receive(plain.client, 100), "back");
}

TEST(Recv, EndsAtItsTimerAndNotBefore) {
  Plain plain;
  rfctls_status status = RFCTLS_OK;
  ASSERT_EQ(rfctls_raw_set_timeout(plain.client.get(), RFCTLS_TIMER_READ, 50), RFCTLS_OK);
  rfctls__deadline deadline = rfctls__deadline_in(50);
  EXPECT_EQ(receive(plain.client, 1, 0, &status), "");
  EXPECT_EQ(status, RFCTLS_E_TIMEOUT);
  EXPECT_GE(rfctls__now(), deadline);
  ASSERT_EQ(rfctls_raw_set_timeout(plain.client.get(), RFCTLS_TIMER_READ, 0), RFCTLS_OK);
  receive(plain.client, 1, 0, &status);
  EXPECT_EQ(status, RFCTLS_E_TIMEOUT) << "0 polls";
}

TEST(Recv, WithDontwaitWantsThoughItBlocks) {
  Plain plain;
  rfctls_status status = RFCTLS_OK;
  receive(plain.client, 1, RFCTLS_DONTWAIT, &status);
  EXPECT_EQ(status, RFCTLS_WANT_READ);
}

TEST(Recv, WithPeekLeavesTheBytes) {
  Plain plain;
  ASSERT_EQ(send_all(plain.client, "look"), RFCTLS_OK);
  EXPECT_EQ(receive(plain.server, 2, RFCTLS_PEEK), "lo");
  EXPECT_EQ(receive(plain.server, 100, RFCTLS_PEEK | RFCTLS_WAITALL), "look");
  EXPECT_EQ(receive(plain.server, 100), "look");
}

TEST(Recv, WithWaitallJoinsThePieces) {
  Plain plain;
  ASSERT_EQ(send_all(plain.client, "one"), RFCTLS_OK);
  std::thread sender([&] {
    wait_until_taken(plain.server);
    send_all(plain.client, "two");
  });
  EXPECT_EQ(receive(plain.server, 6, RFCTLS_WAITALL), "onetwo");
  sender.join();
}

TEST(Recv, WithWaitallGivesWhatCameBeforeTheEndOrTheTimer) {
  Plain plain;
  rfctls_status status = RFCTLS_OK;
  ASSERT_EQ(rfctls_raw_set_timeout(plain.server.get(), RFCTLS_TIMER_READ, 50), RFCTLS_OK);
  ASSERT_EQ(send_all(plain.client, "late"), RFCTLS_OK);
  EXPECT_EQ(receive(plain.server, 100, RFCTLS_WAITALL), "late");
  receive(plain.server, 100, RFCTLS_WAITALL, &status);
  EXPECT_EQ(status, RFCTLS_E_TIMEOUT);
  ASSERT_EQ(send_all(plain.client, "last"), RFCTLS_OK);
  plain.client.reset();
  EXPECT_EQ(receive(plain.server, 100, RFCTLS_WAITALL), "last");
  EXPECT_EQ(receive(plain.server, 100, RFCTLS_WAITALL), "");
}

TEST(Recv, WithWaitallTellsOfAResetAfterTheBytesBeforeIt) {
  Plain plain;
  rfctls_status status = RFCTLS_OK;
  size_t received = 0;
  char buffer[8];
  ASSERT_EQ(send_all(plain.client, "last"), RFCTLS_OK);
  std::thread breaker([&] {
    wait_until_taken(plain.server);
    reset_by(plain.client);
  });
  ASSERT_EQ(rfctls_raw_recv(plain.server.get(), RFCTLS_WAITALL, buffer, 8, &received), RFCTLS_OK);
  breaker.join();
  EXPECT_EQ(std::string(buffer, received), "last");
  receive(plain.server, 1, 0, &status);
  EXPECT_EQ(status, RFCTLS_E_RESET);
  EXPECT_EQ(rfctls_error_system_code(), ECONNRESET);
}

/* ---- send ---- */

TEST(Send, WaitsUntilAllHasLeft) {
  Plain plain;
  std::string much(16 << 20, '\0'), got;
  rfctls_test::fill_pattern(reinterpret_cast<unsigned char *>(much.data()), much.size(), 0);
  std::thread reader([&] {
    while (got.size() < much.size()) {
      got += receive(plain.server, 1 << 20);
    }
  });
  EXPECT_EQ(send_all(plain.client, much), RFCTLS_OK);
  reader.join();
  EXPECT_TRUE(got == much);
}

TEST(Send, CountsWhatLeftBeforeItsTimerEnded) {
  Plain plain;
  std::string much(64 << 20, 'x');
  size_t sent = 0, got = 0;
  rfctls_status status = RFCTLS_OK;
  ASSERT_EQ(rfctls_raw_set_timeout(plain.client.get(), RFCTLS_TIMER_WRITE, 50), RFCTLS_OK);
  EXPECT_EQ(rfctls_raw_send(plain.client.get(), 0, much.data(), much.size(), &sent),
            RFCTLS_E_TIMEOUT);
  EXPECT_GT(sent, 0u);
  ASSERT_EQ(rfctls_raw_shutdown(plain.client.get(), RFCTLS_SHUT_WRITE), RFCTLS_OK);
  for (std::string part; !(part = receive(plain.server, 1 << 20, 0, &status)).empty();) {
    got += part.size();
  }
  EXPECT_EQ(status, RFCTLS_OK);
  EXPECT_EQ(got, sent);
}

TEST(Send, WithoutWaitingWantsWhenTheSystemTakesNoMore) {
  Plain plain;
  std::string much(64 << 20, 'x');
  size_t sent = 0;
  ASSERT_EQ(rfctls_raw_send(plain.client.get(), RFCTLS_DONTWAIT, much.data(), much.size(), &sent),
            RFCTLS_OK);
  EXPECT_GT(sent, 0u);
  EXPECT_LT(sent, much.size());
  ASSERT_EQ(rfctls_raw_set_blocking(plain.client.get(), 0), RFCTLS_OK);
  rfctls_status status;
  while ((status = rfctls_raw_send(plain.client.get(), 0, much.data(), much.size(), &sent)) ==
         RFCTLS_OK) {
  }
  EXPECT_EQ(status, RFCTLS_WANT_WRITE);
  EXPECT_EQ(sent, 0u);
}

TEST(Send, AfterShutdownIsARefusal) {
  Plain plain;
  size_t sent = 0;
  ASSERT_EQ(rfctls_raw_shutdown(plain.client.get(), RFCTLS_SHUT_WRITE), RFCTLS_OK);
  EXPECT_EQ(rfctls_raw_send(plain.client.get(), 0, "x", 1, &sent), RFCTLS_E_RESET);
  EXPECT_EQ(rfctls_error_system_code(), EPIPE) << "and no signal";
}

/* ---- close ---- */

TEST(Close, WakesWhoWaits) {
  Plain plain;
  intptr_t fd = rfctls_raw_fd(plain.client.get());
  rfctls_status status = RFCTLS_OK;
  std::atomic<bool> begun{false};
  std::thread receiver([&] {
    begun = true;
    receive(plain.client, 1, 0, &status);
  });
  while (!begun) {
    std::this_thread::yield();
  }
  EXPECT_EQ(rfctls_raw_close(plain.client.get()), RFCTLS_OK);
  EXPECT_EQ(rfctls_raw_fd(plain.client.get()), -1);
  receiver.join();
  EXPECT_EQ(status, RFCTLS_E_CLOSED);
  EXPECT_FALSE(is_open(fd));
  EXPECT_EQ(rfctls_raw_close(plain.client.get()), RFCTLS_OK);
  EXPECT_EQ(rfctls_error_status(), RFCTLS_OK);
  receive(plain.client, 1, 0, &status);
  EXPECT_EQ(status, RFCTLS_E_CLOSED);
}

TEST(Close, WakesAPollset) {
  Plain plain;
  rfctls_test::Pollset set;
  size_t index, ready = 0;
  ASSERT_EQ(rfctls_pollset_new(out(set)), RFCTLS_OK);
  ASSERT_EQ(rfctls_pollset_add_raw(set.get(), plain.client.get(), RFCTLS_EVENT_READ, &index),
            RFCTLS_OK);
  std::thread closer([&] { rfctls_raw_close(plain.client.get()); });
  ASSERT_EQ(rfctls_pollset_wait(set.get(), -1, &ready), RFCTLS_OK);
  closer.join();
  ASSERT_EQ(rfctls_pollset_wait(set.get(), 0, &ready), RFCTLS_OK);
  EXPECT_EQ(ready, 1u);
  EXPECT_EQ(rfctls_pollset_events(set.get(), index),
            uint32_t{RFCTLS_EVENT_ERROR} | uint32_t{RFCTLS_EVENT_READ});
}

TEST(Close, BeforeAPollsetWaitsIsSeenAtOnce) {
  Plain plain;
  rfctls_test::Pollset set;
  size_t index, ready = 0;
  ASSERT_EQ(rfctls_pollset_new(out(set)), RFCTLS_OK);
  ASSERT_EQ(rfctls_pollset_add_raw(set.get(), plain.client.get(), RFCTLS_EVENT_WRITE, &index),
            RFCTLS_OK);
  ASSERT_EQ(rfctls_raw_close(plain.client.get()), RFCTLS_OK);
  ASSERT_EQ(rfctls_pollset_wait(set.get(), -1, &ready), RFCTLS_OK);
  EXPECT_EQ(ready, 1u);
}

TEST(Close, LeavesABorrowedDescriptorOpen) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  Raw raw;
  ASSERT_EQ(rfctls_raw_adopt(pair[0], 0, out(raw)), RFCTLS_OK);
  ASSERT_EQ(rfctls_raw_close(raw.get()), RFCTLS_OK);
  EXPECT_TRUE(is_open(pair[0]));
  close(pair[0]);
  close(pair[1]);
}

/* ---- beside TLS ---- */

TEST(BesideTls, StartsPlainAndGoesOnInTls) {
  Plain plain;
  rfctls_test::Socket client, server;
  ASSERT_EQ(send_all(plain.client, "STARTTLS\n"), RFCTLS_OK);
  ASSERT_EQ(receive(plain.server, 100), "STARTTLS\n");
  rfctls_test::Config of_client = rfctls_test::client_config(),
                      of_server = rfctls_test::server_config();
  ASSERT_EQ(rfctls_socket_wrap(plain.client.get(), of_client.get(), out(client)), RFCTLS_OK);
  ASSERT_EQ(rfctls_socket_wrap(plain.server.get(), of_server.get(), out(server)), RFCTLS_OK);
  rfctls_status status = RFCTLS_OK;
  std::thread other([&] { status = rfctls_socket_handshake(server.get()); });
  EXPECT_EQ(rfctls_socket_handshake(client.get()), RFCTLS_OK) << message();
  other.join();
  EXPECT_EQ(status, RFCTLS_OK);
  EXPECT_EQ(rfctls_test::send_all(client, "secret"), RFCTLS_OK);
  EXPECT_EQ(rfctls_test::receive(server), "secret");
}

TEST(BesideTls, LeavesTheTransportAloneUntilTheSocketIsGone) {
  Plain plain;
  rfctls_test::Config config = rfctls_test::client_config();
  rfctls_test::Socket socket;
  rfctls_status status = RFCTLS_OK;
  ASSERT_EQ(rfctls_socket_wrap(plain.client.get(), config.get(), out(socket)), RFCTLS_OK);
  EXPECT_EQ(send_all(plain.client, "x"), RFCTLS_E_STATE);
  EXPECT_EQ(message(), "a TLS socket speaks on this transport");
  receive(plain.client, 1, 0, &status);
  EXPECT_EQ(status, RFCTLS_E_STATE);
  EXPECT_EQ(rfctls_raw_shutdown(plain.client.get(), RFCTLS_SHUT_WRITE), RFCTLS_E_STATE);
  EXPECT_EQ(rfctls_raw_close(plain.client.get()), RFCTLS_E_STATE);
  EXPECT_EQ(rfctls_raw_set_blocking(plain.client.get(), 0), RFCTLS_E_STATE);
  socket.reset();
  EXPECT_EQ(send_all(plain.client, "x"), RFCTLS_OK);
  ASSERT_EQ(rfctls_socket_wrap(plain.client.get(), config.get(), out(socket)), RFCTLS_OK);
  ASSERT_EQ(rfctls_socket_close(socket.get()), RFCTLS_OK);
  EXPECT_EQ(send_all(plain.client, "x"), RFCTLS_E_CLOSED);
}

TEST(BesideTls, OfAConnectedSocketIsRefusedToo) {
  rfctls_test::Pair pair;
  size_t sent = 0;
  EXPECT_EQ(rfctls_raw_send(rfctls_socket_raw(pair.client.get()), 0, "x", 1, &sent),
            RFCTLS_E_STATE);
  EXPECT_EQ(rfctls_raw_send(rfctls_socket_raw(pair.server.get()), 0, "x", 1, &sent),
            RFCTLS_E_STATE);
  EXPECT_EQ(rfctls_raw_close(rfctls_socket_raw(pair.listener.get())), RFCTLS_E_STATE);
}

/* ---- over memory ---- */

TEST(OverMemory, TalksWithoutWaiting) {
  Raw raw;
  rfctls_status status = RFCTLS_OK;
  char buffer[8];
  size_t received = 0;
  ASSERT_EQ(rfctls_raw_memory(out(raw)), RFCTLS_OK);
  receive(raw, 1, 0, &status);
  EXPECT_EQ(status, RFCTLS_WANT_READ);
  EXPECT_EQ(rfctls_raw_set_blocking(raw.get(), 1), RFCTLS_E_UNSUPPORTED);
  ASSERT_EQ(rfctls_raw_feed(raw.get(), "fed", 3), RFCTLS_OK);
  EXPECT_EQ(receive(raw, 8, RFCTLS_PEEK), "fed");
  EXPECT_EQ(receive(raw, 2), "fe");
  EXPECT_EQ(receive(raw, 8, RFCTLS_WAITALL), "d");
  ASSERT_EQ(send_all(raw, "sent"), RFCTLS_OK);
  ASSERT_EQ(rfctls_raw_shutdown(raw.get(), RFCTLS_SHUT_BOTH), RFCTLS_OK);
  EXPECT_EQ(receive(raw, 1), "");
  EXPECT_EQ(send_all(raw, "x"), RFCTLS_E_STATE);
  ASSERT_EQ(rfctls_raw_drain(raw.get(), buffer, sizeof buffer, &received), RFCTLS_OK);
  EXPECT_EQ(std::string(buffer, received), "sent");
  EXPECT_EQ(rfctls_raw_close(raw.get()), RFCTLS_OK);
}

/* ---- misused ---- */

TEST(Plain, IsNotForAChildProcess) {
  Plain plain;
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    size_t sent = 0;
    int wrong = rfctls_raw_send(plain.client.get(), 0, "x", 1, &sent) != RFCTLS_E_FORKED ||
                rfctls_raw_close(plain.client.get()) != RFCTLS_E_FORKED;
    plain.client.reset();
    _exit(wrong);
  }
  int how = -1;
  ASSERT_EQ(waitpid(child, &how, 0), child);
  EXPECT_EQ(how, 0);
  EXPECT_EQ(send_all(plain.client, "x"), RFCTLS_OK) << "the parent's is whole";
}

TEST(Plain, TellsWhetherItBlocksAndItsTimers) {
  Plain plain;
  rfctls_raw *one = plain.client.get();
  EXPECT_EQ(rfctls_raw_is_blocking(one), 1);
  EXPECT_EQ(rfctls_raw_timeout(one, RFCTLS_TIMER_READ), -1);
  ASSERT_EQ(rfctls_raw_set_blocking(one, 0), RFCTLS_OK);
  ASSERT_EQ(rfctls_raw_set_timeout(one, RFCTLS_TIMER_READ, 70), RFCTLS_OK);
  EXPECT_EQ(rfctls_raw_is_blocking(one), 0);
  EXPECT_EQ(rfctls_raw_timeout(one, RFCTLS_TIMER_READ), 70);
  EXPECT_EQ(rfctls_raw_timeout(one, RFCTLS_TIMER_WRITE), -1);
  EXPECT_EQ(rfctls_raw_timeout(one, RFCTLS_TIMER_CLOSE), -1);
  EXPECT_EQ(rfctls_raw_timeout(nullptr, RFCTLS_TIMER_READ), -1);
  EXPECT_EQ(rfctls_raw_is_blocking(nullptr), 0);
}

TEST(Plain, RefusesWhatItDoesNotKnow) {
  Plain plain;
  Raw raw;
  char byte = 0;
  size_t count = 9;
  rfctls_raw *one = plain.client.get();
  EXPECT_EQ(rfctls_raw_send(one, RFCTLS_PEEK, &byte, 1, &count), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_recv(one, 8, &byte, 1, &count), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(message(), "unknown flags 0x8");
  EXPECT_EQ(rfctls_raw_send(one, 0, nullptr, 1, &count), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_send(one, 0, &byte, 1, nullptr), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_recv(one, 0, nullptr, 1, &count), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_recv(one, 0, &byte, 1, nullptr), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_recv(one, 0, nullptr, 0, &count), RFCTLS_OK);
  EXPECT_EQ(rfctls_raw_shutdown(one, static_cast<rfctls_how>(7)), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_accept(plain.listener.get(), nullptr), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_set_timeout(one, RFCTLS_TIMER_CLOSE, 1), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_set_timeout(one, RFCTLS_TIMER_READ, -2), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_set_timeout(one, static_cast<rfctls_timer>(0), 1), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_accept(nullptr, out(raw)), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_send(nullptr, 0, &byte, 1, &count), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_recv(nullptr, 0, &byte, 1, &count), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_shutdown(nullptr, RFCTLS_SHUT_BOTH), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_close(nullptr), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_set_blocking(nullptr, 1), RFCTLS_E_ARGUMENT);
  EXPECT_EQ(rfctls_raw_set_timeout(nullptr, RFCTLS_TIMER_READ, 1), RFCTLS_E_ARGUMENT);
}

}  // namespace
