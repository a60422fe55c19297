// Do our client and our server agree on what was asked for, and tell it truly?
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "support/pair.hpp"

using namespace rfctls_test;

namespace {

class Echo : public testing::TestWithParam<rfctls_tls_version> {
 protected:
  static void expect_echo(Pair &pair) {
    ASSERT_EQ(RFCTLS_OK, send_all(pair.client, "question"));
    EXPECT_EQ("question", receive(pair.server));
    ASSERT_EQ(RFCTLS_OK, send_all(pair.server, "answer"));
    EXPECT_EQ("answer", receive(pair.client));
  }

  static Config with_client_cert(const Config &config) {
    trust(config, "ca.pem");
    require(rfctls_config_set_peer_cert(config.get(), RFCTLS_PEER_CERT_REQUIRED), "demand");
    return Config(rfctls_config_ref(config.get()));
  }
};

INSTANTIATE_TEST_SUITE_P(Versions, Echo, testing::Values(RFCTLS_TLS_1_2, RFCTLS_TLS_1_3),
                         [](const auto &each) {
                           return each.param == RFCTLS_TLS_1_2 ? "tls12" : "tls13";
                         });

TEST_P(Echo, every_kind_of_key_serves) {
  for (const char *identity : {"server", "server-rsa", "server-ed25519"}) {
    SCOPED_TRACE(identity);
    Pair pair(client_config(), server_config(identity, GetParam()));
    ASSERT_EQ(RFCTLS_OK, pair.shake());
    EXPECT_EQ(RFCTLS_OK, pair.server_status);
    EXPECT_EQ(GetParam(), rfctls_socket_tls_version(pair.client.get()));
    EXPECT_STREQ(rfctls_socket_cipher(pair.server.get()), rfctls_socket_cipher(pair.client.get()));
    EXPECT_EQ(0, strncmp("TLS_", rfctls_socket_cipher(pair.client.get()), 4));
    expect_echo(pair);
  }
}

TEST_P(Echo, the_bits_of_the_cipher_are_the_library_s) {
  const bool old = GetParam() == RFCTLS_TLS_1_2;
  const struct {
    const char *cipher, *suite;
    int bits;
  } each[] = {{"ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256", 128},
              {"ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_AES_256_GCM_SHA384", 256},
              {"ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_CHACHA20_POLY1305_SHA256", 256}};
  for (const auto &one : each) {
    Config config = server_config("server", GetParam());
    require(old ? rfctls_config_set_ciphers(config.get(), one.cipher)
                : rfctls_config_set_cipher_suites(config.get(), one.suite),
            one.suite);
    Pair pair(client_config(), config);
    EXPECT_EQ(0, rfctls_socket_cipher_bits(pair.client.get())) << "not agreed on yet";
    ASSERT_EQ(RFCTLS_OK, pair.shake());
    EXPECT_EQ(one.bits, rfctls_socket_cipher_bits(pair.client.get()));
    EXPECT_EQ(one.bits, rfctls_socket_cipher_bits(pair.server.get()));
  }
}

TEST_P(Echo, the_chain_is_told_as_it_was_sent) {
  Pair pair(GetParam());
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  Chain sent = load_chain("server.pem");
  rfctls_chain *seen = rfctls_socket_peer_chain(pair.client.get());
  ASSERT_EQ(rfctls_chain_count(sent.get()), rfctls_chain_count(seen));
  EXPECT_STREQ(rfctls_cert_subject(rfctls_chain_at(sent.get(), 0)),
               rfctls_cert_subject(rfctls_socket_peer_cert(pair.client.get())));
  EXPECT_EQ(nullptr, rfctls_socket_peer_cert(pair.server.get()));
  EXPECT_EQ(seen, rfctls_socket_peer_chain(pair.client.get())) << "borrowed: it stays the same";
}

TEST_P(Echo, alpn_is_chosen_by_the_server) {
  Config of_client = client_config(), of_server = server_config("server", GetParam());
  for (const char *name : {"http/1.1", "h2"}) {
    require(rfctls_config_add_protocol(of_client.get(), name), name);
  }
  for (const char *name : {"spdy", "h2", "http/1.1"}) {
    require(rfctls_config_add_protocol(of_server.get(), name), name);
  }
  Pair pair(of_client, of_server);
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  EXPECT_STREQ("h2", rfctls_socket_protocol(pair.client.get()));
  EXPECT_STREQ("h2", rfctls_socket_protocol(pair.server.get()));
  Pair other(of_client, of_server);
  require(rfctls_socket_add_protocol(other.client.get(), "http/1.1"), "own list");
  ASSERT_EQ(RFCTLS_OK, other.shake());
  EXPECT_STREQ("http/1.1", rfctls_socket_protocol(other.server.get()));
}

TEST_P(Echo, alpn_without_overlap_fails_by_name) {
  Config of_client = client_config(), of_server = server_config("server", GetParam());
  require(rfctls_config_add_protocol(of_client.get(), "h2"), "h2");
  require(rfctls_config_add_protocol(of_server.get(), "h3"), "h3");
  Pair pair(of_client, of_server);
  EXPECT_EQ(RFCTLS_E_ALERT, pair.shake());
  EXPECT_EQ(120, rfctls_error_alert());
  EXPECT_EQ(RFCTLS_E_PROTOCOL, pair.server_status);
}

TEST_P(Echo, mutual_tls_tells_the_server_who_it_is) {
  Config of_server = with_client_cert(server_config("server", GetParam()));
  for (const char *name : {"client", "client-rsa"}) {
    Config of_client = client_config();
    Identity identity = load_identity(name);
    require(rfctls_config_set_identity(of_client.get(), identity.chain.get(), identity.key.get()),
            name);
    Pair pair(of_client, of_server);
    ASSERT_EQ(RFCTLS_OK, pair.shake());
    ASSERT_EQ(RFCTLS_OK, pair.server_status);
    EXPECT_STREQ(rfctls_cert_subject(rfctls_chain_at(identity.chain.get(), 0)),
                 rfctls_cert_subject(rfctls_socket_peer_cert(pair.server.get())));
    expect_echo(pair);
  }
}

TEST_P(Echo, a_demanded_certificate_is_demanded_though_any_will_do) {
  Config of_server = server_config("server", GetParam());
  require(rfctls_config_set_peer_cert(of_server.get(), RFCTLS_PEER_CERT_REQUIRED), "demand");
  require(rfctls_config_insecure_skip_verify(of_server.get()), "skip");
  for (const char *name : {"client", "client-other-ca", "self-signed", "server"}) {
    SCOPED_TRACE(name);
    Config of_client = client_config();
    Identity identity = load_identity(name);
    require(rfctls_config_set_identity(of_client.get(), identity.chain.get(), identity.key.get()),
            name);
    Pair pair(of_client, of_server);
    ASSERT_EQ(RFCTLS_OK, pair.shake());
    ASSERT_EQ(RFCTLS_OK, pair.server_status);
    EXPECT_STREQ(rfctls_cert_subject(rfctls_chain_at(identity.chain.get(), 0)),
                 rfctls_cert_subject(rfctls_socket_peer_cert(pair.server.get())));
    expect_echo(pair);
  }
  Pair pair(client_config(), of_server);
  (void)pair.shake();
  EXPECT_EQ(RFCTLS_E_VERIFY, pair.server_status);
}

TEST_P(Echo, a_demanded_certificate_that_is_missing_fails_both_sides_and_not_the_next) {
  Config of_server = with_client_cert(server_config("server", GetParam()));
  Pair pair(client_config(), of_server);
  rfctls_status status = pair.shake();
  EXPECT_EQ(RFCTLS_E_VERIFY, pair.server_status);
  if (status == RFCTLS_OK) {
    receive_all(pair.client, &status);
  }
  EXPECT_EQ(RFCTLS_E_ALERT, status) << rfctls_status_name(status);
  Config good = client_config();
  Identity identity = load_identity("client");
  require(rfctls_config_set_identity(good.get(), identity.chain.get(), identity.key.get()), "id");
  Pair next(good, of_server);
  EXPECT_EQ(RFCTLS_OK, next.shake());
}

// ---- questions ----

int seen_depths;

int RFCTLS_CALL accept_all(void *, rfctls_socket *socket) {
  seen_depths = static_cast<int>(rfctls_socket_finding_count(socket));
  return 1;
}

int RFCTLS_CALL refuse_all(void *, rfctls_socket *) {
  return 0;
}

void RFCTLS_CALL give_identity(void *userdata, rfctls_socket *socket) {
  auto *identity = static_cast<Identity *>(userdata);
  EXPECT_EQ(RFCTLS_OK,
            rfctls_socket_answer_identity(socket, identity->chain.get(), identity->key.get()));
}

TEST_P(Echo, the_clients_verifier_decides_alone) {
  Config of_server = server_config("self-signed", GetParam());
  Config yes = client_config(), no = client_config();
  require(rfctls_config_set_verifier(yes.get(), accept_all, nullptr, nullptr), "yes");
  require(rfctls_config_set_verifier(no.get(), refuse_all, nullptr, nullptr), "no");
  Pair accepted(yes, of_server), refused(no, server_config("server", GetParam()));
  EXPECT_EQ(RFCTLS_OK, accepted.shake());
  EXPECT_EQ(1, seen_depths);
  EXPECT_EQ(RFCTLS_E_VERIFY, refused.shake());
  EXPECT_EQ(RFCTLS_REASON_REFUSED, rfctls_error_verify_reason());
  EXPECT_LT(refused.server_status, 0);
}

TEST_P(Echo, the_servers_verifier_is_asked_before_any_data_is_delivered) {
  for (int accept : {1, 0}) {
    Config of_server = server_config("server", GetParam());
    require(rfctls_config_set_asking(of_server.get(), 1, 0), "asking");
    Config of_client = client_config();
    Identity identity = load_identity("client-other-ca");
    require(rfctls_config_set_identity(of_client.get(), identity.chain.get(), identity.key.get()),
            "identity");
    Pair pair(of_client, of_server);
    rfctls_status at_client = RFCTLS_E_INTERNAL;
    std::thread other([&] {
      at_client = rfctls_socket_handshake(pair.client.get());
      if (at_client == RFCTLS_OK) {
        send_all(pair.client, "early");
        receive_all(pair.client, &at_client);
      }
    });
    char c;
    size_t got = 0;
    EXPECT_EQ(RFCTLS_WANT_VERIFY, rfctls_socket_handshake(pair.server.get()));
    EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_recv(pair.server.get(), 0, &c, 1, &got));
    EXPECT_FALSE(rfctls_socket_finding_trusted(pair.server.get(), 0));
    EXPECT_EQ(RFCTLS_OK, rfctls_socket_answer_verify(pair.server.get(), accept));
    rfctls_status status = rfctls_socket_handshake(pair.server.get());
    if (accept) {
      EXPECT_EQ(RFCTLS_OK, status);
      EXPECT_EQ("early", receive(pair.server));
      rfctls_socket_close(pair.server.get());
    } else {
      EXPECT_EQ(RFCTLS_E_VERIFY, status);
      EXPECT_EQ(RFCTLS_E_VERIFY, rfctls_socket_recv(pair.server.get(), 0, &c, 1, &got));
      rfctls_socket_close(pair.server.get());
    }
    other.join();
    EXPECT_EQ(accept ? RFCTLS_OK : RFCTLS_E_TRUNCATED, at_client) << "no goodbye to a refused one";
  }
}

