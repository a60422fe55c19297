// Are sessions resumed where they may be, and never where anything that was checked is different?
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "support/pair.hpp"

using namespace rfctls_test;

namespace {

// Where they stand in saved bytes: behind the digests the name, with its size before it.
constexpr size_t kDigest = 8, kDigests = 64, kUntil = kDigest + kDigests + 1 + 11;

class Resume : public testing::TestWithParam<rfctls_tls_version> {
 protected:
  bool is_tls13() const {
    return GetParam() == RFCTLS_TLS_1_3;
  }
  Config client() const {
    return client_config(GetParam());
  }
  Config server(const std::string &identity = "server") const {
    return server_config(identity, GetParam());
  }
};

INSTANTIATE_TEST_SUITE_P(Versions, Resume, testing::Values(RFCTLS_TLS_1_2, RFCTLS_TLS_1_3),
                         [](const auto &each) {
                           return each.param == RFCTLS_TLS_1_2 ? "tls12" : "tls13";
                         });

// A client and the server that it connected to, over a listener that others connect to, too.
struct Visit {
  Visit(const Socket &listener, const Config &config,
        const std::function<void(Socket &)> &setup = {})
      : client(connect_to(listener, config)), server(accept_from(listener)) {
    if (setup) {
      setup(client);
    }
    std::thread other([this] { server_status = rfctls_socket_handshake(server.get()); });
    status = rfctls_socket_handshake(client.get());
    if (status != RFCTLS_OK) {  // the server hears of it
      rfctls_socket_close(client.get());
    }
    other.join();
  }

  bool resumed() const {
    EXPECT_EQ(RFCTLS_OK, status);
    EXPECT_EQ(RFCTLS_OK, server_status);
    const int both = rfctls_socket_is_resumed(client.get());
    EXPECT_EQ(both, rfctls_socket_is_resumed(server.get()));
    return both == 1;
  }

  // What every server's answer brings in TLS 1.3: the session.
  Visit &read() {
    EXPECT_EQ(RFCTLS_OK, send_all(server, "answer"));
    EXPECT_EQ("answer", receive(client));
    return *this;
  }

  Session session() {
    Session made;
    require(rfctls_socket_session(client.get(), out(made)), "session");
    return made;
  }

  Socket client, server;
  rfctls_status status = RFCTLS_E_INTERNAL, server_status = RFCTLS_E_INTERNAL;
};

std::function<void(Socket &)> with(const Session &session) {
  return [&session](Socket &socket) {
    require(rfctls_socket_set_session(socket.get(), session.get()), "set session");
  };
}

std::string saved(const Session &session) {
  size_t size = 0;
  const void *data = rfctls_session_bytes(session.get(), &size);
  return {static_cast<const char *>(data), size};
}

rfctls_status restore(const std::string &bytes, Session &session) {
  return rfctls_session_from_bytes(bytes.data(), bytes.size(), out(session));
}

Session restored(const std::string &bytes) {
  Session session;
  require(restore(bytes, session), "saved session");
  return session;
}

// ---- where sessions are resumed ----

TEST_P(Resume, the_second_connection_resumes_by_itself) {
  Config of_client = client();
  Socket listener = listen_on(server());
  EXPECT_FALSE(Visit(listener, of_client).read().resumed());
  for (int i = 0; i < 5; i++) {
    Visit again(listener, of_client);
    EXPECT_TRUE(again.read().resumed()) << i;
    EXPECT_STREQ("CN=server.test,O=librfctls tests",
                 rfctls_cert_subject(rfctls_socket_peer_cert(again.client.get())));
    EXPECT_STREQ("server.test", rfctls_socket_server_name(again.server.get()));
    EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(again.client.get()));
  }
}

