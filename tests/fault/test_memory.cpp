// Each allocation of a whole session fails in turn, the library's own and OpenSSL's beneath it, once or from
// then on: does every call end with a status that says so, is nothing left behind, and is never a peer
// accepted that had to be refused?
//
// OpenSSL allocates some ten thousand times: every 61st fails (241st under sanitizers), from anywhere on, or
// each with RFCTLS_TEST_EVERY=1. Where it forgets itself that memory ran out (the public key of a certificate that it
// could not make is "too weak" to it) no more can be asked than that the door stays shut.
#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <random>

#include "base/alloc.h"
#include "support/pair.hpp"
#include "tls/shared_context.h"

namespace {

using namespace rfctls_test;

// ---- allocations that fail ----

enum Owner { OURS, OPENSSLS };

struct Meter {
  bool running = false;
  Owner owner = OURS;
  bool lasting = false;
  long nth = 0;  // 0: none fails
  long counts[2] = {0, 0};
  bool fired = false;
};

Meter meter;

bool fails(Owner owner) {
  if (!meter.running) {
    return false;
  }
  long count = ++meter.counts[owner];
  bool now = meter.nth > 0 && owner == meter.owner &&
             (meter.lasting ? count >= meter.nth : count == meter.nth);
  meter.fired |= now;
  return now;
}

int fails_of_ours() {
  return fails(OURS);
}

void *openssl_malloc(size_t size, const char *, int) {
  return fails(OPENSSLS) ? nullptr : std::malloc(size);
}

void *openssl_realloc(void *memory, size_t size, const char *, int) {
  return fails(OPENSSLS) ? nullptr : std::realloc(memory, size);
}

void openssl_free(void *memory, const char *, int) {
  std::free(memory);
}

// The calls of the before end alone are metered.
template <typename Call>
auto metered(Call call) -> decltype(call()) {
  meter.running = true;
  auto result = call();
  meter.running = false;
  return result;
}

// ---- a session ----

struct Mode {
  rfctls_role role;
  rfctls_tls_version version;
  bool hostile;  // the peer's certificate is to be refused

  std::string name() const {
    return std::string(role == RFCTLS_CLIENT ? "client" : "server") +
           (version == RFCTLS_TLS_1_2 ? "_tls12" : "_tls13") + (hostile ? "_hostile_peer" : "");
  }
};

struct Trial {
  Owner owner = OURS;
  bool lasting = false;
  long nth = 0;
};

const Identity &identity(const char *name) {
  static std::map<std::string, Identity> all;
  auto found = all.find(name);
  return found != all.end() ? found->second : all.emplace(name, load_identity(name)).first->second;
}

const Chain &authority() {
  static const Chain chain = load_chain("ca.pem");
  return chain;
}

const std::string there = std::string(40000, 't'), back = std::string(40000, 'b');

class Session {
 public:
  Session(const Mode &mode, const Trial &trial) : mode_(mode) {
    rfctls__shared_contexts_forget();  // so that each makes its own
    meter = Meter{false, trial.owner, trial.lasting, trial.nth, {0, 0}, false};
  }

  rfctls_status status = RFCTLS_OK;  // of the first call that failed
  std::string verb, message;
  bool shaken = false;
  std::string to_us, to_peer;

  void run() {
    make_peer();
    if (make_subject()) {
      talk();
    }
    end();
  }

 private:
  // A call of the before end; false: it failed, with WANT_READ that is no failure.
  template <typename Call>
  bool call(const char *name, Call made) {
    rfctls_status answered = metered(made);
    if (answered < 0 && status == RFCTLS_OK) {
      status = answered;
      verb = name;
      message = rfctls_error_message();
    }
    last_ = answered;
    return answered >= 0;
  }

  static void configure(rfctls_config *config, const Mode &mode, rfctls_role role,
                        const char *own) {
    require(rfctls_config_set_versions(config, mode.version, mode.version), "versions");
    if (own != nullptr) {
      const Identity &from = identity(own);
      require(rfctls_config_set_identity(config, from.chain.get(), from.key.get()), own);
    }
    if (role == RFCTLS_CLIENT) {
      require(rfctls_config_set_server_name(config, "server.test"), "name");
    }
    require(rfctls_config_add_authority(config, rfctls_chain_at(authority().get(), 0)), "trust");
  }

  void make_peer() {
    Config config;
    rfctls_role role = mode_.role == RFCTLS_CLIENT ? RFCTLS_SERVER : RFCTLS_CLIENT;
    const char *own = role == RFCTLS_SERVER ? (mode_.hostile ? "wrong-ca" : "server")
                                            : (mode_.hostile ? "client-other-ca" : "client");
    require(rfctls_config_new(role, out(config)), "config");
    configure(config.get(), mode_, role, own);
    if (role == RFCTLS_SERVER) {
      require(rfctls_config_set_peer_cert(config.get(), RFCTLS_PEER_CERT_IGNORED), "demand");
    }
    require(rfctls_raw_memory(out(peer_raw_)), "memory");
    require(rfctls_socket_wrap(peer_raw_.get(), config.get(), out(peer_)), "wrap");
  }

