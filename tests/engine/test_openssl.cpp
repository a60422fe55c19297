// What only OpenSSL has: its error queue, its trust files, and a peer that uses its whole API.
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "engine/pair.hpp"
#include "engine/raw_peer.hpp"
#include "openssl/conn.h"
#include "openssl/trust.h"

namespace rfctls_test {
namespace {

namespace fs = std::filesystem;

// ---- the caller's error queue ----

class ErrorQueue : public testing::Test {
 protected:
  void SetUp() override {
    ERR_clear_error();
    ERR_raise_data(ERR_LIB_USER, 17, "of the %s", "caller");
    ERR_raise(ERR_LIB_SYS, 2);
  }
  void TearDown() override {
    const char *file = nullptr, *function = nullptr, *data = nullptr;
    int line = 0, flags = 0;
    unsigned long code = ERR_get_error_all(&file, &line, &function, &data, &flags);
    EXPECT_EQ(ERR_GET_LIB(code), ERR_LIB_USER);
    EXPECT_EQ(ERR_GET_REASON(code), 17);
    EXPECT_STREQ(data, "of the caller");
    EXPECT_NE(std::string(file).find("test_openssl.cpp"), std::string::npos);
    EXPECT_GT(line, 0);
    code = ERR_get_error();
    EXPECT_TRUE(ERR_SYSTEM_ERROR(code));
    EXPECT_EQ(ERR_GET_REASON(code), 2);
    EXPECT_EQ(ERR_get_error(), 0u);
  }
};

TEST_F(ErrorQueue, changes_no_result_and_is_left_as_found_by_a_connection) {
  Pair pair(client_plan(), server_plan());
  pair.establish();
  std::string data;
  send_all(pair.client, pair.server, "hello");
  EXPECT_EQ(receive(pair.server, &data), RFCTLS_WANT_READ);
  EXPECT_EQ(data, "hello");
  EXPECT_EQ(receive(pair.client, &data), RFCTLS_WANT_READ);
  EXPECT_EQ(pair.client.close_notify(), RFCTLS_OK);
}

TEST_F(ErrorQueue, is_left_as_found_by_a_failure) {
  Pair pair(client_plan(), server_plan("expired"));
  pair.shake();
  EXPECT_EQ(pair.client.status, RFCTLS_E_VERIFY);
  Plan wrong = server_plan();
  wrong.key = "client";
  EXPECT_EQ(Context(wrong).status, RFCTLS_E_IDENTITY);
  EXPECT_EQ(engine().check_versions(static_cast<rfctls_tls_version>(0x0399), RFCTLS_TLS_ANY),
            RFCTLS_E_UNSUPPORTED);
}

TEST_F(ErrorQueue, changes_neither_a_want_nor_a_failure_that_is_told_again) {
  Pair pair(client_plan(), server_plan());
  pair.establish();
  std::string data;
  send_all(pair.client, pair.server, "hello");
  std::string record = pair.server.in.take();
  pair.server.in.append(record.substr(0, record.size() - 1));
  for (int i = 0; i < 3; i++) {
    EXPECT_EQ(pair.server.decrypt(&data), RFCTLS_WANT_READ);
  }
  pair.server.in.append("?");
  for (int i = 0; i < 3; i++) {
    EXPECT_EQ(pair.server.decrypt(&data), RFCTLS_E_PROTOCOL);
    EXPECT_EQ(ERR_GET_LIB(static_cast<unsigned long>(pair.server.failure.engine_code)),
              ERR_LIB_SSL);
    EXPECT_NE(pair.server.failure.message.find("bad record mac"), std::string::npos)
        << pair.server.failure.message;
  }
}

TEST(Errors, that_were_kept_come_back_even_when_the_queue_was_full) {
  ERR_clear_error();
  for (int i = 1; i <= 40; i++) {
    ERR_raise(ERR_LIB_USER, i);
  }
  unsigned long oldest = ERR_peek_error(), newest = ERR_peek_last_error();
  EXPECT_EQ(engine().check_versions(RFCTLS_TLS_ANY, RFCTLS_TLS_ANY), RFCTLS_OK);
  EXPECT_EQ(ERR_peek_error(), oldest);
  EXPECT_EQ(ERR_peek_last_error(), newest);
  ERR_clear_error();
}

// ---- the system's trust ----

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "rfctls-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      throw std::runtime_error("no temporary folder");
    }
    path = name;
  }
  ~Folder() {
    fs::remove_all(path);
  }
  fs::path path;
};

