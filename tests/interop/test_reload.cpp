// May a listener get another config at any time, without a connection noticing?
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <string>
#include <vector>

#include "support/pair.hpp"

using namespace rfctls_test;

namespace {

// Which certificate the next connection is shown.
std::string shown_by(const Socket &listener, const Config &of_client) {
  Socket client = connect_to(listener, of_client), server = accept_from(listener);
  std::thread other([&] { EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(server.get())); });
  require(rfctls_socket_handshake(client.get()), "handshake");
  other.join();
  return rfctls_cert_fingerprint(rfctls_socket_peer_cert(client.get()));
}

TEST(Reload, counts_for_what_is_accepted_afterwards) {
  Config of_client = client_config();
  Socket listener = listen_on(server_config("server"));
  Socket early_client = connect_to(listener, of_client), early = accept_from(listener);
  const std::string before = shown_by(listener, of_client);
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_reload(listener.get(), server_config("server-rsa").get()));
  const std::string after = shown_by(listener, of_client);
  EXPECT_NE(before, after);
  // Accepted before, its handshake comes afterwards: it keeps the config that it was accepted with.
  std::thread other([&] { EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(early.get())); });
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_handshake(early_client.get()));
  other.join();
  EXPECT_EQ(before, rfctls_cert_fingerprint(rfctls_socket_peer_cert(early_client.get())));
}

TEST(Reload, that_is_refused_changes_nothing) {
  Config of_client = client_config(), bare;
  require(rfctls_config_new(RFCTLS_SERVER, out(bare)), "config");
  Socket listener = listen_on(server_config("server"));
  const std::string before = shown_by(listener, of_client);
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_reload(nullptr, server_config().get()));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_reload(listener.get(), nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_reload(listener.get(), of_client.get()));
  EXPECT_EQ(RFCTLS_E_IDENTITY, rfctls_socket_reload(listener.get(), bare.get()));
  EXPECT_EQ(before, shown_by(listener, of_client));
}

TEST(Reload, is_for_open_listeners_only) {
  Pair pair;
  Config other = server_config("server-rsa");
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_reload(pair.server.get(), other.get()));
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_reload(pair.client.get(), other.get()));
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_close(pair.listener.get()));
  EXPECT_EQ(RFCTLS_E_CLOSED, rfctls_socket_reload(pair.listener.get(), other.get()));
}

TEST(Reload, releases_what_the_old_config_held) {
  std::atomic<int> released{0};
  Config first = server_config();
  auto release = [](void *count) { ++*static_cast<std::atomic<int> *>(count); };
  require(rfctls_config_set_verifier(
              first.get(), [](void *, rfctls_socket *) { return 1; }, &released, release),
          "verifier");
  Socket listener = listen_on(first);
  first.reset();
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_reload(listener.get(), server_config().get()));
  EXPECT_EQ(1, released);
}

// Three clients come without pause, and data goes both ways, while the config changes 1,000 times.
TEST(Reload, a_thousand_times_under_load_loses_no_connection) {
  constexpr int kReloads = 1000, kClients = 3;
  Config of_client = client_config();
  const Config configs[] = {server_config("server"), server_config("server-rsa"),
                            server_config("server-ed25519")};
  Socket listener = listen_on(configs[0]);
  std::atomic<bool> done{false};
  std::atomic<int> answered{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; i++) {
    threads.emplace_back([&] {
      for (bool last = false; !last;) {
        last = done;
        Socket client = connect_to(listener, of_client);
        ASSERT_EQ(RFCTLS_OK, rfctls_socket_handshake(client.get())) << rfctls_error_message();
        ASSERT_EQ(RFCTLS_OK, send_all(client, "question"));
        ASSERT_EQ("answer", receive(client));
        ASSERT_EQ(RFCTLS_OK, rfctls_socket_close(client.get()));
        answered++;
      }
    });
    threads.emplace_back([&] {
      rfctls_socket *accepted = nullptr;
      while (rfctls_socket_accept(listener.get(), &accepted) == RFCTLS_OK) {
        Socket server(accepted);
        ASSERT_EQ(RFCTLS_OK, rfctls_socket_handshake(server.get())) << rfctls_error_message();
        ASSERT_EQ("question", receive(server));
        ASSERT_EQ(RFCTLS_OK, send_all(server, "answer"));
        EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(server.get()));
      }
      EXPECT_EQ(RFCTLS_E_CLOSED, rfctls_error_status());
    });
  }
  for (int i = 0; i < kReloads; i++) {
    ASSERT_EQ(RFCTLS_OK, rfctls_socket_reload(listener.get(), configs[i % 3].get()));
    if (i % 100 == 0) {  // and one that nobody else knows
      ASSERT_EQ(RFCTLS_OK, rfctls_socket_reload(listener.get(), server_config().get()));
    }
    for (int before = answered; i % 50 == 0 && answered == before;) {
      std::this_thread::yield();
    }
  }
  done = true;
  for (size_t i = 0; i < threads.size(); i += 2) {
    threads[i].join();
  }
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_close(listener.get()));
  for (size_t i = 1; i < threads.size(); i += 2) {
    threads[i].join();
  }
  EXPECT_GE(answered, kReloads / 50);
}

}  // namespace
