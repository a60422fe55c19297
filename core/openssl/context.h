/* What all connections of equal configs share. */
#ifndef RFCTLS_OPENSSL_CONTEXT_H
#define RFCTLS_OPENSSL_CONTEXT_H

#include <openssl/ssl.h>

#include "base/lock.h"
#include "engine/engine.h"
#include "openssl/trust.h"

struct rfctls__context {
  SSL_CTX *ctx;
  rfctls__lock lock; /* a client's: while SSL_new reads which extensions ctx knows, none is added */
  BIO_METHOD *wire;
  rfctls__trust *trust;
  rfctls_role role;
  rfctls_demand peer_cert;
  int skip_verify;
};

rfctls_status rfctls__context_init(rfctls__context *context, const rfctls__settings *settings);
void rfctls__context_fini(rfctls__context *context);
rfctls_status rfctls__check_versions(rfctls_tls_version min, rfctls_tls_version max);

/* An identity as OpenSSL takes it. */
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
