// How does a connection end, and is what was sent before the end delivered?
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "support/pair.hpp"

using namespace rfctls_test;

namespace {

class Endings : public testing::TestWithParam<rfctls_tls_version> {
 protected:
  void SetUp() override {
    ASSERT_EQ(RFCTLS_OK, pair.shake());
  }

  int server_fd() {
    return static_cast<int>(rfctls_raw_fd(rfctls_socket_raw(pair.server.get())));
  }

  // The server's end goes away with a reset.
  void reset() {
    struct linger hard = {1, 0};
    setsockopt(server_fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    pair.server.reset();
  }

  Pair pair{GetParam()};
  rfctls_status status = RFCTLS_OK;
};

INSTANTIATE_TEST_SUITE_P(Versions, Endings, testing::Values(RFCTLS_TLS_1_2, RFCTLS_TLS_1_3),
                         [](const auto &each) {
                           return each.param == RFCTLS_TLS_1_2 ? "tls12" : "tls13";
                         });

TEST_P(Endings, recv_returns_truncated_when_tcp_ends_without_close_notify) {
  ASSERT_EQ(RFCTLS_OK, send_all(pair.server, "all that came"));
  shutdown(server_fd(), SHUT_WR);
  EXPECT_EQ("all that came", receive_all(pair.client, &status));
  EXPECT_EQ(RFCTLS_E_TRUNCATED, status);
  EXPECT_EQ(RFCTLS_OK, send_all(pair.client, "reading failed, writing did not"));
}

// OpenSSL 4.0 tells an end in another way than 3.0 does when it is asked again, and in 3.x what the program's
// own OpenSSL left in its queue makes a failure of any answer.
TEST_P(Endings, the_same_end_is_told_each_time_whatever_lies_in_the_error_queue) {
  rfctls_status ends[] = {RFCTLS_E_TRUNCATED, RFCTLS_OK};
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_shutdown(pair.client.get(), RFCTLS_SHUT_WRITE));
  shutdown(server_fd(), SHUT_WR);
  const Socket *sockets[] = {&pair.client, &pair.server};
  for (int end = 0; end < 2; end++) {
    EXPECT_EQ("", receive_all(*sockets[end], &status));
    const std::string message = rfctls_error_message();
    for (int i = 0; i < 3; i++) {
      ERR_raise(ERR_LIB_SSL, SSL_R_UNEXPECTED_EOF_WHILE_READING);
      EXPECT_EQ("", receive_all(*sockets[end], &status));
      EXPECT_EQ(ends[end], status) << end << ": " << rfctls_error_message();
      EXPECT_EQ(message, rfctls_error_message());
      EXPECT_EQ(SSL_R_UNEXPECTED_EOF_WHILE_READING, ERR_GET_REASON(ERR_get_error()));
    }
  }
}

TEST_P(Endings, a_polite_end_is_an_end) {
  ASSERT_EQ(RFCTLS_OK, send_all(pair.server, "all"));
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_shutdown(pair.server.get(), RFCTLS_SHUT_WRITE));
  EXPECT_EQ("all", receive_all(pair.client, &status));
  EXPECT_EQ(RFCTLS_OK, status);
  EXPECT_EQ(RFCTLS_OK, send_all(pair.client, "and the other way goes on"));
  EXPECT_EQ("and the other way goes on", receive(pair.server));
}

std::string said(int fd, const char *text, int peer) {
  char buffer[64];
  EXPECT_EQ(static_cast<ssize_t>(strlen(text)), write(fd, text, strlen(text)));
  pollfd readable = {peer, POLLIN, 0};
  EXPECT_EQ(1, poll(&readable, 1, 10000));
  return {buffer, static_cast<size_t>(read(peer, buffer, sizeof buffer))};
}

TEST_P(Endings, an_unwrapped_connection_goes_on_without_tls) {
  intptr_t ours = -1, theirs = -1;
  ASSERT_EQ(RFCTLS_OK, send_all(pair.client, "last"));
  std::thread other([&] {
    EXPECT_EQ("last", receive(pair.server));
    EXPECT_EQ(RFCTLS_OK, rfctls_socket_unwrap(pair.server.get(), &theirs));
  });
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_unwrap(pair.client.get(), &ours));
  other.join();
  EXPECT_EQ(RFCTLS_E_CLOSED, send_all(pair.client, "x"));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(pair.client.get()));
  pair.client.reset();
  EXPECT_EQ("in the clear", said(static_cast<int>(ours), "in the clear", static_cast<int>(theirs)));
  close(static_cast<int>(ours));
  close(static_cast<int>(theirs));
}