// A program may make a config a connection: equal ones are one.
TEST_P(Resume, the_second_connection_of_an_equal_config_resumes_by_itself) {
  Socket listener = listen_on(server());
  EXPECT_FALSE(Visit(listener, client()).read().resumed());
  for (int i = 0; i < 3; i++) {
    Visit again(listener, client());
    EXPECT_TRUE(again.read().resumed()) << i;
    EXPECT_STREQ("CN=server.test,O=librfctls tests",
                 rfctls_cert_subject(rfctls_socket_peer_cert(again.client.get())));
  }
}

TEST_P(Resume, also_at_a_server_that_makes_a_config_a_connection) {
  Socket listener = listen_on(server());
  { Visit(listener, client()).read(); }
  require(rfctls_socket_reload(listener.get(), server().get()), "reload");
  EXPECT_TRUE(Visit(listener, client()).read().resumed());
}

TEST_P(Resume, with_a_client_certificate_an_equal_config_resumes_after_the_first_is_gone) {
  Config of_server = server();
  trust(of_server, "ca.pem");
  require(rfctls_config_set_peer_cert(of_server.get(), RFCTLS_PEER_CERT_REQUIRED), "demand");
  Socket listener = listen_on(of_server);
  for (int i = 0; i < 2; i++) {
    Config of_client = client();
    Identity own = load_identity("client");
    require(rfctls_config_set_identity(of_client.get(), own.chain.get(), own.key.get()), "own");
    EXPECT_EQ(i == 1, Visit(listener, of_client).read().resumed());
  }
}

// The port is the same, so only the options tell them apart.
TEST_P(Resume, with_one_more_authority_nothing_is_resumed_by_itself) {
  Config more = client(), insecure = client(), off = client();
  trust(more, "other-ca.pem");
  require(rfctls_config_insecure_skip_name_check(insecure.get()), "insecure");
  require(rfctls_config_set_session_cache(off.get(), 0), "off");
  Socket listener = listen_on(server());
  { Visit(listener, client()).read(); }
  for (const Config *other : {&more, &insecure, &off}) {
    EXPECT_FALSE(Visit(listener, *other).read().resumed());
  }
  EXPECT_FALSE(Visit(listener, insecure).read().resumed()) << "insecure configs keep none";
  EXPECT_TRUE(Visit(listener, client()).read().resumed());
}

TEST_P(Resume, a_child_process_resumes_nothing_of_its_parent) {
  Socket listener = listen_on(server());
  Config of_client = client();
  { Visit(listener, of_client).read(); }
  const std::string port = port_of(listener);
  const pid_t child = fork();
  if (child == 0) {  // with the config that the parent has frozen
    Socket socket;
    bool done =
        rfctls_socket_connect("127.0.0.1", port.c_str(), of_client.get(), out(socket)) == RFCTLS_OK;
    done = done && rfctls_socket_handshake(socket.get()) == RFCTLS_OK;
    _exit(done ? rfctls_socket_is_resumed(socket.get()) : 2);
  }
  Socket of_child = accept_from(listener);
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(of_child.get())) << rfctls_error_message();
  int ended = -1;
  ASSERT_EQ(child, waitpid(child, &ended, 0));
  EXPECT_EQ(0, ended);
  EXPECT_TRUE(Visit(listener, of_client).resumed());
}

TEST_P(Resume, is_not_spoiled_by_dropping_the_connection_without_a_goodbye) {
  Config of_client = client();
  Socket listener = listen_on(server());
  { Visit(listener, of_client).read(); }
  EXPECT_TRUE(Visit(listener, of_client).resumed());
}

TEST_P(Resume, session_is_there_after_the_first_read_and_not_before_in_tls13) {
  Socket listener = listen_on(server());
  Config of_client = client();
  Visit first(listener, of_client);
  Session session;
  const rfctls_status at_once = rfctls_socket_session(first.client.get(), out(session));
  EXPECT_EQ(is_tls13() ? RFCTLS_E_STATE : RFCTLS_OK, at_once);
  session = first.read().session();
  Visit second(listener, of_client, with(session));
  EXPECT_TRUE(second.resumed());
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_session(first.server.get(), out(session)));
}