void link_hashed(const fs::path &folder, const std::string &file) {
  std::FILE *opened = std::fopen(pki_path(file).c_str(), "r");
  X509 *cert = PEM_read_X509(opened, nullptr, nullptr, nullptr);
  std::fclose(opened);
  char name[16];
  std::snprintf(name, sizeof name, "%08lx.0", X509_subject_name_hash(cert));
  X509_free(cert);
  fs::create_symlink(pki_path(file), folder / name);
}

class SystemTrust : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(folder_.path / "certs");
    setenv("SSL_CERT_FILE", bundle().c_str(), 1);
    setenv("SSL_CERT_DIR", directory().c_str(), 1);
  }
  void TearDown() override {
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
  }
  fs::path bundle() const {
    return folder_.path / "bundle.pem";
  }
  fs::path directory() const {
    return folder_.path / "certs";
  }
  void put_bundle(const std::string &file) {
    fs::copy_file(pki_path(file), folder_.path / "new");
    fs::rename(folder_.path / "new", bundle());
  }
  static Plan plan(const std::vector<std::string> &authorities = {}) {
    Plan made = client_plan();
    made.system_trust = 1;
    made.authorities = authorities;
    return made;
  }
  static rfctls_status connect(const Plan &client_is, const std::string &server = "server") {
    Pair pair(client_is, server_plan(server));
    pair.shake();
    return pair.client.status;
  }

  Folder folder_;
};

TEST_F(SystemTrust, comes_from_the_hashed_directory) {
  link_hashed(directory(), "ca.pem");
  EXPECT_EQ(connect(plan()), RFCTLS_OK);
  EXPECT_EQ(connect(plan(), "wrong-ca"), RFCTLS_E_VERIFY);
}

TEST_F(SystemTrust, comes_from_the_bundle) {
  put_bundle("ca.pem");
  EXPECT_EQ(connect(plan()), RFCTLS_OK);
  EXPECT_EQ(connect(plan(), "wrong-ca"), RFCTLS_E_VERIFY);
}

TEST_F(SystemTrust, comes_from_both_where_each_has_its_own) {
  link_hashed(directory(), "other-ca.pem");
  put_bundle("ca.pem");
  EXPECT_EQ(connect(plan()), RFCTLS_OK);
  EXPECT_EQ(connect(plan(), "wrong-ca"), RFCTLS_OK);
}

TEST_F(SystemTrust, is_nobody_where_there_are_no_files) {
  fs::remove_all(directory());
  Pair pair(plan(), server_plan());
  pair.shake();
  EXPECT_EQ(pair.client.status, RFCTLS_E_VERIFY);
  EXPECT_EQ(pair.client.failure.reason, RFCTLS_REASON_ISSUER);
  EXPECT_NE(pair.client.failure.message.find("is not trusted"), std::string::npos);
}

TEST_F(SystemTrust, is_joined_by_authorities) {
  put_bundle("ca.pem");
  EXPECT_EQ(connect(plan({"other-ca.pem"})), RFCTLS_OK);
  EXPECT_EQ(connect(plan({"other-ca.pem"}), "wrong-ca"), RFCTLS_OK);
  EXPECT_EQ(connect(plan(), "wrong-ca"), RFCTLS_E_VERIFY);  // they stay with their context
}

TEST_F(SystemTrust, does_not_count_where_it_is_off) {
  put_bundle("ca.pem");
  Plan without = plan({"other-ca.pem"});
  without.system_trust = 0;
  EXPECT_EQ(connect(without), RFCTLS_E_VERIFY);
}

