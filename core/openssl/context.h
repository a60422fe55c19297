/* What all connections of equal configs share. */
#ifndef RFCTLS_OPENSSL_CONTEXT_H
#define RFCTLS_OPENSSL_CONTEXT_H

#include <openssl/ssl.h>

#include "base/lock.h"
#include "engine/operations.h"
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

#endif