TEST_P(Resume, a_session_of_tls13_is_used_once) {
  Config of_client = client();
  Socket listener = listen_on(server());
  { Visit(listener, of_client).read(); }
  Visit second(listener, of_client), third(listener, of_client);
  EXPECT_TRUE(second.resumed());
  EXPECT_EQ(!is_tls13(), third.resumed()) << "the second has not read the next one";
}

TEST_P(Resume, with_a_client_certificate_the_server_still_knows_it) {
  Config of_client = client(), of_server = server();
  Identity own = load_identity("client");
  require(rfctls_config_set_identity(of_client.get(), own.chain.get(), own.key.get()), "identity");
  trust(of_server, "ca.pem");
  require(rfctls_config_set_peer_cert(of_server.get(), RFCTLS_PEER_CERT_REQUIRED), "demand");
  Socket listener = listen_on(of_server);
  EXPECT_FALSE(Visit(listener, of_client).read().resumed());
  for (int i = 0; i < 3; i++) {
    Visit again(listener, of_client);
    EXPECT_TRUE(again.read().resumed());
    EXPECT_STREQ("CN=client,O=librfctls tests",
                 rfctls_cert_subject(rfctls_socket_peer_cert(again.server.get())));
  }
}

TEST_P(Resume, with_any_client_certificate_the_server_still_has_one) {
  Config of_client = client(), of_server = server();
  Identity own = load_identity("client-other-ca");
  require(rfctls_config_set_identity(of_client.get(), own.chain.get(), own.key.get()), "identity");
  require(rfctls_config_set_peer_cert(of_server.get(), RFCTLS_PEER_CERT_REQUIRED), "demand");
  require(rfctls_config_insecure_skip_verify(of_server.get()), "skip");
  Socket listener = listen_on(of_server);
  EXPECT_FALSE(Visit(listener, of_client).read().resumed());
  Visit again(listener, of_client);
  EXPECT_TRUE(again.read().resumed());
  EXPECT_NE(nullptr, rfctls_socket_peer_cert(again.server.get()));
  Visit bare(listener, client());
  EXPECT_EQ(RFCTLS_E_VERIFY, bare.server_status);
}

TEST_P(Resume, a_reloaded_listener_makes_full_handshakes_at_first) {
  Config of_client = client();
  Socket listener = listen_on(server());
  { Visit(listener, of_client).read(); }
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_reload(listener.get(), server("server-rsa").get()));
  EXPECT_FALSE(Visit(listener, of_client).read().resumed());
  EXPECT_TRUE(Visit(listener, of_client).resumed());
}

TEST_P(Resume, many_threads_share_the_sessions_of_one_config) {
  Config of_client = client();
  Socket listener = listen_on(server());
  std::atomic<int> resumed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([&] {
      for (int j = 0; j < 20; j++) {
        Socket client = connect_to(listener, of_client);
        EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(client.get())) << rfctls_error_message();
        EXPECT_EQ("answer", receive(client));
        resumed += rfctls_socket_is_resumed(client.get());
      }
    });
    threads.emplace_back([&] {
      for (int j = 0; j < 20; j++) {
        Socket server = accept_from(listener);
        EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(server.get())) << rfctls_error_message();
        EXPECT_EQ(RFCTLS_OK, send_all(server, "answer"));
        EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(server.get()));
      }
    });
  }
  for (std::thread &thread : threads) {
    thread.join();
  }
  EXPECT_GT(resumed, 20);
}

// ---- where they are not ----

