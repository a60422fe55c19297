// A peer made of plain OpenSSL, for what only its whole API can do.
#ifndef RFCTLS_TESTS_ENGINE_RAW_PEER_HPP
#define RFCTLS_TESTS_ENGINE_RAW_PEER_HPP

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "engine/pair.hpp"

namespace rfctls_test {

struct FreeCtx {
  void operator()(SSL_CTX *ctx) const {
    SSL_CTX_free(ctx);
  }
  void operator()(SSL *ssl) const {
    SSL_free(ssl);
  }
  void operator()(SSL_SESSION *session) const {
    SSL_SESSION_free(session);
  }
};
using Ctx = std::unique_ptr<SSL_CTX, FreeCtx>;
using RawSession = std::unique_ptr<SSL_SESSION, FreeCtx>;

inline Ctx raw_server_ctx() {
  Ctx ctx(SSL_CTX_new(TLS_server_method()));
  EXPECT_EQ(SSL_CTX_use_certificate_chain_file(ctx.get(), pki_path("server.pem").c_str()), 1);
  EXPECT_EQ(
      SSL_CTX_use_PrivateKey_file(ctx.get(), pki_path("server.key").c_str(), SSL_FILETYPE_PEM), 1);
  return ctx;
}

inline Ctx raw_client_ctx(int version) {
  Ctx ctx(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(ctx.get(), version);
  SSL_CTX_set_max_proto_version(ctx.get(), version);
  return ctx;
}

class RawPeer {
 public:
  RawPeer(SSL_CTX *ctx, bool server) : ssl_(SSL_new(ctx)) {
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    server ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
  }
  // Lest SSL_free spoil the session, which a test may want to resume.
  ~RawPeer() {
    SSL_set_shutdown(ssl(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }
  SSL *ssl() const {
    return ssl_.get();
  }
  void feed(const std::string &bytes) {
    BIO_write(SSL_get_rbio(ssl()), bytes.data(), static_cast<int>(bytes.size()));
  }
  std::string drain() {
    std::string bytes(static_cast<size_t>(BIO_pending(SSL_get_wbio(ssl()))), '\0');
    BIO_read(SSL_get_wbio(ssl()), bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }
  std::string read() {
    std::string data(1 << 16, '\0');
    size_t size = 0;
    SSL_read_ex(ssl(), data.data(), data.size(), &size);
    return data.substr(0, size);
  }
  void write(const std::string &data) {
    EXPECT_EQ(SSL_write(ssl(), data.data(), static_cast<int>(data.size())),
              static_cast<int>(data.size()));
  }

 private:
  std::unique_ptr<SSL, FreeCtx> ssl_;
};

// Both handshakes; answers whether there were bytes in the last round still.
inline void shake(End &end, RawPeer &peer) {
  std::string up, down;
  do {
    if (end.status == RFCTLS_WANT_READ) {
      end.handshake();
    }
    peer.feed(up = end.out.take());
    SSL_do_handshake(peer.ssl());
    ERR_clear_error();
    end.in.append(down = peer.drain());
  } while (!up.empty() || !down.empty());
}

}  // namespace rfctls_test

#endif
