/* Primitives by CNG: see crypto.h. */
#include "schannel/crypto.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schannel/failure.h"

enum { BLOCK_LIMIT = 16 };

/* CNG takes no const. */
static UCHAR *octets(rfctls__bytes bytes) {
  return (UCHAR *)bytes.data;
}

static rfctls_status open(const wchar_t *algorithm, ULONG flags, BCRYPT_ALG_HANDLE *out) {
  NTSTATUS code = BCryptOpenAlgorithmProvider(out, algorithm, NULL, flags);
  return code == 0 ? RFCTLS_OK
                   : rfctls__schannel_fail(RFCTLS_E_UNSUPPORTED, code, "Windows does not know %ls",
                                           algorithm);
}

static void shut(BCRYPT_ALG_HANDLE provider) {
  if (provider != NULL) {
    (void)BCryptCloseAlgorithmProvider(provider, 0);
  }
}

rfctls_status rfctls__crypto_hash(const wchar_t *algorithm, const rfctls__bytes *key,
                                  rfctls__bytes data, uint8_t *out, size_t size) {
  BCRYPT_ALG_HANDLE provider = NULL;
  BCRYPT_HASH_HANDLE hash = NULL;
  NTSTATUS code;
  rfctls_status status = open(algorithm, key != NULL ? BCRYPT_ALG_HANDLE_HMAC_FLAG : 0, &provider);
  if (status != RFCTLS_OK) {
    return status;
  }
  code = BCryptCreateHash(provider, &hash, NULL, 0, key != NULL ? octets(*key) : NULL,
                          key != NULL ? (ULONG)key->size : 0, 0);
  if (code == 0) {
    code = BCryptHashData(hash, octets(data), (ULONG)data.size, 0);
  }
  if (code == 0) {
    code = BCryptFinishHash(hash, out, (ULONG)size, 0);
  }
  if (hash != NULL) {
    (void)BCryptDestroyHash(hash);
  }
  shut(provider);
  return code == 0
             ? RFCTLS_OK
             : rfctls__schannel_fail(RFCTLS_E_INTERNAL, code, "no %ls could be made", algorithm);
}

rfctls_status rfctls__crypto_pbkdf2(const wchar_t *algorithm, rfctls__bytes password,
                                    rfctls__bytes salt, uint64_t iterations, uint8_t *out,
                                    size_t size) {
  BCRYPT_ALG_HANDLE provider = NULL;
  NTSTATUS code;
  rfctls_status status = open(algorithm, BCRYPT_ALG_HANDLE_HMAC_FLAG, &provider);
  if (status != RFCTLS_OK) {
    return status;
  }
  code = BCryptDeriveKeyPBKDF2(provider, octets(password), (ULONG)password.size, octets(salt),
                               (ULONG)salt.size, iterations, out, (ULONG)size, 0);
  shut(provider);
  return code == 0 ? RFCTLS_OK
                   : rfctls__schannel_fail(RFCTLS_E_UNSUPPORTED, code,
                                           "no key can be made of a passphrase");
}

static int is_stream(const rfctls__cipher *cipher) {
  return wcscmp(cipher->algorithm, BCRYPT_RC4_ALGORITHM) == 0;
}

static NTSTATUS decrypt(const rfctls__cipher *cipher, BCRYPT_KEY_HANDLE key, rfctls__bytes iv,
                        rfctls__bytes data, uint8_t *room, ULONG *size) {
  UCHAR chained[BLOCK_LIMIT]; /* CNG writes into it */
  if (is_stream(cipher)) {
    return BCryptDecrypt(key, octets(data), (ULONG)data.size, NULL, NULL, 0, room, *size, size, 0);
  }
  if (iv.size > sizeof chained) {
    return (NTSTATUS)STATUS_INVALID_PARAMETER;
  }
  memcpy(chained, iv.data, iv.size);
  return BCryptDecrypt(key, octets(data), (ULONG)data.size, NULL, chained, (ULONG)iv.size, room,
                       *size, size, BCRYPT_BLOCK_PADDING);
}

static NTSTATUS make_key(BCRYPT_ALG_HANDLE provider, const rfctls__cipher *cipher,
                         rfctls__bytes bytes, BCRYPT_KEY_HANDLE *out) {
  ULONG effective = cipher->effective;
  NTSTATUS code = 0;
  if (!is_stream(cipher)) {
    code = BCryptSetProperty(provider, BCRYPT_CHAINING_MODE, (UCHAR *)BCRYPT_CHAIN_MODE_CBC,
                             sizeof BCRYPT_CHAIN_MODE_CBC, 0);
  }
  if (code == 0) {
    code = BCryptGenerateSymmetricKey(provider, out, NULL, 0, octets(bytes), (ULONG)bytes.size, 0);
  }
  if (code == 0 && effective > 0) {
    code = BCryptSetProperty(*out, BCRYPT_EFFECTIVE_KEY_LENGTH, (UCHAR *)&effective,
                             sizeof effective, 0);
  }
  return code;
}

rfctls_status rfctls__crypto_decrypt(const rfctls__cipher *cipher, rfctls__bytes key,
                                     rfctls__bytes iv, rfctls__bytes data, rfctls__buffer *out) {
  BCRYPT_ALG_HANDLE provider = NULL;
  BCRYPT_KEY_HANDLE handle = NULL;
  uint8_t *room;
  ULONG size = (ULONG)data.size;
  NTSTATUS code;
  rfctls_status status = rfctls__buffer_reserve(out, data.size + BLOCK_LIMIT, &room);
  if (status == RFCTLS_OK) {
    status = open(cipher->algorithm, 0, &provider);
  }
  if (status != RFCTLS_OK) {
    return status;
  }
  code = make_key(provider, cipher, key, &handle);
  if (code != 0) {
    status = rfctls__schannel_fail(RFCTLS_E_UNSUPPORTED, code,
                                   "encrypted by %ls in a way that this "
                                   "Windows does not know",
                                   cipher->algorithm);
  } else if ((code = decrypt(cipher, handle, iv, data, room, &size)) != 0) {
    status = rfctls__schannel_fail(RFCTLS_E_PARSE, code, "cannot decrypt");
  } else {
    rfctls__buffer_commit(out, size);
  }
  if (handle != NULL) {
    (void)BCryptDestroyKey(handle);
  }
  shut(provider);
  return status;
}

rfctls_status rfctls__crypto_random(void *out, size_t size) {
  NTSTATUS code = BCryptGenRandom(NULL, out, (ULONG)size, BCRYPT_USE_SYSTEM_PREFERRED_RNG);
  return code == 0 ? RFCTLS_OK
                   : rfctls__schannel_fail(RFCTLS_E_INTERNAL, code, "no random numbers");
}
