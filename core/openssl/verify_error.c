/* OpenSSL's findings and certificates as our messages have them: see verify_error.h. */
#include "openssl/verify_error.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "openssl/certificate.h"

/* ---- reasons ---- */

typedef struct mapping {
  int code;
  rfctls_reason reason;
} mapping;

static const mapping mappings[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, RFCTLS_REASON_EXPIRED},
    {X509_V_ERR_CERT_NOT_YET_VALID, RFCTLS_REASON_NOT_YET_VALID},
    {X509_V_ERR_HOSTNAME_MISMATCH, RFCTLS_REASON_NAME},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, RFCTLS_REASON_ISSUER},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, RFCTLS_REASON_ISSUER},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, RFCTLS_REASON_ISSUER},
    {X509_V_ERR_CERT_UNTRUSTED, RFCTLS_REASON_ISSUER},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, RFCTLS_REASON_SELF_SIGNED},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, RFCTLS_REASON_SELF_SIGNED},
    {X509_V_ERR_INVALID_PURPOSE, RFCTLS_REASON_PURPOSE},
    {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, RFCTLS_REASON_PURPOSE},
    {X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE, RFCTLS_REASON_PURPOSE},
    {X509_V_ERR_CERT_REVOKED, RFCTLS_REASON_REVOKED},
    {X509_V_ERR_EE_KEY_TOO_SMALL, RFCTLS_REASON_WEAK},
    {X509_V_ERR_CA_KEY_TOO_SMALL, RFCTLS_REASON_WEAK},
    {X509_V_ERR_CA_MD_TOO_WEAK, RFCTLS_REASON_WEAK},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, RFCTLS_REASON_SIGNATURE},
    {X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE, RFCTLS_REASON_SIGNATURE},
    {X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH, RFCTLS_REASON_SIGNATURE},
    {X509_V_ERR_INVALID_CA, RFCTLS_REASON_CONSTRAINT},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, RFCTLS_REASON_CONSTRAINT},
    {X509_V_ERR_CERT_CHAIN_TOO_LONG, RFCTLS_REASON_CONSTRAINT},
    {X509_V_ERR_PERMITTED_VIOLATION, RFCTLS_REASON_CONSTRAINT},
    {X509_V_ERR_EXCLUDED_VIOLATION, RFCTLS_REASON_CONSTRAINT},
    {X509_V_ERR_SUBTREE_MINMAX, RFCTLS_REASON_CONSTRAINT},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, RFCTLS_REASON_CONSTRAINT},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, RFCTLS_REASON_CONSTRAINT},
    {X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, RFCTLS_REASON_CONSTRAINT},
    {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, RFCTLS_REASON_EXTENSION},
    {X509_V_ERR_INVALID_EXTENSION, RFCTLS_REASON_EXTENSION},
    {X509_V_ERR_INVALID_POLICY_EXTENSION, RFCTLS_REASON_EXTENSION},
    {X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, RFCTLS_REASON_MALFORMED},
    {X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, RFCTLS_REASON_MALFORMED},
    {X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD, RFCTLS_REASON_MALFORMED},
};

rfctls_reason rfctls__openssl_reason(int code) {
  for (size_t i = 0; i < sizeof mappings / sizeof *mappings; i++) {
    if (mappings[i].code == code) {
      return mappings[i].reason;
    }
  }
  return RFCTLS_REASON_OTHER;
}

/* ---- whom a certificate is for ---- */

/* They come from outside: what does not print becomes '?', what is too long is cut. */
static void put_text(char out[RFCTLS__HOLDER_NAME_SIZE], const ASN1_STRING *value) {
  unsigned char *text = NULL;
  int size = ASN1_STRING_to_UTF8(&text, value);
  size_t kept = 0;
  for (int i = 0; i < size && kept + 1 < RFCTLS__HOLDER_NAME_SIZE; i++) {
    out[kept++] = (char)(text[i] < ' ' || text[i] == 0x7f ? '?' : text[i]);
  }
  if (size >= RFCTLS__HOLDER_NAME_SIZE) { /* not in the middle of a character */
    while (kept > 0 && (text[kept] & 0xc0) == 0x80) {
      kept--;
    }
  }
  out[kept] = '\0';
  OPENSSL_free(text);
}

/* The most telling part of a distinguished name; 1: its common name. */
static int put_dn(char out[RFCTLS__HOLDER_NAME_SIZE], const X509_NAME *name) {
  static const int parts[] = {NID_commonName, NID_organizationalUnitName, NID_organizationName};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    int index = X509_NAME_get_index_by_NID(name, parts[i], -1);
    if (index >= 0) {
      put_text(out, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
      return i == 0;
    }
  }
  (void)snprintf(out, RFCTLS__HOLDER_NAME_SIZE, "an unnamed subject");
  return 0;
}

void rfctls__openssl_holder(rfctls__holder *out, const X509 *cert) {
  memset(out, 0, sizeof *out);
  out->has_common_name = put_dn(out->subject, X509_get_subject_name(cert));
  (void)put_dn(out->issuer, X509_get_issuer_name(cert));
  (void)rfctls__x509_names(cert, &out->hosts, &out->addresses);
  (void)rfctls__unix_seconds(X509_get0_notBefore(cert), &out->not_before);
  (void)rfctls__unix_seconds(X509_get0_notAfter(cert), &out->not_after);
}
