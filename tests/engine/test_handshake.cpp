// Does an engine agree with itself: versions, names, protocols, identities, in steps of any size?
#include "engine/pair.hpp"

namespace rfctls_test {
namespace {

class Handshake : public EachVersion {};
RFCTLS_EACH_VERSION(Handshake);

TEST_P(Handshake, ends_on_both_sides_with_the_same_facts) {
  Pair pair(client(), server_plan());
  pair.establish();
  rfctls__facts client_facts = pair.client.facts(), server_facts = pair.server.facts();
  EXPECT_EQ(client_facts.version, version());
  EXPECT_EQ(server_facts.version, version());
  EXPECT_STREQ(client_facts.cipher, server_facts.cipher);
  EXPECT_EQ(std::string(client_facts.cipher).substr(0, 4), "TLS_");
  EXPECT_STREQ(server_facts.server_name, "server.test");
  EXPECT_EQ(client_facts.server_name, nullptr);
}

TEST_P(Handshake, tells_the_bits_of_the_cipher_s_key) {
  Pair pair(client(), server_plan());
  pair.establish();
  EXPECT_STREQ(pair.client.facts().cipher, pair.server.facts().cipher);
  const bool half = std::string(pair.client.facts().cipher).find("_128_") != std::string::npos;
  EXPECT_EQ(pair.client.facts().cipher_bits, half ? 128 : 256);
  EXPECT_EQ(pair.server.facts().cipher_bits, half ? 128 : 256);
}

TEST_P(Handshake, takes_bytes_one_at_a_time) {
  Pair pair(client(), server_plan());
  pair.shake(1);
  EXPECT_EQ(pair.client.status, RFCTLS_OK) << pair.client.failure.message;
  EXPECT_EQ(pair.server.status, RFCTLS_OK) << pair.server.failure.message;
}

TEST_P(Handshake, wants_to_read_until_the_peer_has_spoken) {
  Pair pair(client(), server_plan());
  EXPECT_EQ(pair.client.handshake(), RFCTLS_WANT_READ);
  EXPECT_GT(pair.client.out.size(), 0u);
  pair.client.out.take();
  EXPECT_EQ(pair.client.handshake(), RFCTLS_WANT_READ);
  EXPECT_EQ(pair.client.out.size(), 0u);
  EXPECT_EQ(pair.server.handshake(), RFCTLS_WANT_READ);
  EXPECT_EQ(pair.server.out.size(), 0u);
}

TEST_P(Handshake, leaves_data_behind_it_in_the_buffer) {
  Pair pair(client(), server_plan());
  pair.client.handshake();
  pair.move();
  pair.server.handshake();
  pair.move();
  pair.client.handshake();
  if (pair.client.status == RFCTLS_WANT_READ) {  // TLS 1.2: the server has the last word
    pair.move();
    pair.server.handshake();
    pair.move();
    pair.client.handshake();
  }
  ASSERT_EQ(pair.client.status, RFCTLS_OK);
  send_all(pair.client, pair.server, "early bird");
  pair.establish();
  std::string data;
  EXPECT_EQ(pair.server.decrypt(&data), RFCTLS_OK);
  EXPECT_EQ(data, "early bird");
}

TEST_P(Handshake, works_with_each_kind_of_key) {
  for (const char *name : {"server", "server-rsa", "server-ed25519"}) {
    SCOPED_TRACE(name);
    Pair pair(client(), server_plan(name));
    pair.establish();
    EXPECT_EQ(pair.client.peer_chain(), IdentityView(served(name)).chain());
    EXPECT_TRUE(pair.server.peer_chain().empty());
  }
}

TEST_P(Handshake, sends_no_server_name_for_an_ip_address) {
  Plan plan = client();
  plan.name = "127.0.0.1";
  plan.name_is_ip = true;
  Pair pair(plan, server_plan());
  pair.establish();
  EXPECT_EQ(pair.server.facts().server_name, nullptr);
}

TEST_P(Handshake, works_without_a_server_name_when_none_is_checked) {
  Plan plan = client();
  plan.name.reset();
  plan.check_name = false;
  Pair pair(plan, server_plan());
  pair.establish();
  EXPECT_EQ(pair.server.facts().server_name, nullptr);
}

TEST_P(Handshake, serves_any_number_of_connections_of_one_context) {
  Plan client_is = client(), server_is = server_plan();
  auto client_context = std::make_shared<Context>(client_is);
  auto server_context = std::make_shared<Context>(server_is);
  for (int i = 0; i < 3; i++) {
    End client_end(client_context, client_is), server_end(server_context, server_is);
    while (client_end.status == RFCTLS_WANT_READ || server_end.status == RFCTLS_WANT_READ) {
      client_end.handshake();
      server_end.in.append(client_end.out.take());
      server_end.handshake();
      client_end.in.append(server_end.out.take());
    }
    EXPECT_EQ(client_end.status, RFCTLS_OK);
    EXPECT_EQ(server_end.status, RFCTLS_OK);
  }
}

// ---- versions ----

TEST(Versions, without_overlap_end_in_an_alert) {
  Plan server = server_plan();
  server.max = RFCTLS_TLS_1_2;
  Pair pair(client_plan(RFCTLS_TLS_1_3), server);
  pair.shake();
  EXPECT_EQ(pair.server.status, RFCTLS_E_PROTOCOL);
  if (judges_late(RFCTLS_SERVER) && is_wine()) {
    return;  // it sends no alerts
  }
  EXPECT_EQ(pair.client.status, RFCTLS_E_ALERT);
  EXPECT_EQ(pair.client.failure.alert, 70);
  EXPECT_NE(pair.client.failure.message.find("protocol_version"), std::string::npos);
}

TEST(Versions, are_the_newest_that_both_speak) {
  Plan server = server_plan();
  Pair newest(client_plan(), server);
  newest.establish();
  EXPECT_EQ(newest.client.facts().version,
            engine().supports(RFCTLS_FEATURE_TLS13) ? RFCTLS_TLS_1_3 : RFCTLS_TLS_1_2);
  server.max = RFCTLS_TLS_1_2;
  Pair older(client_plan(), server);
  older.establish();
  EXPECT_EQ(older.client.facts().version, RFCTLS_TLS_1_2);
}

TEST(Versions, that_the_library_speaks_are_checked_without_a_context) {
  EXPECT_EQ(engine().check_versions(RFCTLS_TLS_ANY, RFCTLS_TLS_ANY), RFCTLS_OK);
  EXPECT_EQ(engine().check_versions(RFCTLS_TLS_1_2, RFCTLS_TLS_1_3), RFCTLS_OK);
  EXPECT_EQ(engine().check_versions(static_cast<rfctls_tls_version>(0x0399), RFCTLS_TLS_ANY),
            RFCTLS_E_UNSUPPORTED);
}

TEST(Versions, below_1_2_are_refused_unless_the_minimum_is_lowered) {
  if (engine().check_versions(RFCTLS_TLS_1_1, RFCTLS_TLS_1_1) != RFCTLS_OK) {
    GTEST_SKIP() << "the library was built without TLS 1.1";
  }
  Plan old_server = server_plan();
  old_server.min = old_server.max = RFCTLS_TLS_1_1;
  Pair strict(client_plan(), old_server);
  strict.shake();
  if (strict.client.status != RFCTLS_E_PROTOCOL) {  // it saw that the server's version is too old
    EXPECT_EQ(strict.server.status, RFCTLS_E_PROTOCOL);
    EXPECT_EQ(strict.client.status, RFCTLS_E_ALERT);
  }
  Plan lenient = client_plan();
  lenient.min = RFCTLS_TLS_1_0;
  Pair pair(lenient, old_server);
  pair.establish();
  EXPECT_EQ(pair.client.facts().version, RFCTLS_TLS_1_1);
}

// ---- application protocols ----

TEST_P(Handshake, chooses_the_protocol_that_the_server_prefers) {
  Plan client_is = client(), server_is = server_plan();
  client_is.protocols = {"http/1.1", "h2", "irc"};
  server_is.protocols = {"xmpp", "h2", "http/1.1"};
  Pair pair(client_is, server_is);
  pair.establish();
  EXPECT_EQ(text_of(pair.client.facts().protocol), "h2");
  EXPECT_EQ(text_of(pair.server.facts().protocol), "h2");
}

TEST_P(Handshake, fails_when_no_protocol_is_common) {
  Plan client_is = client(), server_is = server_plan();
  client_is.protocols = {"h2"};
  server_is.protocols = {"xmpp"};
  Pair pair(client_is, server_is);
  pair.shake();
  EXPECT_EQ(pair.server.status, RFCTLS_E_PROTOCOL);
  EXPECT_EQ(pair.client.status, RFCTLS_E_ALERT);
  EXPECT_EQ(pair.client.failure.alert, 120);
}

TEST_P(Handshake, has_no_protocol_when_only_one_side_names_any) {
  for (bool client_names : {true, false}) {
    Plan client_is = client(), server_is = server_plan();
    (client_names ? client_is : server_is).protocols = {"h2"};
    Pair pair(client_is, server_is);
    pair.establish();
    EXPECT_EQ(pair.client.facts().protocol.size, 0u);
    EXPECT_EQ(pair.server.facts().protocol.size, 0u);
  }
}

// ---- our identity ----

TEST(ContextInit, refuses_a_key_of_another_certificate) {
  Plan plan = server_plan();
  plan.key = "client";
  Context context(plan);
  EXPECT_EQ(context.status, RFCTLS_E_IDENTITY);
}

TEST(ContextFini, takes_zeroed_memory) {
  void *memory = rfctls__alloc(engine().context_size);
  engine().context_fini(static_cast<rfctls__context *>(memory));
  rfctls__free(memory);
  memory = rfctls__alloc(engine().conn_size);
  engine().conn_fini(static_cast<rfctls__conn *>(memory), 0);
  rfctls__free(memory);
}

TEST_P(Handshake, asks_a_client_for_its_identity_when_the_server_wants_one) {
  Plan client_is = client(), server_is = server_plan();
  client_is.ask_identity = true;
  server_is.peer_cert = RFCTLS_PEER_CERT_REQUIRED;
  server_is.authorities = {"ca.pem"};
  Pair pair(client_is, server_is);
  IdentityView identity("client-rsa");
  pair.shake();
  require_identity_question(pair);
  ASSERT_EQ(pair.client.status, RFCTLS_WANT_IDENTITY);
  ASSERT_EQ(pair.client.answer(identity.get()), RFCTLS_OK);
  pair.establish();
  EXPECT_EQ(pair.server.peer_chain(), identity.chain());
}

TEST_P(Handshake, does_not_ask_a_client_for_an_identity_that_nobody_wants) {
  Plan plan = client();
  plan.ask_identity = true;
  Pair pair(plan, server_plan());
  pair.establish();
}

TEST_P(Handshake, keeps_the_question_open_when_the_answer_does_not_fit) {
  Plan client_is = client(), server_is = server_plan();
  client_is.ask_identity = true;
  server_is.peer_cert = RFCTLS_PEER_CERT_REQUIRED;
  server_is.authorities = {"ca.pem"};
  Pair pair(client_is, server_is);
  pair.shake();
  require_identity_question(pair);
  ASSERT_EQ(pair.client.status, RFCTLS_WANT_IDENTITY);
  EXPECT_EQ(pair.client.answer(IdentityView("client", "client-rsa").get()), RFCTLS_E_IDENTITY);
  EXPECT_EQ(pair.client.answer(IdentityView("client").get()), RFCTLS_OK);
  pair.establish();
  EXPECT_EQ(pair.server.peer_chain(), IdentityView("client").chain());
}

TEST_P(Handshake, sends_no_client_identity_when_the_answer_is_none) {
  Plan client_is = client(), server_is = server_plan();
  client_is.identity = "client";
  client_is.ask_identity = true;
  server_is.peer_cert = RFCTLS_PEER_CERT_OPTIONAL;
  server_is.authorities = {"ca.pem"};
  Pair pair(client_is, server_is);
  pair.shake();
  require_identity_question(pair);
  ASSERT_EQ(pair.client.status, RFCTLS_WANT_IDENTITY);
  ASSERT_EQ(pair.client.answer(rfctls__identity{}), RFCTLS_OK);
  pair.establish();
  EXPECT_TRUE(pair.server.peer_chain().empty());
}

TEST_P(Handshake, asks_a_server_for_its_identity_after_every_hello) {
  Plan plan = server_plan("");
  plan.ask_identity = true;
  Pair pair(client(), plan);
  pair.shake();
  ASSERT_EQ(pair.server.status, RFCTLS_WANT_IDENTITY);
  ASSERT_EQ(pair.server.answer(IdentityView(served("server-rsa")).get()), RFCTLS_OK);
  pair.establish();
  EXPECT_EQ(pair.client.peer_chain(), IdentityView(served("server-rsa")).chain());
}

TEST_P(Handshake, uses_the_answer_and_not_the_identity_of_the_context) {
  Plan plan = server_plan("server");  // which a client would rather see
  plan.ask_identity = true;
  Pair pair(client(), plan);
  pair.shake();
  ASSERT_EQ(pair.server.status, RFCTLS_WANT_IDENTITY);
  ASSERT_EQ(pair.server.answer(IdentityView(served("server-rsa")).get()), RFCTLS_OK);
  pair.establish();
  EXPECT_EQ(pair.client.peer_chain(), IdentityView(served("server-rsa")).chain());
}

TEST_P(Handshake, uses_the_identity_of_a_server_context_when_the_answer_is_none) {
  Plan plan = server_plan("server");
  plan.ask_identity = true;
  Pair pair(client(), plan);
  pair.shake();
  ASSERT_EQ(pair.server.status, RFCTLS_WANT_IDENTITY);
  ASSERT_EQ(pair.server.answer(rfctls__identity{}), RFCTLS_OK);
  pair.establish();
  EXPECT_EQ(pair.client.peer_chain(), IdentityView(served("server")).chain());
}

// ---- peers that do not speak TLS ----

TEST(Server, says_that_an_http_client_does_not_speak_tls) {
  End server(server_plan());
  server.in.append("GET / HTTP/1.1\r\nHost: server.test\r\n\r\n");
  EXPECT_EQ(server.handshake(), RFCTLS_E_PROTOCOL);
  EXPECT_NE(server.failure.message.find("not TLS"), std::string::npos) << server.failure.message;
}

TEST(Client, says_that_a_mail_server_does_not_speak_tls) {
  End client(client_plan());
  client.handshake();
  client.in.append("220 mail.example.org ESMTP ready\r\n");
  EXPECT_EQ(client.handshake(), RFCTLS_E_PROTOCOL);
  EXPECT_NE(client.failure.message.find("is not TLS"), std::string::npos) << client.failure.message;
}

TEST_P(Handshake, reports_its_failure_again) {
  End client(client_plan(version()));
  client.handshake();
  client.in.append("220 mail.example.org ESMTP ready\r\n");
  client.handshake();
  Failure first = client.failure;
  EXPECT_EQ(client.handshake(), RFCTLS_E_PROTOCOL);
  EXPECT_EQ(client.failure.message, first.message);
  EXPECT_EQ(client.failure.engine_code, first.engine_code);
}

TEST(Supports, knows_its_features_and_no_others) {
  EXPECT_EQ(engine().supports(RFCTLS_FEATURE_ALPN), 1);
  EXPECT_EQ(engine().supports(static_cast<rfctls_feature>(4711)), 0);
  EXPECT_FALSE(std::string(engine().version()).empty());
}

}  // namespace
}  // namespace rfctls_test
