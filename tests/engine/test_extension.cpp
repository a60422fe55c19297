// Does each hello carry the extensions of its own connection, whatever others of the same context carry?
#include <map>
#include <thread>

#include "engine/raw_peer.hpp"

namespace rfctls_test {
namespace {

// For private use, and behind 0xfe0d, which is OpenSSL's own from 4.0 on (ECH).
constexpr uint16_t kFirst = 0xfe10, kOne = 0xfe11, kTwo = 0xfe12, kLast = 0xfe5f;

using Seen = std::map<uint16_t, std::string>;

int keep(SSL *, unsigned type, unsigned, const unsigned char *data, size_t size, X509 *, size_t,
         int *, void *seen) {
  (*static_cast<Seen *>(seen))[static_cast<uint16_t>(type)] =
      std::string(reinterpret_cast<const char *>(data), size);
  return 1;
}

// Sees the extensions from kFirst on; OpenSSL drops those that it does not know.
class Listener {
 public:
  // Where it answers them, too: SSL_EXT_*.
  explicit Listener(unsigned answers = 0) : ctx_(raw_server_ctx()) {
    for (unsigned type = kFirst; type <= kLast; type++) {
      EXPECT_EQ(
          SSL_CTX_add_custom_ext(ctx(), type, SSL_EXT_CLIENT_HELLO | answers,
                                 answers != 0 ? answer : nullptr, nullptr, nullptr, keep, &seen_),
          1);
    }
  }
  SSL_CTX *ctx() const {
    return ctx_.get();
  }
  Seen hello_of(const std::shared_ptr<Context> &context, const Plan &plan) {
    End client(context, plan);
    RawPeer server(ctx(), true);
    seen_.clear();
    shake(client, server);
    EXPECT_EQ(client.status, RFCTLS_OK) << client.failure.message;
    return seen_;
  }

 private:
  static int answer(SSL *, unsigned, unsigned, const unsigned char **out, size_t *size, X509 *,
                    size_t, int *, void *) {
    static const unsigned char said[] = {'y', 'e', 's'};
    *out = said;
    *size = sizeof said;
    return 1;
  }

  Seen seen_;
  Ctx ctx_;
};

class Extensions : public EachVersion {
 protected:
  Plan plan(const Plan &base, std::vector<std::pair<uint16_t, std::string>> extensions) const {
    Plan made = base;
    made.extensions = std::move(extensions);
    return made;
  }
};

TEST_P(Extensions, go_with_the_hello_of_their_connection_alone) {
  Listener listener;
  auto context = std::make_shared<Context>(client());
  EXPECT_EQ(listener.hello_of(context, client()), Seen());
  EXPECT_EQ(listener.hello_of(context, plan(client(), {{kOne, std::string("a\0b", 3)}})),
            (Seen{{kOne, std::string("a\0b", 3)}}));
  EXPECT_EQ(listener.hello_of(context, plan(client(), {{kTwo, ""}, {kOne, "other"}})),
            (Seen{{kTwo, ""}, {kOne, "other"}}));
  EXPECT_EQ(listener.hello_of(context, client()), Seen());
}

TEST_P(Extensions, are_said_again_when_the_server_asks_for_another_group) {
  Listener listener;
  ASSERT_EQ(SSL_CTX_set1_groups_list(listener.ctx(), "P-521"), 1);
  EXPECT_EQ(
      listener.hello_of(std::make_shared<Context>(client()), plan(client(), {{kOne, "twice"}})),
      (Seen{{kOne, "twice"}}));
}

TEST_P(Extensions, may_be_answered) {
  for (unsigned where : {SSL_EXT_TLS1_2_SERVER_HELLO | SSL_EXT_TLS1_3_SERVER_HELLO,
                         SSL_EXT_TLS1_2_SERVER_HELLO | SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS,
                         SSL_EXT_TLS1_2_SERVER_HELLO | SSL_EXT_TLS1_3_CERTIFICATE}) {
    Listener listener(where);
    EXPECT_EQ(listener.hello_of(std::make_shared<Context>(client()), plan(client(), {{kOne, "?"}})),
              (Seen{{kOne, "?"}}));
  }
}

TEST_P(Extensions, of_many_threads_over_one_context_do_not_mix) {
  auto context = std::make_shared<Context>(client());
  std::vector<std::thread> threads;
  for (uint16_t thread = 0; thread < 4; thread++) {
    threads.emplace_back([&, thread] {
      Listener listener;
      for (uint16_t i = 0; i < 20; i++) {
        const auto type = static_cast<uint16_t>(kFirst + thread * 20 + i);
        const std::string data = std::to_string(type);
        EXPECT_EQ(listener.hello_of(context, plan(client(), {{type, data}})), (Seen{{type, data}}));
      }
    });
  }
  for (auto &thread : threads) {
    thread.join();
  }
}

RFCTLS_EACH_VERSION(Extensions);

TEST(ExtensionTypes, that_the_library_makes_itself_are_refused_and_named) {
  for (int number : {0, 5, 10, 13, 16, 21, 22, 23, 35, 41, 42, 43, 44, 45, 49, 51, 0xff01}) {
    const auto type = static_cast<uint16_t>(number);
    EXPECT_EQ(engine().check_extension(type), RFCTLS_E_ARGUMENT) << type;
    EXPECT_NE(Failure::last().message.find(std::to_string(type)), std::string::npos);
  }
  EXPECT_EQ(engine().check_extension(kOne), RFCTLS_OK);
}

}  // namespace
}  // namespace rfctls_test