TEST_P(Echo, identities_may_be_given_when_asked_for_in_both_roles) {
  Identity of_client_identity = load_identity("client"),
           of_server_identity = load_identity("server");
  Config of_server, of_client = client_config();
  require(rfctls_config_new(RFCTLS_SERVER, out(of_server)), "config");
  require(rfctls_config_set_versions(of_server.get(), GetParam(), GetParam()), "version");
  trust(of_server, "ca.pem");
  require(rfctls_config_set_peer_cert(of_server.get(), RFCTLS_PEER_CERT_REQUIRED), "demand");
  require(rfctls_config_set_identity_source(of_server.get(), give_identity, &of_server_identity,
                                            nullptr),
          "source");
  require(rfctls_config_set_identity_source(of_client.get(), give_identity, &of_client_identity,
                                            nullptr),
          "source");
  Pair pair(of_client, of_server);
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  ASSERT_EQ(RFCTLS_OK, pair.server_status);
  EXPECT_NE(nullptr, rfctls_socket_peer_cert(pair.server.get()));
}

TEST_P(Echo, a_server_asked_for_its_identity_knows_the_name_it_is_wanted_by) {
  Config of_server;
  require(rfctls_config_new(RFCTLS_SERVER, out(of_server)), "config");
  require(rfctls_config_set_versions(of_server.get(), GetParam(), GetParam()), "version");
  require(rfctls_config_set_asking(of_server.get(), 0, 1), "asking");
  Identity identity = load_identity("server");
  Pair pair(client_config(), of_server);
  std::thread other([&] { EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(pair.client.get())); });
  EXPECT_EQ(RFCTLS_WANT_IDENTITY, rfctls_socket_handshake(pair.server.get()));
  EXPECT_STREQ("server.test", rfctls_socket_server_name(pair.server.get()));
  EXPECT_EQ(RFCTLS_TLS_ANY, rfctls_socket_tls_version(pair.server.get())) << "not agreed on yet";
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_answer_identity(pair.server.get(), identity.chain.get(),
                                                     identity.key.get()));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(pair.server.get()));
  EXPECT_STREQ("server.test", rfctls_socket_server_name(pair.server.get()));
  other.join();
}

