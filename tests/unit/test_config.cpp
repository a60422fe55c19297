// Does a config refuse what cannot work, freeze at its first use, and release what it was given?
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "support/pair.hpp"

using namespace rfctls_test;

namespace {

Config make(rfctls_role role) {
  Config config;
  require(rfctls_config_new(role, out(config)), "config");
  return config;
}

TEST(Config, role_must_be_one) {
  rfctls_config *config = reinterpret_cast<rfctls_config *>(1);
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_new(static_cast<rfctls_role>(0), &config));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_new(static_cast<rfctls_role>(3), &config));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_new(RFCTLS_CLIENT, nullptr));
}

TEST(Config, every_setter_refuses_no_config) {
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_set_identity(nullptr, nullptr, nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_set_versions(nullptr, RFCTLS_TLS_ANY, RFCTLS_TLS_ANY));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_set_server_name(nullptr, "server.test"));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_add_protocol(nullptr, "h2"));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_add_authority(nullptr, nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_set_system_trust(nullptr, 1));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_set_peer_cert(nullptr, RFCTLS_PEER_CERT_IGNORED));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_set_verifier(nullptr, nullptr, nullptr, nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT,
            rfctls_config_set_identity_source(nullptr, nullptr, nullptr, nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_set_asking(nullptr, 1, 1));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_set_timeout(nullptr, RFCTLS_TIMER_READ, 1));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_set_family(nullptr, RFCTLS_FAMILY_ANY));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_set_blocking(nullptr, 1));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_set_allow_truncation(nullptr, 1));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_set_session_cache(nullptr, 1));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_insecure_skip_verify(nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_insecure_skip_name_check(nullptr));
  EXPECT_EQ(nullptr, rfctls_config_ref(nullptr));
  rfctls_config_unref(nullptr);
}

TEST(Config, versions_must_be_versions_in_order) {
  Config config = make(RFCTLS_CLIENT);
  EXPECT_EQ(RFCTLS_E_ARGUMENT,
            rfctls_config_set_versions(config.get(), RFCTLS_TLS_1_3, RFCTLS_TLS_1_2));
  EXPECT_EQ(RFCTLS_E_ARGUMENT,
            rfctls_config_set_versions(config.get(), RFCTLS_TLS_ANY, RFCTLS_TLS_1_1))
      << "1.1 is older than the default's oldest";
  EXPECT_EQ(RFCTLS_E_ARGUMENT,
            rfctls_config_set_versions(config.get(), static_cast<rfctls_tls_version>(0x0300),
                                       RFCTLS_TLS_ANY));
  EXPECT_EQ(RFCTLS_OK, rfctls_config_set_versions(config.get(), RFCTLS_TLS_1_2, RFCTLS_TLS_1_2));
}

TEST(Config, what_belongs_to_the_other_role_is_refused) {
  Config client = make(RFCTLS_CLIENT), server = make(RFCTLS_SERVER);
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_set_peer_cert(client.get(), RFCTLS_PEER_CERT_IGNORED));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_set_server_name(server.get(), "server.test"));
}

TEST(Config, enums_and_timers_out_of_range_are_refused) {
  Config config = make(RFCTLS_SERVER);
  EXPECT_EQ(RFCTLS_E_ARGUMENT,
            rfctls_config_set_peer_cert(config.get(), static_cast<rfctls_demand>(7)));
  EXPECT_EQ(RFCTLS_E_ARGUMENT,
            rfctls_config_set_family(config.get(), static_cast<rfctls_family>(5)));
  EXPECT_EQ(RFCTLS_E_ARGUMENT,
            rfctls_config_set_timeout(config.get(), static_cast<rfctls_timer>(0), 1));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_set_timeout(config.get(), RFCTLS_TIMER_READ, -2));
}

TEST(Config, a_key_that_does_not_fit_its_chain_is_refused_at_once) {
  Config config = make(RFCTLS_SERVER);
  Chain chain = load_chain("server.pem"), empty;
  Key key = load_key("server-rsa.key");
  require(rfctls_chain_new(out(empty)), "chain");
  EXPECT_EQ(RFCTLS_E_IDENTITY, rfctls_config_set_identity(config.get(), chain.get(), key.get()));
  EXPECT_EQ(RFCTLS_E_IDENTITY, rfctls_config_set_identity(config.get(), empty.get(), key.get()));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_set_identity(config.get(), chain.get(), nullptr));
}

