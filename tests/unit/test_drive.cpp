// The one loop, on a scripted engine and a scripted platform: what does every verb do when the system
// would block, is interrupted, takes or gives half, resets, ends, or when time runs out?
#include <gtest/gtest.h>

#include <climits>
#include <cstring>
#include <functional>
#include <memory>
#include <string>

#include "../engine/script_engine.h"
#include "base/deadline.h"
#include "base/error.h"
#include "rfctls.h"
#include "script_os.hpp"

using script_os::Poll;
using script_os::state;

namespace {

std::string record(char kind, const std::string &payload = "") {
  std::string text(1, kind);
  text += static_cast<char>(payload.size() >> 8);
  text += static_cast<char>(payload.size() & 0xff);
  return text + payload;
}

const std::string hello = record('h', "server");

class Drive : public testing::Test {
 protected:
  void SetUp() override {
    state = script_os::State();
    script = script_engine();
    ASSERT_EQ(RFCTLS_OK, rfctls_config_new(RFCTLS_CLIENT, &config));
    ASSERT_EQ(RFCTLS_OK, rfctls_config_insecure_skip_name_check(config));
  }

  void TearDown() override {
    rfctls_socket_unref(socket);
    rfctls_config_unref(config);
    socket = nullptr;
    config = nullptr;
  }

  void wrap(int owned = 1) {
    rfctls_raw *raw = nullptr;
    ASSERT_EQ(RFCTLS_OK, rfctls_raw_adopt(7, owned, &raw));
    ASSERT_EQ(RFCTLS_OK, rfctls_socket_wrap(raw, config, &socket));
    rfctls_raw_unref(raw);
  }

  void establish(int owned = 1) {
    wrap(owned);
    give(hello);
    ASSERT_EQ(RFCTLS_OK, rfctls_socket_handshake(socket));
    state.sent.clear();
    state.poll_count = 0;
  }

  static void give(const std::string &bytes) {
    state.recvs.push_back({RFCTLS_OK, bytes});
  }
  static void end() {
    state.recvs.push_back({RFCTLS_OK, ""});
  }
  static void reset() {
    state.recvs.push_back({RFCTLS_E_RESET, ""});
  }
  static void block() {
    state.recvs.push_back({RFCTLS_WANT_READ, ""});
  }

  rfctls_status recv(size_t capacity = 100, uint32_t flags = 0) {
    std::string buffer(capacity, '\0');
    size_t received = 77;
    rfctls_status status = rfctls_socket_recv(socket, flags, buffer.data(), capacity, &received);
    got = buffer.substr(0, received);
    return status;
  }

  rfctls_status send(const std::string &text, uint32_t flags = 0) {
    sent = 77;
    return rfctls_socket_send(socket, flags, text.data(), text.size(), &sent);
  }

  rfctls_config *config = nullptr;
  rfctls_socket *socket = nullptr;
  std::string got;
  size_t sent = 0;
};

// ---- handshake ----

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

// ---- several addresses ----

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

// ---- questions ----

int refuse(void *, rfctls_socket *) {
  return 0;
}

int close_inside(void *, rfctls_socket *socket) {
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(socket));
  return 1;
}

TEST_F(Drive, a_question_goes_to_the_caller_and_an_answer_goes_on) {
  script.question = RFCTLS_WANT_VERIFY;
  rfctls_config_set_asking(config, 1, 0);
  wrap();
  give(hello);
  EXPECT_EQ(RFCTLS_WANT_VERIFY, rfctls_socket_handshake(socket));
  EXPECT_EQ(RFCTLS_WANT_VERIFY, rfctls_socket_handshake(socket)) << "it is still open";
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_answer_identity(socket, nullptr, nullptr));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_answer_verify(socket, 1));
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_answer_verify(socket, 1)) << "only once";
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(socket));
  EXPECT_EQ(1, script.answers);
}

TEST_F(Drive, a_refusal_by_the_function_fails_the_handshake) {
  script.question = RFCTLS_WANT_VERIFY;
  rfctls_config_set_verifier(config, refuse, nullptr, nullptr);
  wrap();
  give(hello);
  EXPECT_EQ(RFCTLS_E_VERIFY, rfctls_socket_handshake(socket));
  EXPECT_EQ(RFCTLS_REASON_REFUSED, rfctls_error_verify_reason());
}

int answer_as_told(void *answer, rfctls_socket *) {
  return *static_cast<int *>(answer);
}

