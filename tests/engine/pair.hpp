// Two connections of the linked engine, joined by buffers instead of sockets.
#ifndef RFCTLS_TESTS_ENGINE_PAIR_HPP
#define RFCTLS_TESTS_ENGINE_PAIR_HPP

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/alloc.h"
#include "base/error.h"
#include "engine/engine.h"
#if defined(RFCTLS_TEST_HAS_REMOTE)
#include "engine/remote.hpp"
#endif
#include "pki/pki.h"
#include "support/pki.hpp"

namespace rfctls_test {

inline const rfctls__engine &engine() {
  return rfctls__engine_linked;
}

#if !defined(RFCTLS_TEST_HAS_REMOTE)
inline const rfctls__engine &engine_of(rfctls_role) {
  return rfctls__engine_linked;
}
#endif

// Whether an end of this role judges its peer only when the library's own handshake is done, as SSPI does:
// the peer is done, too, when it is refused.
inline bool judges_late(rfctls_role role) {
  return std::string(engine_of(role).name) == "schannel";
}

// Wine's SChannel does not send or tell all that Windows' does.
inline bool is_wine() {
  return std::string(engine().version()).find("(Wine)") != std::string::npos;
}

// Ends this test, and says why: from anywhere, which GTEST_SKIP alone cannot.
[[noreturn]] inline void skip(const std::string &why) {
  [&] { GTEST_SKIP() << why; }();
  throw testing::AssertionException(
      testing::TestPartResult(testing::TestPartResult::kSkip, __FILE__, __LINE__, why.c_str()));
}

// What an engine says it cannot do: OpenSSL's can do all that is tested here.
[[noreturn]] inline void skip_unsupported(const std::string &why) {
  require(std::string(engine().name) == "openssl" ? RFCTLS_E_UNSUPPORTED : RFCTLS_OK, why);
  skip(why);
}

inline rfctls__bytes bytes_of(const std::string &text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

inline std::string text_of(rfctls__bytes bytes) {
  return {reinterpret_cast<const char *>(bytes.data), bytes.size};
}

// ALPN as on the wire.
inline std::string protocol_list(const std::vector<std::string> &names) {
  std::string list;
  for (const std::string &name : names) {
    list += static_cast<char>(name.size()) + name;
  }
  return list;
}

// Hello extensions as on the wire.
inline std::string extension_list(const std::vector<std::pair<uint16_t, std::string>> &extensions) {
  std::string list;
  for (const auto &[type, data] : extensions) {
    for (size_t number : {size_t{type}, data.size()}) {
      list += {static_cast<char>(number >> 8), static_cast<char>(number)};
    }
    list += data;
  }
  return list;
}

class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;
  ~Buffer() {
    rfctls__buffer_release(&raw_);
  }

  rfctls__buffer *get() {
    return &raw_;
  }
  size_t size() const {
    return rfctls__buffer_size(&raw_);
  }
  std::string text() const {
    return text_of(rfctls__buffer_bytes(&raw_));
  }
  void append(const std::string &text) {
    require(rfctls__buffer_append(&raw_, text.data(), text.size()), "append");
  }
  std::string take(size_t size = std::numeric_limits<size_t>::max()) {
    std::string taken = text().substr(0, size);
    rfctls__buffer_consume(&raw_, taken.size());
    return taken;
  }

 private:
  rfctls__buffer raw_{};
};

// What the error record said of a failure.
struct Failure {
  rfctls_status status = RFCTLS_OK;
  rfctls_reason reason = RFCTLS_REASON_NONE;
  int depth = -1;
  int alert = -1;
  int64_t engine_code = 0;
  std::string message;

  static Failure last() {
    return {rfctls_error_status(), rfctls_error_verify_reason(), rfctls_error_depth(),
            rfctls_error_alert(),  rfctls_error_engine_code(),   rfctls_error_message()};
  }
};

// An identity of the test PKI as an engine takes it.
class IdentityView {
 public:
  explicit IdentityView(const std::string &name) : handles_(load_identity(name)) {
    for (size_t i = 0; i < rfctls_chain_count(handles_.chain.get()); i++) {
      views_.push_back(rfctls__cert_bytes(rfctls_chain_at(handles_.chain.get(), i)));
    }
    view_ = {views_.data(), views_.size(), rfctls__key_bytes(handles_.key.get())};
  }
  // The chain of one, the key of another: what no config lets through.
  IdentityView(const std::string &name, const std::string &key) : IdentityView(name) {
    handles_.key = load_key(key + ".key");
    view_.key = rfctls__key_bytes(handles_.key.get());
  }
  IdentityView(const IdentityView &) = delete;
  IdentityView &operator=(const IdentityView &) = delete;

