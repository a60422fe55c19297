// Does an engine refuse what must be refused, say why, and leave the last word to who asked for it?
#include <cstring>
#include <sstream>

#include "engine/pair.hpp"

namespace rfctls_test {
namespace {

// ---- the whole manifest of the test PKI ----

struct Row {
  std::string name, role, verdict, reason, why;
};

std::vector<Row> manifest(const std::string &role) {
  std::istringstream lines(pki_file("manifest.tsv"));
  std::vector<Row> rows;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream columns(line);
    Row row;
    std::getline(columns, row.name, '\t');
    std::getline(columns, row.role, '\t');
    std::getline(columns, row.verdict, '\t');
    std::getline(columns, row.reason, '\t');
    std::getline(columns, row.why, '\t');
    if (row.role == role) {
      rows.push_back(row);
    }
  }
  return rows;
}

class Verify : public EachVersion {
 protected:
  static Plan asking_server() {
    Plan plan = server_plan();
    plan.peer_cert = RFCTLS_PEER_CERT_REQUIRED;
    plan.authorities = {"ca.pem"};
    return plan;
  }
  // Wine takes RSA keys only, and sends no issuers.
  Plan client_named(const std::string &identity) const {
    Plan plan = client();
    plan.identity = identity == "client" && is_wine() ? "client-rsa-direct" : identity;
    return plan;
  }
};
RFCTLS_EACH_VERSION(Verify);

TEST_P(Verify, of_a_client_judges_every_server_of_the_manifest) {
  std::vector<Row> rows = manifest("server");
  ASSERT_GT(rows.size(), 10u);
  for (const Row &row : rows) {
    SCOPED_TRACE(row.name + ": " + row.why);
    Plan plan = client();
    if (row.name.rfind("ip-", 0) == 0) {
      plan.name = "127.0.0.1";
      plan.name_is_ip = true;
    }
    Plan weak = server_plan(row.name);
    weak.min = row.reason == "WEAK" ? RFCTLS_TLS_1_1 : RFCTLS_TLS_ANY;  // else it would not send it
    Pair pair(plan, weak);
    pair.shake();
    if (row.verdict == "good") {
      EXPECT_EQ(pair.client.status, RFCTLS_OK) << pair.client.failure.message;
      continue;
    }
    EXPECT_EQ(pair.client.status, RFCTLS_E_VERIFY);
    EXPECT_EQ(rfctls_reason_name(pair.client.failure.reason), row.reason)
        << pair.client.failure.message;
    EXPECT_GE(pair.client.failure.depth, 0);
    expect_refusal_heard(pair);
  }
}

TEST_P(Verify, of_a_server_judges_every_client_of_the_manifest) {
  std::vector<Row> rows = manifest("client");
  ASSERT_GE(rows.size(), 4u);
  if (judges_late(RFCTLS_CLIENT) && is_wine()) {
    skip(
        "Wine's SChannel sends a client's certificate without its issuers, and with RSA keys only");
  }
  for (const Row &row : rows) {
    SCOPED_TRACE(row.name + ": " + row.why);
    Pair pair(client_named(row.name), asking_server());
    pair.shake();
    if (row.verdict == "good") {
      EXPECT_EQ(pair.server.status, RFCTLS_OK) << pair.server.failure.message;
      EXPECT_EQ(pair.server.peer_chain(), IdentityView(row.name).chain());
      continue;
    }
    EXPECT_EQ(pair.server.status, RFCTLS_E_VERIFY);
    EXPECT_EQ(rfctls_reason_name(pair.server.failure.reason), row.reason)
        << pair.server.failure.message;
  }
}

// ---- anchors ----

TEST_P(Verify, takes_whatever_is_trusted_for_an_anchor) {
  Plan leaf = client();
  leaf.authorities = {served("server") + ".pem"};
  Pair(leaf, server_plan()).establish();
  Plan intermediate = client();
  intermediate.authorities = {"intermediate.pem"};
  if (served("server") == "server") {
    Pair(intermediate, server_plan()).establish();
  }
}

TEST_P(Verify, takes_only_what_is_self_issued_for_an_anchor_if_told_so) {
  Plan plan = client();
  plan.partial_chain = 0;
  for (const std::string &trusted : {served("server") + ".pem", std::string("intermediate.pem")}) {
    plan.authorities = {trusted};
    Pair pair(plan, server_plan());
    pair.shake();
    EXPECT_EQ(pair.client.status, RFCTLS_E_VERIFY) << trusted;
    EXPECT_EQ(pair.client.failure.reason, RFCTLS_REASON_ISSUER) << pair.client.failure.message;
    plan.authorities = {trusted, "ca.pem"};
    Pair(plan, server_plan()).establish();
  }
}

// ---- what is said ----

TEST_P(Verify, says_when_a_certificate_expired) {
  Pair pair(client(), server_plan("expired"));
  pair.shake();
  EXPECT_EQ(pair.client.failure.depth, 0);
  const std::string beginning = "certificate for server.test expired on 20";
  EXPECT_EQ(pair.client.failure.message.substr(0, beginning.size()), beginning);
  EXPECT_EQ(pair.client.failure.message.size(), beginning.size() + strlen("yy-mm-dd"));
  expect_refusal_heard(pair, 45);
}

TEST_P(Verify, says_which_name_was_found_and_which_was_asked_for) {
  Pair pair(client(), server_plan("wrong-name"));
  pair.shake();
  EXPECT_EQ(pair.client.failure.message, "certificate is for other.test, not for server.test");
  Plan by_ip = client();
  by_ip.name = "192.0.2.1";
  by_ip.name_is_ip = true;
  Pair other(by_ip, server_plan("wrong-name"));
  other.shake();
  EXPECT_EQ(
      other.client.failure.message,
      "certificate has no IP addresses, only the host name other.test; 192.0.2.1 was asked for");
}

TEST_P(Verify, says_where_a_name_stands_that_does_not_count) {
  Plan plan = client();
  plan.name = "127.0.0.1";
  plan.name_is_ip = true;
  Pair pair(plan, server_plan("ip-under-dns"));
  pair.shake();
  EXPECT_EQ(pair.client.failure.message,
            "certificate has no IP addresses: 127.0.0.1 stands as a host name in it, which does "
            "not count");
  Pair by_name(client(), server_plan("no-names"));
  by_name.shake();
  EXPECT_EQ(by_name.client.failure.reason, RFCTLS_REASON_NAME);
  EXPECT_EQ(
      by_name.client.failure.message,
      "certificate has no host names, only the common name server.test, which does not count; "
      "server.test was asked for");
}

TEST_P(Verify, names_the_issuer_that_is_not_trusted) {
  Pair pair(client(), server_plan("wrong-ca"));
  pair.shake();
  EXPECT_EQ(pair.client.failure.message,
            "certificate for server.test was issued by librfctls other root, which is not trusted");
}

// ---- names ----

TEST_P(Verify, takes_a_wildcard_for_one_label) {
  for (const char *name : {"a.wild.test", "b.wild.test", "my_host.wild.test"}) {
    Plan plan = client();
    plan.name = name;
    Pair pair(plan, server_plan());
    pair.establish();
  }
  Plan plan = client();
  plan.name = "a.b.wild.test";
  Pair pair(plan, server_plan());
  pair.shake();
  EXPECT_EQ(pair.client.status, RFCTLS_E_VERIFY);
  EXPECT_EQ(pair.client.failure.reason, RFCTLS_REASON_NAME);
}

TEST_P(Verify, takes_ip_addresses_of_both_kinds) {
  for (const char *name : {"127.0.0.1", "::1"}) {
    Plan plan = client();
    plan.name = name;
    plan.name_is_ip = true;
    Pair pair(plan, server_plan());
    pair.establish();
  }
}

TEST_P(Verify, without_the_name_check_still_wants_a_trusted_chain) {
  Plan plan = client();
  plan.check_name = false;
  Pair trusted(plan, server_plan("wrong-name"));
  trusted.establish();
  Pair untrusted(plan, server_plan("wrong-ca"));
  untrusted.shake();
  EXPECT_EQ(untrusted.client.status, RFCTLS_E_VERIFY);
}

// ---- trust ----

TEST_P(Verify, without_anchors_trusts_nobody) {
  Plan plan = client();
  plan.authorities.clear();
  Pair pair(plan, server_plan());
  pair.shake();
  EXPECT_EQ(pair.client.status, RFCTLS_E_VERIFY);
  EXPECT_EQ(pair.client.failure.reason, RFCTLS_REASON_ISSUER);
}

TEST_P(Verify, takes_a_certificate_that_is_itself_an_authority) {
  Plan plan = client();
  plan.authorities = {"self-signed.pem"};
  Pair pair(plan, server_plan("self-signed"));
  pair.establish();
}

TEST_P(Verify, takes_an_authority_that_is_no_root) {
  Plan plan = client();
  plan.authorities = {"server.pem"};  // its first certificate: the leaf
  Pair pair(plan, server_plan());
  pair.establish();
}

TEST_P(Verify, accepts_anybody_when_switched_off) {
  Plan plan = client();
  plan.skip_verify = true;
  for (const char *name : {"expired", "wrong-ca", "self-signed"}) {
    Pair pair(plan, server_plan(name));
    pair.establish();
    EXPECT_EQ(pair.client.peer_chain(), IdentityView(name).chain());
  }
}

TEST(VerifyOld, holds_certificates_to_today_s_strength_on_old_versions) {
  if (engine().check_versions(RFCTLS_TLS_1_1, RFCTLS_TLS_1_1) != RFCTLS_OK) {
    GTEST_SKIP() << "the library was built without TLS 1.1";
  }
  Plan client_is = client_plan(RFCTLS_TLS_1_1);
  for (const char *name : {"weak-rsa", "sha1"}) {
    SCOPED_TRACE(name);
    Plan server_is = server_plan(name);
    server_is.min = RFCTLS_TLS_1_1;
    Pair pair(client_is, server_is);
    pair.shake();
    EXPECT_EQ(pair.client.status, RFCTLS_E_VERIFY);
    EXPECT_EQ(pair.client.failure.reason, RFCTLS_REASON_WEAK) << pair.client.failure.message;
  }
}

// ---- what a server demands ----

TEST_P(Verify, of_a_server_fails_when_a_required_certificate_is_missing) {
  Pair pair(client(), asking_server());
  pair.shake();
  EXPECT_EQ(pair.server.status, RFCTLS_E_VERIFY);
  EXPECT_EQ(pair.server.failure.reason, RFCTLS_REASON_MISSING);
  EXPECT_EQ(pair.server.failure.depth, -1);
}

TEST_P(Verify, of_a_server_goes_without_an_optional_certificate) {
  Plan plan = asking_server();
  plan.peer_cert = RFCTLS_PEER_CERT_OPTIONAL;
  Pair pair(client(), plan);
  pair.establish();
}

TEST_P(Verify, of_a_server_checks_an_optional_certificate_that_is_sent) {
  Plan plan = asking_server();
  plan.peer_cert = RFCTLS_PEER_CERT_OPTIONAL;
  Pair pair(client_named("client-other-ca"), plan);
  pair.shake();
  EXPECT_EQ(pair.server.status, RFCTLS_E_VERIFY);
  EXPECT_EQ(pair.server.failure.reason, RFCTLS_REASON_ISSUER);
}

TEST_P(Verify, of_a_server_that_ignores_certificates_is_sent_none) {
  Plan plan = asking_server();
  plan.peer_cert = RFCTLS_PEER_CERT_IGNORED;
  Pair pair(client_named("client"), plan);
  pair.establish();
  EXPECT_TRUE(pair.server.peer_chain().empty());
}

TEST_P(Verify, of_a_server_that_is_switched_off_wants_a_certificate_all_the_same) {
  Plan plan = asking_server();
  plan.skip_verify = true;
  for (const char *name : {"client", "client-other-ca", "self-signed", "server"}) {
    Plan shows = client_named(name);
    Pair pair(shows, plan);
    pair.establish();
    ASSERT_FALSE(pair.server.peer_chain().empty());
    EXPECT_EQ(pair.server.peer_chain().front(), IdentityView(shows.identity).chain().front());
  }
  Pair pair(client(), plan);
  pair.shake();
  EXPECT_EQ(pair.server.status, RFCTLS_E_VERIFY);
  EXPECT_EQ(pair.server.failure.reason, RFCTLS_REASON_MISSING);
}

TEST_P(Verify, of_a_server_that_is_switched_off_takes_an_optional_certificate_or_none) {
  Plan plan = asking_server();
  plan.peer_cert = RFCTLS_PEER_CERT_OPTIONAL;
  plan.skip_verify = true;
  Pair with(client_named("client-other-ca"), plan);
  with.establish();
  EXPECT_FALSE(with.server.peer_chain().empty());
  Pair without(client(), plan);
  without.establish();
}

TEST_P(Verify, of_a_server_refuses_a_certificate_for_servers) {
  Pair pair(client_named("server"), asking_server());
  pair.shake();
  EXPECT_EQ(pair.server.status, RFCTLS_E_VERIFY);
  EXPECT_EQ(pair.server.failure.reason, RFCTLS_REASON_PURPOSE);
}

// ---- the question ----

class Question : public Verify {
 protected:
  Plan asking_client() const {
    Plan plan = client();
    plan.ask_verify = true;
    return plan;
  }
  static Plan question_server() {
    Plan plan = asking_server();
    plan.ask_verify = true;
    return plan;
  }
};
RFCTLS_EACH_VERSION(Question);

TEST_P(Question, shows_a_trusted_chain_from_the_root_to_the_leaf) {
  Pair pair(asking_client(), server_plan());
  pair.shake();
  ASSERT_EQ(pair.client.status, RFCTLS_WANT_VERIFY);
  std::vector<rfctls__finding> findings = pair.client.findings();
  std::vector<std::string> chain = IdentityView("server").chain();
  ASSERT_EQ(findings.size(), 3u);
  for (size_t i = 0; i < findings.size(); i++) {
    EXPECT_EQ(findings[i].depth, 2 - static_cast<int>(i));
    EXPECT_EQ(findings[i].reason, RFCTLS_REASON_NONE);
    EXPECT_STREQ(findings[i].text, "");
  }
  Chain root = load_chain("ca.pem");
  EXPECT_EQ(text_of(findings[0].der), text_of(rfctls__cert_bytes(rfctls_chain_at(root.get(), 0))));
  EXPECT_EQ(text_of(findings[1].der), chain[1]);
  EXPECT_EQ(text_of(findings[2].der), chain[0]);
  pair.client.answer(1);
  pair.establish();
}

TEST_P(Question, tells_what_is_wrong_with_which_certificate) {
  Pair pair(asking_client(), server_plan("expired"));
  pair.shake();
  ASSERT_EQ(pair.client.status, RFCTLS_WANT_VERIFY);
  std::vector<rfctls__finding> findings = pair.client.findings();
  ASSERT_EQ(findings.size(), 3u);
  EXPECT_EQ(findings[0].reason, RFCTLS_REASON_NONE);
  EXPECT_EQ(findings[1].reason, RFCTLS_REASON_NONE);
  EXPECT_EQ(findings[2].reason, RFCTLS_REASON_EXPIRED);
  EXPECT_NE(std::string(findings[2].text).find("server.test expired on"), std::string::npos);
}

TEST_P(Question, shows_a_finding_for_each_bad_server_of_the_manifest) {
  for (const Row &row : manifest("server")) {
    if (row.verdict == "good") {
      continue;
    }
    SCOPED_TRACE(row.name);
    Plan plan = asking_client();
    if (row.name.rfind("ip-", 0) == 0) {
      plan.name = "127.0.0.1";
      plan.name_is_ip = true;
    }
    Plan server_is = server_plan(row.name);
    server_is.min = row.reason == "WEAK" ? RFCTLS_TLS_1_1 : RFCTLS_TLS_ANY;
    Pair pair(plan, server_is);
    pair.shake();
    ASSERT_EQ(pair.client.status, RFCTLS_WANT_VERIFY) << pair.client.failure.message;
    bool told = false;
    for (const rfctls__finding &finding : pair.client.findings()) {
      EXPECT_GT(finding.der.size, 0u);
      EXPECT_EQ(finding.reason == RFCTLS_REASON_NONE, strlen(finding.text) == 0);
      told = told || rfctls_reason_name(finding.reason) == row.reason;
    }
    EXPECT_TRUE(told);
  }
}

TEST_P(Question, lets_the_program_accept_what_the_library_would_refuse) {
  for (const char *name : {"expired", "wrong-name", "self-signed", "wrong-ca"}) {
    SCOPED_TRACE(name);
    Pair pair(asking_client(), server_plan(name));
    pair.shake();
    ASSERT_EQ(pair.client.status, RFCTLS_WANT_VERIFY);
    pair.client.answer(1);
    pair.establish();
    send_all(pair.client, pair.server, "hello");
    std::string data;
    receive(pair.server, &data);
    EXPECT_EQ(data, "hello");
  }
}

TEST_P(Question, lets_the_program_refuse_what_the_library_would_accept) {
  Pair pair(asking_client(), server_plan());
  pair.shake();
  ASSERT_EQ(pair.client.status, RFCTLS_WANT_VERIFY);
  pair.client.answer(0);
  pair.shake();
  EXPECT_EQ(pair.client.status, RFCTLS_E_VERIFY);
  EXPECT_EQ(pair.client.failure.reason, RFCTLS_REASON_REFUSED);
  EXPECT_EQ(pair.client.failure.depth, 0);
  EXPECT_NE(pair.client.failure.message.find("server.test"), std::string::npos);
  expect_refusal_heard(pair, 42);
}

TEST_P(Question, is_asked_also_where_nothing_would_be_checked) {
  Plan plan = asking_client();
  plan.skip_verify = true;
  plan.check_name = false;
  plan.name.reset();
  Pair pair(plan, server_plan("self-signed"));
  pair.shake();
  ASSERT_EQ(pair.client.status, RFCTLS_WANT_VERIFY);
  pair.client.answer(0);
  pair.shake();
  EXPECT_EQ(pair.client.status, RFCTLS_E_VERIFY);
}

TEST_P(Question, of_a_server_is_asked_before_its_handshake_is_done) {
  Pair pair(client_named("client-other-ca"), question_server());
  pair.shake();
  ASSERT_EQ(pair.server.status, RFCTLS_WANT_VERIFY);
  std::vector<rfctls__finding> findings = pair.server.findings();
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings.back().depth, 0);
  EXPECT_EQ(findings.back().reason, RFCTLS_REASON_ISSUER);
  EXPECT_EQ(text_of(findings.back().der), IdentityView("client-other-ca").chain()[0]);
  pair.server.answer(1);
  pair.establish();
  send_all(pair.server, pair.client, "welcome");
  std::string data;
  receive(pair.client, &data);
  EXPECT_EQ(data, "welcome");
}

