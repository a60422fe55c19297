/* Private keys by OpenSSL: the engine's operations on them, and what the rest of this folder shares. */
#ifndef RFCTLS_OPENSSL_KEY_H
#define RFCTLS_OPENSSL_KEY_H

#include <openssl/evp.h>

#include "base/buffer.h"
#include "engine/engine.h"

/* ---- for this folder: called between rfctls__openssl_begin and _end ---- */

/* The key that an unencrypted PKCS#8 holds; the caller's to EVP_PKEY_free. E_PARSE. */
rfctls_status rfctls__pkey_parse(rfctls__bytes pkcs8, EVP_PKEY **out);
/* Appends a key as PKCS#8, all of it or nothing. */
rfctls_status rfctls__pkey_append(const EVP_PKEY *pkey, rfctls__buffer *out);

/* ---- operations: see engine/engine.h ---- */

rfctls_status rfctls__openssl_read_key(rfctls__bytes encoded, const char *passphrase,
                                       rfctls__buffer *pkcs8);
rfctls_status rfctls__openssl_check_key(rfctls__bytes cert, rfctls__bytes pkcs8);

#endif