TEST_F(SystemTrust, is_told_in_findings_too) {
  put_bundle("ca.pem");
  Plan asking = plan();
  asking.ask_verify = true;
  Pair pair(asking, server_plan());
  pair.shake();
  ASSERT_EQ(pair.client.status, RFCTLS_WANT_VERIFY);
  ASSERT_EQ(pair.client.findings().size(), 3u);
  for (const rfctls__finding &finding : pair.client.findings()) {
    EXPECT_EQ(finding.reason, RFCTLS_REASON_NONE) << finding.text;
  }
}

TEST_F(SystemTrust, is_shared_until_its_files_change) {
  put_bundle("other-ca.pem");
  rfctls__trust *first = nullptr, *second = nullptr, *third = nullptr;
  ASSERT_EQ(rfctls__trust_open(1, nullptr, nullptr, nullptr, &first), RFCTLS_OK);
  ASSERT_EQ(rfctls__trust_open(1, nullptr, nullptr, nullptr, &second), RFCTLS_OK);
  EXPECT_EQ(first, second);
  EXPECT_EQ(connect(plan()), RFCTLS_E_VERIFY);
  put_bundle("ca.pem");
  ASSERT_EQ(rfctls__trust_open(1, nullptr, nullptr, nullptr, &third), RFCTLS_OK);
  EXPECT_NE(first, third);
  EXPECT_EQ(connect(plan()), RFCTLS_OK);
  for (rfctls__trust *trust : {first, second, third}) {
    rfctls__trust_release(trust);
  }
}

TEST_F(SystemTrust, what_is_shared_takes_the_settings_of_its_own_context) {
  put_bundle("ca.pem");
  for (rfctls_tls_version version : {RFCTLS_TLS_1_2, RFCTLS_TLS_1_3, RFCTLS_TLS_1_2}) {
    Plan pinned = plan();
    pinned.min = pinned.max = version;
    Pair pair(pinned, server_plan());
    pair.shake();
    ASSERT_EQ(pair.client.status, RFCTLS_OK) << pair.client.failure.message;
    EXPECT_EQ(pair.client.facts().version, version);
  }
  Plan lax = plan();
  lax.skip_verify = true;
  EXPECT_EQ(connect(lax, "wrong-ca"), RFCTLS_OK);
  EXPECT_EQ(connect(plan(), "wrong-ca"), RFCTLS_E_VERIFY);
}

TEST_F(SystemTrust, that_is_shared_gets_no_flags_of_any_context) {
  rfctls__trust *trust = nullptr;
  put_bundle("ca.pem");
  Plan strict = plan(), lax = plan();
  lax.check_name = false;
  lax.name = "elsewhere.test";
  EXPECT_EQ(connect(lax), RFCTLS_OK);
  EXPECT_EQ(connect(strict), RFCTLS_OK);
  EXPECT_EQ(connect(strict, "wrong-name"), RFCTLS_E_VERIFY);
  ASSERT_EQ(rfctls__trust_open(1, nullptr, nullptr, nullptr, &trust), RFCTLS_OK);
  X509_VERIFY_PARAM *shared = X509_STORE_get0_param(rfctls__trust_store(trust));
  EXPECT_EQ(X509_VERIFY_PARAM_get_flags(shared), 0u);
  EXPECT_EQ(X509_VERIFY_PARAM_get_depth(shared), -1);
  EXPECT_EQ(X509_VERIFY_PARAM_get0_host(shared, 0), nullptr);
  rfctls__trust_release(trust);
}

TEST_F(SystemTrust, reads_the_bundle_only_when_the_directory_has_no_issuer) {
  link_hashed(directory(), "ca.pem");
  put_bundle("other-ca.pem");
  rfctls__trust *trust = nullptr;
  ASSERT_EQ(rfctls__trust_open(1, nullptr, nullptr, nullptr, &trust), RFCTLS_OK);
  EXPECT_EQ(connect(plan()), RFCTLS_OK);
  EXPECT_EQ(rfctls__trust_is_partial(trust), 1);
  EXPECT_EQ(connect(plan(), "wrong-ca"), RFCTLS_OK);
  EXPECT_EQ(rfctls__trust_is_partial(trust), 0);
  rfctls__trust_release(trust);
}

// ---- post-handshake messages ----

