// Are configs equal where all that counts is, and only there? What counts is tried setter by setter, as the
// header has them: a new one is missing here until it is said whether it counts.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <string>

#include "support/pair.hpp"
#include "tls/config.h"

using namespace rfctls_test;

namespace {

using Setter = std::function<rfctls_status(rfctls_config *)>;
using Digest = std::string;

Digest digest_of(const Config &config) {
  uint8_t digest[RFCTLS__DIGEST_SIZE];
  require(rfctls__config_digest(config.get(), digest), "digest");
  return {reinterpret_cast<const char *>(digest), sizeof digest};
}

Config make(rfctls_role role, const Setter &set = nullptr) {
  Config config;
  require(rfctls_config_new(role, out(config)), "config");
  if (set) {
    require(set(config.get()), "setter");
  }
  return config;
}

struct Folder {
  Folder() {
    std::string pattern = testing::TempDir() + "/freeze-XXXXXX";
    path = mkdtemp(pattern.data());
  }
  ~Folder() {
    std::filesystem::remove_all(path);
  }
  std::string file(const std::string &name, const std::string &content) const {
    std::ofstream(path + "/" + name) << content;
    return path + "/" + name;
  }
  std::string path;
};

// ---- every setter ----

enum Counts { kNever, kAlways };

struct Row {
  rfctls_role role;
  Counts counts;
  Setter set;
};

rfctls_status set_identity(rfctls_config *config, const std::string &name) {
  Identity own = load_identity(name);
  return rfctls_config_set_identity(config, own.chain.get(), own.key.get());
}

rfctls_status add_authority(rfctls_config *config) {
  return rfctls_config_add_authority(config, rfctls_chain_at(load_chain("ca.pem").get(), 0));
}

rfctls_status add_trust(rfctls_config *config) {
  const std::string text = pki_file("ca.pem");
  return rfctls_config_add_trust(config, text.data(), text.size(), nullptr);
}

rfctls_status add_crls(rfctls_config *config) {
  const std::string list = pki_file("none.crl");
  return rfctls_config_add_crls(config, list.data(), list.size());
}

const Folder &folder() {
  static const Folder made;
  return made;
}

const rfctls_role C = RFCTLS_CLIENT, S = RFCTLS_SERVER;

const std::multimap<std::string, Row> setters = {
    {"set_identity", {C, kAlways, [](auto c) { return set_identity(c, "client"); }}},
    {"set_identity", {S, kAlways, [](auto c) { return set_identity(c, "server"); }}},
    {"set_versions",
     {C, kAlways,
      [](auto c) { return rfctls_config_set_versions(c, RFCTLS_TLS_1_3, RFCTLS_TLS_ANY); }}},
    {"set_versions",
     {C, kAlways,
      [](auto c) { return rfctls_config_set_versions(c, RFCTLS_TLS_ANY, RFCTLS_TLS_1_2); }}},
    {"set_ciphers",
     {C, kAlways, [](auto c) { return rfctls_config_set_ciphers(c, "ECDHE+AESGCM"); }}},
    {"set_cipher_suites",
     {C, kAlways,
      [](auto c) { return rfctls_config_set_cipher_suites(c, "TLS_AES_256_GCM_SHA384"); }}},
    {"set_groups", {C, kAlways, [](auto c) { return rfctls_config_set_groups(c, "X25519"); }}},
    {"set_server_name",
     {C, kNever, [](auto c) { return rfctls_config_set_server_name(c, "server.test"); }}},
    {"add_protocol", {S, kAlways, [](auto c) { return rfctls_config_add_protocol(c, "h2"); }}},
    {"add_hello_extension",
     {C, kNever, [](auto c) { return rfctls_config_add_hello_extension(c, 0xfff0, "x", 1); }}},
    {"add_authority", {C, kAlways, add_authority}},
    {"add_authority", {S, kAlways, add_authority}},
    {"add_trust_file",
     {C, kAlways,
      [](auto c) { return rfctls_config_add_trust_file(c, pki_path("ca.pem").c_str(), nullptr); }}},
    {"add_trust", {C, kAlways, add_trust}},
    {"add_trust_dir",
     {C, kAlways, [](auto c) { return rfctls_config_add_trust_dir(c, folder().path.c_str()); }}},
    {"add_crls", {C, kAlways, add_crls}},
    {"add_crl_file",
     {C, kAlways,
      [](auto c) { return rfctls_config_add_crl_file(c, pki_path("none.crl").c_str()); }}},
    {"set_system_trust", {C, kAlways, [](auto c) { return rfctls_config_set_system_trust(c, 0); }}},
    {"set_system_trust", {S, kAlways, [](auto c) { return rfctls_config_set_system_trust(c, 1); }}},
    {"set_partial_chain",
     {C, kAlways, [](auto c) { return rfctls_config_set_partial_chain(c, 0); }}},
    {"set_peer_cert",
     {S, kAlways,
      [](auto c) { return rfctls_config_set_peer_cert(c, RFCTLS_PEER_CERT_REQUIRED); }}},
    {"set_verifier",
     {C, kAlways,
      [](auto c) {
        return rfctls_config_set_verifier(
            c, [](void *, rfctls_socket *) { return 1; }, nullptr, nullptr);
      }}},
    {"set_identity_source",
     {C, kAlways,
      [](auto c) {
        return rfctls_config_set_identity_source(
            c, [](void *, rfctls_socket *) {}, nullptr, nullptr);
      }}},
    {"set_asking", {C, kAlways, [](auto c) { return rfctls_config_set_asking(c, 1, 0); }}},
    {"set_asking", {C, kAlways, [](auto c) { return rfctls_config_set_asking(c, 0, 1); }}},
    {"set_timeout",
     {C, kNever, [](auto c) { return rfctls_config_set_timeout(c, RFCTLS_TIMER_READ, 1); }}},
    {"set_family",
     {C, kNever, [](auto c) { return rfctls_config_set_family(c, RFCTLS_FAMILY_IPV4); }}},
    {"set_blocking", {C, kNever, [](auto c) { return rfctls_config_set_blocking(c, 0); }}},
    {"set_allow_truncation",
     {C, kNever, [](auto c) { return rfctls_config_set_allow_truncation(c, 1); }}},
    {"set_session_cache",
     {C, kAlways, [](auto c) { return rfctls_config_set_session_cache(c, 0); }}},
    {"insecure_skip_verify", {C, kAlways, rfctls_config_insecure_skip_verify}},
    {"insecure_skip_name_check", {C, kAlways, rfctls_config_insecure_skip_name_check}},
    {"insecure_log_keys",
     {C, kAlways,
      [](auto c) {
        return rfctls_config_insecure_log_keys(c, (folder().path + "/keys").c_str());
      }}},
};

TEST(Options, are_those_of_the_header) {
  const std::string header =
      read_file(std::string(std::getenv("RFCTLS_SOURCE_DIR")) + "/include/rfctls/config.h");
  const std::regex declared("rfctls_config_((set|add|insecure)_\\w+)\\(");
  std::set<std::string> in_header, here;
  for (std::sregex_iterator each(header.begin(), header.end(), declared), end; each != end;
       ++each) {
    in_header.insert((*each)[1]);
  }
  for (const auto &each : setters) {
    here.insert(each.first);
  }
  EXPECT_EQ(in_header, here)
      << "say here whether the new setter makes another config, and in core/tls/config_freeze.c";
}

TEST(Options, make_another_config_where_they_count) {
  std::set<Digest> seen;
  size_t counting = 0;
  for (const auto &[name, row] : setters) {
    const Digest usual = digest_of(make(row.role)), set = digest_of(make(row.role, row.set));
    EXPECT_EQ(set, digest_of(make(row.role, row.set))) << name;
    EXPECT_EQ(row.counts == kNever, usual == set) << name;
    if (row.counts == kAlways && name != "add_trust_file" && name != "add_trust" &&
        name != "add_crl_file") {
      seen.insert(set);
      counting++;
    }
  }
  EXPECT_EQ(counting, seen.size()) << "two different options made the same config";
  EXPECT_NE(digest_of(make(RFCTLS_CLIENT)), digest_of(make(RFCTLS_SERVER)));
}

TEST(Options, that_load_a_file_are_those_that_load_its_bytes) {
  EXPECT_EQ(digest_of(make(C, add_crls)), digest_of(make(C, [](auto c) {
              return rfctls_config_add_crl_file(c, pki_path("none.crl").c_str());
            })));
  EXPECT_EQ(digest_of(make(C, add_authority)), digest_of(make(C, [](auto c) {
              return rfctls_config_add_trust_file(c, pki_path("ca.pem").c_str(), nullptr);
            })));
}

TEST(Options, do_not_run_into_each_other) {
  auto with = [](std::vector<const char *> protocols) {
    return digest_of(make(S, [&](auto c) {
      for (const char *each : protocols) {
        require(rfctls_config_add_protocol(c, each), each);
      }
      return RFCTLS_OK;
    }));
  };
  EXPECT_NE(with({"ab", "c"}), with({"a", "bc"}));
  EXPECT_NE(with({"a"}), with({"a", "a"}));
  // An authority is not a certificate of one's own.
  EXPECT_NE(digest_of(make(C, add_authority)),
            digest_of(make(C, [](auto c) { return set_identity(c, "client"); })));
}

// ---- anchors that lie elsewhere ----

struct Variable {
  Variable(const char *name, const std::string &value) : name_(name) {
    const char *before = getenv(name);
    before_ = before != nullptr ? before : "";
    was_set_ = before != nullptr;
    setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    was_set_ ? setenv(name_, before_.c_str(), 1) : unsetenv(name_);
  }
  const char *name_;
  std::string before_;
  bool was_set_;
};

TEST(Anchors, of_a_folder_that_changed_are_other_ones) {
  Folder here;
  const Setter set = [&](auto c) { return rfctls_config_add_trust_dir(c, here.path.c_str()); };
  const Digest before = digest_of(make(C, set));
  EXPECT_EQ(before, digest_of(make(C, set)));
  here.file("0a1b2c3d.0", pki_file("ca.pem"));
  EXPECT_NE(before, digest_of(make(C, set)));
}

TEST(Anchors, of_the_system_are_others_when_its_file_or_the_variable_changes) {
  Folder here;
  const std::string file = here.file("bundle.pem", pki_file("ca.pem"));
  Variable variable("SSL_CERT_FILE", file), directory("SSL_CERT_DIR", here.path);
  const Digest before = digest_of(make(C)), server = digest_of(make(S));
  EXPECT_EQ(before, digest_of(make(C)));
  here.file("bundle.pem", pki_file("other-ca.pem"));
  const Digest after = digest_of(make(C));
  EXPECT_NE(before, after);
  {
    Variable moved("SSL_CERT_FILE", here.file("other.pem", pki_file("ca.pem")));
    EXPECT_NE(after, digest_of(make(C)));
  }
  EXPECT_EQ(server, digest_of(make(S))) << "they are nothing to who does not trust them";
}

// ---- what is shared ----

rfctls__shared_context *freeze(const Config &config) {
  EXPECT_EQ(RFCTLS_OK, rfctls__config_freeze(config.get())) << rfctls_error_message();
  return config->shared;
}

TEST(Frozen, private_key_goes_with_the_last_config) {
  const Setter own = [](auto c) { return set_identity(c, "client"); };
  uint8_t digest[RFCTLS__DIGEST_SIZE];
  Config one = make(C, own), same = make(C, own);
  EXPECT_EQ(freeze(one), freeze(same));
  memcpy(digest, one->shared->digest, sizeof digest);
  one.reset();
  rfctls__shared_context *found = rfctls__shared_context_find(digest);
  EXPECT_EQ(freeze(same), found);
  rfctls__shared_context_unref(found);
  same.reset();
  EXPECT_EQ(nullptr, rfctls__shared_context_find(digest));
}

TEST(Frozen, servers_are_shared_unless_the_program_chooses_their_identity) {
  const Setter plain = [](auto c) { return set_identity(c, "server"); };
  const Setter choosing = [](auto c) {
    return rfctls_config_set_identity_source(
        c, [](void *, rfctls_socket *) {}, nullptr, nullptr);
  };
  const Setter asking = [](auto c) { return rfctls_config_set_asking(c, 0, 1); };
  Config one = make(S, plain), same = make(S, plain);
  EXPECT_EQ(freeze(one), freeze(same));
  for (const Setter &set : {choosing, asking}) {
    Config first = make(S, set), second = make(S, set);
    EXPECT_NE(freeze(first), freeze(second));
  }
}

}  // namespace