TEST_F(Drive, an_answer_of_the_verifier_that_is_not_1_is_a_no) {
  for (int answer : {0, 2, -1, 256, INT_MIN, INT_MAX}) {
    TearDown();
    SetUp();
    script.question = RFCTLS_WANT_VERIFY;
    ASSERT_EQ(RFCTLS_OK, rfctls_config_set_verifier(config, answer_as_told, &answer, nullptr));
    wrap();
    give(hello);
    EXPECT_EQ(RFCTLS_E_VERIFY, rfctls_socket_handshake(socket)) << answer;
  }
}

TEST_F(Drive, nobody_can_accept_where_there_is_no_finding) {
  int yes = 1;
  script.question = RFCTLS_WANT_VERIFY;
  script.unseen = 1;
  for (int asks : {0, 1}) {
    rfctls_config_set_asking(config, asks, 0);
    rfctls_config_set_verifier(config, asks ? nullptr : answer_as_told, &yes, nullptr);
    wrap();
    give(hello);
    EXPECT_EQ(RFCTLS_E_VERIFY, rfctls_socket_handshake(socket));
    EXPECT_EQ(RFCTLS_REASON_MISSING, rfctls_error_verify_reason());
    EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_answer_verify(socket, 1));
    EXPECT_EQ(RFCTLS_E_VERIFY, rfctls_socket_handshake(socket));
    EXPECT_EQ(0u, rfctls_socket_finding_count(socket));
    TearDown();
    SetUp();
    script.question = RFCTLS_WANT_VERIFY;
    script.unseen = 1;
  }
  EXPECT_EQ(0, script.answers);
}

TEST_F(Drive, closing_inside_the_verifier_ends_the_handshake) {
  script.question = RFCTLS_WANT_VERIFY;
  rfctls_config_set_verifier(config, close_inside, nullptr, nullptr);
  wrap();
  give(hello);
  EXPECT_EQ(RFCTLS_E_CLOSED, rfctls_socket_handshake(socket));
  EXPECT_EQ(1, state.closed);
}

// ---- recv ----

TEST_F(Drive, recv_gives_what_came_and_no_more_waits) {
  establish();
  give(record('d', "one") + record('d', "two") + record('d', "three").substr(0, 5));
  EXPECT_EQ(RFCTLS_OK, recv());
  EXPECT_EQ("onetwo", got);
  EXPECT_EQ(0, state.poll_count);
}

TEST_F(Drive, recv_keeps_the_surplus) {
  establish();
  give(record('d', "abcdef"));
  EXPECT_EQ(RFCTLS_OK, recv(2));
  EXPECT_EQ(4u, rfctls_socket_pending(socket));
  EXPECT_EQ(RFCTLS_OK, recv(10, RFCTLS_DONTWAIT));
  EXPECT_EQ("cdef", got);
}

TEST_F(Drive, recv_of_nothing_says_nothing) {
  establish();
  EXPECT_EQ(RFCTLS_OK, recv(0));
  EXPECT_EQ("", got);
  give(record('d', "x"));
  EXPECT_EQ(RFCTLS_OK, recv());
  EXPECT_EQ("x", got);
}

TEST_F(Drive, peek_leaves_the_bytes) {
  establish();
  give(record('d', "abc"));
  EXPECT_EQ(RFCTLS_OK, recv(2, RFCTLS_PEEK));
  EXPECT_EQ("ab", got);
  EXPECT_EQ(3u, rfctls_socket_pending(socket));
  EXPECT_EQ(RFCTLS_OK, recv(100, RFCTLS_PEEK));
  EXPECT_EQ("abc", got);
  EXPECT_EQ(RFCTLS_OK, recv());
  EXPECT_EQ("abc", got);
}

TEST_F(Drive, waitall_waits_for_all) {
  establish();
  give(record('d', "ab"));
  block();
  give(record('d', "cd"));
  state.polls = {Poll::ready};
  EXPECT_EQ(RFCTLS_OK, recv(4, RFCTLS_WAITALL));
  EXPECT_EQ("abcd", got);
}

TEST_F(Drive, waitall_gives_what_came_before_the_end) {
  establish();
  give(record('d', "ab"));
  end();
  EXPECT_EQ(RFCTLS_OK, recv(4, RFCTLS_WAITALL));
  EXPECT_EQ("ab", got);
  EXPECT_EQ(RFCTLS_E_TRUNCATED, recv());
}