TEST_P(Echo, two_clients_with_different_verdicts_get_their_own) {
  Config of_server = server_config("server", GetParam());
  Config asking = client_config();
  require(rfctls_config_set_asking(asking.get(), 1, 0), "asking");
  Pair a(asking, of_server), b(asking, of_server);
  std::thread serve_a([&] { rfctls_socket_handshake(a.server.get()); });
  std::thread serve_b([&] { rfctls_socket_handshake(b.server.get()); });
  EXPECT_EQ(RFCTLS_WANT_VERIFY, rfctls_socket_handshake(a.client.get()));
  EXPECT_EQ(RFCTLS_WANT_VERIFY, rfctls_socket_handshake(b.client.get()));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_answer_verify(b.client.get(), 0));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_answer_verify(a.client.get(), 1));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(a.client.get()));
  EXPECT_EQ(RFCTLS_E_VERIFY, rfctls_socket_handshake(b.client.get()));
  serve_a.join();
  serve_b.join();
}

// ---- transports ----

TEST_P(Echo, a_listener_on_all_addresses_takes_ipv4_and_ipv6) {
  Config of_client = client_config(), of_server = server_config("server", GetParam());
  Socket listener = listen_on(of_server, nullptr);
  for (const char *node : {"127.0.0.1", "::1", "localhost"}) {
    SCOPED_TRACE(node);
    Socket client;
    if (rfctls_socket_connect(node, port_of(listener).c_str(), of_client.get(), out(client)) !=
            RFCTLS_OK &&
        std::string(node) == "::1") {
      continue;  // a system without IPv6
    }
    Socket server = accept_from(listener);
    std::thread serving([&] { rfctls_socket_handshake(server.get()); });
    EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(client.get())) << rfctls_error_message();
    serving.join();
  }
}