TEST_P(Resume, session_of_one_name_is_never_used_for_another) {
  Config of_client = client();
  Socket listener = listen_on(server());
  Session session = Visit(listener, of_client).read().session();
  auto other_name = [](Socket &socket) {
    require(rfctls_socket_set_server_name(socket.get(), "localhost"), "name");
  };
  EXPECT_FALSE(Visit(listener, of_client, other_name).resumed());
  Visit given(listener, of_client, [&](Socket &socket) {
    other_name(socket);
    with(session)(socket);
  });
  EXPECT_FALSE(given.resumed());
  Visit wrong(listener, of_client, [&](Socket &socket) {
    require(rfctls_socket_set_server_name(socket.get(), "other.test"), "name");
    with(session)(socket);
  });
  EXPECT_EQ(RFCTLS_E_VERIFY, wrong.status);
}

TEST_P(Resume, session_of_one_service_is_not_used_for_another) {
  Config of_client = client(), of_server = server();
  Socket one = listen_on(of_server), other = listen_on(of_server);
  { Visit(one, of_client).read(); }
  EXPECT_FALSE(Visit(other, of_client).resumed());
  EXPECT_TRUE(Visit(one, of_client).resumed());
}

// As FTP's data connections ask for (RFC 4217 section 10.2).
TEST_P(Resume, session_that_is_given_is_used_on_another_port) {
  Config of_client = client(), of_server = server();
  Socket control = listen_on(of_server), data = listen_on(of_server);
  Session session = Visit(control, of_client).read().session();
  Visit visit(data, of_client, with(session));
  EXPECT_TRUE(visit.read().resumed());
  EXPECT_EQ(nullptr, rfctls_socket_session_refused(visit.client.get()));
}

TEST_P(Resume, session_that_is_given_and_not_taken_says_why) {
  Config of_client = client();
  Socket one = listen_on(server()), stranger = listen_on(server("server-rsa"));
  Session session = Visit(one, of_client).read().session();
  Visit unknown(stranger, of_client, with(session));
  EXPECT_FALSE(unknown.resumed());
  EXPECT_STREQ("the server did not take it", rfctls_socket_session_refused(unknown.client.get()));
  Visit renamed(one, of_client, [&](Socket &socket) {
    require(rfctls_socket_set_server_name(socket.get(), "localhost"), "name");
    with(session)(socket);
  });
  EXPECT_STREQ("it is for another server name",
               rfctls_socket_session_refused(renamed.client.get()));
}

TEST_P(Resume, session_of_other_protocols_is_not_used) {
  Config of_client = client();
  Socket listener = listen_on(server());
  { Visit(listener, of_client).read(); }
  Visit other(listener, of_client, [](Socket &socket) {
    require(rfctls_socket_add_protocol(socket.get(), "h2"), "protocol");
  });
  EXPECT_FALSE(other.resumed());
}

TEST_P(Resume, session_made_without_verification_is_never_used_under_it) {
  Config careless = client(), careful = client();
  require(rfctls_config_insecure_skip_verify(careless.get()), "insecure");
  Socket listener = listen_on(server("self-signed"));
  Session session = Visit(listener, careless).read().session();
  EXPECT_FALSE(Visit(listener, careless).resumed()) << "insecure configs keep none";
  Visit given(listener, careful, with(session));
  EXPECT_EQ(RFCTLS_E_VERIFY, given.status);
}

// Even under a key that was forged: the session itself says that nobody had verified.
TEST_P(Resume, stored_verdict_other_than_ok_is_refused) {
  Config careless = client(), careful = client();
  require(rfctls_config_insecure_skip_verify(careless.get()), "insecure");
  Socket listener = listen_on(server());
  std::string good = saved(Visit(listener, careful).read().session());
  std::string bad = saved(Visit(listener, careless).read().session());
  ASSERT_NE(good.substr(kDigest, kDigests), bad.substr(kDigest, kDigests));
  bad.replace(kDigest, kDigests, good, kDigest, kDigests);
  EXPECT_TRUE(Visit(listener, client(), with(restored(good))).resumed());
  EXPECT_FALSE(Visit(listener, client(), with(restored(bad))).resumed());
}

