// How one socket is waited for, by its own call and by other event loops?
#include "scripted_socket.hpp"

using namespace scripted_socket;

namespace {

TEST_F(Drive, an_idle_wait_returns_early_on_a_signal) {
  establish();
  state.polls = {Poll::signal};
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_wait(socket, RFCTLS_WANT_READ, 1000));
  EXPECT_EQ(RFCTLS_E_TIMEOUT, rfctls_socket_wait(socket, RFCTLS_WANT_READ, 1000));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_wait(socket, RFCTLS_WANT_VERIFY, 1000));
}

TEST_F(Drive, a_wait_for_a_closed_socket_ends_at_once) {
  establish();
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_close(socket));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_wait(socket, RFCTLS_WANT_WRITE, -1));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_wait(socket, RFCTLS_WANT_READ, -1));
}

TEST_F(Drive, wait_sees_a_record_that_lies_inside_the_library) {
  establish();
  give(record('d', "ab") + record('d', "cd"));
  EXPECT_EQ(RFCTLS_OK, recv(2));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_wait(socket, RFCTLS_WANT_READ, -1));
  EXPECT_EQ(0, state.poll_count);
}

TEST_F(Drive, wait_events_are_those_that_a_sleep_would_wait_for) {
  rfctls_config_set_blocking(config, 0);
  establish();
  EXPECT_EQ(RFCTLS_WANT_READ, recv());
  EXPECT_EQ(uint32_t{RFCTLS_EVENT_READ}, rfctls_socket_wait_events(socket, RFCTLS_WANT_READ));
  state.sends.assign(3, {RFCTLS_WANT_WRITE, 0});
  EXPECT_EQ(RFCTLS_WANT_WRITE, send("x"));
  EXPECT_EQ(uint32_t{RFCTLS_EVENT_WRITE}, rfctls_socket_wait_events(socket, RFCTLS_WANT_WRITE));
  EXPECT_EQ(uint32_t{RFCTLS_EVENT_READ} | uint32_t{RFCTLS_EVENT_WRITE},
            rfctls_socket_wait_events(socket, RFCTLS_WANT_READ))
      << "what is stuck has to leave";
}

TEST_F(Drive, wait_events_of_a_connect_are_those_of_its_end) {
  rfctls_config_set_blocking(config, 0);
  state.connects.assign(3, RFCTLS_WANT_WRITE);
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_connect("192.0.2.1", "443", config, &socket));
  EXPECT_EQ(RFCTLS_WANT_WRITE, rfctls_socket_handshake(socket));
  EXPECT_EQ(uint32_t{RFCTLS_EVENT_WRITE}, rfctls_socket_wait_events(socket, RFCTLS_WANT_WRITE));
}

TEST_F(Drive, wait_fd_is_there_while_a_connect_is_under_way) {
  rfctls_config_set_blocking(config, 0);
  state.connects = {RFCTLS_WANT_WRITE, RFCTLS_WANT_WRITE};
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_connect("192.0.2.1", "443", config, &socket));
  EXPECT_EQ(rfctls_socket_wait_fd(socket), rfctls_raw_fd(rfctls_socket_raw(socket)));
  EXPECT_EQ(7, rfctls_socket_wait_fd(socket));
  EXPECT_EQ(RFCTLS_WANT_WRITE, rfctls_socket_handshake(socket));
  EXPECT_EQ(7, rfctls_socket_wait_fd(socket));
  give(hello);
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(socket));
  EXPECT_EQ(7, rfctls_socket_wait_fd(socket));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(socket));
  EXPECT_EQ(-1, rfctls_socket_wait_fd(socket));
  EXPECT_EQ(-1, rfctls_socket_wait_fd(nullptr));
}

TEST_F(Drive, wait_timeout_is_that_of_the_next_timer) {
  rfctls_config_set_blocking(config, 0);
  rfctls_config_set_timeout(config, RFCTLS_TIMER_CONNECT, 300);
  rfctls_config_set_timeout(config, RFCTLS_TIMER_HANDSHAKE, 500);
  state.connects.assign(3, RFCTLS_WANT_WRITE);
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_connect("192.0.2.1", "443", config, &socket));
  EXPECT_EQ(300, rfctls_socket_wait_timeout(socket));
  state.now += 299 * 1000000 + 1;
  EXPECT_EQ(1, rfctls_socket_wait_timeout(socket)) << "never early";
  state.now += 1000000;
  EXPECT_EQ(0, rfctls_socket_wait_timeout(socket));
  EXPECT_EQ(RFCTLS_E_TIMEOUT, rfctls_socket_handshake(socket));
  state.connects.clear();
  EXPECT_EQ(RFCTLS_WANT_READ, rfctls_socket_handshake(socket)) << "connected";
  EXPECT_EQ(500, rfctls_socket_wait_timeout(socket));
  give(hello);
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(socket));
  EXPECT_EQ(-1, rfctls_socket_wait_timeout(socket));
  EXPECT_EQ(-1, rfctls_socket_wait_timeout(nullptr));
  state.unacknowledged = 1;
  EXPECT_EQ(RFCTLS_WANT_READ, rfctls_socket_close(socket));
  EXPECT_EQ(5, rfctls_socket_wait_timeout(socket)) << "no event tells of an acknowledgement";
}

TEST_F(Drive, wait_events_are_none_when_what_is_wanted_is_here) {
  establish();
  give(record('d', "abc"));
  EXPECT_EQ(RFCTLS_OK, recv(1));
  EXPECT_EQ(0u, rfctls_socket_wait_events(socket, RFCTLS_WANT_READ));
  EXPECT_EQ(uint32_t{RFCTLS_EVENT_WRITE}, rfctls_socket_wait_events(socket, RFCTLS_WANT_WRITE));
  EXPECT_EQ(0u, rfctls_socket_wait_events(socket, RFCTLS_WANT_VERIFY));
  EXPECT_EQ(0u, rfctls_socket_wait_events(socket, RFCTLS_OK));
  EXPECT_EQ(0u, rfctls_socket_wait_events(nullptr, RFCTLS_WANT_READ));
}

TEST_F(Drive, wait_events_of_a_close_are_the_peers_until_it_is_done) {
  establish();
  rfctls_socket_set_blocking(socket, 0);
  state.unacknowledged = 1;
  EXPECT_EQ(RFCTLS_WANT_READ, rfctls_socket_close(socket));
  EXPECT_EQ(uint32_t{RFCTLS_EVENT_READ}, rfctls_socket_wait_events(socket, RFCTLS_WANT_READ));
  state.unacknowledged = 0;
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(socket));
  EXPECT_EQ(0u, rfctls_socket_wait_events(socket, RFCTLS_WANT_READ));
}

TEST_F(Drive, wait_events_leave_the_error_record_alone) {
  establish();
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_wait(socket, RFCTLS_WANT_VERIFY, 0));
  EXPECT_EQ(uint32_t{RFCTLS_EVENT_READ}, rfctls_socket_wait_events(socket, RFCTLS_WANT_READ));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_error_status());
}

}  // namespace