TEST(PostHandshake, key_updates_in_the_stream_lose_nothing) {
  Ctx ctx = raw_server_ctx();
  RawPeer peer(ctx.get(), true);
  End end(client_plan(RFCTLS_TLS_1_3));
  shake(end, peer);
  ASSERT_EQ(end.status, RFCTLS_OK) << end.failure.message;
  peer.write("one");
  ASSERT_EQ(SSL_key_update(peer.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
  peer.write("two");
  end.in.append(peer.drain());
  std::string data;
  EXPECT_EQ(receive(end, &data), RFCTLS_WANT_READ);
  EXPECT_EQ(data, "onetwo");
  size_t taken = 0, record = 5 + 5 + 1 + 16;
  EXPECT_EQ(end.encrypt("three", &taken), RFCTLS_OK);
  EXPECT_GT(end.out.size(), record);  // its own new keys come before the data
  peer.feed(end.out.take());
  EXPECT_EQ(peer.read(), "three");
}

int long_ticket(SSL *ssl, void *) {
  static const std::string data(3000, 't');
  return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), data.data(), data.size());
}

TEST(PostHandshake, half_a_message_makes_sending_and_goodbye_wait) {
  Ctx ctx = raw_server_ctx();
  SSL_CTX_set_session_ticket_cb(ctx.get(), long_ticket, nullptr, nullptr);
  SSL_CTX_set_num_tickets(ctx.get(), 0);
  SSL_CTX_set_max_send_fragment(ctx.get(), 512);
  RawPeer peer(ctx.get(), true);
  End end(client_plan(RFCTLS_TLS_1_3));
  shake(end, peer);
  ASSERT_EQ(end.status, RFCTLS_OK) << end.failure.message;
  ASSERT_EQ(SSL_new_session_ticket(peer.ssl()), 1);
  ASSERT_EQ(SSL_do_handshake(peer.ssl()), 1);
  std::string ticket = peer.drain(), data;
  ASSERT_GT(ticket.size(), 3000u);
  end.in.append(ticket.substr(0, 1200));
  EXPECT_EQ(end.decrypt(&data), RFCTLS_WANT_READ);
  size_t taken = 1;
  EXPECT_EQ(end.encrypt("hello", &taken), RFCTLS_WANT_READ);
  EXPECT_EQ(taken, 0u);
  EXPECT_EQ(end.close_notify(), RFCTLS_WANT_READ);
  EXPECT_EQ(end.out.size(), 0u);
  end.in.append(ticket.substr(1200));
  EXPECT_EQ(end.encrypt("hello", &taken), RFCTLS_OK);
  EXPECT_EQ(taken, 5u);
  EXPECT_EQ(end.close_notify(), RFCTLS_OK);
  peer.feed(end.out.take());
  EXPECT_EQ(peer.read(), "hello");
  EXPECT_EQ(peer.read(), "");
  EXPECT_EQ(SSL_get_shutdown(peer.ssl()), SSL_RECEIVED_SHUTDOWN);
  ERR_clear_error();
}

TEST(PostHandshake, goodbye_alone_takes_the_rest_of_the_message) {
  Ctx ctx = raw_server_ctx();
  SSL_CTX_set_session_ticket_cb(ctx.get(), long_ticket, nullptr, nullptr);
  SSL_CTX_set_num_tickets(ctx.get(), 0);
  SSL_CTX_set_max_send_fragment(ctx.get(), 512);
  RawPeer peer(ctx.get(), true);
  End end(client_plan(RFCTLS_TLS_1_3));
  shake(end, peer);
  ASSERT_EQ(SSL_new_session_ticket(peer.ssl()), 1);
  ASSERT_EQ(SSL_do_handshake(peer.ssl()), 1);
  std::string ticket = peer.drain(), data;
  end.in.append(ticket.substr(0, 1200));
  EXPECT_EQ(end.decrypt(&data), RFCTLS_WANT_READ);
  end.in.append(ticket.substr(1200));
  EXPECT_EQ(end.close_notify(), RFCTLS_OK);
  EXPECT_GT(end.out.size(), 0u);
}

// ---- peers that misbehave, and old ones ----