TEST_P(Resume, other_settings_of_the_config_are_other_sessions) {
  Config first = client(), same = client(), more_trust = client(), with_identity = client(),
         nameless = client(), roots = client();
  trust(more_trust, "other-ca.pem");
  Identity own = load_identity("client");
  require(rfctls_config_set_identity(with_identity.get(), own.chain.get(), own.key.get()),
          "identity");
  require(rfctls_config_insecure_skip_name_check(nameless.get()), "insecure");
  require(rfctls_config_set_partial_chain(roots.get(), 0), "partial chain");
  Socket listener = listen_on(server());
  std::string bytes = saved(Visit(listener, first).read().session());
  EXPECT_FALSE(Visit(listener, roots, with(restored(bytes))).resumed());
  EXPECT_FALSE(Visit(listener, more_trust, with(restored(bytes))).resumed());
  EXPECT_FALSE(Visit(listener, with_identity, with(restored(bytes))).resumed());
  EXPECT_FALSE(Visit(listener, nameless, with(restored(bytes))).resumed());
  EXPECT_TRUE(Visit(listener, same, with(restored(bytes))).resumed());
}

TEST_P(Resume, nothing_is_kept_where_it_was_switched_off) {
  Config off = client(), on = client(), silent = server();
  require(rfctls_config_set_session_cache(off.get(), 0), "cache");
  require(rfctls_config_set_session_cache(silent.get(), 0), "tickets");
  Socket listener = listen_on(server()), without_tickets = listen_on(silent);
  Session session = Visit(listener, off).read().session();
  EXPECT_FALSE(Visit(listener, off).resumed());
  EXPECT_TRUE(Visit(listener, off, with(session)).resumed()) << "the program may";
  Visit first(without_tickets, on);
  first.read();
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_session(first.client.get(), out(session)));
  EXPECT_FALSE(Visit(without_tickets, on).resumed());
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_config_set_session_cache(nullptr, 1));
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_config_set_session_cache(on.get(), 1));
}

TEST_P(Resume, nothing_is_kept_when_the_program_had_a_part_in_it) {
  Config verifying = client(), choosing = client();
  require(rfctls_config_set_verifier(
              verifying.get(), [](void *, rfctls_socket *) { return 1; }, nullptr, nullptr),
          "verifier");
  require(rfctls_config_set_identity_source(
              choosing.get(), [](void *, rfctls_socket *) {}, nullptr, nullptr),
          "source");
  Socket listener = listen_on(server());
  for (const Config *config : {&verifying, &choosing}) {
    EXPECT_FALSE(Visit(listener, *config).read().resumed());
    EXPECT_FALSE(Visit(listener, *config).read().resumed());
  }
}

// ---- questions are asked again ----

struct Verifier {
  int answer = 1, calls = 0, resumed = 0;
  size_t findings = 0;
  static int ask(void *userdata, rfctls_socket *socket) {
    auto *self = static_cast<Verifier *>(userdata);
    self->calls++;
    self->resumed = rfctls_socket_is_resumed(socket);
    self->findings = rfctls_socket_finding_count(socket);
    return self->answer;
  }
};

TEST_P(Resume, a_server_asks_its_verifier_again_and_a_no_is_a_no) {
  Verifier verifier;
  Config of_client = client(), of_server = server();
  Identity own = load_identity("client");
  require(rfctls_config_set_identity(of_client.get(), own.chain.get(), own.key.get()), "identity");
  require(rfctls_config_set_verifier(of_server.get(), Verifier::ask, &verifier, nullptr),
          "verifier");
  Socket listener = listen_on(of_server);
  EXPECT_FALSE(Visit(listener, of_client).read().resumed());
  EXPECT_EQ(1, verifier.calls);
  EXPECT_GT(verifier.findings, 1u);
  EXPECT_TRUE(Visit(listener, of_client).read().resumed());
  EXPECT_EQ(2, verifier.calls);
  EXPECT_EQ(1, verifier.resumed);
  EXPECT_EQ(1u, verifier.findings) << "the chain is not there any more";
  verifier.answer = 0;
  Visit refused(listener, of_client);
  EXPECT_EQ(3, verifier.calls);
  EXPECT_EQ(RFCTLS_E_VERIFY, refused.server_status);
  size_t sent = 0;
  EXPECT_NE(RFCTLS_OK, rfctls_socket_send(refused.server.get(), 0, "x", 1, &sent));
}

