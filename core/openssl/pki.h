/* Certificates by OpenSSL: the engine's operations that need no connection, and
 * the parsing that the rest of this folder shares. */
#ifndef RFCTLS_OPENSSL_PKI_H
#define RFCTLS_OPENSSL_PKI_H

#include <openssl/x509.h>

#include "base/buffer.h"
#include "engine/engine.h"

/* ---- for this folder: called between rfctls__openssl_begin and _end ---- */

/* The one certificate that der is, without a byte behind it; the caller's to X509_free. E_PARSE. */
rfctls_status rfctls__x509_parse(rfctls__bytes der, X509 **out);

/* 0 if it is no date. */
int rfctls__unix_seconds(const ASN1_TIME *time, int64_t *out);
/* Appends a certificate's alternative names that are hosts, and those that are IP addresses. */
rfctls_status rfctls__x509_names(const X509 *x509, rfctls__list *dns_names,
                                 rfctls__list *ip_addresses);
/* Appends a certificate's DER to a list. */
rfctls_status rfctls__x509_list(X509 *x509, rfctls__list *list);

/* ---- operations: see engine/engine.h ---- */

rfctls_status rfctls__openssl_describe(rfctls__bytes der, rfctls__description *description);
rfctls_status rfctls__openssl_digest(rfctls__bytes data, uint8_t out[RFCTLS__DIGEST_SIZE]);
int rfctls__openssl_is_issuer(rfctls__bytes issuer, rfctls__bytes cert);
rfctls_status rfctls__openssl_make_identity(const char *name, rfctls__buffer *cert,
                                            rfctls__buffer *pkcs8);

#endif
