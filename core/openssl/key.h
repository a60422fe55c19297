/* Private keys by OpenSSL. Called between rfctls__openssl_begin and _end. */
#ifndef RFCTLS_OPENSSL_KEY_H
#define RFCTLS_OPENSSL_KEY_H

#include <openssl/evp.h>

#include "engine/engine.h"

/* The key that an unencrypted PKCS#8 holds; the caller's to EVP_PKEY_free. E_PARSE. */
rfctls_status rfctls__pkey_parse(rfctls__bytes pkcs8, EVP_PKEY **out);
/* Appends its PKCS#8. */
rfctls_status rfctls__pkey_append(const EVP_PKEY *pkey, rfctls__buffer *out);

#endif