  const rfctls__identity &get() const {
    return view_;
  }
  std::vector<std::string> chain() const {
    std::vector<std::string> ders;
    for (size_t i = 0; i < view_.count; i++) {
      ders.push_back(text_of(view_.chain[i]));
    }
    return ders;
  }

 private:
  Identity handles_;
  std::vector<rfctls__bytes> views_;
  rfctls__identity view_{};
};

// What a test says about one end; the defaults are a client and server that trust each other.
struct Plan {
  rfctls_role role = RFCTLS_CLIENT;
  std::string identity;                  // of the test PKI; "": none
  std::string key;                       // "": the identity's own
  std::vector<std::string> authorities;  // files of the test PKI
  int system_trust = 0;
  int partial_chain = 1;
  rfctls_demand peer_cert = RFCTLS_PEER_CERT_IGNORED;
  bool skip_verify = false;
  rfctls_tls_version min = RFCTLS_TLS_ANY;
  rfctls_tls_version max = RFCTLS_TLS_ANY;
  std::optional<std::string> name;
  bool name_is_ip = false;
  bool check_name = true;
  bool ask_verify = false;
  bool ask_identity = false;
  std::vector<std::string> protocols;
  std::vector<std::pair<uint16_t, std::string>> extensions;
  bool resumption = true;
};

// What stands in for a good server where Wine serves, which takes RSA keys only and sends no issuers.
inline std::string served(const std::string &identity) {
  bool limited = judges_late(RFCTLS_SERVER) && is_wine();
  return limited && (identity == "server" || identity == "server-rsa") ? "server-rsa-direct"
                                                                       : identity;
}

inline Plan client_plan(rfctls_tls_version version = RFCTLS_TLS_ANY) {
  Plan plan;
  plan.authorities = {"ca.pem"};
  plan.peer_cert = RFCTLS_PEER_CERT_REQUIRED;
  plan.min = plan.max = version;
  plan.name = "server.test";
  return plan;
}

inline Plan server_plan(const std::string &identity = "server") {
  Plan plan;
  plan.role = RFCTLS_SERVER;
  plan.identity = served(identity);
  plan.check_name = false;
  return plan;
}

class Context {
 public:
  explicit Context(const Plan &plan)
      : engine_(engine_of(plan.role)),
        memory_(static_cast<rfctls__context *>(rfctls__alloc(engine_.context_size))) {
    std::vector<Chain> chains;
    std::vector<rfctls__bytes> authorities;
    for (const std::string &file : plan.authorities) {
      chains.push_back(load_chain(file));
      authorities.push_back(rfctls__cert_bytes(rfctls_chain_at(chains.back().get(), 0)));
    }
    std::string protocols = protocol_list(plan.protocols);
    rfctls__settings settings{};
    settings.role = plan.role;
    settings.min_version = plan.min;
    settings.max_version = plan.max;
    settings.authorities = authorities.data();
    settings.authority_count = authorities.size();
    settings.system_trust = plan.system_trust;
    settings.partial_chain = plan.partial_chain;
    settings.peer_cert = plan.peer_cert;
    settings.skip_verify = plan.skip_verify;
    settings.protocols = bytes_of(protocols);
    settings.resumption = plan.resumption;
    std::unique_ptr<IdentityView> identity;
    if (!plan.identity.empty()) {
      identity = plan.key.empty() ? std::make_unique<IdentityView>(plan.identity)
                                  : std::make_unique<IdentityView>(plan.identity, plan.key);
      settings.identity = identity->get();
    }
    status = engine_.context_init(memory_, &settings);
    failure = Failure::last();
  }
  Context(const Context &) = delete;
  Context &operator=(const Context &) = delete;
  ~Context() {
    engine_.context_fini(memory_);
    rfctls__free(memory_);
  }

  rfctls__context *get() const {
    return memory_;
  }
  const rfctls__engine &engine() const {
    return engine_;
  }