TEST_F(Drive, polite_end_is_an_end_again_and_again) {
  establish();
  give(record('d', "bye") + record('c'));
  EXPECT_EQ(RFCTLS_OK, recv());
  EXPECT_EQ("bye", got);
  for (int i = 0; i < 2; i++) {
    EXPECT_EQ(RFCTLS_OK, recv());
    EXPECT_EQ("", got);
  }
  EXPECT_EQ(RFCTLS_OK, send("I may still talk"));
}

TEST_F(Drive, recv_returns_truncated_when_tcp_ends_without_close_notify) {
  establish();
  give(record('d', "data"));
  end();
  EXPECT_EQ(RFCTLS_OK, recv());
  EXPECT_EQ("data", got);
  EXPECT_EQ(RFCTLS_E_TRUNCATED, recv());
  EXPECT_EQ(RFCTLS_E_TRUNCATED, recv());
  EXPECT_EQ(RFCTLS_OK, send("only reading has failed"));
}

TEST_F(Drive, truncation_may_be_allowed_by_name) {
  rfctls_config_set_allow_truncation(config, 1);
  establish();
  end();
  EXPECT_EQ(RFCTLS_OK, recv());
  EXPECT_EQ("", got);
}

TEST_F(Drive, reset_comes_after_the_data_and_fails_both_directions) {
  establish();
  give(record('d', "data"));
  reset();
  EXPECT_EQ(RFCTLS_OK, recv());
  EXPECT_EQ(RFCTLS_E_RESET, recv());
  EXPECT_EQ(RFCTLS_E_RESET, send("x"));
  EXPECT_EQ(1, rfctls_socket_is_closed(socket));
}

TEST_F(Drive, recv_times_out_never_early_and_loses_nothing) {
  establish();
  rfctls_socket_set_timeout(socket, RFCTLS_TIMER_READ, 300);
  int64_t begin = state.now;
  EXPECT_EQ(RFCTLS_E_TIMEOUT, recv());
  EXPECT_GE(state.now - begin, 300 * 1000000);
  give(record('d', "late"));
  EXPECT_EQ(RFCTLS_OK, recv());
  EXPECT_EQ("late", got);
}

TEST_F(Drive, timer_zero_polls) {
  establish();
  rfctls_socket_set_timeout(socket, RFCTLS_TIMER_READ, 0);
  EXPECT_EQ(RFCTLS_E_TIMEOUT, recv());
  give(record('d', "there"));
  EXPECT_EQ(RFCTLS_OK, recv());
  EXPECT_EQ(0, state.poll_count);
}

TEST_F(Drive, a_flood_that_says_nothing_cannot_stretch_the_timer) {
  establish();
  rfctls_socket_set_timeout(socket, RFCTLS_TIMER_READ, 0);
  for (int i = 0; i < 1000; i++) {
    give(record('k'));
  }
  EXPECT_EQ(RFCTLS_E_TIMEOUT, recv());
  EXPECT_GT(state.recvs.size(), 900u);
}

TEST_F(Drive, non_blocking_recv_wants_to_read) {
  establish();
  rfctls_socket_set_blocking(socket, 0);
  EXPECT_EQ(RFCTLS_WANT_READ, recv());
  EXPECT_EQ(0, state.poll_count);
}

TEST_F(Drive, recv_that_owes_a_reply_also_waits_to_write) {
  establish();
  state.sends = {{RFCTLS_WANT_WRITE, 0}, {RFCTLS_WANT_WRITE, 0}, {RFCTLS_WANT_WRITE, 0}};
  give(record('k'));
  block();
  give(record('d', "x"));
  state.polls = {Poll::ready};
  EXPECT_EQ(RFCTLS_OK, recv());
  EXPECT_EQ(static_cast<uint32_t>(RFCTLS__POLL_READ | RFCTLS__POLL_WRITE), state.polled_events);
  EXPECT_EQ(record('k'), state.sent);
}

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

// ---- send ----

TEST_F(Drive, send_goes_on_after_short_writes_and_waits) {
  establish();
  state.sends = {{RFCTLS_OK, 2}, {RFCTLS_WANT_WRITE, 0}, {RFCTLS_OK, 1}, {RFCTLS_WANT_WRITE, 0}};
  state.polls = {Poll::signal, Poll::ready, Poll::ready};
  EXPECT_EQ(RFCTLS_OK, send("hello"));
  EXPECT_EQ(5u, sent);
  EXPECT_EQ(record('d', "hello"), state.sent);
  EXPECT_EQ(static_cast<uint32_t>(RFCTLS__POLL_WRITE), state.polled_events);
}

