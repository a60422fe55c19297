/* Private keys: the forms that files have, brought to PKCS#8, and whether one is a certificate's. */
#ifndef RFCTLS_SCHANNEL_KEY_H
#define RFCTLS_SCHANNEL_KEY_H

#include "base/buffer.h"
#include "engine/engine.h"

typedef enum rfctls__key_kind {
  RFCTLS__KEY_OTHER = 0,
  RFCTLS__KEY_RSA,
  RFCTLS__KEY_EC
} rfctls__key_kind;

/* Views of a PKCS#8 (RFC 5208). */
typedef struct rfctls__pkcs8 {
  rfctls__key_kind kind;
  rfctls__bytes algorithm; /* AlgorithmIdentifier, whole                 */
  rfctls__bytes curve;     /* an EC key's: the OID, whole                */
  rfctls__bytes key;       /* RSAPrivateKey, ECPrivateKey, or what it is */
} rfctls__pkcs8;

/* E_PARSE. */
rfctls_status rfctls__pkcs8_read(rfctls__bytes der, rfctls__pkcs8 *out);
/* Appends the canonical PKCS#8 of a key: E_PARSE unless it is whole. */
rfctls_status rfctls__pkcs8_put(rfctls__bytes der, rfctls__buffer *out);

#endif