TEST(Renegotiation, is_refused_by_a_client) {
  Ctx ctx = raw_server_ctx();
  RawPeer peer(ctx.get(), true);
  End end(client_plan(RFCTLS_TLS_1_2));
  shake(end, peer);
  ASSERT_EQ(end.status, RFCTLS_OK) << end.failure.message;
  EXPECT_EQ(end.facts().refused_renegotiation, 0);
  ASSERT_EQ(SSL_renegotiate(peer.ssl()), 1);
  SSL_do_handshake(peer.ssl());
  std::string request = peer.drain(), data;
  ASSERT_GT(request.size(), 0u);
  end.in.append(request);
  rfctls_status status = end.decrypt(&data);
  EXPECT_TRUE(status == RFCTLS_WANT_READ || status == RFCTLS_E_PROTOCOL);
  EXPECT_LT(end.out.size(), 64u);  // an alert, no hello
  EXPECT_EQ(end.facts().refused_renegotiation, 1);
  ERR_clear_error();
}

TEST(Renegotiation, is_refused_by_a_server) {
  Ctx ctx = raw_client_ctx(TLS1_2_VERSION);
  RawPeer peer(ctx.get(), false);
  End end(server_plan());
  shake(end, peer);
  ASSERT_EQ(end.status, RFCTLS_OK) << end.failure.message;
  EXPECT_EQ(end.facts().refused_renegotiation, 0);
  ASSERT_EQ(SSL_renegotiate(peer.ssl()), 1);
  SSL_do_handshake(peer.ssl());
  std::string hello = peer.drain(), data;
  ASSERT_GT(hello.size(), 0u);
  end.in.append(hello);
  rfctls_status status = end.decrypt(&data);
  EXPECT_TRUE(status == RFCTLS_WANT_READ || status == RFCTLS_E_PROTOCOL);
  std::string reply = end.out.take();
  EXPECT_LT(reply.size(), 64u);  // an alert, no handshake
  EXPECT_EQ(end.facts().refused_renegotiation, 1);
  peer.feed(reply);
  EXPECT_NE(SSL_do_handshake(peer.ssl()), 1);
  EXPECT_EQ(SSL_get_error(peer.ssl(), -1), SSL_ERROR_SSL);
  ERR_clear_error();
}