  rfctls_status status;
  Failure failure;

 private:
  const rfctls__engine &engine_;
  rfctls__context *memory_;
};

// One end of a connection: what came is in `in`, what is to go in `out`.
class End {
 public:
  explicit End(const Plan &plan) : End(std::make_shared<Context>(plan), plan) {}
  End(std::shared_ptr<Context> context, const Plan &plan)
      : context_(std::move(context)),
        memory_(static_cast<rfctls__conn *>(rfctls__alloc(context_->engine().conn_size))) {
    if (context_->status == RFCTLS_E_UNSUPPORTED) {
      skip_unsupported(context_->failure.message);
    }
    require(context_->status, "context: " + context_->failure.message);
    std::string protocols = protocol_list(plan.protocols);
    std::string extensions = extension_list(plan.extensions);
    rfctls__opening opening{};
    opening.server_name = plan.name ? plan.name->c_str() : nullptr;
    opening.name_is_ip = plan.name_is_ip;
    opening.check_name = plan.check_name;
    opening.ask_verify = plan.ask_verify;
    opening.ask_identity = plan.ask_identity;
    opening.protocols = bytes_of(protocols);
    opening.extensions = bytes_of(extensions);
    require(context_->engine().conn_init(memory_, context_->get(), &opening), "conn_init");
  }
  End(const End &) = delete;
  End &operator=(const End &) = delete;
  ~End() {
    context_->engine().conn_fini(memory_, status < 0);
    rfctls__free(memory_);
  }

  rfctls__conn *get() const {
    return memory_;
  }

  // Each keeps its status, and what the record says if that is a failure.
  rfctls_status handshake() {
    rfctls_status ended = done(context_->engine().handshake(memory_, in.get(), out.get()));
    if (ended == RFCTLS_E_UNSUPPORTED) {
      skip_unsupported(failure.message);
    }
    return ended;
  }
  rfctls_status encrypt(const std::string &data, size_t *taken) {
    return done(
        context_->engine().encrypt(memory_, data.data(), data.size(), taken, in.get(), out.get()));
  }
  rfctls_status decrypt(std::string *data, size_t room = 1 << 20) {
    std::string buffer(room, '\0');
    size_t given = 0;
    rfctls_status ended =
        done(context_->engine().decrypt(memory_, in.get(), buffer.data(), room, &given, out.get()));
    EXPECT_TRUE(ended == RFCTLS_OK || given == 0);
    *data = buffer.substr(0, given);
    return ended;
  }
  // Into the whole of room, without a buffer of its own.
  rfctls_status decrypt_into(std::string &room, size_t *given) {
    return done(
        context_->engine().decrypt(memory_, in.get(), room.data(), room.size(), given, out.get()));
  }
  rfctls_status close_notify() {
    return done(context_->engine().close_notify(memory_, in.get(), out.get()));
  }

  size_t pending() const {
    return context_->engine().pending(memory_);
  }
  std::vector<rfctls__finding> findings() const {
    rfctls__findings found{};
    context_->engine().findings(memory_, &found);
    return {found.items, found.items + found.count};
  }
  void answer(int accept) {
    context_->engine().answer_verify(memory_, accept);
    status = RFCTLS_WANT_READ;
  }
  rfctls_status answer(const rfctls__identity &identity) {
    rfctls_status taken = context_->engine().answer_identity(memory_, &identity);
    if (taken == RFCTLS_OK) {
      status = RFCTLS_WANT_READ;
    }
    return taken;
  }
  rfctls__facts facts() const {
    rfctls__facts known{};
    context_->engine().facts(memory_, &known);
    return known;
  }
  std::vector<std::string> peer_chain() const {
    rfctls__list list{};
    std::vector<std::string> ders;
    require(context_->engine().peer_chain(memory_, &list), "peer_chain");
    for (size_t i = 0; i < list.count; i++) {
      ders.push_back(text_of(rfctls__list_at(&list, i)));
    }
    rfctls__list_release(&list);
    return ders;
  }

  Buffer in;
  Buffer out;
  rfctls_status status = RFCTLS_WANT_READ;
  Failure failure;

