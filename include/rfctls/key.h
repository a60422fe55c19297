/* One private key: RSA, ECDSA, Ed25519, or ML-DSA (from OpenSSL 3.5 on); immutable; its bytes are wiped
 * with the last reference. */
#ifndef RFCTLS_KEY_H
#define RFCTLS_KEY_H

#include "rfctls/status.h"
#include "rfctls/types.h"

RFCTLS_BEGIN

/* Reads a private key from size bytes. The form is found out: PEM text, of which the first private
 * key counts, or DER; PKCS#8 (RFC 5958, version 1 or 2; ML-DSA in the three forms of RFC 9881), PKCS#1
 * (RFC 8017) or SEC 1 (RFC 5915); or the one key of a PKCS#12. passphrase is for an encrypted one, also
 * by the headers of RFC 1421; it may be NULL; a terminal is never asked. RFCTLS_E_PARSE: there is none, it
 * is damaged, or the passphrase is missing or wrong. RFCTLS_E_UNSUPPORTED names an encryption or an
 * algorithm that is not known; OpenSSL has old ones, DES, RC2 and RC4, in its provider "legacy", which is
 * used where it is installed. RFCTLS_E_IDENTITY: a PKCS#12 has several. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_key_load(const void *data, size_t size,
                                                     const char *passphrase, rfctls_key **out);
/* The same of a file. RFCTLS_E_SYSTEM: it cannot be opened, or is not a regular file. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_key_from_file(const char *path, const char *passphrase,
                                                          rfctls_key **out);
/* Takes one more reference and returns its argument. */
RFCTLS_API rfctls_key *RFCTLS_CALL rfctls_key_ref(rfctls_key *key);
/* Drops one reference; the last one wipes the key. */
RFCTLS_API void RFCTLS_CALL rfctls_key_unref(rfctls_key *key);

RFCTLS_END

#endif
