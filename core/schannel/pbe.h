/* Encryption by a passphrase: PBES2 (RFC 8018 section 6.2), and what PKCS#12 has of its own (RFC 7292
 * appendices B and C). */
#ifndef RFCTLS_SCHANNEL_PBE_H
#define RFCTLS_SCHANNEL_PBE_H

#include "base/buffer.h"

/* Decrypts by the content of an AlgorithmIdentifier, appended to out. E_PARSE: the passphrase is wrong,
 * or what it protects is damaged. E_UNSUPPORTED: another algorithm. */
rfctls_status rfctls__pbe_decrypt(rfctls__bytes algorithm, const char *passphrase,
                                  rfctls__bytes data, rfctls__buffer *out);
/* Whether mac, the content of a MacData, is that of data (RFC 7292 section 4). passphrase NULL: none.
 * OK; E_PARSE: it is not; E_UNSUPPORTED. */
rfctls_status rfctls__pbe_check_mac(rfctls__bytes mac, const char *passphrase, rfctls__bytes data);

#endif
