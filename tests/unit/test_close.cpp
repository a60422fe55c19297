// Ending: does all that is to be said leave, and does a close come to its end?
#include "scripted_socket.hpp"

using namespace scripted_socket;

namespace {

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

}  // namespace