// That it fitted is remembered, of one certificate.
TEST(Config, a_key_that_fitted_one_chain_is_refused_with_another) {
  Config config = make(RFCTLS_CLIENT);
  Identity own = load_identity("server"), other = load_identity("client");
  for (int i = 0; i < 2; i++) {
    EXPECT_EQ(RFCTLS_OK, rfctls_config_set_identity(config.get(), own.chain.get(), own.key.get()));
    EXPECT_EQ(RFCTLS_E_IDENTITY,
              rfctls_config_set_identity(config.get(), other.chain.get(), own.key.get()));
    EXPECT_EQ(RFCTLS_E_IDENTITY,
              rfctls_config_set_identity(config.get(), own.chain.get(), other.key.get()));
  }
}

TEST(Config, a_server_without_an_identity_cannot_listen) {
  Config config = make(RFCTLS_SERVER);
  Socket socket;
  EXPECT_EQ(RFCTLS_E_IDENTITY, rfctls_socket_listen("127.0.0.1", "0", config.get(), out(socket)));
  EXPECT_EQ(nullptr, socket);
}

TEST(Config, protocols_are_checked_before_connecting) {
  Config config = make(RFCTLS_CLIENT);
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_add_protocol(config.get(), ""));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_add_protocol(config.get(), nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT,
            rfctls_config_add_protocol(config.get(), std::string(256, 'x').c_str()));
  EXPECT_EQ(RFCTLS_OK, rfctls_config_add_protocol(config.get(), std::string(255, 'x').c_str()));
  rfctls_status status = RFCTLS_OK;
  int added = 0;
  while (status == RFCTLS_OK) {
    status = rfctls_config_add_protocol(config.get(), std::string(255, 'x').c_str());
    added++;
  }
  EXPECT_EQ(RFCTLS_E_ARGUMENT, status);
  EXPECT_EQ(65535 / 256, added) << "the list on the wire has two bytes of length";
}

TEST(Config, hello_extensions_are_checked_before_connecting) {
  Config config = make(RFCTLS_CLIENT), of_server = make(RFCTLS_SERVER);
  const std::string data(32768, 'x');
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_add_hello_extension(config.get(), 16, "\0\0", 2));
  EXPECT_STREQ("hello extension 16 is the library's own to make", rfctls_error_message());
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_add_hello_extension(config.get(), 4660, nullptr, 1));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_add_hello_extension(of_server.get(), 4660, "", 0));
  EXPECT_EQ(RFCTLS_OK, rfctls_config_add_hello_extension(config.get(), 4660, nullptr, 0));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_add_hello_extension(config.get(), 4660, "again", 5));
  EXPECT_STREQ("hello extension 4660 is there already", rfctls_error_message());
  EXPECT_EQ(RFCTLS_OK, rfctls_config_add_hello_extension(config.get(), 4661, data.data(), 32760));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_add_hello_extension(config.get(), 4662, "", 0));
  EXPECT_EQ(RFCTLS_E_ARGUMENT,
            rfctls_config_add_hello_extension(make(RFCTLS_CLIENT).get(), 4662, data.data(), 32768));
}

TEST(Config, a_socket_adds_hello_extensions_beside_its_own) {
  Config config = client_config();
  require(rfctls_config_add_hello_extension(config.get(), 4660, "config", 6), "extension");
  Pair pair(config, server_config());
  rfctls_socket *client = pair.client.get();
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_add_hello_extension(client, 4660, "socket", 6));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_add_hello_extension(client, 4661, "socket", 6));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_add_hello_extension(pair.server.get(), 4661, "", 0));
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_config_add_hello_extension(config.get(), 4662, "", 0));
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_add_hello_extension(client, 4662, "", 0));
}

