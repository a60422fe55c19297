/* What a passphrase protects: PBES1 and PBES2 (RFC 8018 section 6), and what PKCS#12 has of its own (RFC 7292
 * appendices B and C). */
#ifndef RFCTLS_SCHANNEL_PBE_H
#define RFCTLS_SCHANNEL_PBE_H

#include "engine/engine.h"

/* The engine's operations; see engine.h. */
rfctls_status rfctls__schannel_pbe_decrypt(rfctls__bytes algorithm, const char *passphrase,
                                           rfctls__bytes data, rfctls__buffer *out);
rfctls_status rfctls__schannel_pbe_check(const rfctls__mac *mac, const char *passphrase,
                                         rfctls__bytes data);

#endif