TEST_F(Drive, send_counts_only_what_has_left) {
  establish();
  script.step = 4;
  rfctls_socket_set_timeout(socket, RFCTLS_TIMER_WRITE, 100);
  state.sends = {{RFCTLS_OK, 7},         {RFCTLS_OK, 3},         {RFCTLS_WANT_WRITE, 0},
                 {RFCTLS_WANT_WRITE, 0}, {RFCTLS_WANT_WRITE, 0}, {RFCTLS_WANT_WRITE, 0}};
  EXPECT_EQ(RFCTLS_E_TIMEOUT, send("abcdefgh"));
  EXPECT_EQ(4u, sent);
  EXPECT_EQ(RFCTLS_E_ARGUMENT, send("efg")) << "four bytes are owed";
  state.sends.clear();
  EXPECT_EQ(RFCTLS_OK, send("efgh"));
  EXPECT_EQ(4u, sent);
  EXPECT_EQ(record('d', "abcd") + record('d', "efgh"), state.sent) << "nothing twice";
}

TEST_F(Drive, non_blocking_send_wants_to_write_with_nothing_sent) {
  establish();
  rfctls_socket_set_blocking(socket, 0);
  state.sends = {{RFCTLS_OK, 3}, {RFCTLS_WANT_WRITE, 0}, {RFCTLS_WANT_WRITE, 0}};
  EXPECT_EQ(RFCTLS_WANT_WRITE, send("hello"));
  EXPECT_EQ(0u, sent);
  state.sends.clear();
  EXPECT_EQ(RFCTLS_OK, send("hello"));
  EXPECT_EQ(record('d', "hello"), state.sent);
}

TEST_F(Drive, any_verb_flushes_what_is_owed) {
  establish();
  rfctls_socket_set_blocking(socket, 0);
  state.sends = {{RFCTLS_WANT_WRITE, 0}, {RFCTLS_WANT_WRITE, 0}};
  EXPECT_EQ(RFCTLS_WANT_WRITE, send("hello"));
  state.sends.clear();
  EXPECT_EQ(RFCTLS_WANT_READ, recv());
  EXPECT_EQ(record('d', "hello"), state.sent);
  EXPECT_EQ(RFCTLS_OK, send("hello"));
  EXPECT_EQ(record('d', "hello"), state.sent) << "it was owed, not new";
}

TEST_F(Drive, send_of_nothing_sends_nothing) {
  establish();
  EXPECT_EQ(RFCTLS_OK, send(""));
  EXPECT_EQ("", state.sent);
}

TEST_F(Drive, a_failed_write_reports_the_alert_that_explains_it) {
  establish();
  state.sends = {{RFCTLS_E_RESET, 0}};
  give(record('d', "before") + record('a', "\x2a"));
  rfctls_status status = send("x");
  EXPECT_TRUE(status == RFCTLS_E_RESET || status == RFCTLS_E_ALERT);
  EXPECT_EQ(RFCTLS_OK, recv());
  EXPECT_EQ("before", got) << "data first";
  EXPECT_EQ(RFCTLS_E_ALERT, recv());
  rfctls_socket_unref(socket);
  establish();
  state.sends = {{RFCTLS_E_RESET, 0}};
  give(record('a', "\x2a"));
  EXPECT_EQ(RFCTLS_E_ALERT, send("x"));
  EXPECT_EQ(42, rfctls_error_alert());
  EXPECT_EQ(RFCTLS_E_ALERT, recv());
}

TEST_F(Drive, an_end_after_a_renegotiation_that_was_refused_says_so) {
  const std::string refused = "we refused the renegotiation that the peer asked for: ";
  const struct {
    std::function<void()> happens;
    rfctls_status status;
  } ends[] = {{[] { give(record('a', "\x28")); }, RFCTLS_E_ALERT},
              {[] { end(); }, RFCTLS_E_TRUNCATED},
              {[] { reset(); }, RFCTLS_E_RESET}};
  for (const auto &each : ends) {
    establish();
    script.refused = 1;
    each.happens();
    for (int again = 0; again < 2; again++) {
      EXPECT_EQ(each.status, recv());
      const std::string message = rfctls_error_message();
      EXPECT_EQ(0u, message.find(refused)) << message;
      EXPECT_EQ(0u, message.rfind(refused)) << message;
    }
    EXPECT_EQ(each.status == RFCTLS_E_ALERT ? 40 : -1, (recv(), rfctls_error_alert()));
    TearDown();
    SetUp();
  }
}

