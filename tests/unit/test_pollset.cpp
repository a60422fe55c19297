// Does a pollset know what the descriptors do not tell?
#include "scripted_socket.hpp"

using namespace scripted_socket;

namespace {

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
