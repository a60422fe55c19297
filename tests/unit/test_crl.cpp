// Is whom a revocation list names refused, and nobody let through because a list is missing or bad?
#include <gtest/gtest.h>

#include <cstring>
#include <ostream>

#include "support/pair.hpp"

using namespace rfctls_test;

namespace {

class Crl : public testing::TestWithParam<rfctls_tls_version> {
 protected:
  Config client(const std::string &file) const {
    Config config = client_config(GetParam());
    require(rfctls_config_add_crl_file(config.get(), pki_path(file).c_str()), file);
    return config;
  }
  // The status of the client, and the reason that it names.
  rfctls_status connect(const Config &config, const std::string &server = "server") {
    Pair pair(config, server_config(server, GetParam()));
    const rfctls_status status = pair.shake();
    reason = rfctls_error_verify_reason();
    depth = rfctls_error_depth();
    message = rfctls_error_message();
    return status;
  }

  rfctls_reason reason = RFCTLS_REASON_NONE;
  int depth = -1;
  std::string message;
};

TEST_P(Crl, that_names_nobody_lets_all_through) {
  EXPECT_EQ(RFCTLS_OK, connect(client("none.crl"))) << message;
  EXPECT_EQ(RFCTLS_OK, connect(client("none.crl.der"))) << message;
}

TEST_P(Crl, that_names_the_peer_refuses_it) {
  Config config = client("server.crl");
  EXPECT_EQ(RFCTLS_E_VERIFY, connect(config));
  EXPECT_EQ(RFCTLS_REASON_REVOKED, reason);
  EXPECT_EQ(0, depth);
  EXPECT_NE(std::string::npos, message.find("server.test")) << message;
  EXPECT_EQ(RFCTLS_OK, connect(config, "server-rsa")) << "it names that one alone";
}

TEST_P(Crl, that_names_the_issuer_refuses_whom_it_vouches_for) {
  EXPECT_EQ(RFCTLS_E_VERIFY, connect(client("issuer.crl")));
  EXPECT_EQ(RFCTLS_REASON_REVOKED, reason);
  EXPECT_EQ(1, depth);
}

TEST_P(Crl, that_is_missing_outdated_or_forged_lets_nobody_through) {
  for (const char *file : {"outdated.crl", "forged.crl"}) {
    EXPECT_EQ(RFCTLS_E_VERIFY, connect(client(file))) << file;
    EXPECT_EQ(RFCTLS_REASON_OTHER, reason) << file;
    EXPECT_NE(std::string::npos, message.find("CRL")) << message;
  }
  EXPECT_EQ(RFCTLS_E_VERIFY, connect(client("none.crl"), "server-direct"))
      << "the root's is missing";
  EXPECT_EQ(RFCTLS_REASON_OTHER, reason);
}

TEST_P(Crl, of_a_server_is_for_its_clients) {
  Identity own = load_identity("client");
  for (const char *file : {"none.crl", "client.crl"}) {
    Config of_client = client_config(GetParam()), of_server = server_config("server", GetParam());
    require(rfctls_config_set_identity(of_client.get(), own.chain.get(), own.key.get()), "own");
    trust(of_server, "ca.pem");
    require(rfctls_config_add_crl_file(of_server.get(), pki_path(file).c_str()), file);
    Pair pair(of_client, of_server);
    (void)pair.shake();
    EXPECT_EQ(strcmp(file, "none.crl") == 0 ? RFCTLS_OK : RFCTLS_E_VERIFY, pair.server_status);
  }
}

TEST_P(Crl, that_is_new_is_not_passed_by_with_an_old_session) {
  const std::string before = pki_file("none.crl"), after = pki_file("server.crl");
  Config of_server = server_config("server", GetParam()), old = client_config(GetParam());
  require(rfctls_config_add_crls(old.get(), before.data(), before.size()), "before");
  Session session;
  {
    Pair pair(old, of_server);
    ASSERT_EQ(RFCTLS_OK, pair.shake());
    ASSERT_EQ(RFCTLS_OK, send_all(pair.server, "x"));
    EXPECT_EQ("x", receive(pair.client));
    ASSERT_EQ(RFCTLS_OK, rfctls_socket_session(pair.client.get(), out(session)));
  }
  Config renewed = client_config(GetParam());
  require(rfctls_config_add_crls(renewed.get(), after.data(), after.size()), "after");
  Pair pair(renewed, of_server);
  require(rfctls_socket_set_session(pair.client.get(), session.get()), "session");
  EXPECT_EQ(RFCTLS_E_VERIFY, pair.shake());
}

TEST_P(Crl, of_a_partition_counts_for_the_certificates_that_name_it) {
  EXPECT_EQ(RFCTLS_OK, connect(client("partition.crl"), "server-partitioned")) << message;
  EXPECT_EQ(RFCTLS_E_VERIFY, connect(client("partition-revoked.crl"), "server-partitioned"));
  EXPECT_EQ(RFCTLS_REASON_REVOKED, reason);
  EXPECT_EQ(RFCTLS_E_VERIFY, connect(client("partition-other.crl"), "server-partitioned"));
  EXPECT_EQ(RFCTLS_REASON_OTHER, reason);
  EXPECT_EQ(RFCTLS_E_VERIFY, connect(client("partition.crl"), "server")) << "it names no partition";
  Config both = client("partition-other.crl");
  require(rfctls_config_add_crl_file(both.get(), pki_path("partition-revoked.crl").c_str()),
          "both");
  EXPECT_EQ(RFCTLS_E_VERIFY, connect(both, "server-partitioned"));
  EXPECT_EQ(RFCTLS_REASON_REVOKED, reason) << message;
}

TEST_P(Crl, of_users_or_of_authorities_counts_for_these_alone) {
  EXPECT_EQ(RFCTLS_E_VERIFY, connect(client("users.crl")));
  EXPECT_EQ(RFCTLS_REASON_REVOKED, reason) << message;
  EXPECT_EQ(RFCTLS_OK, connect(client("users.crl"), "server-rsa")) << message;
  EXPECT_EQ(RFCTLS_E_VERIFY, connect(client("authorities.crl"))) << "it does not cover the server";
  EXPECT_EQ(RFCTLS_REASON_OTHER, reason);
  EXPECT_EQ(RFCTLS_E_VERIFY, connect(client("issuer-authorities.crl")));
  EXPECT_EQ(RFCTLS_REASON_REVOKED, reason) << message;
  EXPECT_EQ(1, depth);
  EXPECT_EQ(RFCTLS_OK, connect(client("issuer-users.crl"))) << "issuers need no list: " << message;
}

INSTANTIATE_TEST_SUITE_P(Tls, Crl, testing::Values(RFCTLS_TLS_1_2, RFCTLS_TLS_1_3));

TEST(CrlFile, that_cannot_be_read_is_named_and_adds_nothing) {
  Config config = client_config();
  const std::string bad =
      pki_file("none.crl") + "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n";
  EXPECT_EQ(RFCTLS_E_PARSE, rfctls_config_add_crls(config.get(), bad.data(), bad.size()));
  EXPECT_NE(nullptr, strstr(rfctls_error_message(), "revocation list 2")) << rfctls_error_message();
  EXPECT_EQ(RFCTLS_E_PARSE,
            rfctls_config_add_crl_file(config.get(), pki_path("server.pem").c_str()));
  EXPECT_NE(nullptr, strstr(rfctls_error_message(), "server.pem"));
  EXPECT_EQ(RFCTLS_E_PARSE, rfctls_config_add_crls(config.get(), "x", 1));
  EXPECT_EQ(RFCTLS_E_SYSTEM, rfctls_config_add_crl_file(config.get(), "/nowhere"));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_add_crl_file(config.get(), nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_add_crls(config.get(), nullptr, 1));
  Pair pair(config, server_config());
  EXPECT_EQ(RFCTLS_OK, pair.shake()) << "no list, no check";
}

struct Unprocessed {
  const char *file;
  rfctls_status status;
  const char *named;
};

void PrintTo(const Unprocessed &given, std::ostream *out) {
  *out << given.file;
}

class CrlExtension : public testing::TestWithParam<Unprocessed> {};

TEST_P(CrlExtension, that_is_not_processed_is_named_when_the_list_is_loaded) {
  const Unprocessed &given = GetParam();
  Config config = client_config();
  const std::string list = pki_file(given.file), good = pki_file("none.crl");
  EXPECT_EQ(given.status, rfctls_config_add_crls(config.get(), list.data(), list.size()));
  EXPECT_NE(nullptr, strstr(rfctls_error_message(), given.named)) << rfctls_error_message();
  EXPECT_EQ(given.status, rfctls_config_add_crl_file(config.get(), pki_path(given.file).c_str()));
  EXPECT_NE(nullptr, strstr(rfctls_error_message(), given.file)) << rfctls_error_message();
  if (list[0] == '-') {
    const std::string second = good + list;
    EXPECT_EQ(given.status, rfctls_config_add_crls(config.get(), second.data(), second.size()));
    EXPECT_NE(nullptr, strstr(rfctls_error_message(), "revocation list 2"))
        << rfctls_error_message();
  }
  Pair pair(config, server_config());
  EXPECT_EQ(RFCTLS_OK, pair.shake()) << "none of them was added";
}

INSTANTIATE_TEST_SUITE_P(
    All, CrlExtension,
    testing::Values(Unprocessed{"delta.crl", RFCTLS_E_UNSUPPORTED, "deltaCRLIndicator"},
                    Unprocessed{"delta.crl.der", RFCTLS_E_UNSUPPORTED, "deltaCRLIndicator"},
                    Unprocessed{"delta-uncritical.crl", RFCTLS_E_UNSUPPORTED, "deltaCRLIndicator"},
                    Unprocessed{"indirect.crl", RFCTLS_E_UNSUPPORTED, "indirectCRL"},
                    Unprocessed{"reasons.crl", RFCTLS_E_UNSUPPORTED, "onlySomeReasons"},
                    Unprocessed{"attributes.crl", RFCTLS_E_UNSUPPORTED,
                                "onlyContainsAttributeCerts"},
                    Unprocessed{"critical.crl", RFCTLS_E_UNSUPPORTED, "1.3.6.1.4.1.55555.1"},
                    Unprocessed{"critical-entry.crl", RFCTLS_E_UNSUPPORTED, "1.3.6.1.4.1.55555.2"},
                    Unprocessed{"entry-of-other.crl", RFCTLS_E_UNSUPPORTED, "certificateIssuer"},
                    Unprocessed{"unreadable-scope.crl", RFCTLS_E_PARSE, "issuingDistributionPoint"},
                    Unprocessed{"contrary-scope.crl", RFCTLS_E_PARSE, "issuingDistributionPoint"},
                    Unprocessed{"scope-twice.crl", RFCTLS_E_PARSE, "issuingDistributionPoint"}));

}  // namespace
