/* What a passphrase protects: the engine decrypts and hashes, here is tried which text the maker
 * meant by it. */
#ifndef RFCTLS_PKI_PBE_H
#define RFCTLS_PKI_PBE_H

#include "engine/engine.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* Decrypts data by an AlgorithmIdentifier (whole), and puts the one SEQUENCE that it is, in DER,
 * into out, which is empty. what says in messages whose passphrase it is. E_PARSE: the passphrase
 * is missing (NULL) or wrong, or data is damaged; E_UNSUPPORTED names the algorithm. */
rfctls_status rfctls__pbe_open(const char *what, rfctls__bytes algorithm, const char *passphrase,
                               rfctls__bytes data, rfctls__buffer *out);
/* Whether the passphrase makes this code for data. Errors as above. */
rfctls_status rfctls__pbe_check(const char *what, const rfctls__mac *mac, const char *passphrase,
                                rfctls__bytes data);

#if defined(__cplusplus)
}
#endif

#endif
