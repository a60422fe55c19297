// The one loop, on a scripted engine and a scripted platform: who is woken, and what is forgotten?
#include "scripted_socket.hpp"

using namespace scripted_socket;

namespace {

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

// ---- the error record ----

TEST_F(Drive, success_leaves_no_error_of_what_was_overcome) {
  establish();
  give(record('d', "ab"));
  reset();
  EXPECT_EQ(RFCTLS_OK, recv(4, RFCTLS_WAITALL));
  EXPECT_EQ(RFCTLS_OK, rfctls_error_status());
  EXPECT_STREQ("", rfctls_error_message());
}

}  // namespace
