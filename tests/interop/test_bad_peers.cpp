// Is every bad certificate of the test PKI refused, for the reason that the manifest gives, before a
// byte of the application has left?
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <vector>

#include "support/pair.hpp"

using namespace rfctls_test;

namespace {

struct Bad {
  std::string name;
  std::string reason;
};

std::vector<Bad> bad_peers(const std::string &role) {
  std::vector<Bad> found;
  std::istringstream lines(pki_file("manifest.tsv"));
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string name, kind, verdict, reason;
    std::getline(fields, name, '\t');
    std::getline(fields, kind, '\t');
    std::getline(fields, verdict, '\t');
    std::getline(fields, reason, '\t');
    if (kind == role && verdict == "bad") {
      found.push_back({name, reason});
    }
  }
  return found;
}

// Servers that our own library agrees to be. Those with weak keys and signatures it refuses, by and
// large: tests/engine shows how a client meets them.
std::vector<Bad> bad_servers() {
  std::vector<Bad> found = bad_peers("server");
  found.erase(std::remove_if(found.begin(), found.end(),
                             [](const Bad &bad) { return bad.reason == "WEAK"; }),
              found.end());
  return found;
}

// A client of the server's name, or of its address where that is the point.
Config client_of(const Bad &bad) {
  if (bad.name.rfind("ip-", 0) != 0) {
    return client_config();
  }
  Config config;
  require(rfctls_config_new(RFCTLS_CLIENT, out(config)), "config");
  trust(config, "ca.pem");
  return config;
}

class BadServers : public testing::TestWithParam<rfctls_tls_version> {};

INSTANTIATE_TEST_SUITE_P(Versions, BadServers, testing::Values(RFCTLS_TLS_1_2, RFCTLS_TLS_1_3),
                         [](const auto &each) {
                           return each.param == RFCTLS_TLS_1_2 ? "tls12" : "tls13";
                         });

TEST_P(BadServers, are_refused_by_name_and_see_no_application_byte) {
  std::vector<Bad> all = bad_servers();
  ASSERT_GE(all.size(), 13u);
  for (const Bad &bad : all) {
    SCOPED_TRACE(bad.name);
    Pair pair(client_of(bad), server_config(bad.name, GetParam()));
    rfctls_status server_saw = RFCTLS_OK;
    std::string received;
    std::thread serving([&] {
      server_saw = rfctls_socket_handshake(pair.server.get());
      if (server_saw == RFCTLS_OK) {  // TLS 1.3: the server is done before the client has judged
        received = receive_all(pair.server, &server_saw);
      }
    });
    EXPECT_EQ(RFCTLS_E_VERIFY, rfctls_socket_handshake(pair.client.get()));
    EXPECT_STREQ(bad.reason.c_str(), rfctls_reason_name(rfctls_error_verify_reason()))
        << rfctls_error_message();
    EXPECT_GE(rfctls_error_depth(), 0);
    EXPECT_EQ(RFCTLS_E_VERIFY, send_all(pair.client, "secret"));
    rfctls_socket_close(pair.client.get());
    serving.join();
    EXPECT_EQ("", received);
    EXPECT_EQ(RFCTLS_E_ALERT, server_saw) << "the server is told";
  }
}

// From root to leaf, and one of them is not trusted.
void expect_findings_of_a_bad_chain(rfctls_socket *socket) {
  size_t count = rfctls_socket_finding_count(socket);
  int trusted = 1, depth = 99;
  for (size_t i = 0; i < count; i++) {
    trusted &= rfctls_socket_finding_trusted(socket, i);
    EXPECT_LT(rfctls_socket_finding_depth(socket, i), depth);
    depth = rfctls_socket_finding_depth(socket, i);
    EXPECT_NE(nullptr, rfctls_socket_finding_cert(socket, i));
  }
  EXPECT_GE(count, 1u);
  EXPECT_EQ(0, depth);
  EXPECT_FALSE(trusted);
}