TEST(Config, what_the_engine_does_not_know_is_named) {
  Config config = make(RFCTLS_CLIENT);
  const struct {
    rfctls_status(RFCTLS_CALL *set)(rfctls_config *, const char *);
    std::vector<const char *> good;
    std::vector<std::pair<const char *, const char *>> bad;  // and what is named
  } cases[] = {
      {rfctls_config_set_ciphers,
       {"ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!MD5:!RC4:!SRP", "DEFAULT@SECLEVEL=2", "HIGH !DSS",
        "ECDHE-RSA-AES128-GCM-SHA256", "DEFAULT:-aRSA:@STRENGTH", "@SECLEVEL=2:HIGH",
        "HIGH!aNULL@SECLEVEL=3", "DEFAULT:kRSA", "AES128-GCM-SHA256",
        "ALL:!COMPLEMENTOFDEFAULT:!eNULL"},
       {{"ECDHE+AESGCM:ECDHE-RSA-EAS128-GCM-SHA256", "cipher \"ECDHE-RSA-EAS128-GCM-SHA256\""},
        {"DEFAULT:!aNUL", "cipher \"!aNUL\""},
        {"ECDHE+AESGMC", "cipher \"ECDHE+AESGMC\""},
        {"TLS_AES_128_GCM_SHA256", "cipher \"TLS_AES_128_GCM_SHA256\""},
        {"DEFAULT:@FASTEST", "cipher list \"DEFAULT:@FASTEST\""},
        {"DEFAULTS", "cipher \"DEFAULTS\""},
        {"ECDHE:DEFAULT", "DEFAULT counts in front"},
        {"ECDHE:!DEFAULT", "DEFAULT counts in front"},
        {"DEFAULT@SECLEVEL=1", "@SECLEVEL=1 is below the security level 2"},
        {"DEFAULT:@SECLEVEL=0", "set the oldest version (min_version)"},
        {"@SECLEVEL=1:ECDHE", "@SECLEVEL=1 is below"},
        {"ECDHE:@SECLEVEL=9", "cipher list \"ECDHE:@SECLEVEL=9\""},
        {"AES128:!ECDHE", "static RSA (kRSA) and DHE are used only if"},
        {"eNULL:aNULL", "leaves none that is used"},
        {"PSK:SRP", "leaves none that is used"},
        {"ECDHE:NULL-SHA256", "cipher \"NULL-SHA256\" is too weak"},
        {"ADH-AES128-GCM-SHA256:ECDHE", "cipher \"ADH-AES128-GCM-SHA256\" is too weak"},
        {"ECDHE:PSK-AES128-GCM-SHA256", "of a kind that is not spoken"},
        {"", "cipher list is empty"},
        {":", "cipher list \":\""}}},
      {rfctls_config_set_cipher_suites,
       {"TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"},
       {{"TLS_AES_256_GCM_SHA384:TLS_AES_257_GCM_SHA384", "suite \"TLS_AES_257_GCM_SHA384\""},
        {"ECDHE-RSA-AES128-GCM-SHA256", "suite \"ECDHE-RSA-AES128-GCM-SHA256\""},
        {"", "cipher suite list is empty"}}},
      {rfctls_config_set_groups,
       {"X25519", "P-256:P-384:X25519", "secp521r1:ffdhe2048"},
       {{"X25519:P-257", "group \"P-257\""}, {"", "group list is empty"}}}};
  for (const auto &each : cases) {
    for (const char *list : each.good) {
      EXPECT_EQ(RFCTLS_OK, each.set(config.get(), list)) << list << rfctls_error_message();
    }
    for (const auto &[list, named] : each.bad) {
      EXPECT_EQ(RFCTLS_E_ARGUMENT, each.set(config.get(), list)) << list;
      EXPECT_NE(nullptr, strstr(rfctls_error_message(), named)) << rfctls_error_message();
    }
    EXPECT_EQ(RFCTLS_E_ARGUMENT, each.set(config.get(), nullptr));
    EXPECT_EQ(RFCTLS_E_ARGUMENT, each.set(nullptr, each.good[0]));
  }
}

