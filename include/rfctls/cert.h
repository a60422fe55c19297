/* One X.509 certificate (RFC 5280): immutable, shared by reference, usable from any thread. */
#ifndef RFCTLS_CERT_H
#define RFCTLS_CERT_H

#include "rfctls/status.h"
#include "rfctls/types.h"

RFCTLS_BEGIN

/* What a certificate's alternative name (RFC 5280 section 4.2.1.6) is. */
typedef enum rfctls_name_kind {
  RFCTLS_NAME_DNS = 1, /* a host name, its left-most label perhaps "*" */
  RFCTLS_NAME_IP = 2,  /* an IPv4 or IPv6 address                      */
  RFCTLS_NAME_KIND_IS_INT = 0x7fffffff
} rfctls_name_kind;
RFCTLS_ENUM_IS_INT(rfctls_name_kind);

/* Reads one certificate, of several the first, from bytes of any form that rfctls_chain_load reads
 * without a passphrase; with its errors. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_cert_load(const void *data, size_t size,
                                                      rfctls_cert **out);
/* Takes one more reference and returns its argument. */
RFCTLS_API rfctls_cert *RFCTLS_CALL rfctls_cert_ref(rfctls_cert *cert);
/* Drops one reference. */
RFCTLS_API void RFCTLS_CALL rfctls_cert_unref(rfctls_cert *cert);

/* The DER bytes, borrowed; *size is set. NULL and 0 for NULL. */
RFCTLS_API const void *RFCTLS_CALL rfctls_cert_der(const rfctls_cert *cert, size_t *size);
/* The subject's distinguished name as RFC 4514 text; NULL for NULL. */
RFCTLS_API const char *RFCTLS_CALL rfctls_cert_subject(const rfctls_cert *cert);
/* The issuer's distinguished name, as above. */
RFCTLS_API const char *RFCTLS_CALL rfctls_cert_issuer(const rfctls_cert *cert);
/* Begin of validity in Unix seconds; 0 for NULL. */
RFCTLS_API int64_t RFCTLS_CALL rfctls_cert_not_before(const rfctls_cert *cert);
/* End of validity in Unix seconds; 0 for NULL. */
RFCTLS_API int64_t RFCTLS_CALL rfctls_cert_not_after(const rfctls_cert *cert);
/* The serial number in lower-case hexadecimal, two digits a byte, "-" before a negative one; NULL for
 * NULL. */
RFCTLS_API const char *RFCTLS_CALL rfctls_cert_serial(const rfctls_cert *cert);
/* The SHA-256 of the DER bytes as 64 lower-case hexadecimal digits: what a pin compares. NULL for
 * NULL. */
RFCTLS_API const char *RFCTLS_CALL rfctls_cert_fingerprint(const rfctls_cert *cert);

/* How many alternative names there are, host names first, then IP addresses, other kinds left out; 0
 * for NULL, and when they cannot be read. */
RFCTLS_API size_t RFCTLS_CALL rfctls_cert_name_count(const rfctls_cert *cert);
/* What the name at an index is; 0 out of range. */
RFCTLS_API rfctls_name_kind RFCTLS_CALL rfctls_cert_name_kind(const rfctls_cert *cert,
                                                              size_t index);
/* That name as text, NULL out of range; what is not printable ASCII in it, and the backslash, stands
 * as "\" and two hexadecimal digits. For people: rfctls_cert_matches_name is what compares. */
RFCTLS_API const char *RFCTLS_CALL rfctls_cert_name(const rfctls_cert *cert, size_t index);
/* 1 if the certificate is for a host name or IP address, as the handshake checks it: alternative names
 * alone, never the subject (RFC 6125 section 6.4); 0 otherwise, and for NULL. That says nothing about
 * trust. A left-most "*" stands for one whole label, of letters, digits, hyphens and underscores: my_host.x
 * is a name that DNS has (RFC 2181 section 11), whoever owns *.x owns it, and browsers, curl and GnuTLS
 * take it, though OpenSSL's own check and Python's ssl do not. */
RFCTLS_API int RFCTLS_CALL rfctls_cert_matches_name(const rfctls_cert *cert, const char *name);

RFCTLS_END

#endif