TEST_F(Drive, recv_gets_what_came_before_its_own_reply_failed) {
  establish();
  state.sends = {{RFCTLS_E_RESET, 0}};
  give(record('k'));  // asks for a reply
  give(record('d', "in time"));
  EXPECT_EQ(RFCTLS_OK, recv());
  EXPECT_EQ("in time", got);
}

TEST_F(Drive, engine_that_must_read_first_is_fed) {
  establish();
  script.encrypt_once = RFCTLS_WANT_READ;
  give(record('k'));
  EXPECT_EQ(RFCTLS_OK, send("x"));
  EXPECT_EQ(record('d', "x"), state.sent);
}

TEST_F(Drive, writing_ends_when_tcp_does_in_the_middle_of_a_message) {
  establish();
  script.half = 1;
  end();
  EXPECT_EQ(RFCTLS_E_TRUNCATED, send("x"));
  EXPECT_EQ(0u, sent);
  EXPECT_EQ(RFCTLS_E_TRUNCATED, send("x"));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(socket));
  rfctls_socket_unref(socket);
  script.half = 0;
  establish();
  script.half = 1;
  end();
  EXPECT_EQ(RFCTLS_E_TRUNCATED, rfctls_socket_key_update(socket));
}

TEST_F(Drive, a_second_sender_gets_its_turn_later) {
  establish();
  state.sends = {{RFCTLS_WANT_WRITE, 0},
                 {RFCTLS_WANT_WRITE, 0},
                 {RFCTLS_WANT_WRITE, 0},
                 {RFCTLS_WANT_WRITE, 0},
                 {RFCTLS_WANT_WRITE, 0}};
  rfctls_status second = RFCTLS_OK;
  state.on_poll = [&] {
    size_t count = 0;
    second = rfctls_socket_send(socket, RFCTLS_DONTWAIT, "second", 6, &count);
    state.sends.clear();
  };
  state.polls = {Poll::ready};
  EXPECT_EQ(RFCTLS_OK, send("first"));
  EXPECT_EQ(RFCTLS_WANT_WRITE, second);
  EXPECT_EQ(record('d', "first"), state.sent);
}

TEST_F(Drive, unknown_flags_are_refused) {
  establish();
  EXPECT_EQ(RFCTLS_E_ARGUMENT, send("x", 64));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, recv(1, 64));
}

// ---- waking ----

TEST_F(Drive, a_close_wakes_the_sleeping_reader) {
  establish();
  state.on_poll = [&] { EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(socket)); };
  EXPECT_EQ(RFCTLS_E_CLOSED, recv());
  EXPECT_EQ(1, state.closed) << "by the last call that left";
}

TEST_F(Drive, bytes_that_another_call_read_wake_the_sleeper) {
  establish();
  state.on_poll = [&] {
    char c;
    size_t n = 0;
    give(record('d', "a") + record('d', "b"));
    EXPECT_EQ(RFCTLS_OK, rfctls_socket_recv(socket, RFCTLS_DONTWAIT, &c, 1, &n));
    EXPECT_EQ('a', c);
    EXPECT_GT(state.woken, 0);
  };
  EXPECT_EQ(RFCTLS_OK, recv(1));
  EXPECT_EQ("b", got);
}

// ---- shutdown and close ----

TEST_F(Drive, shutdown_of_writing_leaves_reading) {
  establish();
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_shutdown(socket, RFCTLS_SHUT_WRITE));
  EXPECT_EQ(record('c'), state.sent);
  EXPECT_TRUE(state.finished);
  EXPECT_EQ(RFCTLS_E_STATE, send("x"));
  give(record('d', "answer"));
  EXPECT_EQ(RFCTLS_OK, recv());
  EXPECT_EQ("answer", got);
}

TEST_F(Drive, shutdown_says_that_its_goodbye_did_not_leave) {
  establish();
  state.sends = {{RFCTLS_E_RESET, 0}};
  EXPECT_EQ(RFCTLS_E_RESET, rfctls_socket_shutdown(socket, RFCTLS_SHUT_WRITE));
  EXPECT_FALSE(state.finished);
}