TEST_P(BadServers, may_be_accepted_by_a_verifier_once_and_not_the_next_time) {
  for (const Bad &bad : bad_servers()) {
    SCOPED_TRACE(bad.name);
    Config of_server = server_config(bad.name, GetParam());
    Config asking = client_of(bad);
    require(rfctls_config_set_asking(asking.get(), 1, 0), "asking");
    Pair pair(asking, of_server);
    std::thread serving([&] { rfctls_socket_handshake(pair.server.get()); });
    EXPECT_EQ(RFCTLS_WANT_VERIFY, rfctls_socket_handshake(pair.client.get()));
    expect_findings_of_a_bad_chain(pair.client.get());
    EXPECT_EQ(RFCTLS_OK, rfctls_socket_answer_verify(pair.client.get(), 1));
    EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(pair.client.get()));
    serving.join();
    Pair next(client_of(bad), of_server);
    EXPECT_EQ(RFCTLS_E_VERIFY, next.shake());
  }
}

TEST_P(BadServers, a_key_too_weak_to_be_trusted_is_not_served_either) {
  Config config = server_config("weak-rsa", GetParam());
  Socket listener;
  EXPECT_EQ(RFCTLS_E_IDENTITY, rfctls_socket_listen("127.0.0.1", "0", config.get(), out(listener)));
}

class BadClients : public BadServers {};

INSTANTIATE_TEST_SUITE_P(Versions, BadClients, testing::Values(RFCTLS_TLS_1_2, RFCTLS_TLS_1_3),
                         [](const auto &each) {
                           return each.param == RFCTLS_TLS_1_2 ? "tls12" : "tls13";
                         });

TEST_P(BadClients, are_refused_by_name_and_told_why) {
  for (const Bad &bad : bad_peers("client")) {
    SCOPED_TRACE(bad.name);
    Config of_server = server_config("server", GetParam());
    trust(of_server, "ca.pem");
    require(rfctls_config_set_peer_cert(of_server.get(), RFCTLS_PEER_CERT_REQUIRED), "demand");
    Config of_client = client_config();
    Identity identity = load_identity(bad.name);
    require(rfctls_config_set_identity(of_client.get(), identity.chain.get(), identity.key.get()),
            "identity");
    Pair pair(of_client, of_server);
    rfctls_reason reason = RFCTLS_REASON_NONE;
    rfctls_status verdict = RFCTLS_OK;
    std::thread serving([&] {
      verdict = rfctls_socket_handshake(pair.server.get());
      reason = rfctls_error_verify_reason();
      rfctls_socket_close(pair.server.get());
    });
    rfctls_status status = rfctls_socket_handshake(pair.client.get());
    if (status == RFCTLS_OK) {  // TLS 1.3: the client is done before the server has judged
      EXPECT_EQ(RFCTLS_TLS_1_3, GetParam());
      receive_all(pair.client, &status);
    }
    serving.join();
    EXPECT_EQ(RFCTLS_E_VERIFY, verdict);
    EXPECT_STREQ(bad.reason.c_str(), rfctls_reason_name(reason));
    EXPECT_EQ(RFCTLS_E_ALERT, status);
  }
}

// Whoever holds a certificate of a public authority is nobody that a server knows.
TEST(SystemTrust, is_not_a_servers_for_its_clients_unless_asked_for) {
  Identity own = load_identity("client");
  setenv("SSL_CERT_FILE", pki_path("ca.pem").c_str(), 1);
  for (rfctls_demand demand : {RFCTLS_PEER_CERT_OPTIONAL, RFCTLS_PEER_CERT_REQUIRED}) {
    for (bool asked_for : {false, true}) {
      Config of_client = client_config(), of_server = server_config();
      require(rfctls_config_set_identity(of_client.get(), own.chain.get(), own.key.get()), "own");
      require(rfctls_config_set_peer_cert(of_server.get(), demand), "demand");
      if (asked_for) {
        require(rfctls_config_set_system_trust(of_server.get(), 1), "system trust");
      }
      Pair pair(of_client, of_server);
      (void)pair.shake();
      EXPECT_EQ(asked_for ? RFCTLS_OK : RFCTLS_E_VERIFY, pair.server_status);
    }
  }
  unsetenv("SSL_CERT_FILE");
}

}  // namespace