// What a client and a server agree on that are told these lists; "": on nothing.
std::string agreed(const char *of_client, const char *of_server,
                   const std::string &identity = "server-rsa",
                   rfctls_tls_version version = RFCTLS_TLS_1_2) {
  Config client = client_config(version), server = server_config(identity, version);
  for (const auto &[config, list] : {std::pair(&client, of_client), {&server, of_server}}) {
    if (list != nullptr) {
      require(rfctls_config_set_ciphers(config->get(), list), list);
    }
  }
  Pair pair(client, server);
  return pair.shake() == RFCTLS_OK ? rfctls_socket_cipher(pair.client.get()) : "";
}

TEST(Config, static_rsa_and_dhe_are_for_lists_that_name_them) {
  const char *const rsa = "TLS_RSA_WITH_AES_128_GCM_SHA256",
                    *const dhe = "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256";
  for (const char *kind :
       {static_cast<const char *>(nullptr), "DEFAULT", "ALL", "HIGH", "AES128", "AESGCM:aRSA",
        "ALL:+kRSA:+DHE", "DEFAULT:!kRSA", "ALL:AES256-GCM-SHA384"}) {
    for (const char *other : {"AES128-GCM-SHA256", "DHE-RSA-AES128-GCM-SHA256"}) {
      EXPECT_EQ("", agreed(kind, other)) << (kind == nullptr ? "no list" : kind);
      EXPECT_EQ("", agreed(other, kind)) << (kind == nullptr ? "no list" : kind);
    }
  }
  for (const char *named :
       {"kRSA", "DEFAULT:kRSA", "ALL:RSA+AESGCM:@SECLEVEL=2", "AES128-GCM-SHA256"}) {
    EXPECT_EQ(rsa, agreed(named, "AES128-GCM-SHA256")) << named;
    EXPECT_EQ(rsa, agreed("AES128-GCM-SHA256", named)) << named;
  }
  for (const char *named : {"kDHE", "DEFAULT:DHE", "EDH+AESGCM", "DHE-RSA-AES128-GCM-SHA256"}) {
    EXPECT_EQ(dhe, agreed(named, "DHE-RSA-AES128-GCM-SHA256")) << named;
    EXPECT_EQ(dhe, agreed("DHE-RSA-AES128-GCM-SHA256", named)) << named;
  }
}

TEST(Config, a_security_level_in_a_list_counts_if_it_is_higher) {
  EXPECT_NE("", agreed("DEFAULT@SECLEVEL=2", "ALL:@SECLEVEL=2"));
  EXPECT_NE("", agreed("DEFAULT", nullptr));
  EXPECT_EQ("", agreed("DEFAULT@SECLEVEL=3", nullptr)) << "the server's RSA key has 2048 bits";
  EXPECT_NE("", agreed("DEFAULT@SECLEVEL=3", nullptr, "server")) << "this one's P-256 is enough";
  EXPECT_EQ("", agreed("DEFAULT@SECLEVEL=2", nullptr, "server", RFCTLS_TLS_1_1));
  EXPECT_NE("", agreed("DEFAULT", nullptr, "server", RFCTLS_TLS_1_1));
}

TEST(Config, a_server_that_prefers_chooses_by_its_own_order) {
  Config of_client = client_config(), of_server = server_config();
  require(rfctls_config_set_cipher_suites(of_client.get(),
                                          "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"),
          "suites");
  require(rfctls_config_set_cipher_suites(of_server.get(),
                                          "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"),
          "suites");
  require(rfctls_config_set_groups(of_server.get(), "P-384"), "groups");
  Pair pair(of_client, of_server);
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  EXPECT_STREQ("TLS_AES_128_GCM_SHA256", rfctls_socket_cipher(pair.client.get()));
  EXPECT_STREQ("secp384r1", rfctls_socket_group(pair.client.get()));
  EXPECT_STREQ("secp384r1", rfctls_socket_group(pair.server.get()));
}

