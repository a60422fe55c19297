// Can a program's own event loop, here poll(2), drive a connection from connect to close?
#include <gtest/gtest.h>
#include <poll.h>

#include <functional>

#include "support/pair.hpp"

using namespace rfctls_test;

namespace {

// Makes a call again as long as it is unfinished, and waits in between as it says.
rfctls_status drive(const Socket &socket, const std::function<rfctls_status()> &call) {
  for (int calls = 0; calls < 1000; calls++) {
    const rfctls_status status = call();
    if (status != RFCTLS_WANT_READ && status != RFCTLS_WANT_WRITE) {
      return status;
    }
    const uint32_t wanted = rfctls_socket_wait_events(socket.get(), status);
    if (wanted == 0) {
      continue;
    }
    pollfd item{};
    item.fd = static_cast<int>(rfctls_socket_wait_fd(socket.get()));
    EXPECT_GE(item.fd, 0);
    item.events = static_cast<short>(((wanted & RFCTLS_EVENT_READ) != 0 ? POLLIN : 0) |
                                     ((wanted & RFCTLS_EVENT_WRITE) != 0 ? POLLOUT : 0));
    const int64_t timeout = rfctls_socket_wait_timeout(socket.get());
    EXPECT_LE(timeout, 30000);
    EXPECT_GE(poll(&item, 1, timeout < 0 ? 10000 : static_cast<int>(timeout)), 0);
  }
  ADD_FAILURE() << "a busy loop";
  return RFCTLS_E_INTERNAL;
}

void serve(const Socket &listener) {
  Socket server = accept_from(listener);
  rfctls_status status = RFCTLS_OK;
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_handshake(server.get()));
  const std::string all = receive_all(server, &status);
  EXPECT_EQ(RFCTLS_OK, status);
  EXPECT_EQ(RFCTLS_OK, send_all(server, all));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(server.get()));
}

TEST(Loop, of_a_program_drives_connect_handshake_data_and_close) {
  Socket listener = listen_on(server_config());
  std::thread other([&] { serve(listener); });
  Config config = client_config();
  require(rfctls_config_set_blocking(config.get(), 0), "non-blocking");
  Socket client = connect_to(listener, config);
  EXPECT_EQ(RFCTLS_OK, drive(client, [&] { return rfctls_socket_handshake(client.get()); }))
      << rfctls_error_message();
  std::string data(1 << 20, '\0'), back;
  fill_pattern(reinterpret_cast<unsigned char *>(data.data()), data.size(), 0);
  for (size_t at = 0, sent = 0; at < data.size(); at += sent) {
    ASSERT_EQ(RFCTLS_OK, drive(client, [&] {
                return rfctls_socket_send(client.get(), 0, data.data() + at, data.size() - at,
                                          &sent);
              }));
  }
  EXPECT_EQ(RFCTLS_OK,
            drive(client, [&] { return rfctls_socket_shutdown(client.get(), RFCTLS_SHUT_WRITE); }));
  for (size_t received = 1; received > 0;) {
    char buffer[65536];
    ASSERT_EQ(RFCTLS_OK, drive(client, [&] {
                return rfctls_socket_recv(client.get(), 0, buffer, sizeof buffer, &received);
              }));
    back.append(buffer, received);
  }
  EXPECT_TRUE(back == data);
  EXPECT_EQ(RFCTLS_OK, drive(client, [&] { return rfctls_socket_close(client.get()); }));
  EXPECT_EQ(-1, rfctls_socket_wait_fd(client.get()));
  other.join();
}

}  // namespace
