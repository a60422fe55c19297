/* Certificates by OpenSSL: reading them. Called between rfctls__openssl_begin and _end. */
#ifndef RFCTLS_OPENSSL_CERTIFICATE_H
#define RFCTLS_OPENSSL_CERTIFICATE_H

#include <openssl/x509.h>

#include "engine/engine.h"

/* The one certificate that der is, without a byte behind it; the caller's to X509_free. E_PARSE. */
rfctls_status rfctls__x509_parse(rfctls__bytes der, X509 **out);
/* Several, and the stack of them, which also takes NULL. */
rfctls_status rfctls__x509_parse_all(const rfctls__bytes *ders, size_t count, STACK_OF(X509) **out);
void rfctls__x509_free_all(STACK_OF(X509) *certs);
/* 0 if it is no date. */
int rfctls__unix_seconds(const ASN1_TIME *time, int64_t *out);
/* Appends a certificate's alternative names that are hosts, and those that are IP addresses. */
rfctls_status rfctls__x509_names(const X509 *x509, rfctls__list *dns_names,
                                 rfctls__list *ip_addresses);
/* Appends a certificate's DER to a buffer, or to a list. */
rfctls_status rfctls__x509_append(X509 *x509, rfctls__buffer *out);
rfctls_status rfctls__x509_list(X509 *x509, rfctls__list *list);

#endif
