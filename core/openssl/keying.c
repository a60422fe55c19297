/* What ties other protocols to one connection: exported keys, channel bindings. */
#include <openssl/x509.h>
#include <string.h>

#include "openssl/conn.h"
#include "openssl/failure.h"

/* Without it somebody in between can make two connections share their secrets (RFC 7627 section 1), and
 * what is derived of these binds to neither. */
static rfctls_status check_secret(SSL *ssl) {
  return SSL_version(ssl) == TLS1_3_VERSION || SSL_get_extms_support(ssl) == 1
             ? RFCTLS_OK
             : rfctls__fail(
                   RFCTLS_E_UNSUPPORTED,
                   "the peer has no extended master secret (RFC 7627), without which nothing "
                   "is bound to this connection");
}

rfctls_status rfctls__export_key(const rfctls__conn *conn, const char *label, rfctls__bytes context,
                                 void *out, size_t size) {
  rfctls__openssl_errors callers;
  rfctls_status status = check_secret(conn->ssl);
  if (status != RFCTLS_OK) {
    return status;
  }
  rfctls__openssl_begin(&callers);
  if (SSL_export_keying_material(conn->ssl, out, size, label, strlen(label), context.data,
                                 context.size, context.data != NULL) != 1) {
    status = rfctls__openssl_fail(RFCTLS_E_ARGUMENT, "no key can be exported for %s", label);
  }
  rfctls__openssl_end(&callers);
  return status;
}

/* Its own certificate a server knows when it has just chosen it; one of a resumed session only where it
 * has no choice. */
static const X509 *server_certificate(const rfctls__conn *conn) {
  if (conn->context->role == RFCTLS_CLIENT) {
    return SSL_get0_peer_certificate(conn->ssl);
  }
  return conn->asks_identity && SSL_session_reused(conn->ssl) ? NULL
                                                              : SSL_get_certificate(conn->ssl);
}

/* The hash of the certificate's signature; for MD5 and SHA-1, which are weak, SHA-256 stands in. NULL: the
 * signature has none of its own (Ed25519). */
static const EVP_MD *hash_of(const X509 *certificate) {
  int hash = NID_undef;
  if (X509_get_signature_info((X509 *)certificate, &hash, NULL, NULL, NULL) != 1) {
    return NULL;
  }
  return hash == NID_md5 || hash == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(hash);
}

rfctls_status rfctls__bind_end_point(const rfctls__conn *conn, rfctls__buffer *out) {
  rfctls__openssl_errors callers;
  rfctls_status status = RFCTLS_OK;
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  const X509 *certificate = server_certificate(conn);
  const EVP_MD *hash;
  if (certificate == NULL) {
    return rfctls__fail(RFCTLS_E_UNSUPPORTED, "the server's certificate is not known");
  }
  rfctls__openssl_begin(&callers);
  hash = hash_of(certificate);
  if (hash == NULL) {
    status = rfctls__fail(RFCTLS_E_UNSUPPORTED,
                          "the server's certificate is signed without a hash, for which "
                          "tls-server-end-point is not defined (RFC 5929)");
  } else if (X509_digest(certificate, hash, digest, &size) != 1) {
    status = rfctls__openssl_fail(RFCTLS_E_INTERNAL, "the server's certificate cannot be hashed");
  } else {
    status = rfctls__buffer_append(out, digest, size);
  }
  rfctls__openssl_end(&callers);
  return status;
}

/* The first Finished of a handshake: the client's, but when a session is resumed the server's. There is no
 * second handshake, since renegotiation is refused. */
rfctls_status rfctls__bind_unique(const rfctls__conn *conn, rfctls__buffer *out) {
  uint8_t finished[EVP_MAX_MD_SIZE];
  int is_client = conn->context->role == RFCTLS_CLIENT;
  size_t size;
  rfctls_status status;
  if (SSL_version(conn->ssl) == TLS1_3_VERSION) {
    return rfctls__fail(RFCTLS_E_UNSUPPORTED,
                        "tls-unique is not defined for TLS 1.3 (RFC 8446 appendix C.5)");
  }
  status = check_secret(conn->ssl);
  if (status != RFCTLS_OK) {
    return status;
  }
  size = is_client != SSL_session_reused(conn->ssl)
             ? SSL_get_finished(conn->ssl, finished, sizeof finished)
             : SSL_get_peer_finished(conn->ssl, finished, sizeof finished);
  return rfctls__buffer_append(out, finished, size);
}