TEST_P(Resume, a_client_asks_its_verifier_again) {
  Verifier verifier;
  Config of_client = client();
  require(rfctls_config_set_verifier(of_client.get(), Verifier::ask, &verifier, nullptr),
          "verifier");
  Socket listener = listen_on(server());
  Session session = Visit(listener, of_client).read().session();
  EXPECT_EQ(1, verifier.calls);
  EXPECT_TRUE(Visit(listener, of_client, with(session)).resumed());
  EXPECT_EQ(2, verifier.calls);
  EXPECT_EQ(1u, verifier.findings);
  verifier.answer = 0;
  Visit refused(listener, of_client, with(session));
  EXPECT_EQ(RFCTLS_E_VERIFY, refused.status);
}

TEST_P(Resume, sessions_of_sockets_that_ask_are_nothing_for_those_that_do_not) {
  Config of_client = client(), of_server = server();
  Identity stranger = load_identity("client-other-ca");
  require(rfctls_config_set_identity(of_client.get(), stranger.chain.get(), stranger.key.get()),
          "identity");
  trust(of_server, "ca.pem");
  Socket listener = listen_on(of_server);
  Socket client = connect_to(listener, of_client), server = accept_from(listener);
  require(rfctls_socket_set_asking(server.get(), 1, 0), "asking");
  std::thread other([&] {
    EXPECT_EQ(RFCTLS_WANT_VERIFY, rfctls_socket_handshake(server.get()));
    EXPECT_EQ(RFCTLS_OK, rfctls_socket_answer_verify(server.get(), 1));
    EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(server.get()));
    EXPECT_EQ(RFCTLS_OK, send_all(server, "answer"));
  });
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_handshake(client.get()));
  EXPECT_EQ("answer", receive(client));
  other.join();
  Visit second(listener, of_client);
  EXPECT_EQ(RFCTLS_E_VERIFY, second.server_status) << "the stranger is looked at again";
}

TEST(Tickets, wait_for_the_verdict_in_tls13) {
  for (int answer : {0, 1}) {
    Config of_client = client_config(RFCTLS_TLS_1_3),
           of_server = server_config("server", RFCTLS_TLS_1_3);
    Identity own = load_identity("client");
    require(rfctls_config_set_identity(of_client.get(), own.chain.get(), own.key.get()),
            "identity");
    require(rfctls_config_set_asking(of_server.get(), 1, 0), "asking");
    Pair pair(of_client, of_server);
    std::thread other([&] {
      EXPECT_EQ(RFCTLS_WANT_VERIFY, rfctls_socket_handshake(pair.server.get()));
      EXPECT_EQ(RFCTLS_OK, rfctls_socket_answer_verify(pair.server.get(), answer));
      EXPECT_EQ(answer ? RFCTLS_OK : RFCTLS_E_VERIFY, rfctls_socket_handshake(pair.server.get()));
      rfctls_socket_close(pair.server.get());
    });
    ASSERT_EQ(RFCTLS_OK, rfctls_socket_handshake(pair.client.get()));
    rfctls_status status = RFCTLS_OK;
    EXPECT_EQ("", receive_all(pair.client, &status));
    Session session;
    EXPECT_EQ(answer ? RFCTLS_OK : RFCTLS_E_STATE,
              rfctls_socket_session(pair.client.get(), out(session)));
    other.join();
  }
}

