/* Exported keys and channel bindings. */
#include "base/error.h"
#include "schannel/certificate.h"
#include "schannel/conn.h"
#include "schannel/crypto.h"
#include "x509/strength.h"

/* SSPI does not tell whether the peer has an extended master secret (RFC 7627), without which neither of
 * these two is this connection's alone. */
static rfctls_status fail_secret(void) {
  return rfctls__fail(RFCTLS_E_UNSUPPORTED,
                      "SChannel does not tell whether its secrets are bound to this connection");
}

rfctls_status rfctls__export_key(const rfctls__conn *conn, const char *label, rfctls__bytes context,
                                 void *out, size_t size) {
  (void)conn;
  (void)label;
  (void)context;
  (void)out;
  (void)size;
  return fail_secret();
}

rfctls_status rfctls__bind_unique(const rfctls__conn *conn, rfctls__buffer *out) {
  (void)conn;
  (void)out;
  return fail_secret();
}

/* The hash of a signature algorithm (RFC 5929 section 4.1): MD5 and SHA-1 are replaced by SHA-256. */
typedef struct hash {
  rfctls__bytes signed_by;
  const wchar_t *algorithm;
  size_t size;
} hash;

static const hash hashes[] = {
    {RFCTLS__OCTETS("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), BCRYPT_SHA256_ALGORITHM, 32}, /* RSA */
    {RFCTLS__OCTETS("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"), BCRYPT_SHA384_ALGORITHM, 48},
    {RFCTLS__OCTETS("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"), BCRYPT_SHA512_ALGORITHM, 64},
    {RFCTLS__OCTETS("\x2a\x86\x48\xce\x3d\x04\x03\x02"), BCRYPT_SHA256_ALGORITHM, 32}, /* ECDSA */
    {RFCTLS__OCTETS("\x2a\x86\x48\xce\x3d\x04\x03\x03"), BCRYPT_SHA384_ALGORITHM, 48},
    {RFCTLS__OCTETS("\x2a\x86\x48\xce\x3d\x04\x03\x04"), BCRYPT_SHA512_ALGORITHM, 64},
};

static const hash *hash_of(const rfctls__x509 *x509) {
  for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
    if (rfctls__bytes_equal(hashes[i].signed_by, x509->signed_by)) {
      return &hashes[i];
    }
  }
  return rfctls__signature_is_strong(x509->signed_by) ? NULL : &hashes[0];
}

static rfctls_status append_hash(PCCERT_CONTEXT certificate, rfctls__buffer *out) {
  rfctls__bytes der = {certificate->pbCertEncoded, certificate->cbCertEncoded};
  rfctls__x509 x509;
  uint8_t digest[64];
  const hash *by;
  rfctls_status status = rfctls__x509_read(der, &x509);
  if (status != RFCTLS_OK) {
    return status;
  }
  by = hash_of(&x509);
  if (by == NULL) {
    return rfctls__fail(RFCTLS_E_UNSUPPORTED,
                        "the server's certificate is signed without a hash that is known here");
  }
  status = rfctls__crypto_hash(by->algorithm, NULL, der, digest, by->size);
  return status == RFCTLS_OK ? rfctls__buffer_append(out, digest, by->size) : status;
}

rfctls_status rfctls__bind_end_point(const rfctls__conn *conn, rfctls__buffer *out) {
  PCCERT_CONTEXT certificate;
  rfctls_status status;
  if (conn->context->role == RFCTLS_SERVER) {
    return append_hash(conn->own.open ? conn->own.leaf : conn->context->own.leaf, out);
  }
  certificate = rfctls__conn_peer(conn);
  if (certificate == NULL) {
    return rfctls__fail(RFCTLS_E_UNSUPPORTED, "the server's certificate is not known");
  }
  status = append_hash(certificate, out);
  (void)CertFreeCertificateContext(certificate);
  return status;
}