TEST(EmptyRecord, is_no_end) {
  Ctx ctx = raw_server_ctx();  // whose CBC ciphers send one before each record in TLS 1.0
  SSL_CTX_set_security_level(ctx.get(), 0);
  SSL_CTX_set_min_proto_version(ctx.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(ctx.get(), TLS1_VERSION);
  if (engine().check_versions(RFCTLS_TLS_1_0, RFCTLS_TLS_1_0) != RFCTLS_OK) {
    GTEST_SKIP() << "the library was built without TLS 1.0";
  }
  RawPeer peer(ctx.get(), true);
  End end(client_plan(RFCTLS_TLS_1_0));
  shake(end, peer);
  ASSERT_EQ(end.status, RFCTLS_OK) << end.failure.message;
  peer.write("hello");
  std::string records = peer.drain(), data;
  size_t first =
      5u + static_cast<unsigned char>(records[3]) * 256u + static_cast<unsigned char>(records[4]);
  ASSERT_LT(first, records.size());  // the empty one, then the other
  end.in.append(records.substr(0, first));
  EXPECT_EQ(end.decrypt(&data), RFCTLS_WANT_READ);
  end.in.append(records.substr(first));
  EXPECT_EQ(end.decrypt(&data), RFCTLS_OK);
  EXPECT_EQ(data, "hello");
}

TEST(HugeChain, is_refused_as_too_much) {
  Ctx ctx = raw_server_ctx();
  X509 *cert = SSL_CTX_get0_certificate(ctx.get());
  for (int i = 0; i < 400; i++) {
    ASSERT_EQ(SSL_CTX_add1_chain_cert(ctx.get(), cert), 1);
  }
  RawPeer peer(ctx.get(), true);
  End end(client_plan());
  shake(end, peer);
  EXPECT_EQ(end.status, RFCTLS_E_LIMIT) << end.failure.message;
}

// ---- ML-DSA (RFC 9881), which OpenSSL has from 3.5 on ----

TEST(MlDsa, key_in_each_of_its_forms_fits_its_certificate_and_serves) {
  for (const std::string name : {"ml-dsa", "ml-dsa-expanded", "ml-dsa-both"}) {
    Key key;
    if (rfctls_key_from_file(pki_path(name + ".key").c_str(), nullptr, out(key)) ==
        RFCTLS_E_UNSUPPORTED) {
      skip(rfctls_error_message());
    }
    Chain chain = load_chain("ml-dsa.pem");
    EXPECT_EQ(engine().check_key(rfctls__cert_bytes(rfctls_chain_at(chain.get(), 0)),
                                 rfctls__key_bytes(key.get())),
              RFCTLS_OK);
    Plan client = client_plan(), server = server_plan("ml-dsa");
    client.authorities = {"ml-dsa.pem"};
    server.key = name;
    Pair pair(client, server);
    pair.establish();
    EXPECT_EQ(pair.client.facts().version, RFCTLS_TLS_1_3);
  }
}

// ---- new keys ----

TEST(KeyUpdate, is_unnoticed_by_a_plain_peer_whoever_begins) {
  Ctx ctx = raw_client_ctx(TLS1_3_VERSION);
  RawPeer peer(ctx.get(), false);
  End end(server_plan());
  shake(end, peer);
  ASSERT_EQ(end.status, RFCTLS_OK) << end.failure.message;
  EXPECT_EQ(peer.read(), "");  // the tickets
  for (int round = 0; round < 5; round++) {
    std::string data;
    ASSERT_EQ(engine().key_update(end.get(), end.in.get(), end.out.get()), RFCTLS_OK);
    size_t taken = 0;
    ASSERT_EQ(end.encrypt("ours", &taken), RFCTLS_OK);
    peer.feed(end.out.take());
    EXPECT_EQ(peer.read(), "ours");
    ASSERT_EQ(SSL_key_update(peer.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    peer.write("theirs");
    end.in.append(peer.drain());
    EXPECT_EQ(receive(end, &data), RFCTLS_WANT_READ);
    EXPECT_EQ(data, "theirs");
    peer.feed(end.out.take());
  }
  ERR_clear_error();
}

TEST(KeyUpdate, comes_behind_a_message_that_came_half) {
  Ctx ctx = raw_server_ctx();
  SSL_CTX_set_session_ticket_cb(ctx.get(), long_ticket, nullptr, nullptr);
  SSL_CTX_set_num_tickets(ctx.get(), 0);
  RawPeer peer(ctx.get(), true);
  End end(client_plan(RFCTLS_TLS_1_3));
  shake(end, peer);
  SSL_set_max_send_fragment(peer.ssl(), 512);
  ASSERT_EQ(SSL_new_session_ticket(peer.ssl()), 1);
  ASSERT_EQ(SSL_do_handshake(peer.ssl()), 1);
  std::string ticket = peer.drain(), data;
  end.in.append(ticket.substr(0, 1200));
  EXPECT_EQ(receive(end, &data), RFCTLS_WANT_READ);
  EXPECT_EQ(engine().key_update(end.get(), end.in.get(), end.out.get()), RFCTLS_WANT_READ);
  EXPECT_EQ(end.out.size(), 0u);
  end.in.append(ticket.substr(1200));
  EXPECT_EQ(engine().key_update(end.get(), end.in.get(), end.out.get()), RFCTLS_OK);
  EXPECT_GT(end.out.size(), 0u);
}

// ---- resumption ----

int raw_session_count;
int count_session(SSL *, SSL_SESSION *) {
  raw_session_count++;
  return 0;
}

// A whole connection of a plain client with a certificate; how many tickets it was given.
int tickets_from(const Plan &plan, int version) {
  Ctx ctx = raw_client_ctx(version);
  SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_CLIENT);
  SSL_CTX_sess_set_new_cb(ctx.get(), count_session);
  SSL_CTX_use_certificate_chain_file(ctx.get(), pki_path("client.pem").c_str());
  SSL_CTX_use_PrivateKey_file(ctx.get(), pki_path("client.key").c_str(), SSL_FILETYPE_PEM);
  RawPeer peer(ctx.get(), false);
  End end(plan);
  raw_session_count = 0;
  shake(end, peer);
  if (end.status == RFCTLS_WANT_VERIFY) {
    end.answer(1);
    EXPECT_EQ(peer.read(), "");
    EXPECT_EQ(raw_session_count, version == TLS1_2_VERSION ? 1 : 0) << "before the answer";
    shake(end, peer);
  }
  EXPECT_EQ(end.status, RFCTLS_OK) << end.failure.message;
  peer.read();
  ERR_clear_error();
  return raw_session_count;
}

TEST(Tickets, are_issued_by_all_servers_but_those_that_are_told_not_to) {
  Plan plain = server_plan(), optional = server_plan(), asking = server_plan(),
       silent = server_plan();
  optional.peer_cert = RFCTLS_PEER_CERT_OPTIONAL;
  optional.authorities = {"ca.pem"};
  asking.ask_verify = true;
  silent.resumption = false;
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SCOPED_TRACE(version);
    EXPECT_GT(tickets_from(plain, version), 0);
    EXPECT_GT(tickets_from(optional, version), 0);
    EXPECT_EQ(tickets_from(asking, version), 1);
    EXPECT_EQ(tickets_from(silent, version), 0);
  }
}

SSL_SESSION *kept_session;
int keep_session(SSL *, SSL_SESSION *session) {
  SSL_SESSION_free(kept_session);
  kept_session = session;
  return 1;
}

TEST(Tickets, of_a_connection_without_a_question_do_not_answer_another_one_s) {
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SCOPED_TRACE(version);
    Plan plan = server_plan(), asking = plan;
    asking.ask_verify = true;
    auto context = std::make_shared<Context>(plan);
    Ctx ctx = raw_client_ctx(version);
    SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(ctx.get(), keep_session);
    {
      RawPeer first(ctx.get(), false);
      End end(context, plan);
      shake(end, first);
      first.read();
    }
    ASSERT_NE(kept_session, nullptr);
    SSL_CTX_use_certificate_chain_file(ctx.get(), pki_path("client.pem").c_str());
    SSL_CTX_use_PrivateKey_file(ctx.get(), pki_path("client.key").c_str(), SSL_FILETYPE_PEM);
    RawPeer second(ctx.get(), false);
    SSL_set_session(second.ssl(), kept_session);
    End end(context, asking);
    shake(end, second);
    EXPECT_EQ(end.status, RFCTLS_WANT_VERIFY);
    EXPECT_EQ(SSL_session_reused(second.ssl()), 0);
    SSL_SESSION_free(kept_session);
    kept_session = nullptr;
    ERR_clear_error();
  }
}