TEST_P(Question, of_a_server_that_is_denied_breaks_the_connection) {
  Pair pair(client_named("client"), question_server());
  pair.shake();
  ASSERT_EQ(pair.server.status, RFCTLS_WANT_VERIFY);
  if (pair.client.status == RFCTLS_OK) {
    send_all(pair.client, pair.server, "not for you");
  }
  pair.server.answer(0);
  EXPECT_EQ(pair.server.handshake(), RFCTLS_E_VERIFY);
  EXPECT_EQ(pair.server.failure.reason, RFCTLS_REASON_REFUSED);
  std::string data;
  EXPECT_EQ(pair.server.decrypt(&data), RFCTLS_E_VERIFY);
  EXPECT_TRUE(data.empty());
  EXPECT_EQ(pair.server.close_notify(), RFCTLS_E_VERIFY);
  EXPECT_EQ(pair.server.out.size(), 0u);
}

TEST_P(Question, of_a_server_asks_for_a_certificate_that_was_not_demanded) {
  Plan plan = question_server();
  plan.peer_cert = RFCTLS_PEER_CERT_IGNORED;
  Pair with(client_named("client"), plan);
  with.shake();
  ASSERT_EQ(with.server.status, RFCTLS_WANT_VERIFY);
  with.server.answer(1);
  with.establish();
  Pair without(client(), plan);
  without.establish();
}