TEST_P(Endings, unwrap_loses_no_bytes_and_takes_no_cut_for_a_goodbye) {
  intptr_t fd = -1;
  ASSERT_EQ(RFCTLS_OK, send_all(pair.server, "unread"));
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_unwrap(pair.client.get(), &fd));
  EXPECT_EQ("unread", receive(pair.client));
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_set_timeout(pair.client.get(), RFCTLS_TIMER_WRITE, 0));
  EXPECT_EQ(RFCTLS_E_TIMEOUT, rfctls_socket_unwrap(pair.client.get(), &fd));
  shutdown(server_fd(), SHUT_WR);
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_set_timeout(pair.client.get(), RFCTLS_TIMER_WRITE, 10000));
  EXPECT_EQ(RFCTLS_E_TRUNCATED, rfctls_socket_unwrap(pair.client.get(), &fd));
  EXPECT_EQ(-1, fd);
}

TEST_P(Endings, a_detached_descriptor_is_the_callers_and_nothing_was_said) {
  intptr_t fd = -1;
  const intptr_t before = rfctls_raw_fd(rfctls_socket_raw(pair.client.get()));
  std::thread reader([&] { receive_all(pair.client, &status); });
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_detach(pair.client.get(), &fd));
  reader.join();
  EXPECT_EQ(RFCTLS_E_CLOSED, status);
  EXPECT_EQ(before, fd);
  EXPECT_EQ(RFCTLS_E_CLOSED, rfctls_socket_detach(pair.client.get(), &fd));
  pair.client.reset();
  EXPECT_EQ(0, shutdown(static_cast<int>(before), SHUT_WR));
  receive_all(pair.server, &status);
  EXPECT_EQ(RFCTLS_E_TRUNCATED, status);
  EXPECT_EQ(0, close(static_cast<int>(before)));
}

TEST(Detach, is_for_sockets_with_a_descriptor) {
  intptr_t fd = -1;
  Pair pair;
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_detach(nullptr, &fd));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_detach(pair.client.get(), nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_unwrap(pair.client.get(), nullptr));
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_unwrap(pair.client.get(), &fd));
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_unwrap(pair.listener.get(), &fd));
  Raw memory;
  Socket over_memory;
  require(rfctls_raw_memory(out(memory)), "memory");
  Config config = client_config();
  require(rfctls_socket_wrap(memory.get(), config.get(), out(over_memory)), "wrap");
  EXPECT_EQ(RFCTLS_E_UNSUPPORTED, rfctls_socket_detach(over_memory.get(), &fd));
}

TEST_P(Endings, a_reset_is_a_reset_in_both_directions_and_no_sigpipe) {
  ASSERT_EQ(SIG_DFL, signal(SIGPIPE, SIG_DFL));
  reset();
  receive_all(pair.client, &status);
  EXPECT_EQ(RFCTLS_E_RESET, status);
  EXPECT_EQ(RFCTLS_E_RESET, send_all(pair.client, "x"));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(pair.client.get()));
}

TEST_P(Endings, a_stale_errno_changes_no_answer) {
  reset();
  for (int stale : {EAGAIN, EINTR, 0}) {
    char c = 0;
    size_t count = 0;
    errno = stale;
    EXPECT_EQ(RFCTLS_E_RESET, rfctls_socket_recv(pair.client.get(), 0, &c, 1, &count)) << stale;
    errno = stale;
    EXPECT_EQ(RFCTLS_E_RESET, rfctls_socket_send(pair.client.get(), 0, &c, 1, &count)) << stale;
  }
}

// A program that leaves without closing anything, while a thread of it still waits.
[[noreturn]] void leave_with_open_sockets(rfctls_tls_version version) {
  Pair pair(version);
  if (pair.shake() != RFCTLS_OK) {
    _exit(2);
  }
  std::thread([&] {
    char c = 0;
    size_t count = 0;
    (void)rfctls_socket_recv(pair.server.get(), 0, &c, 1, &count);
  }).detach();
  std::exit(0);
}