TEST(Config, a_chain_ends_at_any_trusted_certificate_unless_told_otherwise) {
  for (const char *trusted : {"server.pem", "intermediate.pem", "ca.pem"}) {
    for (int allowed : {1, 0}) {
      Config config = make(RFCTLS_CLIENT);
      require(rfctls_config_set_system_trust(config.get(), 0), "system trust");
      require(rfctls_config_set_server_name(config.get(), "server.test"), "name");
      trust(config, trusted);
      EXPECT_EQ(RFCTLS_OK, rfctls_config_set_partial_chain(config.get(), allowed));
      Pair pair(config, server_config());
      const bool good = allowed == 1 || strcmp(trusted, "ca.pem") == 0;
      EXPECT_EQ(good ? RFCTLS_OK : RFCTLS_E_VERIFY, pair.shake()) << trusted << allowed;
      EXPECT_EQ(good ? RFCTLS_REASON_NONE : RFCTLS_REASON_ISSUER, rfctls_error_verify_reason());
      EXPECT_EQ(RFCTLS_E_STATE, rfctls_config_set_partial_chain(config.get(), 1));
    }
  }
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_set_partial_chain(nullptr, 1));
}

// ---- files of trust, files of secrets ----

class ConfigFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/rfctls-config-XXXXXX";
    ASSERT_NE(nullptr, mkdtemp(pattern.data()));
    folder = pattern;
    require(rfctls_config_new(RFCTLS_CLIENT, out(config)), "config");
    require(rfctls_config_set_system_trust(config.get(), 0), "system trust");
    require(rfctls_config_set_server_name(config.get(), "server.test"), "name");
  }
  void TearDown() override {
    std::filesystem::remove_all(folder);
  }
  std::string path(const std::string &name) const {
    return (folder / name).string();
  }
  rfctls_status connect(const std::string &identity = "server") const {
    Pair pair(config, server_config(identity));
    return pair.shake();
  }

  std::filesystem::path folder;
  Config config;
};

TEST_F(ConfigFiles, a_trust_file_adds_all_its_certificates_or_none) {
  std::ofstream(path("good")) << pki_file("other-ca.pem") << pki_file("ca.pem");
  std::ofstream(path("half")) << pki_file("ca.pem")
                              << "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_EQ(RFCTLS_E_PARSE,
            rfctls_config_add_trust_file(config.get(), path("half").c_str(), nullptr));
  EXPECT_STREQ("rfctls_config_add_trust_file", rfctls_error_origin());
  EXPECT_NE(nullptr, strstr(rfctls_error_message(), "certificate 2"));
  EXPECT_EQ(RFCTLS_E_SYSTEM,
            rfctls_config_add_trust_file(config.get(), path("none").c_str(), nullptr));
  EXPECT_EQ(RFCTLS_E_SYSTEM, rfctls_config_add_trust_file(config.get(), folder.c_str(), nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_add_trust_file(config.get(), nullptr, nullptr));
  ASSERT_EQ(RFCTLS_OK, rfctls_config_add_trust_file(config.get(), path("good").c_str(), nullptr));
  EXPECT_EQ(RFCTLS_OK, connect());
  EXPECT_EQ(RFCTLS_OK, connect("wrong-ca")) << "the other authority's";
}

TEST_F(ConfigFiles, a_trust_file_that_was_refused_adds_nobody) {
  std::ofstream(path("half")) << pki_file("ca.pem")
                              << "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  ASSERT_EQ(RFCTLS_E_PARSE,
            rfctls_config_add_trust_file(config.get(), path("half").c_str(), nullptr));
  EXPECT_EQ(RFCTLS_E_VERIFY, connect());
}

TEST_F(ConfigFiles, a_trust_folder_is_read_by_hashed_names) {
  FILE *file = fopen(pki_path("ca.pem").c_str(), "r");
  X509 *ca = PEM_read_X509(file, nullptr, nullptr, nullptr);
  char name[16];
  snprintf(name, sizeof name, "%08lx.0", X509_subject_name_hash(ca));
  X509_free(ca);
  fclose(file);
  std::filesystem::create_symlink(pki_path("ca.pem"), folder / name);
  EXPECT_EQ(RFCTLS_E_SYSTEM, rfctls_config_add_trust_dir(config.get(), path("none").c_str()));
  EXPECT_EQ(RFCTLS_E_SYSTEM, rfctls_config_add_trust_dir(config.get(), path(name).c_str()));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_add_trust_dir(config.get(), "/tmp:/usr"));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_add_trust_dir(config.get(), nullptr));
  ASSERT_EQ(RFCTLS_OK, rfctls_config_add_trust_dir(config.get(), folder.c_str()));
  EXPECT_EQ(RFCTLS_OK, connect());
  EXPECT_EQ(RFCTLS_E_VERIFY, connect("wrong-ca"));
}

