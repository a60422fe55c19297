// Do exported keys and channel bindings agree with what OpenSSL's own interface says, and do they fail
// where they would bind nothing?
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "engine/raw_peer.hpp"

namespace rfctls_test {
namespace {

std::string exported(End &end, const std::string &label, const char *context = nullptr) {
  std::string key(40, '\0');
  rfctls__bytes bytes{reinterpret_cast<const uint8_t *>(context), context ? strlen(context) : 0};
  rfctls_status status =
      engine().export_key(end.get(), label.c_str(), bytes, key.data(), key.size());
  EXPECT_EQ(status, RFCTLS_OK) << rfctls_error_message();
  return key;
}

std::string exported(SSL *ssl, const std::string &label, const char *context = nullptr) {
  std::string key(40, '\0');
  EXPECT_EQ(SSL_export_keying_material(ssl, reinterpret_cast<unsigned char *>(key.data()),
                                       key.size(), label.data(), label.size(),
                                       reinterpret_cast<const unsigned char *>(context),
                                       context ? strlen(context) : 0, context != nullptr),
            1);
  return key;
}

using Bind = rfctls_status (*)(const rfctls__conn *, rfctls__buffer *);

std::string bound(Bind bind, End &end) {
  Buffer out;
  EXPECT_EQ(bind(end.get(), out.get()), RFCTLS_OK) << rfctls_error_message();
  return out.text();
}

rfctls_status refusal(Bind bind, End &end) {
  Buffer out;
  return bind(end.get(), out.get());
}

class BindingOf : public EachVersion {};

TEST_P(BindingOf, keys_are_those_that_openssl_exports) {
  Ctx ctx = raw_server_ctx();
  RawPeer server(ctx.get(), true);
  End client(this->client());
  shake(client, server);
  ASSERT_EQ(client.status, RFCTLS_OK) << client.failure.message;
  for (const char *context : {static_cast<const char *>(nullptr), "", "context"}) {
    EXPECT_EQ(exported(client, "EXPERIMENTAL key", context),
              exported(server.ssl(), "EXPERIMENTAL key", context));
  }
}

TEST_P(BindingOf, connections_without_extended_master_secret_is_refused) {
  Ctx ctx = raw_server_ctx();
  SSL_CTX_set_options(ctx.get(), SSL_OP_NO_EXTENDED_MASTER_SECRET);
  RawPeer server(ctx.get(), true);
  End client(this->client());
  uint8_t key[32];
  shake(client, server);
  ASSERT_EQ(client.status, RFCTLS_OK) << client.failure.message;
  rfctls_status expected = is_tls13() ? RFCTLS_OK : RFCTLS_E_UNSUPPORTED;
  EXPECT_EQ(engine().export_key(client.get(), "EXPERIMENTAL key", {nullptr, 0}, key, sizeof key),
            expected);
  EXPECT_EQ(refusal(engine().bind_unique, client), RFCTLS_E_UNSUPPORTED);
  EXPECT_EQ(refusal(engine().bind_end_point, client), RFCTLS_OK);
}

RFCTLS_EACH_VERSION(BindingOf);

TEST(BindingUnique, is_the_first_finished_also_of_a_resumed_session) {
  auto of_client = std::make_shared<Context>(client_plan(RFCTLS_TLS_1_2));
  auto of_server = std::make_shared<Context>(server_plan());
  rfctls__session *session = nullptr;
  std::string before;
  for (bool resumed : {false, true}) {
    End client(of_client, client_plan(RFCTLS_TLS_1_2)), server(of_server, server_plan());
    if (resumed) {
      ASSERT_EQ(engine().session_use(client.get(), session), 1);
      engine().session_free(session);
    }
    do {
      for (End *end : {&client, &server}) {
        if (end->status == RFCTLS_WANT_READ) {
          end->handshake();
        }
      }
      server.in.append(client.out.take());
      client.in.append(server.out.take());
    } while (client.in.size() + server.in.size() > 0);
    ASSERT_EQ(client.facts().resumed, resumed);
    EXPECT_EQ(bound(engine().bind_unique, client), bound(engine().bind_unique, server));
    EXPECT_NE(bound(engine().bind_unique, client), before);
    before = bound(engine().bind_unique, client);
    session = resumed ? nullptr : engine().session_take(client.get());
    ASSERT_EQ(session != nullptr, !resumed);
  }
}

// ---- tls-server-end-point ----

struct FreeCert {
  void operator()(X509 *cert) const {
    X509_free(cert);
  }
  void operator()(EVP_PKEY *key) const {
    EVP_PKEY_free(key);
  }
};

// A server with a certificate that it signed itself, by this hash.
class SelfSigned {
 public:
  SelfSigned(EVP_PKEY *key, const EVP_MD *hash, bool pss = false)
      : ctx(SSL_CTX_new(TLS_server_method())), cert(X509_new()) {
    std::unique_ptr<EVP_PKEY, FreeCert> owned(key);
    EVP_MD_CTX *signer = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = nullptr;
    X509_set_version(cert.get(), X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert.get()), 3600);
    X509_set_pubkey(cert.get(), key);
    EXPECT_EQ(EVP_DigestSignInit(signer, &options, hash, nullptr, key), 1);
    if (pss) {
      EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING), 1);
    }
    EXPECT_GT(X509_sign_ctx(cert.get(), signer), 0);
    EVP_MD_CTX_free(signer);
    SSL_CTX_set_security_level(ctx.get(), 0);
    EXPECT_EQ(SSL_CTX_use_certificate(ctx.get(), cert.get()), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey(ctx.get(), key), 1);
  }
  std::string digest(const EVP_MD *hash) const {
    std::string bytes(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    X509_digest(cert.get(), hash, reinterpret_cast<unsigned char *>(bytes.data()), &size);
    return bytes.substr(0, size);
  }

  Ctx ctx;
  std::unique_ptr<X509, FreeCert> cert;
};