TEST_P(Echo, every_address_is_tried_and_the_last_refusal_is_named) {
  Socket listener = listen_on(server_config());
  std::string port = port_of(listener);
  listener.reset();
  Socket client;
  Config config = client_config();
  EXPECT_EQ(RFCTLS_E_CONNECT,
            rfctls_socket_connect("localhost", port.c_str(), config.get(), out(client)));
  EXPECT_NE(nullptr, strstr(rfctls_error_message(), port.c_str())) << rfctls_error_message();
  EXPECT_NE(0, rfctls_error_system_code());
}

TEST_P(Echo, an_existing_descriptor_is_wrapped_and_a_borrowed_one_stays_open) {
  int fds[2];
  ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
  Config of_client = client_config(), of_server = server_config("server", GetParam());
  Raw a, b;
  Socket client, server;
  require(rfctls_raw_adopt(fds[0], 0, out(a)), "adopt");
  require(rfctls_raw_adopt(fds[1], 1, out(b)), "adopt");
  require(rfctls_socket_wrap(a.get(), of_client.get(), out(client)), "wrap");
  require(rfctls_socket_wrap(b.get(), of_server.get(), out(server)), "wrap");
  require(rfctls_socket_set_peer(client.get(), "server.test", "smtp"), "peer");
  std::thread serving([&] {
    EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(server.get()));
    EXPECT_EQ("STARTTLS", receive(server));
    rfctls_status status;
    receive_all(server, &status);
    EXPECT_EQ(RFCTLS_OK, status) << "close says goodbye on a borrowed descriptor, too";
  });
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_handshake(client.get()));
  EXPECT_STREQ("server.test", rfctls_socket_node(client.get()));
  EXPECT_EQ(RFCTLS_OK, send_all(client, "STARTTLS"));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_close(client.get()));
  serving.join();
  EXPECT_EQ(0, close(fds[0])) << "still ours";
}

