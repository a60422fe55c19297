/* An identity, as OpenSSL takes it. */
#ifndef RFCTLS_OPENSSL_CREDENTIALS_H
#define RFCTLS_OPENSSL_CREDENTIALS_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "engine/engine.h"

typedef struct rfctls__credentials {
  X509 *leaf;
  STACK_OF(X509) *issuers;
  EVP_PKEY *key;
} rfctls__credentials;

/* E_PARSE, E_IDENTITY: the chain is empty, or the key is not its leaf's. */
rfctls_status rfctls__credentials_init(rfctls__credentials *credentials,
                                       const rfctls__identity *identity);
/* Also takes zeros. */
void rfctls__credentials_fini(rfctls__credentials *credentials);

#endif
