// The handshake, on a scripted engine and a scripted platform: what if the system blocks, gives
// half, resets, or time runs out?
#include "scripted_socket.hpp"

using namespace scripted_socket;

namespace {

TEST_F(Drive, handshake_sends_its_hello_and_waits_for_the_answer) {
  wrap();
  block();
  give(hello);
  state.polls = {Poll::ready};
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(socket));
  EXPECT_EQ(record('h', "client"), state.sent);
  EXPECT_EQ(1, state.poll_count);
  EXPECT_EQ(static_cast<uint32_t>(RFCTLS__POLL_READ), state.polled_events);
  EXPECT_EQ(RFCTLS_TLS_1_3, rfctls_socket_tls_version(socket));
}

TEST_F(Drive, handshake_survives_signals_and_single_bytes) {
  wrap();
  for (char c : hello) {
    block();
    give(std::string(1, c));
    state.polls.push_back(Poll::signal);
    state.polls.push_back(Poll::ready);
  }
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(socket));
}

TEST_F(Drive, handshake_waits_to_write_while_its_hello_is_stuck) {
  wrap();
  state.sends = {{RFCTLS_OK, 4}, {RFCTLS_WANT_WRITE, 0}, {RFCTLS_WANT_WRITE, 0}};
  block();
  give(hello);
  state.polls = {Poll::ready};
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(socket));
  EXPECT_EQ(static_cast<uint32_t>(RFCTLS__POLL_READ | RFCTLS__POLL_WRITE), state.polled_events);
  EXPECT_EQ(record('h', "client"), state.sent);
}

TEST_F(Drive, handshake_timer_is_one_for_the_whole_handshake) {
  rfctls_config_set_timeout(config, RFCTLS_TIMER_HANDSHAKE, 500);
  wrap();
  int64_t begin = state.now;
  for (int i = 0; i < 3; i++) {  // a peer that drips
    block();
    give(hello.substr(static_cast<size_t>(i), 1));
    state.polls.push_back(Poll::signal);
    state.polls.push_back(Poll::ready);
  }
  EXPECT_EQ(RFCTLS_E_TIMEOUT, rfctls_socket_handshake(socket));
  EXPECT_GE(state.now - begin, 500 * 1000000);
  EXPECT_LT(state.now - begin, 501 * 1000000);
  give(hello.substr(3));  // the timer ran out, but nothing is lost
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(socket));
}

TEST_F(Drive, non_blocking_handshake_times_out_too) {
  rfctls_config_set_timeout(config, RFCTLS_TIMER_HANDSHAKE, 500);
  rfctls_config_set_blocking(config, 0);
  wrap();
  EXPECT_EQ(RFCTLS_WANT_READ, rfctls_socket_handshake(socket));
  state.now += 499 * 1000000;
  EXPECT_EQ(RFCTLS_WANT_READ, rfctls_socket_handshake(socket));
  state.now += 1000000;
  EXPECT_EQ(RFCTLS_E_TIMEOUT, rfctls_socket_handshake(socket));
}

TEST_F(Drive, handshake_says_truncated_reset_and_alert) {
  wrap();
  end();
  EXPECT_EQ(RFCTLS_E_TRUNCATED, rfctls_socket_handshake(socket));
  EXPECT_EQ(RFCTLS_E_TRUNCATED, rfctls_socket_handshake(socket)) << "a broken one stays broken";
  rfctls_socket_unref(socket);
  wrap();
  reset();
  EXPECT_EQ(RFCTLS_E_RESET, rfctls_socket_handshake(socket));
  EXPECT_EQ(104, rfctls_error_system_code());
  rfctls_socket_unref(socket);
  wrap();
  give(record('a', "\x28"));
  EXPECT_EQ(RFCTLS_E_ALERT, rfctls_socket_handshake(socket));
  EXPECT_EQ(40, rfctls_error_alert());
  EXPECT_STREQ("rfctls_socket_handshake", rfctls_error_origin());
}

TEST_F(Drive, handshake_reports_the_alert_that_a_reset_overtook) {
  wrap();
  state.sends = {{RFCTLS_E_RESET, 0}};
  give(record('a', "\x28"));
  reset();
  EXPECT_EQ(RFCTLS_E_ALERT, rfctls_socket_handshake(socket));
}

TEST_F(Drive, handshake_whose_send_fails_waits_for_no_answer) {
  wrap();
  state.sends = {{RFCTLS_E_RESET, 0}};
  EXPECT_EQ(RFCTLS_E_RESET, rfctls_socket_handshake(socket));
  EXPECT_EQ(0, state.poll_count);
  EXPECT_EQ(RFCTLS_E_RESET, rfctls_socket_handshake(socket));
}

TEST_F(Drive, our_alert_leaves_before_a_failed_handshake_returns) {
  wrap();
  give(record('d', "GET / HTTP/1.0"));
  EXPECT_EQ(RFCTLS_E_PROTOCOL, rfctls_socket_handshake(socket));
  EXPECT_EQ(record('h', "client") + record('a', "\x0a"), state.sent);
}

TEST_F(Drive, second_handshake_is_an_error_and_harmless) {
  establish();
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_handshake(socket));
  give(record('d', "still"));
  EXPECT_EQ(RFCTLS_OK, recv());
  EXPECT_EQ("still", got);
}

TEST_F(Drive, talking_before_the_handshake_is_an_error) {
  wrap();
  EXPECT_EQ(RFCTLS_E_STATE, send("x"));
  EXPECT_EQ(RFCTLS_E_STATE, recv());
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_shutdown(socket, RFCTLS_SHUT_WRITE));
}

TEST_F(Drive, non_blocking_connect_is_driven_by_the_handshake) {
  rfctls_config_set_blocking(config, 0);
  state.connects = {RFCTLS_WANT_WRITE, RFCTLS_WANT_WRITE, RFCTLS_WANT_WRITE};
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_connect("server.test", "443", config, &socket));
  EXPECT_EQ(RFCTLS_WANT_WRITE, rfctls_socket_handshake(socket));
  state.connects.clear();
  give(hello);
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(socket));
}

TEST_F(Drive, non_blocking_connect_that_takes_too_long_says_so) {
  rfctls_config_set_blocking(config, 0);
  rfctls_config_set_timeout(config, RFCTLS_TIMER_CONNECT, 250);
  state.connects.assign(4, RFCTLS_WANT_WRITE);
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_connect("server.test", "443", config, &socket));
  EXPECT_EQ(RFCTLS_WANT_WRITE, rfctls_socket_handshake(socket));
  state.now += 250 * 1000000;
  EXPECT_EQ(RFCTLS_E_TIMEOUT, rfctls_socket_handshake(socket));
  EXPECT_NE(nullptr, strstr(rfctls_error_message(), "server.test port 443 did not accept"));
}

}  // namespace
