/* Revocation lists, as OpenSSL takes them. */
#ifndef RFCTLS_OPENSSL_CRL_H
#define RFCTLS_OPENSSL_CRL_H

#include <openssl/x509.h>

#include "base/buffer.h"
#include "rfctls/status.h"

/* OK: a list that counts for all that it covers. E_PARSE; E_UNSUPPORTED names the extension that would have
 * to be processed, and is not. */
rfctls_status rfctls__check_crl(rfctls__bytes der);
/* Adds lists that were checked; NULL: none. */
rfctls_status rfctls__crls_add(X509_STORE *store, const rfctls__list *crls);

#endif
