/* What is strong enough: 112 bits of security, as RSA 2048, P-224 and SHA-224 have. */
#ifndef RFCTLS_X509_STRENGTH_H
#define RFCTLS_X509_STRENGTH_H

#include "base/buffer.h"

#if defined(__cplusplus)
extern "C" {
#endif

enum { RFCTLS__STRONG_BITS = 112, RFCTLS__STRONG_RSA_BITS = 2048 };

/* Whether the key of a SubjectPublicKeyInfo is; 0 also for what cannot be read. */
int rfctls__key_is_strong(rfctls__bytes public_key);
/* Whether signatures by the algorithm with this OID are. */
int rfctls__signature_is_strong(rfctls__bytes oid);

#if defined(__cplusplus)
}
#endif

#endif
