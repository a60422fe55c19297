// Do new keys in mid-stream go unnoticed by what is sent and received?
#include <gtest/gtest.h>

#include <string>

#include "support/pair.hpp"

using namespace rfctls_test;

namespace {

TEST(KeyUpdate, is_of_tls_1_3_alone_and_older_connections_go_on) {
  Pair pair(RFCTLS_TLS_1_2);
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  EXPECT_EQ(RFCTLS_E_UNSUPPORTED, rfctls_socket_key_update(pair.client.get()));
  EXPECT_STREQ("TLSv1.2 has no key update", rfctls_error_message());
  ASSERT_EQ(RFCTLS_OK, send_all(pair.client, "still here"));
  EXPECT_EQ("still here", receive(pair.server));
}

TEST(KeyUpdate, of_both_sides_at_once_crosses_the_data_unnoticed) {
  constexpr int kRounds = 400;
  Pair pair(RFCTLS_TLS_1_3);
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  auto talk = [](const Socket &socket) {
    std::string data(4096, '\0');
    for (int i = 0; i < kRounds; i++) {
      fill_pattern(reinterpret_cast<unsigned char *>(data.data()), data.size(),
                   static_cast<uint64_t>(i) * data.size());
      ASSERT_EQ(RFCTLS_OK, send_all(socket, data));
    }
    ASSERT_EQ(RFCTLS_OK, rfctls_socket_shutdown(socket.get(), RFCTLS_SHUT_WRITE));
  };
  auto listen = [](const Socket &socket) {
    rfctls_status status = RFCTLS_E_INTERNAL;
    const std::string data = receive_all(socket, &status);
    std::string expected(4096 * kRounds, '\0');
    fill_pattern(reinterpret_cast<unsigned char *>(expected.data()), expected.size(), 0);
    EXPECT_EQ(RFCTLS_OK, status) << rfctls_error_message();
    EXPECT_TRUE(data == expected);
  };
  auto renew = [](const Socket &socket) {
    rfctls_status status = RFCTLS_OK;
    for (int i = 0; i < kRounds && status == RFCTLS_OK; i++) {
      status = rfctls_socket_key_update(socket.get());
    }
    EXPECT_TRUE(status == RFCTLS_OK || status == RFCTLS_E_STATE) << rfctls_error_message();
  };
  std::thread a([&] { talk(pair.client); }), b([&] { talk(pair.server); });
  std::thread c([&] { renew(pair.client); }), d([&] { renew(pair.server); });
  std::thread e([&] { listen(pair.client); });
  listen(pair.server);
  for (std::thread *thread : {&a, &b, &c, &d, &e}) {
    thread->join();
  }
}

}  // namespace