TEST_P(Question, of_both_kinds_may_come_in_one_handshake) {
  Plan client_is = asking_client();
  client_is.ask_identity = true;
  Pair pair(client_is, question_server());
  int asked = 0;
  pair.shake();
  require_identity_question(pair);
  for (; pair.client.status > RFCTLS_WANT_READ || pair.server.status > RFCTLS_WANT_READ;
       pair.shake()) {
    asked++;
    if (pair.client.status == RFCTLS_WANT_IDENTITY) {
      ASSERT_EQ(pair.client.answer(IdentityView("client").get()), RFCTLS_OK);
    } else {
      (pair.client.status == RFCTLS_WANT_VERIFY ? pair.client : pair.server).answer(1);
    }
  }
  pair.establish();
  EXPECT_EQ(asked, 3);
}

TEST_P(Question, survives_bytes_that_come_one_at_a_time) {
  Pair pair(asking_client(), server_plan());
  pair.shake(1);
  ASSERT_EQ(pair.client.status, RFCTLS_WANT_VERIFY);
  pair.client.answer(1);
  pair.shake(1);
  EXPECT_EQ(pair.client.status, RFCTLS_OK);
  EXPECT_EQ(pair.server.status, RFCTLS_OK);
}

TEST_P(Question, that_is_never_answered_leaks_nothing) {
  Pair pair(asking_client(), question_server());
  pair.shake();
  if (judges_late(RFCTLS_CLIENT)) {  // the server has missed a certificate before that
    EXPECT_NE(pair.client.status, RFCTLS_OK);
    return;
  }
  EXPECT_EQ(pair.client.status, RFCTLS_WANT_VERIFY);
}

// ---- memory ----

int allocations_left;
int fail_after_some() {
  return allocations_left-- <= 0;
}

TEST_P(Question, fails_cleanly_wherever_memory_ends) {
  int failures = 0;
  for (rfctls_status status = RFCTLS_E_MEMORY; status == RFCTLS_E_MEMORY; failures++) {
    Pair pair(asking_client(), server_plan("expired"));
    pair.client.handshake();
    pair.move();
    pair.server.handshake();
    pair.move();
    if (judges_late(RFCTLS_CLIENT) && !is_tls13()) {  // one flight more
      pair.client.handshake();
      pair.move();
      pair.server.handshake();
      pair.move();
    }
    allocations_left = failures;
    rfctls__set_alloc_hook(fail_after_some);
    status = pair.client.handshake();
    rfctls__set_alloc_hook(nullptr);
    ASSERT_TRUE(status == RFCTLS_WANT_VERIFY || status == RFCTLS_E_MEMORY)
        << pair.client.failure.message;
  }
  EXPECT_GT(failures, 3);
}

}  // namespace
}  // namespace rfctls_test