  bool make_subject() {
    const Identity &own = identity("server");
    rfctls_cert *anchor = rfctls_chain_at(authority().get(), 0);
    Config config;
    bool ok =
        call("config_new", [&] { return rfctls_config_new(mode_.role, out(config)); }) &&
        call("set_versions",
             [&] {
               return rfctls_config_set_versions(config.get(), mode_.version, mode_.version);
             }) &&
        call("add_authority", [&] { return rfctls_config_add_authority(config.get(), anchor); }) &&
        call("add_protocol", [&] { return rfctls_config_add_protocol(config.get(), "echo"); });
    if (mode_.role == RFCTLS_CLIENT) {
      ok = ok &&
           call("set_system_trust",
                [&] { return rfctls_config_set_system_trust(config.get(), 0); }) &&
           call("set_server_name",
                [&] { return rfctls_config_set_server_name(config.get(), "server.test"); });
    } else {
      ok = ok &&
           call("set_identity",
                [&] {
                  return rfctls_config_set_identity(config.get(), own.chain.get(), own.key.get());
                }) &&
           call("set_peer_cert", [&] {
             return rfctls_config_set_peer_cert(config.get(), RFCTLS_PEER_CERT_REQUIRED);
           });
    }
    return ok && call("raw_memory", [&] { return rfctls_raw_memory(out(raw_)); }) &&
           call("wrap", [&] { return rfctls_socket_wrap(raw_.get(), config.get(), out(socket_)); });
  }

  // What either has for the other. false: the before end could not take it.
  bool carry() {
    char buffer[20000];
    size_t count = 0;
    bool ok = true;
    while (ok && rfctls_raw_drain(peer_raw_.get(), buffer, sizeof buffer, &count) == RFCTLS_OK &&
           count > 0) {
      ok = call("feed", [&] { return rfctls_raw_feed(raw_.get(), buffer, count); });
    }
    while (rfctls_raw_drain(raw_.get(), buffer, sizeof buffer, &count) == RFCTLS_OK && count > 0) {
      (void)rfctls_raw_feed(peer_raw_.get(), buffer, count);
    }
    return ok;
  }

  bool shake() {
    rfctls_status of_peer = RFCTLS_WANT_READ;
    last_ = RFCTLS_WANT_READ;
    for (int round = 0; round < 10 && (last_ > 0 || of_peer > 0); round++) {
      if (last_ > 0 && !call("handshake", [&] { return rfctls_socket_handshake(socket_.get()); })) {
        return false;
      }
      if (last_ == RFCTLS_OK) {
        shaken = true;
      }
      rfctls_status kept = last_;
      if (!carry()) {
        return false;
      }
      if (of_peer > 0) {
        of_peer = rfctls_socket_handshake(peer_.get());
      }
      if (!carry()) {
        return false;
      }
      last_ = kept;
    }
    return shaken;
  }

  bool say(const std::string &text) {
    size_t sent = 0;
    return call("send", [&] {
      return rfctls_socket_send(socket_.get(), 0, text.data(), text.size(), &sent);
    });
  }

  // What has come; the end, too, is all right.
  bool hear() {
    char buffer[9000];
    size_t count = 1;
    last_ = RFCTLS_OK;
    while (last_ == RFCTLS_OK && count > 0) {
      if (!call("recv", [&] {
            return rfctls_socket_recv(socket_.get(), 0, buffer, sizeof buffer, &count);
          })) {
        return false;
      }
      to_us.append(buffer, last_ == RFCTLS_OK ? count : 0);
    }
    return true;
  }

  void peer_hears() {
    char buffer[9000];
    size_t count = 1;
    while (count > 0 &&
           rfctls_socket_recv(peer_.get(), 0, buffer, sizeof buffer, &count) == RFCTLS_OK) {
      to_peer.append(buffer, count);
    }
  }

  bool peer_says() {
    size_t sent = 0;
    (void)rfctls_socket_send(peer_.get(), 0, back.data(), back.size(), &sent);
    return carry() && hear();
  }

  bool update() {
    return mode_.version != RFCTLS_TLS_1_3 ||
           call("key_update", [&] { return rfctls_socket_key_update(socket_.get()); });
  }

  bool look() {
    rfctls_chain *chain =
        metered([&] { return rfctls_socket_peer_chain(socket_.get()); });  // may be NULL
    return chain == nullptr || rfctls_chain_count(chain) > 0;
  }

  void talk() {
    if (!shake() || !look() || !say(there) || !carry()) {
      return;
    }
    peer_hears();
    if (peer_says() && update() && carry() &&
        call("shutdown",
             [&] { return rfctls_socket_shutdown(socket_.get(), RFCTLS_SHUT_WRITE); }) &&
        carry()) {
      peer_hears();
      (void)rfctls_socket_close(peer_.get());
      if (carry()) {
        (void)hear();
      }
    }
  }

