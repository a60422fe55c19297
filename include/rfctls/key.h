/* One private key: RSA, ECDSA or Ed25519; immutable; its bytes are wiped with the last reference. */
#ifndef RFCTLS_KEY_H
#define RFCTLS_KEY_H

#include "rfctls/status.h"
#include "rfctls/types.h"

RFCTLS_BEGIN

/* Reads a key from DER: PKCS#8 (RFC 5958), PKCS#1 (RFC 8017) or SEC 1 (RFC 5915), not encrypted.
 * RFCTLS_E_PARSE: it is none of them. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_key_from_der(const void *data, size_t size,
                                                         rfctls_key **out);
/* Reads the first private key block of a PEM text. passphrase may be NULL; never asks a terminal.
 * RFCTLS_E_PARSE: there is none, it is damaged, encrypted without a passphrase given, or the
 * passphrase is wrong. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_key_from_pem(const void *data, size_t size,
                                                         const char *passphrase, rfctls_key **out);
/* The same for a file: PEM, or DER (also encrypted PKCS#8). RFCTLS_E_SYSTEM: it cannot be opened, or
 * is not a regular file. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_key_from_file(const char *path, const char *passphrase,
                                                          rfctls_key **out);
/* Takes one more reference and returns its argument. */
RFCTLS_API rfctls_key *RFCTLS_CALL rfctls_key_ref(rfctls_key *key);
/* Drops one reference; the last one wipes the key. */
RFCTLS_API void RFCTLS_CALL rfctls_key_unref(rfctls_key *key);

RFCTLS_END

#endif