TEST_P(Echo, a_wrapped_client_without_a_name_is_told_so_and_may_go_on) {
  int fds[2];
  ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
  Config of_client;
  require(rfctls_config_new(RFCTLS_CLIENT, out(of_client)), "config");
  Raw raw;
  Socket client;
  require(rfctls_raw_adopt(fds[0], 1, out(raw)), "adopt");
  require(rfctls_socket_wrap(raw.get(), of_client.get(), out(client)), "wrap");
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_socket_handshake(client.get()));
  EXPECT_EQ(RFCTLS_OK, rfctls_socket_set_server_name(client.get(), "server.test"));
  close(fds[1]);
  EXPECT_LT(rfctls_socket_handshake(client.get()), 0);
  EXPECT_NE(RFCTLS_E_STATE, rfctls_error_status());
}

TEST_P(Echo, a_fork_leaves_the_connection_to_its_parent) {
  Pair pair(GetParam());
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  pid_t child = fork();
  if (child == 0) {
    char c;
    size_t got = 0;
    bool forked = rfctls_socket_recv(pair.client.get(), 0, &c, 1, &got) == RFCTLS_E_FORKED &&
                  send_all(pair.client, "x") == RFCTLS_E_FORKED &&
                  rfctls_socket_close(pair.client.get()) == RFCTLS_E_FORKED;
    pair.client.reset();
    pair.server.reset();
    _exit(forked ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(0, status);
  expect_echo(pair);
}

TEST_P(Echo, a_descriptor_above_1024_works) {
  std::vector<int> many;
  while (many.empty() || (many.back() >= 0 && many.back() < 1100)) {
    many.push_back(dup(2));
  }
  if (many.back() < 0) {
    many.pop_back();
    for (int fd : many) {
      close(fd);
    }
    GTEST_SKIP() << "this process may not open 1,100 descriptors";
  }
  Pair pair(GetParam());
  EXPECT_GT(rfctls_raw_fd(rfctls_socket_raw(pair.client.get())), 1024);
  EXPECT_EQ(RFCTLS_OK, pair.shake());
  expect_echo(pair);
  for (int fd : many) {
    close(fd);
  }
}

TEST_P(Echo, recv_of_absurdly_many_bytes_gives_those_that_are_there) {
  Pair pair(GetParam());
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  for (size_t capacity : {size_t{1} << 31, size_t{1} << 63, SIZE_MAX}) {
    char room[64];
    size_t received = 0;
    ASSERT_EQ(RFCTLS_OK, send_all(pair.server, "few"));
    ASSERT_EQ(RFCTLS_OK, rfctls_socket_recv(pair.client.get(), 0, room, capacity, &received));
    EXPECT_EQ("few", std::string(room, received));
  }
}

TEST_P(Echo, the_same_key_and_certificate_serve_two_sockets_at_once_and_in_turn) {
  Identity own = load_identity("server");
  std::vector<Config> configs(2);
  for (Config &config : configs) {
    require(rfctls_config_new(RFCTLS_SERVER, out(config)), "config");
    require(rfctls_config_set_identity(config.get(), own.chain.get(), own.key.get()), "identity");
  }
  own = Identity();
  for (int i = 0; i < 2; i++) {
    Pair one(client_config(GetParam()), configs[0]), two(client_config(GetParam()), configs[1]);
    ASSERT_EQ(RFCTLS_OK, one.shake());
    ASSERT_EQ(RFCTLS_OK, two.shake());
    for (Pair *pair : {&one, &two}) {
      ASSERT_EQ(RFCTLS_OK, send_all(pair->server, "same"));
      EXPECT_EQ("same", receive(pair->client));
    }
  }
}

TEST_P(Echo, a_socket_is_not_closed_before_its_handshake) {
  Pair pair(GetParam());
  EXPECT_EQ(0, rfctls_socket_is_closed(pair.client.get()));
  EXPECT_EQ(0, rfctls_socket_is_closed(pair.server.get()));
  EXPECT_EQ(0, rfctls_socket_is_closed(pair.listener.get()));
}

TEST_P(Echo, no_handle_is_an_argument_error_and_no_crash) {
  size_t count = 0;
  char c = 0;
  Socket none;
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_handshake(nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_send(nullptr, 0, &c, 1, &count));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_recv(nullptr, 0, &c, 1, &count));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_shutdown(nullptr, RFCTLS_SHUT_BOTH));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_close(nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_accept(nullptr, out(none)));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_wrap(nullptr, nullptr, out(none)));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_connect("localhost", "1", nullptr, out(none)));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_listen("localhost", "0", nullptr, out(none)));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_wait(nullptr, RFCTLS_WANT_READ, 0));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_set_blocking(nullptr, 1));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_set_timeout(nullptr, RFCTLS_TIMER_READ, 1));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_set_server_name(nullptr, "x"));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_add_protocol(nullptr, "x"));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_set_asking(nullptr, 1, 1));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_set_peer(nullptr, "x", "y"));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_answer_verify(nullptr, 1));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_answer_identity(nullptr, nullptr, nullptr));
  EXPECT_EQ(0u, rfctls_socket_pending(nullptr));
  EXPECT_EQ(0u, rfctls_socket_finding_count(nullptr));
  EXPECT_EQ(-1, rfctls_socket_finding_depth(nullptr, 0));
  EXPECT_EQ(nullptr, rfctls_socket_finding_cert(nullptr, 0));
  EXPECT_EQ(nullptr, rfctls_socket_peer_cert(nullptr));
  EXPECT_EQ(nullptr, rfctls_socket_peer_chain(nullptr));
  EXPECT_EQ(nullptr, rfctls_socket_cipher(nullptr));
  EXPECT_EQ(0, rfctls_socket_cipher_bits(nullptr));
  EXPECT_EQ(nullptr, rfctls_socket_node(nullptr));
  EXPECT_EQ(nullptr, rfctls_socket_raw(nullptr));
  EXPECT_EQ(1, rfctls_socket_is_closed(nullptr));
  rfctls_socket_unref(nullptr);
}

}  // namespace