// Whether the session of a connection whose client is valid until then is taken a moment later.
bool is_taken(int64_t until, int version, uint64_t options = 0) {
  Plan plan = server_plan();
  auto context = std::make_shared<Context>(plan);
  Ctx ctx = raw_client_ctx(version);
  SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_CLIENT);
  SSL_CTX_sess_set_new_cb(ctx.get(), keep_session);
  SSL_CTX_set_options(ctx.get(), options);
  {
    RawPeer first(ctx.get(), false);
    End end(context, plan);
    end.get()->until = until;
    shake(end, first);
    first.read();
  }
  RawPeer second(ctx.get(), false);
  SSL_set_session(second.ssl(), kept_session);
  End end(context, plan);
  shake(end, second);
  EXPECT_EQ(end.status, RFCTLS_OK) << end.failure.message;
  EXPECT_EQ(end.facts().resumed, SSL_session_reused(second.ssl()));
  SSL_SESSION_free(kept_session);
  kept_session = nullptr;
  ERR_clear_error();
  return SSL_session_reused(second.ssl()) == 1;
}

TEST(Tickets, end_with_the_validity_of_the_client_s_chain) {
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SCOPED_TRACE(version);
    const int64_t now = time(nullptr);
    EXPECT_TRUE(is_taken(now + 3600, version));
    EXPECT_FALSE(is_taken(now - 1, version));
  }
}