TEST_P(Endings, a_process_ends_cleanly_with_open_sockets) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(leave_with_open_sockets(GetParam()), testing::ExitedWithCode(0), "");
}

TEST_P(Endings, closing_twice_spares_a_descriptor_that_was_opened_in_between) {
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_close(pair.client.get()));
  int fd = dup(2);
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(pair.client.get()));
  EXPECT_EQ(-1, rfctls_raw_fd(rfctls_socket_raw(pair.client.get())));
  EXPECT_EQ(0, close(fd));
}

TEST_P(Endings, getters_answer_after_close) {
  Address peer;
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_close(pair.client.get()));
  EXPECT_EQ(GetParam(), rfctls_socket_tls_version(pair.client.get()));
  EXPECT_NE(nullptr, rfctls_socket_cipher(pair.client.get()));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_peer_address(pair.client.get(), out(peer)));
  EXPECT_STREQ("127.0.0.1", rfctls_address_ip(peer.get()));
  EXPECT_EQ(RFCTLS_E_CLOSED, send_all(pair.client, "x"));
  receive_all(pair.client, &status);
  EXPECT_EQ(RFCTLS_E_CLOSED, status);
}

TEST_P(Endings, children_outlive_their_listener) {
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_close(pair.listener.get()));
  ASSERT_EQ(RFCTLS_OK, send_all(pair.client, "still here"));
  EXPECT_EQ("still here", receive(pair.server));
}

TEST_P(Endings, a_listener_that_is_shut_down_accepts_nobody_and_can_be_closed) {
  Socket accepted;
  rfctls_status waiting = RFCTLS_OK;
  std::thread waiter([&] {
    Socket other;
    waiting = rfctls_socket_accept(pair.listener.get(), out(other));
  });
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_shutdown(pair.listener.get(), RFCTLS_SHUT_WRITE));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_shutdown(pair.listener.get(), RFCTLS_SHUT_READ));
  waiter.join();
  EXPECT_EQ(RFCTLS_E_CLOSED, waiting);
  EXPECT_EQ(RFCTLS_E_CLOSED, rfctls_socket_accept(pair.listener.get(), out(accepted)));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(pair.listener.get()));
  EXPECT_EQ(RFCTLS_E_CLOSED, rfctls_socket_shutdown(pair.listener.get(), RFCTLS_SHUT_BOTH));
  ASSERT_EQ(RFCTLS_OK, send_all(pair.client, "still here"));
  EXPECT_EQ("still here", receive(pair.server));
}

TEST_P(Endings, shutting_reading_down_ends_a_wait_for_data) {
  std::string got = "nothing yet";
  std::thread reader([&] { got = receive_all(pair.client, &status); });
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_shutdown(pair.client.get(), RFCTLS_SHUT_READ));
  reader.join();
  EXPECT_EQ("", got);
  EXPECT_EQ(RFCTLS_OK, status);
}

TEST_P(Endings, one_mib_then_close_at_once_arrives_whole_100_times) {
  const std::string megabyte(1024 * 1024, 'm');
  Config of_client = client_config(GetParam()), of_server = server_config("server", GetParam());
  int whole = 0;
  for (int run = 0; run < 100; run++) {
    Pair each(of_client, of_server);
    std::string all;
    rfctls_status ended = RFCTLS_E_INTERNAL;
    // The server also writes (tickets, in TLS 1.3) what the client never reads.
    std::thread serving([&] {
      rfctls_socket_handshake(each.server.get());
      all = receive_all(each.server, &ended);
    });
    ASSERT_EQ(RFCTLS_OK, rfctls_socket_handshake(each.client.get()));
    ASSERT_EQ(RFCTLS_OK, send_all(each.client, megabyte));
    EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(each.client.get()));
    each.client.reset();
    serving.join();
    whole += ended == RFCTLS_OK && all == megabyte;
  }
  EXPECT_EQ(100, whole);
}

TEST_P(Endings, a_peer_that_is_gone_ends_the_sender_soon) {
  pair.server.reset();
  for (int i = 0; status == RFCTLS_OK && i < 1000; i++) {
    status = send_all(pair.client, "is anybody there?");
  }
  EXPECT_TRUE(status == RFCTLS_E_RESET || status == RFCTLS_E_ALERT) << rfctls_status_name(status);
}

}  // namespace