TEST_F(Drive, close_finishes_a_begun_record_says_goodbye_once_and_drains) {
  establish();
  rfctls_socket_set_blocking(socket, 0);
  state.sends = {{RFCTLS_OK, 2}, {RFCTLS_WANT_WRITE, 0}, {RFCTLS_WANT_WRITE, 0}};
  EXPECT_EQ(RFCTLS_WANT_WRITE, send("hello"));
  rfctls_socket_set_blocking(socket, 1);
  state.sends.clear();
  give("unread ticket");
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(socket));
  EXPECT_EQ(record('d', "hello") + record('c'), state.sent);
  EXPECT_TRUE(state.recvs.empty());
  EXPECT_TRUE(state.finished);
  EXPECT_EQ(1, state.closed);
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(socket));
  EXPECT_EQ(1, state.closed);
  EXPECT_EQ(RFCTLS_E_CLOSED, send("x"));
  EXPECT_EQ(RFCTLS_E_CLOSED, recv());
  EXPECT_EQ(RFCTLS_E_CLOSED, rfctls_socket_handshake(socket));
}

TEST_F(Drive, close_waits_until_all_is_acknowledged) {
  establish();
  state.unacknowledged = 10;
  state.on_poll = [&] { state.unacknowledged = 0; };
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(socket));
  EXPECT_GE(state.poll_count, 1);
}

TEST_F(Drive, close_gives_up_at_its_timer_and_is_closed_all_the_same) {
  establish();
  state.unacknowledged = 10;
  int64_t begin = state.now;
  EXPECT_EQ(RFCTLS_E_TIMEOUT, rfctls_socket_close(socket));
  EXPECT_GE(state.now - begin, 2000LL * 1000000);
  EXPECT_EQ(1, state.closed);
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(socket));
}

TEST_F(Drive, non_blocking_close_is_repeated) {
  establish();
  rfctls_socket_set_blocking(socket, 0);
  state.unacknowledged = 10;
  EXPECT_EQ(RFCTLS_WANT_READ, rfctls_socket_close(socket));
  EXPECT_EQ(0, state.closed);
  state.unacknowledged = 0;
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(socket));
  EXPECT_EQ(1, state.closed);
}

TEST_F(Drive, abort_closes_at_once_and_says_nothing) {
  establish();
  state.unacknowledged = 10;
  give("unread");
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_abort(socket));
  EXPECT_EQ("", state.sent);
  EXPECT_EQ(0, state.poll_count);
  EXPECT_EQ(1, state.closed);
  EXPECT_EQ(1, rfctls_socket_is_closed(socket));
  EXPECT_EQ(RFCTLS_E_CLOSED, recv());
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_abort(socket));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(socket));
  EXPECT_EQ(1, state.closed);
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_abort(nullptr));
}

TEST_F(Drive, an_abort_ends_a_close_that_drains) {
  establish();
  rfctls_socket_set_blocking(socket, 0);
  state.unacknowledged = 10;
  EXPECT_EQ(RFCTLS_WANT_READ, rfctls_socket_close(socket));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_abort(socket));
  EXPECT_EQ(1, state.closed);
}

TEST_F(Drive, an_abort_wakes_the_sleeping_reader) {
  establish();
  state.on_poll = [&] { EXPECT_EQ(RFCTLS_OK, rfctls_socket_abort(socket)); };
  EXPECT_EQ(RFCTLS_E_CLOSED, recv());
  EXPECT_EQ(1, state.closed) << "by the last call that left";
}

TEST_F(Drive, waiting_for_a_close_to_drain_neither_spins_nor_oversleeps) {
  establish();
  rfctls_socket_set_blocking(socket, 0);
  state.unacknowledged = 10;
  int64_t begin = state.now;
  int looks = 0;
  rfctls_status status = RFCTLS_WANT_READ;
  for (; status == RFCTLS_WANT_READ && looks < 1000; looks++) {
    status = rfctls_socket_close(socket);
    if (status == RFCTLS_WANT_READ) {
      ASSERT_EQ(RFCTLS_OK, rfctls_socket_wait(socket, status, 10000));
    }
  }
  EXPECT_EQ(RFCTLS_E_TIMEOUT, status);
  EXPECT_GE(state.now - begin, 2000LL * 1000000);
  EXPECT_LT(state.now - begin, 2010LL * 1000000);
  EXPECT_GT(looks, 50);
}

TEST_F(Drive, close_reads_on_where_goodbye_must_wait_for_half_a_message) {
  establish();
  script.notify_once = RFCTLS_WANT_READ;
  give(record('d', "ignored") + record('k'));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(socket));
  EXPECT_NE(std::string::npos, state.sent.find(record('c')));
}

TEST_F(Drive, no_goodbye_after_a_failure) {
  establish();
  give(record('a', "\x28"));
  EXPECT_EQ(RFCTLS_E_ALERT, recv());
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(socket));
  EXPECT_EQ("", state.sent);
}