TEST_F(ConfigFiles, keys_are_logged_for_their_owner_alone) {
  const std::string log = path("log");
  require(rfctls_config_add_trust_file(config.get(), pki_path("ca.pem").c_str(), nullptr), "trust");
  EXPECT_EQ(RFCTLS_E_SYSTEM, rfctls_config_insecure_log_keys(config.get(), folder.c_str()));
  EXPECT_EQ(RFCTLS_E_SYSTEM, rfctls_config_insecure_log_keys(config.get(), path("a/b").c_str()));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_insecure_log_keys(config.get(), nullptr));
  ASSERT_EQ(RFCTLS_OK, rfctls_config_insecure_log_keys(config.get(), log.c_str()));
  EXPECT_EQ(std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
            std::filesystem::status(log).permissions());
  EXPECT_EQ("", read_file(log));
  ASSERT_EQ(RFCTLS_OK, connect());
  const std::string first = read_file(log);
  EXPECT_NE(std::string::npos, first.find("CLIENT_HANDSHAKE_TRAFFIC_SECRET "));
  EXPECT_NE(std::string::npos, first.find("SERVER_TRAFFIC_SECRET_0 "));
  EXPECT_EQ('\n', first.back());
  ASSERT_EQ(RFCTLS_OK, connect());
  EXPECT_EQ(first, read_file(log).substr(0, first.size()));
  EXPECT_GT(read_file(log).size(), first.size());
  std::filesystem::remove_all(folder);
  EXPECT_EQ(RFCTLS_OK, connect()) << "a log that went away harms nobody";
}

TEST(Config, first_use_freezes_it) {
  Config config = server_config();
  Socket listener = listen_on(config);
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_config_set_blocking(config.get(), 0));
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_config_add_protocol(config.get(), "h2"));
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_config_set_identity(config.get(), nullptr, nullptr));
  Chain chain = load_chain("ca.pem");
  EXPECT_EQ(RFCTLS_E_STATE,
            rfctls_config_add_authority(config.get(), rfctls_chain_at(chain.get(), 0)));
}

TEST(Config, many_threads_may_use_it_first) {
  Config config = server_config();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; i++) {
    threads.emplace_back([&] { listen_on(config); });
  }
  for (auto &thread : threads) {
    thread.join();
  }
}

TEST(Config, userdata_is_released_once) {
  int released = 0;
  auto release = [](void *count) { ++*static_cast<int *>(count); };
  auto verifier = [](void *, rfctls_socket *) { return 1; };
  {
    Config config = make(RFCTLS_CLIENT);
    ASSERT_EQ(RFCTLS_OK, rfctls_config_set_verifier(config.get(), verifier, &released, release));
    ASSERT_EQ(RFCTLS_OK, rfctls_config_set_verifier(config.get(), nullptr, nullptr, nullptr));
    EXPECT_EQ(1, released);
    ASSERT_EQ(RFCTLS_OK, rfctls_config_set_verifier(config.get(), verifier, &released, release));
  }
  EXPECT_EQ(2, released);
}

TEST(Config, insecure_means_one_config_and_not_the_next) {
  Config wild = make(RFCTLS_CLIENT);
  ASSERT_EQ(RFCTLS_OK, rfctls_config_insecure_skip_verify(wild.get()));
  Config of_server = server_config("self-signed");
  Pair pair(wild, of_server);
  EXPECT_EQ(RFCTLS_OK, pair.shake());
  Pair strict(client_config(), of_server);
  EXPECT_EQ(RFCTLS_E_VERIFY, strict.shake());
}

}  // namespace
