// Connecting to the addresses of a name, on a scripted platform: who is tried when, and which one
// wins?
#include "scripted_socket.hpp"

using namespace scripted_socket;

namespace {

constexpr int64_t kMillisecond = 1000000;

class Eyeballs : public Drive {
 protected:
  void SetUp() override {
    Drive::SetUp();
    state.addresses = {"2001:db8::1", "192.0.2.1"};
    begin = state.now;
  }
  rfctls_status connect() {
    return rfctls_socket_connect("host.test", "443", config, &socket);
  }
  int64_t milliseconds() const {
    return (state.now - begin) / kMillisecond;
  }
  std::string peer() const {
    rfctls_address *address = nullptr;
    EXPECT_EQ(RFCTLS_OK, rfctls_socket_peer_address(socket, &address));
    std::string ip = rfctls_address_ip(address);
    rfctls_address_unref(address);
    return ip;
  }

  int64_t begin = 0;
};

TEST_F(Eyeballs, a_dead_first_address_costs_250_ms) {
  state.attempts["2001:db8::1"] = {RFCTLS_WANT_WRITE};
  EXPECT_EQ(RFCTLS_OK, connect());
  EXPECT_EQ(250, milliseconds());
  EXPECT_EQ("192.0.2.1", peer());
  EXPECT_EQ(1, state.closed) << "the one that lost";
}

TEST_F(Eyeballs, a_refusal_costs_nothing) {
  state.attempts["2001:db8::1"] = {RFCTLS_WANT_WRITE, RFCTLS_E_CONNECT};
  state.attempts["192.0.2.1"] = {RFCTLS_WANT_WRITE, RFCTLS_OK};
  state.polls = {Poll::ready, Poll::ready};
  EXPECT_EQ(RFCTLS_OK, connect());
  EXPECT_EQ(0, milliseconds());
  EXPECT_EQ("192.0.2.1", peer());
}

TEST_F(Eyeballs, the_first_to_accept_wins_though_others_began_later) {
  state.attempts["2001:db8::1"] = {RFCTLS_WANT_WRITE, RFCTLS_WANT_WRITE, RFCTLS_WANT_WRITE,
                                   RFCTLS_OK};
  state.attempts["192.0.2.1"] = {RFCTLS_WANT_WRITE};
  EXPECT_EQ(RFCTLS_OK, connect());
  EXPECT_EQ("2001:db8::1", peer());
  EXPECT_EQ(1, state.closed);
  EXPECT_LE(milliseconds(), 250 + 2 * 25) << "it is looked at while the other is waited for";
}

TEST_F(Eyeballs, families_take_turns_in_the_order_of_the_resolver) {
  state.addresses = {"2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1", "192.0.2.2"};
  for (const std::string &each : state.addresses) {
    state.attempts[each] = {RFCTLS_E_CONNECT};
  }
  EXPECT_EQ(RFCTLS_E_CONNECT, connect());
  EXPECT_EQ((std::vector<std::string>{"2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2",
                                      "2001:db8::3"}),
            state.connected_to);
  EXPECT_NE(nullptr, strstr(rfctls_error_message(), "2001:db8::3"));
}

TEST_F(Eyeballs, all_together_end_at_the_timer_and_are_closed) {
  rfctls_config_set_timeout(config, RFCTLS_TIMER_CONNECT, 600);
  state.addresses = {"2001:db8::1", "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"};
  for (const std::string &each : state.addresses) {
    state.attempts[each] = {RFCTLS_WANT_WRITE};
  }
  EXPECT_EQ(RFCTLS_E_TIMEOUT, connect());
  EXPECT_EQ(600, milliseconds());
  EXPECT_EQ(3u, state.connected_to.size()) << "at 0, 250 and 500 ms";
  EXPECT_EQ(3, state.closed);
}

TEST_F(Eyeballs, a_lack_of_descriptors_leaves_what_is_under_way) {
  state.attempts["2001:db8::1"] = {RFCTLS_WANT_WRITE, RFCTLS_WANT_WRITE, RFCTLS_WANT_WRITE,
                                   RFCTLS_OK};
  state.attempts["192.0.2.1"] = {RFCTLS_E_SYSTEM};
  EXPECT_EQ(RFCTLS_OK, connect());
  EXPECT_EQ("2001:db8::1", peer());
}

TEST_F(Eyeballs, without_blocking_other_loops_are_told_when_and_for_what) {
  rfctls_config_set_blocking(config, 0);
  state.attempts["2001:db8::1"] = {RFCTLS_WANT_WRITE};
  state.attempts["192.0.2.1"] = {RFCTLS_WANT_WRITE, RFCTLS_OK};
  ASSERT_EQ(RFCTLS_OK, connect());
  EXPECT_EQ(RFCTLS_WANT_WRITE, rfctls_socket_handshake(socket));
  EXPECT_EQ(250, rfctls_socket_wait_timeout(socket));
  EXPECT_EQ(7, rfctls_socket_wait_fd(socket));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_wait(socket, RFCTLS_WANT_WRITE, -1));
  EXPECT_EQ(250, milliseconds());
  EXPECT_EQ(RFCTLS_WANT_WRITE, rfctls_socket_handshake(socket));
  EXPECT_EQ(8, rfctls_socket_wait_fd(socket));
  EXPECT_EQ(25, rfctls_socket_wait_timeout(socket));
  give(hello);
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(socket));
  EXPECT_EQ(8, rfctls_socket_wait_fd(socket));
}

TEST_F(Eyeballs, in_a_pollset_the_next_address_has_its_turn) {
  rfctls_pollset *set = nullptr;
  size_t index = 0, ready = 0;
  rfctls_config_set_blocking(config, 0);
  state.attempts["2001:db8::1"] = {RFCTLS_WANT_WRITE};
  ASSERT_EQ(RFCTLS_OK, connect());
  ASSERT_EQ(RFCTLS_OK, rfctls_pollset_new(&set));
  ASSERT_EQ(RFCTLS_OK, rfctls_pollset_add_socket(set, socket, RFCTLS_EVENT_WRITE, &index));
  EXPECT_EQ(RFCTLS_OK, rfctls_pollset_wait(set, -1, &ready));
  EXPECT_EQ(1u, ready);
  EXPECT_EQ(uint32_t{RFCTLS_EVENT_WRITE}, rfctls_pollset_events(set, index)) << "no error";
  EXPECT_EQ(250, milliseconds());
  rfctls_pollset_unref(set);
  EXPECT_EQ(RFCTLS_WANT_READ, rfctls_socket_handshake(socket));
  EXPECT_EQ("192.0.2.1", peer());
}

TEST_F(Drive, connect_ends_at_its_timer) {
  rfctls_config_set_timeout(config, RFCTLS_TIMER_CONNECT, 250);
  int64_t begin = state.now;
  state.connects.assign(4, RFCTLS_WANT_WRITE);
  EXPECT_EQ(RFCTLS_E_TIMEOUT, rfctls_socket_connect("server.test", "443", config, &socket));
  EXPECT_GE(state.now - begin, 250 * 1000000);
  EXPECT_EQ(nullptr, socket);
  EXPECT_EQ(1, state.closed);
  EXPECT_NE(nullptr, strstr(rfctls_error_message(), "server.test"));
}

}  // namespace