TEST_F(Drive, a_borrowed_descriptor_is_not_closed_and_not_finished) {
  establish(0);
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(socket));
  EXPECT_EQ(record('c'), state.sent);
  EXPECT_FALSE(state.finished);
  rfctls_socket_unref(socket);
  socket = nullptr;
  EXPECT_EQ(0, state.closed);
}

TEST_F(Drive, unref_never_sends) {
  establish();
  rfctls_socket_unref(socket);
  socket = nullptr;
  EXPECT_EQ("", state.sent);
  EXPECT_EQ(1, state.closed);
}

// ---- accept ----

class Accept : public Drive {
 protected:
  void SetUp() override {
    rfctls_chain *chain = nullptr;
    rfctls_key *key = nullptr;
    Drive::SetUp();
    rfctls_config_unref(config);
    ASSERT_EQ(RFCTLS_OK, rfctls_config_new(RFCTLS_SERVER, &config));
    ASSERT_EQ(RFCTLS_OK, rfctls_identity_self_signed("server.test", &chain, &key));
    ASSERT_EQ(RFCTLS_OK, rfctls_config_set_identity(config, chain, key));
    rfctls_chain_unref(chain);
    rfctls_key_unref(key);
    ASSERT_EQ(RFCTLS_OK, rfctls_socket_listen(nullptr, "0", config, &socket));
  }

  rfctls_status accept() {
    rfctls_status status = rfctls_socket_accept(socket, &accepted);
    rfctls_socket_unref(accepted);
    return status;
  }

  rfctls_socket *accepted = nullptr;
};

TEST_F(Accept, waits_for_a_connection) {
  state.accepts = {RFCTLS_WANT_READ, RFCTLS_OK};
  state.polls = {Poll::signal, Poll::ready};
  EXPECT_EQ(RFCTLS_OK, accept());
}

TEST_F(Accept, ends_at_its_timer) {
  rfctls_socket_set_timeout(socket, RFCTLS_TIMER_ACCEPT, 200);
  int64_t begin = state.now;
  EXPECT_EQ(RFCTLS_E_TIMEOUT, accept());
  EXPECT_GE(state.now - begin, 200 * 1000000);
  EXPECT_EQ(nullptr, accepted);
}

TEST_F(Accept, survives_a_lack_of_descriptors) {
  state.accepts = {RFCTLS_E_SYSTEM, RFCTLS_OK};
  EXPECT_EQ(RFCTLS_E_SYSTEM, accept());
  EXPECT_EQ(RFCTLS_OK, accept());
}

TEST_F(Accept, is_for_listeners_and_listeners_only_accept) {
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_handshake(socket));
  EXPECT_EQ(RFCTLS_E_STATE, send("x"));
  EXPECT_EQ(RFCTLS_E_STATE, recv());
}

TEST_F(Accept, close_wakes_the_accepting_thread) {
  state.on_poll = [&] { EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(socket)); };
  EXPECT_EQ(RFCTLS_E_CLOSED, accept());
  EXPECT_EQ(1, state.closed);
}

// ---- new keys ----

TEST_F(Drive, new_keys_wait_until_what_was_encrypted_has_left) {
  establish();
  rfctls_socket_set_blocking(socket, 0);
  state.sends.assign(4, {RFCTLS_WANT_WRITE, 0}); /* a call flushes before its step and after it */
  EXPECT_EQ(RFCTLS_WANT_WRITE, send("abc"));
  EXPECT_EQ(RFCTLS_WANT_WRITE, rfctls_socket_key_update(socket));
  EXPECT_EQ("", state.sent);
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_key_update(socket));
  EXPECT_EQ(record('d', "abc") + record('k'), state.sent);
  EXPECT_EQ(RFCTLS_OK, send("abc"));
  EXPECT_EQ(3u, sent);
}

TEST_F(Drive, new_keys_that_the_version_lacks_break_nothing) {
  establish();
  script.update_once = RFCTLS_E_UNSUPPORTED;
  EXPECT_EQ(RFCTLS_E_UNSUPPORTED, rfctls_socket_key_update(socket));
  EXPECT_EQ(RFCTLS_OK, send("abc"));
  script.update_once = RFCTLS_E_PROTOCOL;
  EXPECT_EQ(RFCTLS_E_PROTOCOL, rfctls_socket_key_update(socket));
  EXPECT_EQ(RFCTLS_E_PROTOCOL, send("abc"));
  EXPECT_EQ(RFCTLS_E_PROTOCOL, recv());
}