  void end() {
    if (!socket_) {
      return;
    }
    for (int i = 0; i < 3; i++) {  // non-blocking: it may want to drain in between
      (void)metered([&] { return rfctls_socket_close(socket_.get()); });
      (void)carry();
    }
    EXPECT_TRUE(rfctls_socket_is_closed(socket_.get())) << "after a failed " << verb;
    metered([&] {
      socket_.reset();
      raw_.reset();
      return 0;
    });
  }

  const Mode &mode_;
  Raw raw_, peer_raw_;
  Socket socket_, peer_;
  rfctls_status last_ = RFCTLS_OK;
};

// ---- all of them ----

bool is_prefix(const std::string &part, const std::string &whole) {
  return whole.compare(0, part.size(), part) == 0;
}

long any_below(long limit) {
  return static_cast<long>(std::random_device{}() % static_cast<unsigned long>(limit));
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr long USUALLY_EVERY = 241;
#else
constexpr long USUALLY_EVERY = 61;
#endif

long every() {
  const char *given = std::getenv("RFCTLS_TEST_EVERY");
  return given != nullptr ? std::max(std::atol(given), 1L) : USUALLY_EVERY;
}

class EachAllocation : public testing::TestWithParam<Mode> {
 protected:
  void SetUp() override {
    rfctls__set_alloc_hook(fails_of_ours);
    Session(GetParam(), {}).run();  // what is made once in a process is made now
    Session usual(GetParam(), {});
    usual.run();
    ours = meter.counts[OURS];
    openssls = meter.counts[OPENSSLS];
    ASSERT_EQ(GetParam().hostile ? RFCTLS_E_VERIFY : RFCTLS_OK, usual.status) << usual.message;
    ASSERT_EQ(GetParam().hostile ? "" : back, usual.to_us);
    ASSERT_EQ(GetParam().hostile ? "" : there, usual.to_peer);
    ASSERT_GT(ours, 10);
    ASSERT_GT(openssls, 100);
  }
  void TearDown() override {
    rfctls__set_alloc_hook(nullptr);
  }

  void fail_each(Owner owner, bool lasting, long stride) {
    long most = owner == OURS ? ours : openssls, tried = 0;
    for (long nth = 1 + any_below(stride); nth <= most; nth += stride) {
      Session session(GetParam(), {owner, lasting, nth});
      session.run();
      tried += meter.fired;
      ends[rfctls_status_name(session.status)]++;
      SCOPED_TRACE(GetParam().name() + (owner == OURS ? ", ours" : ", OpenSSL's") +
                   (lasting ? " from number " : " number ") + std::to_string(nth) + ": " +
                   session.verb + ": " + session.message);
      judge(session, owner);
    }
    std::cout << GetParam().name() << (owner == OURS ? ", ours" : ", OpenSSL's")
              << (lasting ? ", from one on: " : ", one alone: ") << tried << " of " << most << ':';
    for (const auto &end : ends) {
      std::cout << "  " << end.first << ' ' << end.second;
    }
    std::cout << std::endl;
    ends.clear();
  }

  void judge(const Session &session, Owner owner) {
    EXPECT_TRUE(is_prefix(session.to_us, back) && is_prefix(session.to_peer, there));
    EXPECT_FALSE(GetParam().hostile && session.shaken) << "a bad peer was accepted";
    if (session.status == RFCTLS_OK) {
      EXPECT_TRUE(GetParam().hostile || (session.to_us == back && session.to_peer == there));
      return;
    }
    EXPECT_FALSE(session.message.empty());
    if (owner == OURS) {
      EXPECT_TRUE(session.status == RFCTLS_E_MEMORY ||
                  (GetParam().hostile && session.status == RFCTLS_E_VERIFY));
    } else {
      EXPECT_NE(session.status, RFCTLS_E_STATE);
      EXPECT_NE(session.status, RFCTLS_E_ARGUMENT);
    }
  }

  long ours = 0, openssls = 0;
  std::map<std::string, int> ends;
};

std::vector<Mode> modes() {
  std::vector<Mode> all;
  for (rfctls_role role : {RFCTLS_CLIENT, RFCTLS_SERVER}) {
    for (rfctls_tls_version version : {RFCTLS_TLS_1_2, RFCTLS_TLS_1_3}) {
      for (bool hostile : {false, true}) {
        all.push_back({role, version, hostile});
      }
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Faults, EachAllocation, testing::ValuesIn(modes()),
                         [](const auto &mode) { return mode.param.name(); });

TEST_P(EachAllocation, OfOursFailingInTurnIsSaidToBeMemory) {
  fail_each(OURS, false, 1);
  fail_each(OURS, true, 1);
}

TEST_P(EachAllocation, OfOpenSSLsFailingInTurnNeverOpensADoor) {
  fail_each(OPENSSLS, false, every());
  fail_each(OPENSSLS, true, 4 * every());
}

}  // namespace

int main(int argc, char **argv) {
  if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1) {
    std::cerr << "OpenSSL has allocated already\n";
    return 1;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