// ---- saved ----

TEST_P(Resume, saved_sessions_resume_and_still_show_the_certificate) {
  Socket listener = listen_on(server());
  std::string bytes = saved(Visit(listener, client()).read().session());
  Session session = restored(bytes);
  EXPECT_EQ(bytes, saved(session));
  Visit again(listener, client(), with(session));
  EXPECT_TRUE(again.read().resumed());
  EXPECT_STREQ("CN=server.test,O=librfctls tests",
               rfctls_cert_subject(rfctls_socket_peer_cert(again.client.get())));
  EXPECT_TRUE(Visit(listener, client(), with(again.session())).resumed());
}

TEST_P(Resume, saved_sessions_end_with_the_validity_of_the_chain) {
  Socket listener = listen_on(server());
  std::string bytes = saved(Visit(listener, client()).read().session());
  bytes.replace(kUntil, 8, std::string("\0\0\0\0\x60\0\0\0", 8));  // 2021
  EXPECT_FALSE(Visit(listener, client(), with(restored(bytes))).resumed());
}

TEST_P(Resume, damaged_bytes_are_no_session) {
  Socket listener = listen_on(server());
  const std::string bytes = saved(Visit(listener, client()).read().session());
  Session session;
  for (size_t size = 0; size < bytes.size(); size++) {
    ASSERT_EQ(RFCTLS_E_PARSE, restore(bytes.substr(0, size), session)) << size;
  }
  EXPECT_EQ(RFCTLS_E_PARSE, restore(bytes + "x", session));
  for (size_t at = 0; at < kDigest; at++) {
    std::string other = bytes;
    other[at] = static_cast<char>(other[at] ^ 1);
    EXPECT_EQ(RFCTLS_E_PARSE, restore(other, session)) << at;
  }
}

// A handshake with what was read is good, a full one, or fails: it never hangs or crashes.
TEST_P(Resume, bytes_with_any_bit_turned_do_no_harm) {
  Socket listener = listen_on(server());
  const std::string bytes = saved(Visit(listener, client()).read().session());
  for (size_t at = 0; at < bytes.size(); at += 7) {
    std::string other = bytes;
    other[at] = static_cast<char>(other[at] ^ (1 << at % 8));
    Session session;
    if (restore(other, session) == RFCTLS_OK) {
      Visit visit(listener, client(), with(session));
      EXPECT_EQ(visit.status == RFCTLS_OK, visit.server_status == RFCTLS_OK) << at;
    }
  }
}

TEST(Session, takes_null) {
  Session session;
  Pair pair;
  size_t size = 1;
  EXPECT_EQ(nullptr, rfctls_session_ref(nullptr));
  rfctls_session_unref(nullptr);
  EXPECT_EQ(nullptr, rfctls_session_bytes(nullptr, &size));
  EXPECT_EQ(0u, size);
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_session_from_bytes("x", 1, nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_session_from_bytes(nullptr, 1, out(session)));
  EXPECT_EQ(RFCTLS_E_PARSE, rfctls_session_from_bytes(nullptr, 0, out(session)));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_session(nullptr, out(session)));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_session(pair.client.get(), nullptr));
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_session(pair.client.get(), out(session)));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_set_session(nullptr, nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_set_session(pair.client.get(), nullptr));
  EXPECT_EQ(0, rfctls_socket_is_resumed(nullptr));
}

TEST(Session, is_given_to_a_client_before_its_handshake) {
  Pair first;
  ASSERT_EQ(RFCTLS_OK, first.shake());
  require(send_all(first.server, "answer"), "send");
  EXPECT_EQ("answer", receive(first.client));
  Session session;
  require(rfctls_socket_session(first.client.get(), out(session)), "session");
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_set_session(first.client.get(), session.get()));
  Pair second;
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_set_session(second.server.get(), session.get()));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_set_session(second.client.get(), session.get()));
}

}  // namespace