 private:
  rfctls_status done(rfctls_status ended) {
    status = ended;
    if (ended < 0) {
      failure = Failure::last();
      EXPECT_EQ(failure.status, ended);
      EXPECT_FALSE(failure.message.empty());
    } else {
      EXPECT_EQ(rfctls_error_status(), RFCTLS_OK) << rfctls_error_message();
    }
    return ended;
  }

  std::shared_ptr<Context> context_;
  rfctls__conn *memory_;
};

// A client and a server, and the bytes between them.
class Pair {
 public:
  Pair(const Plan &client_is, const Plan &server_is) : client(client_is), server(server_is) {}

  // Hands over at most `portion` bytes each way; whether there were any.
  bool move(size_t portion = std::numeric_limits<size_t>::max()) {
    std::string up = client.out.take(portion), down = server.out.take(portion);
    server.in.append(up);
    client.in.append(down);
    return !up.empty() || !down.empty();
  }

  // Both handshakes as far as they go: to their ends, or to a question.
  void shake(size_t portion = std::numeric_limits<size_t>::max()) {
    do {
      for (End *end : {&client, &server}) {
        if (end->status == RFCTLS_WANT_READ) {
          rfctls__enter("handshake");
          end->handshake();
        }
      }
    } while (move(portion));
  }

  void establish() {
    shake();
    ASSERT_EQ(client.status, RFCTLS_OK) << client.failure.message;
    ASSERT_EQ(server.status, RFCTLS_OK) << server.failure.message;
  }

  End client;
  End server;
};

// All of data into records at `from`, handed to `to`.
inline void send_all(End &from, End &to, const std::string &data) {
  for (size_t sent = 0, taken = 0; sent < data.size(); sent += taken) {
    ASSERT_EQ(from.encrypt(data.substr(sent), &taken), RFCTLS_OK) << from.failure.message;
    ASSERT_GE(taken, 1u);
  }
  to.in.append(from.out.take());
}

// What decrypt gives until it wants more; the status that ended it.
inline rfctls_status receive(End &end, std::string *data, size_t room = 1 << 20) {
  std::string part;
  rfctls_status status;
  data->clear();
  while ((status = end.decrypt(&part, room)) == RFCTLS_OK && !part.empty()) {
    *data += part;
  }
  return status;
}

// The server of a pair whose client refused it hears why: where the client judges late, in its next record.
inline void expect_refusal_heard(Pair &pair, int alert = -1) {
  std::string data;
  if (judges_late(RFCTLS_CLIENT)) {
    EXPECT_EQ(pair.server.status, RFCTLS_OK);
    rfctls__enter("decrypt");
    receive(pair.server, &data);
    EXPECT_TRUE(data.empty());
    if (is_wine()) {
      return;  // which sends no alerts
    }
  }
  EXPECT_EQ(pair.server.status, RFCTLS_E_ALERT);
  if (alert >= 0) {
    EXPECT_EQ(pair.server.failure.alert, alert);
  }
}

// Wine's SChannel does not tell a client that its server wants a certificate, nor asks for one as a server.
inline void require_identity_question(const Pair &pair) {
  if (judges_late(RFCTLS_SERVER) && is_wine()) {
    skip("Wine's SChannel does not ask clients for certificates");
  }
  if (judges_late(RFCTLS_CLIENT) && is_wine() && pair.client.status != RFCTLS_WANT_IDENTITY) {
    skip("Wine's SChannel does not ask a client for its certificate in the handshake");
  }
}

inline std::string pattern(size_t size) {
  std::string data(size, '\0');
  for (size_t i = 0; i < size; i++) {
    data[i] = static_cast<char>(i * 7 + i / 251);
  }
  return data;
}

// For tests that hold on every version.
class EachVersion : public testing::TestWithParam<rfctls_tls_version> {
 protected:
  rfctls_tls_version version() const {
    return GetParam();
  }
  bool is_tls13() const {
    return version() == RFCTLS_TLS_1_3;
  }
  Plan client() const {
    return client_plan(version());
  }
};

#define RFCTLS_EACH_VERSION(suite)                                                         \
  INSTANTIATE_TEST_SUITE_P(Tls, suite, testing::Values(RFCTLS_TLS_1_2, RFCTLS_TLS_1_3),    \
                           [](const testing::TestParamInfo<rfctls_tls_version> &version) { \
                             return version.param == RFCTLS_TLS_1_2 ? "12" : "13";         \
                           })

}  // namespace rfctls_test

#endif
