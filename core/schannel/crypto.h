/* The primitives that keys and certificates are made of, by CNG. */
#ifndef RFCTLS_SCHANNEL_CRYPTO_H
#define RFCTLS_SCHANNEL_CRYPTO_H

#include "base/buffer.h"
#include "schannel/system.h"

/* A digest, or with a key (NULL data: none) its HMAC, of data; out has room for the algorithm's size. */
rfctls_status rfctls__crypto_hash(const wchar_t *algorithm, const rfctls__bytes *key,
                                  rfctls__bytes data, uint8_t *out, size_t size);
/* PBKDF2 (RFC 8018 section 5.2) over HMAC of this hash. */
rfctls_status rfctls__crypto_pbkdf2(const wchar_t *algorithm, rfctls__bytes password,
                                    rfctls__bytes salt, uint64_t iterations, uint8_t *out,
                                    size_t size);

typedef struct rfctls__cipher {
  const wchar_t *algorithm;
  size_t key_size;
  ULONG effective; /* RC2's bits; 0: not RC2 */
} rfctls__cipher;

/* Undoes CBC with the padding of PKCS#7, or RC4, appended. E_PARSE: the padding is wrong, as the
 * key may be. E_UNSUPPORTED: this Windows has no such cipher. */
rfctls_status rfctls__crypto_decrypt(const rfctls__cipher *cipher, rfctls__bytes key,
                                     rfctls__bytes iv, rfctls__bytes data, rfctls__buffer *out);
rfctls_status rfctls__crypto_random(void *out, size_t size);

#endif
