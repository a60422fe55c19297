// Sending and receiving, on a scripted engine and a scripted platform: what if the system would
// block, is interrupted, takes or gives half, resets, or ends?
#include "scripted_socket.hpp"

using namespace scripted_socket;

namespace {

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

}  // namespace