TEST_F(Drive, after_our_goodbye_the_peer_s_new_keys_are_not_answered) {
  establish();
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_shutdown(socket, RFCTLS_SHUT_WRITE));
  give(record('k') + record('d', "abc"));
  EXPECT_EQ(RFCTLS_OK, recv());
  EXPECT_EQ("abc", got);
  EXPECT_EQ(record('c'), state.sent) << "a FIN stands behind it: more would break the pipe";
  EXPECT_EQ(RFCTLS_E_STATE, send("x"));
}

TEST_F(Drive, new_keys_need_an_open_connection) {
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_key_update(nullptr));
  wrap();
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_key_update(socket));
  give(hello);
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_handshake(socket));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_shutdown(socket, RFCTLS_SHUT_WRITE));
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_key_update(socket));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(socket));
  EXPECT_EQ(RFCTLS_E_CLOSED, rfctls_socket_key_update(socket));
}

// ---- the error record ----

TEST_F(Drive, success_leaves_no_error_of_what_was_overcome) {
  establish();
  give(record('d', "ab"));
  reset();
  EXPECT_EQ(RFCTLS_OK, recv(4, RFCTLS_WAITALL));
  EXPECT_EQ(RFCTLS_OK, rfctls_error_status());
  EXPECT_STREQ("", rfctls_error_message());
}

// ---- other event loops ----

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

// ---- pollset ----

TEST_F(Drive, pollset_is_ready_at_once_for_bytes_inside) {
  rfctls_pollset *set = nullptr;
  size_t index = 9, ready = 9;
  establish();
  ASSERT_EQ(RFCTLS_OK, rfctls_pollset_new(&set));
  ASSERT_EQ(RFCTLS_OK, rfctls_pollset_add_socket(set, socket, RFCTLS_EVENT_READ, &index));
  EXPECT_EQ(RFCTLS_OK, rfctls_pollset_wait(set, 100, &ready));
  EXPECT_EQ(0u, ready);
  give(record('d', "abc"));
  EXPECT_EQ(RFCTLS_OK, recv(1));
  int64_t begin = state.now;
  EXPECT_EQ(RFCTLS_OK, rfctls_pollset_wait(set, -1, &ready));
  EXPECT_EQ(1u, ready);
  EXPECT_EQ(static_cast<uint32_t>(RFCTLS_EVENT_READ), rfctls_pollset_events(set, index));
  EXPECT_EQ(begin, state.now);
  rfctls_pollset_unref(set);
}

TEST_F(Drive, pollset_tells_at_once_of_a_socket_that_was_closed) {
  rfctls_pollset *set = nullptr;
  size_t index = 9, ready = 9;
  establish();
  ASSERT_EQ(RFCTLS_OK, rfctls_pollset_new(&set));
  ASSERT_EQ(RFCTLS_OK, rfctls_pollset_add_socket(set, socket, RFCTLS_EVENT_WRITE, &index));
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_close(socket));
  EXPECT_EQ(RFCTLS_OK, rfctls_pollset_wait(set, -1, &ready));
  EXPECT_EQ(1u, ready);
  EXPECT_EQ(static_cast<uint32_t>(RFCTLS_EVENT_WRITE | RFCTLS_EVENT_ERROR),
            rfctls_pollset_events(set, index));
  rfctls_pollset_unref(set);
}

TEST_F(Drive, pollset_wakes_for_a_handshake_timer) {
  rfctls_pollset *set = nullptr;
  size_t index = 9, ready = 9;
  rfctls_config_set_timeout(config, RFCTLS_TIMER_HANDSHAKE, 400);
  rfctls_config_set_blocking(config, 0);
  wrap();
  EXPECT_EQ(RFCTLS_WANT_READ, rfctls_socket_handshake(socket));
  ASSERT_EQ(RFCTLS_OK, rfctls_pollset_new(&set));
  ASSERT_EQ(RFCTLS_OK, rfctls_pollset_add_socket(set, socket, RFCTLS_EVENT_READ, &index));
  int64_t begin = state.now;
  EXPECT_EQ(RFCTLS_OK, rfctls_pollset_wait(set, -1, &ready));
  EXPECT_EQ(1u, ready);
  EXPECT_EQ(400 * 1000000, state.now - begin);
  EXPECT_EQ(RFCTLS_E_TIMEOUT, rfctls_socket_handshake(socket));
  rfctls_pollset_unref(set);
}

}  // namespace
