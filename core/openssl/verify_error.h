/* OpenSSL's findings and certificates as our messages have them. */
#ifndef RFCTLS_OPENSSL_VERIFY_ERROR_H
#define RFCTLS_OPENSSL_VERIFY_ERROR_H

#include <openssl/x509.h>

#include "x509/verify_error.h"

/* What a code of X509_V_* is called by us; OTHER for those that have no name of their own. */
rfctls_reason rfctls__openssl_reason(int code);
/* Whom a certificate is for; the caller releases it. Alternative names for which there is no memory are
 * left out: they are for a message only. */
void rfctls__openssl_holder(rfctls__holder *out, const X509 *cert);

#endif