TEST(SessionById, ends_with_the_validity_of_the_client_s_chain) {
  const int64_t now = time(nullptr);
  EXPECT_TRUE(is_taken(INT64_MAX, TLS1_2_VERSION, SSL_OP_NO_TICKET));
  EXPECT_TRUE(is_taken(now + 3600, TLS1_2_VERSION, SSL_OP_NO_TICKET));
  EXPECT_FALSE(is_taken(now - 1, TLS1_2_VERSION, SSL_OP_NO_TICKET));
}

// How many sessions the server's context keeps after a connection of a plain client.
long kept_by(const std::shared_ptr<Context> &context, const Plan &plan, SSL_CTX *ctx) {
  RawPeer peer(ctx, false);
  End end(context, plan);
  shake(end, peer);
  EXPECT_EQ(end.status, RFCTLS_OK) << end.failure.message;
  return SSL_CTX_sess_number(context->get()->ctx);
}

TEST(SessionById, is_kept_for_clients_of_tls12_that_take_no_ticket) {
  Plan plan = server_plan(), silent = server_plan();
  silent.resumption = false;
  auto context = std::make_shared<Context>(plan), other = std::make_shared<Context>(silent);
  Ctx tls12 = raw_client_ctx(TLS1_2_VERSION), tls13 = raw_client_ctx(TLS1_3_VERSION),
      without = raw_client_ctx(TLS1_2_VERSION);
  SSL_CTX_set_options(without.get(), SSL_OP_NO_TICKET);
  EXPECT_EQ(kept_by(context, plan, tls12.get()), 0);
  EXPECT_EQ(kept_by(context, plan, tls13.get()), 0);
  EXPECT_EQ(kept_by(context, plan, without.get()), 1);
  EXPECT_EQ(kept_by(other, silent, without.get()), 0);
}

TEST(SessionById, is_one_of_a_bounded_number) {
  Plan plan = server_plan();
  auto context = std::make_shared<Context>(plan);
  Ctx client = raw_client_ctx(TLS1_2_VERSION);
  SSL_CTX_set_options(client.get(), SSL_OP_NO_TICKET);
  SSL_CTX *ctx = context->get()->ctx;
  EXPECT_EQ(SSL_CTX_sess_get_cache_size(ctx), 1024);
  SSL_CTX_sess_set_cache_size(ctx, 3);
  for (int i = 0; i < 5; i++) {
    EXPECT_LE(kept_by(context, plan, client.get()), 3);
  }
}

TEST(SessionById, of_a_connection_that_failed_is_forgotten) {
  Plan plan = server_plan();
  plan.ask_verify = true;
  auto context = std::make_shared<Context>(plan);
  Ctx ctx = raw_client_ctx(TLS1_2_VERSION);
  SSL_CTX_set_options(ctx.get(), SSL_OP_NO_TICKET);
  SSL_CTX_use_certificate_chain_file(ctx.get(), pki_path("client.pem").c_str());
  SSL_CTX_use_PrivateKey_file(ctx.get(), pki_path("client.key").c_str(), SSL_FILETYPE_PEM);
  for (int answer : {1, 0}) {
    RawPeer peer(ctx.get(), false);
    {
      End end(context, plan);
      shake(end, peer);
      ASSERT_EQ(end.status, RFCTLS_WANT_VERIFY);
      end.answer(answer);
      shake(end, peer);
      EXPECT_EQ(end.status, answer == 1 ? RFCTLS_OK : RFCTLS_E_VERIFY);
    }
    EXPECT_EQ(SSL_CTX_sess_number(context->get()->ctx), 1);
  }
  ERR_clear_error();
}

TEST(Request, names_the_authorities_of_the_server) {
  Ctx ctx = raw_client_ctx(TLS1_3_VERSION);
  RawPeer peer(ctx.get(), false);
  Plan plan = server_plan();
  plan.peer_cert = RFCTLS_PEER_CERT_OPTIONAL;
  plan.authorities = {"ca.pem", "other-ca.pem"};
  End end(plan);
  shake(end, peer);
  EXPECT_EQ(end.status, RFCTLS_OK) << end.failure.message;
  EXPECT_EQ(sk_X509_NAME_num(SSL_get0_peer_CA_list(peer.ssl())), 2);
}

}  // namespace
}  // namespace rfctls_test
