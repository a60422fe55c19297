// Anchors: from every form of a file, and only for what their source trusts them for.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "support/pair.hpp"

using namespace rfctls_test;

namespace {

// Files, each with its passphrase or NULL.
using Files = std::vector<std::pair<std::string, const char *>>;

// A client that trusts them, and no system.
Config client_that_trusts(const Files &files, bool system = false) {
  Config config;
  require(rfctls_config_new(RFCTLS_CLIENT, out(config)), "config");
  require(rfctls_config_set_system_trust(config.get(), system), "system trust");
  require(rfctls_config_set_server_name(config.get(), "server.test"), "name");
  for (const auto &[file, passphrase] : files) {
    require(rfctls_config_add_trust_file(config.get(), pki_path(file).c_str(), passphrase), file);
  }
  return config;
}

// SChannel says that it cannot, before anything is sent.
rfctls_status refused() {
  return std::string(rfctls__engine_linked.name) == "openssl" ? RFCTLS_E_VERIFY
                                                              : RFCTLS_E_UNSUPPORTED;
}

rfctls_status connect(const Config &config) {
  Config of_server = server_config("server-rsa-direct");
  Socket listener = listen_on(of_server), client;
  rfctls_status status =
      rfctls_socket_connect("127.0.0.1", port_of(listener).c_str(), config.get(), out(client));
  if (status != RFCTLS_OK) {
    return status;
  }
  Socket server = accept_from(listener);
  std::thread other([&] { rfctls_socket_handshake(server.get()); });
  status = rfctls_socket_handshake(client.get());
  rfctls_socket_unref(client.release());
  other.join();
  return status;
}

rfctls_status connect(const Files &files) {
  return connect(client_that_trusts(files));
}

TEST(Trust, comes_from_every_form_of_a_file) {
  for (const Files &files : std::vector<Files>{{{"ca.pem", nullptr}},
                                               {{"ca.p7b", nullptr}},
                                               {{"ca.p12", "secret"}},
                                               {{"trusted-any.pem", nullptr}}}) {
    EXPECT_EQ(RFCTLS_OK, connect(files)) << files[0].first << ": " << rfctls_error_message();
  }
  EXPECT_EQ(RFCTLS_E_VERIFY, connect({{"other-ca.pem", nullptr}}));
}

TEST(Trust, comes_from_bytes_too) {
  for (const auto &[file, passphrase] : Files{{"ca.pem", nullptr}, {"ca.p12", "secret"}}) {
    const std::string data = pki_file(file);
    Config config = client_that_trusts({});
    ASSERT_EQ(RFCTLS_OK,
              rfctls_config_add_trust(config.get(), data.data(), data.size(), passphrase))
        << rfctls_error_message();
    EXPECT_EQ(RFCTLS_OK, connect(config));
  }
  Config config = client_that_trusts({});
  EXPECT_EQ(RFCTLS_E_PARSE, rfctls_config_add_trust(config.get(), "x", 1, nullptr));
  EXPECT_STREQ("rfctls_config_add_trust", rfctls_error_origin());
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_add_trust(config.get(), nullptr, 1, nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_add_trust(nullptr, "x", 1, nullptr));
}

TEST(Trust, of_a_source_counts_for_the_uses_that_it_names) {
  EXPECT_EQ(RFCTLS_OK, connect({{"trusted-servers.pem", nullptr}}));
  for (const char *file :
       {"trusted-clients.pem", "trusted-mail.pem", "rejected-servers.pem", "java-clients.p12"}) {
    EXPECT_EQ(refused(), connect({{file, nullptr}})) << file;
  }
}

TEST(Trust, is_gone_once_a_source_rejects_an_authority) {
  EXPECT_EQ(refused(), connect({{"ca.pem", nullptr}, {"rejected-servers.pem", nullptr}}));
  EXPECT_EQ(refused(), connect({{"rejected-servers.pem", nullptr}, {"ca.pem", nullptr}}));
}

#if !defined(_WIN32)
TEST(Trust, of_the_system_is_gone_too) {
  setenv("SSL_CERT_FILE", pki_path("ca.pem").c_str(), 1);
  setenv("SSL_CERT_DIR", "/nowhere", 1);
  EXPECT_EQ(RFCTLS_OK, connect(client_that_trusts({}, true))) << rfctls_error_message();
  EXPECT_EQ(RFCTLS_E_VERIFY,
            connect(client_that_trusts({{"rejected-servers.pem", nullptr}}, true)));
  EXPECT_EQ(RFCTLS_OK, connect(client_that_trusts({}, true))) << "the next one is as before";
  unsetenv("SSL_CERT_FILE");
  unsetenv("SSL_CERT_DIR");
}
#endif

// What a server says to a client whose certificate the root issued.
rfctls_status accept(const std::string &file) {
  Config of_server = server_config("server-rsa-direct"), of_client = client_config();
  Identity own = load_identity("client-rsa-direct");
  require(rfctls_config_set_identity(of_client.get(), own.chain.get(), own.key.get()), "identity");
  require(rfctls_config_set_peer_cert(of_server.get(), RFCTLS_PEER_CERT_REQUIRED), "demand");
  require(rfctls_config_add_trust_file(of_server.get(), pki_path(file).c_str(), nullptr), file);
  Pair pair(of_client, of_server);
  (void)pair.shake();
  return pair.server_status;
}

TEST(Trust, of_a_server_is_for_clients) {
  if (std::string(rfctls__engine_linked.name) != "openssl") {
    GTEST_SKIP() << "an engine that cannot refuse an authority says so when a config is used first";
  }
  EXPECT_EQ(RFCTLS_OK, accept("ca.pem"));
  EXPECT_EQ(RFCTLS_OK, accept("trusted-clients.pem"));
  EXPECT_EQ(RFCTLS_OK, accept("java-clients.p12"));
  EXPECT_EQ(RFCTLS_E_VERIFY, accept("trusted-servers.pem"));
}

}  // namespace