// A client that was told to accept anything.
Plan careless() {
  Plan plan;
  plan.skip_verify = true;
  plan.check_name = false;
  return plan;
}

TEST(BindingEndPoint, is_hashed_as_the_certificate_is_signed) {
  struct {
    SelfSigned server;
    const EVP_MD *hash;
  } cases[] = {
      {{EVP_EC_gen("P-256"), EVP_sha256()}, EVP_sha256()},
      {{EVP_EC_gen("P-256"), EVP_sha512()}, EVP_sha512()},
      {{EVP_RSA_gen(2048), EVP_sha384()}, EVP_sha384()},
      {{EVP_RSA_gen(2048), EVP_sha384(), true}, EVP_sha384()},
      {{EVP_RSA_gen(2048), EVP_sha1()}, EVP_sha256()},
      {{EVP_RSA_gen(2048), EVP_md5()}, EVP_sha256()},
  };
  for (auto &each : cases) {
    RawPeer server(each.server.ctx.get(), true);
    End client(careless());
    shake(client, server);
    ASSERT_EQ(client.status, RFCTLS_OK) << client.failure.message;
    EXPECT_EQ(bound(engine().bind_end_point, client), each.server.digest(each.hash));
  }
}

TEST(BindingEndPoint, is_not_defined_without_a_hash) {
  SelfSigned of_server(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), nullptr);
  RawPeer server(of_server.ctx.get(), true);
  End client(careless());
  shake(client, server);
  ASSERT_EQ(client.status, RFCTLS_OK) << client.failure.message;
  EXPECT_EQ(refusal(engine().bind_end_point, client), RFCTLS_E_UNSUPPORTED);
}

TEST(BindingEndPoint, is_of_the_certificate_that_was_chosen_for_this_client) {
  Plan asking = server_plan();
  asking.ask_identity = true;
  IdentityView chosen("server-rsa");
  Pair pair(client_plan(), asking);
  pair.shake();
  ASSERT_EQ(pair.server.status, RFCTLS_WANT_IDENTITY);
  ASSERT_EQ(pair.server.answer(chosen.get()), RFCTLS_OK);
  pair.establish();
  const std::string at_server = bound(engine().bind_end_point, pair.server);
  EXPECT_EQ(at_server, bound(engine().bind_end_point, pair.client));
  Pair usual(client_plan(), server_plan());
  usual.establish();
  EXPECT_NE(at_server, bound(engine().bind_end_point, usual.server));
}

}  // namespace
}  // namespace rfctls_test
