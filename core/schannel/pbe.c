/* What a passphrase protects: PBES1 and PBES2 (RFC 8018 section 6), and what PKCS#12 has of its own (RFC 7292
 * appendices B and C). */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "engine/operations.h"
#include "schannel/crypto.h"
#include "schannel/distinguished_name.h"
#include "x509/der.h"

#define OID_PBES2 "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d"
#define OID_PBKDF2 "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c"
#define OID_PBMAC1 "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0e"

enum {
  HASH_LIMIT = 64,
  KEY_LIMIT = 32,
  BLOCK = 8,
  KEY_3DES = 24,
  ITERATION_LIMIT = 10000000 /* only an attacker makes more */
};
enum { FOR_KEY = 1, FOR_IV = 2, FOR_MAC = 3 };

typedef struct hash {
  rfctls__bytes prf; /* HMAC's OID  */
  rfctls__bytes oid; /* its own     */
  const wchar_t *algorithm;
  size_t size;
  size_t block;
} hash;

static const hash md5 = {{NULL, 0}, {NULL, 0}, BCRYPT_MD5_ALGORITHM, 16, 64};
static const hash hashes[] = {
    {RFCTLS__OCTETS("\x2a\x86\x48\x86\xf7\x0d\x02\x07"), RFCTLS__OCTETS("\x2b\x0e\x03\x02\x1a"),
     BCRYPT_SHA1_ALGORITHM, 20, 64},
    {RFCTLS__OCTETS("\x2a\x86\x48\x86\xf7\x0d\x02\x09"),
     RFCTLS__OCTETS("\x60\x86\x48\x01\x65\x03\x04\x02\x01"), BCRYPT_SHA256_ALGORITHM, 32, 64},
    {RFCTLS__OCTETS("\x2a\x86\x48\x86\xf7\x0d\x02\x0a"),
     RFCTLS__OCTETS("\x60\x86\x48\x01\x65\x03\x04\x02\x02"), BCRYPT_SHA384_ALGORITHM, 48, 128},
    {RFCTLS__OCTETS("\x2a\x86\x48\x86\xf7\x0d\x02\x0b"),
     RFCTLS__OCTETS("\x60\x86\x48\x01\x65\x03\x04\x02\x03"), BCRYPT_SHA512_ALGORITHM, 64, 128},
};

typedef struct cipher {
  rfctls__bytes oid;
  rfctls__cipher by;
} cipher;

static const cipher ciphers[] = {
    {RFCTLS__OCTETS("\x60\x86\x48\x01\x65\x03\x04\x01\x02"), {BCRYPT_AES_ALGORITHM, 16, 0}},
    {RFCTLS__OCTETS("\x60\x86\x48\x01\x65\x03\x04\x01\x16"), {BCRYPT_AES_ALGORITHM, 24, 0}},
    {RFCTLS__OCTETS("\x60\x86\x48\x01\x65\x03\x04\x01\x2a"), {BCRYPT_AES_ALGORITHM, 32, 0}},
    {RFCTLS__OCTETS("\x2a\x86\x48\x86\xf7\x0d\x03\x07"), {BCRYPT_3DES_ALGORITHM, KEY_3DES, 0}},
    {RFCTLS__OCTETS("\x2b\x0e\x03\x02\x07"), {BCRYPT_DES_ALGORITHM, 8, 0}},
};

static rfctls_status fail(void) {
  return rfctls__fail(RFCTLS_E_PARSE, "what the passphrase protects is damaged");
}

static rfctls_status fail_unknown(const char *what, rfctls__bytes oid) {
  rfctls__buffer name = {NULL, 0, 0, 0};
  rfctls_status status = rfctls__oid_text(&name, oid);
  if (status == RFCTLS_OK) {
    status = rfctls__fail(RFCTLS_E_UNSUPPORTED, "%s by %.*s, which is not known on Windows", what,
                          (int)rfctls__buffer_size(&name),
                          (const char *)rfctls__buffer_bytes(&name).data);
  }
  rfctls__buffer_release(&name);
  return status;
}

/* ---- PBES2 ---- */

static const cipher *find_cipher(rfctls__bytes oid) {
  for (size_t i = 0; i < sizeof ciphers / sizeof *ciphers; i++) {
    if (rfctls__bytes_equal(ciphers[i].oid, oid)) {
      return &ciphers[i];
    }
  }
  return NULL;
}

static const hash *find_hash(rfctls__bytes oid, int as_prf) {
  for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
    if (rfctls__bytes_equal(as_prf ? hashes[i].prf : hashes[i].oid, oid)) {
      return &hashes[i];
    }
  }
  return NULL;
}

typedef struct derivation {
  rfctls__bytes salt;
  uint64_t iterations;
  size_t length;   /* of the key; 0: not said */
  const hash *prf; /* NULL: one that we do not know */
} derivation;

static int read_derivation(rfctls__bytes function, derivation *out) {
  rfctls__bytes oid, parameters, number, length, prf;
  if (!rfctls__der_take(&function, RFCTLS__DER_OID, &oid) || !RFCTLS__OID_IS(oid, OID_PBKDF2) ||
      !rfctls__der_only(function, RFCTLS__DER_SEQUENCE, &parameters) ||
      !rfctls__der_take(&parameters, RFCTLS__DER_OCTETS, &out->salt) ||
      !rfctls__der_take(&parameters, RFCTLS__DER_INTEGER, &number) ||
      !rfctls__der_number(number, ITERATION_LIMIT, &out->iterations)) {
    return 0;
  }
  out->length = 0;
  if (rfctls__der_take(&parameters, RFCTLS__DER_INTEGER, &length)) {
    out->length = length.size == 1 ? length.data[0] : SIZE_MAX;
  }
  out->prf = &hashes[0];
  if (rfctls__der_take(&parameters, RFCTLS__DER_SEQUENCE, &prf)) {
    if (!rfctls__der_take(&prf, RFCTLS__DER_OID, &oid)) {
      return 0;
    }
    out->prf = find_hash(oid, 1);
  }
  return parameters.size == 0;
}

static rfctls__bytes bytes_of(const char *passphrase) {
  return (rfctls__bytes){(const uint8_t *)passphrase, passphrase != NULL ? strlen(passphrase) : 0};
}

/* What makes the key: one that is not known (scrypt) is told by its name. */
static rfctls_status check_function(rfctls__bytes function) {
  rfctls__bytes oid;
  if (!rfctls__der_take(&function, RFCTLS__DER_OID, &oid)) {
    return fail();
  }
  return RFCTLS__OID_IS(oid, OID_PBKDF2) ? RFCTLS_OK : fail_unknown("its key is made", oid);
}

static rfctls_status decrypt_pbes2(rfctls__bytes parameters, const char *passphrase,
                                   rfctls__bytes data, rfctls__buffer *out) {
  rfctls__bytes rest, function, scheme, oid, iv;
  uint8_t key[KEY_LIMIT];
  derivation how;
  const cipher *found;
  rfctls_status status;
  if (!rfctls__der_only(parameters, RFCTLS__DER_SEQUENCE, &rest) ||
      !rfctls__der_take(&rest, RFCTLS__DER_SEQUENCE, &function) ||
      !rfctls__der_only(rest, RFCTLS__DER_SEQUENCE, &scheme) ||
      !rfctls__der_take(&scheme, RFCTLS__DER_OID, &oid)) {
    return fail();
  }
  status = check_function(function);
  if (status != RFCTLS_OK) {
    return status;
  }
  if (!read_derivation(function, &how)) {
    return fail();
  }
  found = find_cipher(oid);
  if (found == NULL || how.prf == NULL) {
    return fail_unknown("encrypted", oid);
  }
  if (!rfctls__der_only(scheme, RFCTLS__DER_OCTETS, &iv)) {
    return fail();
  }
  status = rfctls__crypto_pbkdf2(how.prf->algorithm, bytes_of(passphrase), how.salt, how.iterations,
                                 key, found->by.key_size);
  if (status == RFCTLS_OK) {
    status =
        rfctls__crypto_decrypt(&found->by, (rfctls__bytes){key, found->by.key_size}, iv, data, out);
  }
  rfctls__wipe(key, sizeof key);
  return status;
}

/* ---- PKCS#12's own, RFC 7292 appendix B ---- */

static rfctls_status repeat(rfctls__bytes text, size_t block, rfctls__buffer *out) {
  size_t size = (text.size + block - 1) / block * block;
  uint8_t *room;
  rfctls_status status = size > 0 ? rfctls__buffer_reserve(out, size, &room) : RFCTLS_OK;
  if (status != RFCTLS_OK || size == 0) {
    return status;
  }
  for (size_t i = 0; i < size; i++) {
    room[i] = text.data[i % text.size];
  }
  rfctls__buffer_commit(out, size);
  return RFCTLS_OK;
}

/* Adds what the last digest is, repeated, and 1, to each block. */
static void stir(uint8_t *blocks, size_t size, size_t block, const uint8_t *last,
                 size_t last_size) {
  for (size_t at = 0; at < size; at += block) {
    unsigned carry = 1;
    for (size_t i = block; i-- > 0;) {
      carry += blocks[at + i] + (unsigned)last[i % last_size];
      blocks[at + i] = (uint8_t)carry;
      carry >>= 8;
    }
  }
}

static rfctls_status hash_often(const hash *by, rfctls__bytes data, uint64_t iterations,
                                uint8_t out[HASH_LIMIT]) {
  rfctls_status status = rfctls__crypto_hash(by->algorithm, NULL, data, out, by->size);
  for (uint64_t i = 1; status == RFCTLS_OK && i < iterations; i++) {
    status =
        rfctls__crypto_hash(by->algorithm, NULL, (rfctls__bytes){out, by->size}, out, by->size);
  }
  return status;
}

/* password is a BMPString with its NUL, or empty. */
static rfctls_status derive(const hash *by, int purpose, rfctls__bytes password, rfctls__bytes salt,
                            uint64_t iterations, uint8_t *out, size_t size) {
  rfctls__buffer input = {NULL, 0, 0, 0};
  uint8_t *room, last[HASH_LIMIT];
  rfctls_status status = rfctls__buffer_reserve(&input, by->block, &room);
  if (status == RFCTLS_OK) {
    memset(room, purpose, by->block);
    rfctls__buffer_commit(&input, by->block);
    status = repeat(salt, by->block, &input);
  }
  if (status == RFCTLS_OK) {
    status = repeat(password, by->block, &input);
  }
  while (status == RFCTLS_OK && size > 0) {
    size_t part = size < by->size ? size : by->size;
    status = hash_often(by, rfctls__buffer_bytes(&input), iterations, last);
    if (status == RFCTLS_OK) {
      memcpy(out, last, part);
      out += part;
      size -= part;
      stir(input.data + input.head + by->block, rfctls__buffer_size(&input) - by->block, by->block,
           last, by->size);
    }
  }
  rfctls__wipe(last, sizeof last);
  rfctls__buffer_wipe(&input);
  return status;
}

/* In UTF-16, big endian, with its NUL. */
static rfctls_status put_password(const char *passphrase, rfctls__buffer *out) {
  int count = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, passphrase, -1, NULL, 0);
  wchar_t *wide;
  uint8_t *room;
  rfctls_status status;
  if (count <= 0) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "the passphrase is not UTF-8");
  }
  wide = rfctls__alloc((size_t)count * sizeof *wide);
  if (wide == NULL) {
    return rfctls__fail_memory();
  }
  (void)MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, passphrase, -1, wide, count);
  status = rfctls__buffer_reserve(out, 2 * (size_t)count, &room);
  for (size_t i = 0; status == RFCTLS_OK && i < (size_t)count; i++) {
    room[2 * i] = (uint8_t)(wide[i] >> 8);
    room[2 * i + 1] = (uint8_t)wide[i];
  }
  if (status == RFCTLS_OK) {
    rfctls__buffer_commit(out, 2 * (size_t)count);
  }
  rfctls__wipe(wide, (size_t)count * sizeof *wide);
  rfctls__free(wide);
  return status;
}

/* ---- ways of encryption that have an OID as a whole ---- */

typedef struct scheme {
  rfctls__bytes oid;
  const hash *pbes1; /* of PBES1 (RFC 8018 section 6.1); NULL: PKCS#12's own */
  rfctls__cipher by;
  size_t
      derived; /* octets of the key that are made: of 3DES with two keys the last are the first again */
} scheme;

#define PKCS5(last) RFCTLS__OCTETS("\x2a\x86\x48\x86\xf7\x0d\x01\x05" last)
#define PKCS12(last) RFCTLS__OCTETS("\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01" last)

static const scheme schemes[] = {
    {PKCS5("\x03"), &md5, {BCRYPT_DES_ALGORITHM, 8, 0}, 8},
    {PKCS5("\x06"), &md5, {BCRYPT_RC2_ALGORITHM, 8, 64}, 8},
    {PKCS5("\x0a"), &hashes[0], {BCRYPT_DES_ALGORITHM, 8, 0}, 8},
    {PKCS5("\x0b"), &hashes[0], {BCRYPT_RC2_ALGORITHM, 8, 64}, 8},
    {PKCS12("\x01"), NULL, {BCRYPT_RC4_ALGORITHM, 16, 0}, 16},
    {PKCS12("\x02"), NULL, {BCRYPT_RC4_ALGORITHM, 5, 0}, 5},
    {PKCS12("\x03"), NULL, {BCRYPT_3DES_ALGORITHM, KEY_3DES, 0}, KEY_3DES},
    {PKCS12("\x04"), NULL, {BCRYPT_3DES_ALGORITHM, KEY_3DES, 0}, 16},
    {PKCS12("\x05"), NULL, {BCRYPT_RC2_ALGORITHM, 16, 128}, 16},
    {PKCS12("\x06"), NULL, {BCRYPT_RC2_ALGORITHM, 5, 40}, 5},
};

static const scheme *find_scheme(rfctls__bytes oid) {
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
    if (rfctls__bytes_equal(schemes[i].oid, oid)) {
      return &schemes[i];
    }
  }
  return NULL;
}

/* PBKDF1 (RFC 8018 section 5.1): the key, then what the cipher begins with. */
static rfctls_status derive_pbes1(const hash *by, const char *passphrase, rfctls__bytes salt,
                                  uint64_t iterations, uint8_t key[BLOCK], uint8_t iv[BLOCK]) {
  rfctls__buffer input = {NULL, 0, 0, 0};
  rfctls__bytes password = bytes_of(passphrase);
  uint8_t last[HASH_LIMIT];
  rfctls_status status = rfctls__buffer_append(&input, password.data, password.size);
  if (status == RFCTLS_OK) {
    status = rfctls__buffer_append(&input, salt.data, salt.size);
  }
  if (status == RFCTLS_OK) {
    status = hash_often(by, rfctls__buffer_bytes(&input), iterations, last);
  }
  if (status == RFCTLS_OK) {
    memcpy(key, last, BLOCK);
    memcpy(iv, last + BLOCK, BLOCK);
  }
  rfctls__wipe(last, sizeof last);
  rfctls__buffer_wipe(&input);
  return status;
}

static rfctls_status derive_pkcs12(size_t size, const char *passphrase, rfctls__bytes salt,
                                   uint64_t iterations, uint8_t *key, uint8_t iv[BLOCK]) {
  rfctls__buffer password = {NULL, 0, 0, 0};
  rfctls_status status = passphrase != NULL ? put_password(passphrase, &password) : RFCTLS_OK;
  if (status == RFCTLS_OK) {
    status =
        derive(&hashes[0], FOR_KEY, rfctls__buffer_bytes(&password), salt, iterations, key, size);
  }
  if (status == RFCTLS_OK) {
    status =
        derive(&hashes[0], FOR_IV, rfctls__buffer_bytes(&password), salt, iterations, iv, BLOCK);
  }
  rfctls__buffer_wipe(&password);
  return status;
}

static rfctls_status decrypt_scheme(const scheme *how, rfctls__bytes parameters,
                                    const char *passphrase, rfctls__bytes data,
                                    rfctls__buffer *out) {
  rfctls__bytes rest, salt, number;
  uint8_t key[KEY_LIMIT], iv[BLOCK];
  uint64_t iterations;
  rfctls_status status;
  if (!rfctls__der_only(parameters, RFCTLS__DER_SEQUENCE, &rest) ||
      !rfctls__der_take(&rest, RFCTLS__DER_OCTETS, &salt) ||
      !rfctls__der_only(rest, RFCTLS__DER_INTEGER, &number) ||
      !rfctls__der_number(number, ITERATION_LIMIT, &iterations)) {
    return fail();
  }
  status = how->pbes1 != NULL ? derive_pbes1(how->pbes1, passphrase, salt, iterations, key, iv)
                              : derive_pkcs12(how->derived, passphrase, salt, iterations, key, iv);
  if (status == RFCTLS_OK) {
    memcpy(key + how->derived, key, how->by.key_size - how->derived);
    status = rfctls__crypto_decrypt(&how->by, (rfctls__bytes){key, how->by.key_size},
                                    (rfctls__bytes){iv, sizeof iv}, data, out);
  }
  rfctls__wipe(key, sizeof key);
  return status;
}

rfctls_status rfctls__engine_pbe_decrypt(rfctls__bytes algorithm, const char *passphrase,
                                         rfctls__bytes data, rfctls__buffer *out) {
  rfctls__bytes rest, oid;
  const scheme *how;
  if (!rfctls__der_only(algorithm, RFCTLS__DER_SEQUENCE, &rest) ||
      !rfctls__der_take(&rest, RFCTLS__DER_OID, &oid)) {
    return fail();
  }
  if (RFCTLS__OID_IS(oid, OID_PBES2)) {
    return decrypt_pbes2(rest, passphrase, data, out);
  }
  how = find_scheme(oid);
  return how != NULL ? decrypt_scheme(how, rest, passphrase, data, out)
                     : fail_unknown("encrypted", oid);
}

/* ---- what guards a PKCS#12 ---- */

/* The HMAC under a key that was derived; wipes it. */
static rfctls_status compare(const hash *by, uint8_t *key, size_t size, const rfctls__mac *mac,
                             rfctls__bytes data) {
  uint8_t digest[HASH_LIMIT];
  rfctls__bytes under = {key, size};
  rfctls_status status = rfctls__crypto_hash(by->algorithm, &under, data, digest, by->size);
  rfctls__wipe(key, size);
  if (status == RFCTLS_OK && !rfctls__bytes_equal(mac->digest, (rfctls__bytes){digest, by->size})) {
    status = rfctls__fail(RFCTLS_E_PARSE, "it has another code");
  }
  return status;
}

static rfctls_status check_digest(const hash *by, const rfctls__mac *mac, const char *passphrase,
                                  rfctls__bytes data) {
  rfctls__buffer password = {NULL, 0, 0, 0};
  uint8_t key[HASH_LIMIT];
  rfctls_status status = passphrase != NULL ? put_password(passphrase, &password) : RFCTLS_OK;
  if (status == RFCTLS_OK) {
    status = derive(by, FOR_MAC, rfctls__buffer_bytes(&password), mac->salt, mac->iterations, key,
                    by->size);
  }
  if (status == RFCTLS_OK) {
    status = compare(by, key, by->size, mac, data);
  }
  rfctls__buffer_wipe(&password);
  return status;
}

/* RFC 9579: PBKDF2, and an HMAC. */
static rfctls_status check_pbmac1(rfctls__bytes parameters, const rfctls__mac *mac,
                                  const char *passphrase, rfctls__bytes data) {
  rfctls__bytes rest, function, code, oid;
  uint8_t key[HASH_LIMIT];
  derivation how;
  const hash *by;
  rfctls_status status;
  if (!rfctls__der_only(parameters, RFCTLS__DER_SEQUENCE, &rest) ||
      !rfctls__der_take(&rest, RFCTLS__DER_SEQUENCE, &function) ||
      !rfctls__der_only(rest, RFCTLS__DER_SEQUENCE, &code) ||
      !rfctls__der_take(&code, RFCTLS__DER_OID, &oid) || !read_derivation(function, &how)) {
    return fail();
  }
  by = find_hash(oid, 1);
  if (by == NULL || how.prf == NULL || how.length == 0 || how.length > sizeof key) {
    return fail_unknown("guarded", oid);
  }
  status = rfctls__crypto_pbkdf2(how.prf->algorithm, bytes_of(passphrase), how.salt, how.iterations,
                                 key, how.length);
  return status == RFCTLS_OK ? compare(by, key, how.length, mac, data) : status;
}

rfctls_status rfctls__engine_pbe_check(const rfctls__mac *mac, const char *passphrase,
                                       rfctls__bytes data) {
  rfctls__bytes rest, oid;
  const hash *by;
  if (!rfctls__der_only(mac->algorithm, RFCTLS__DER_SEQUENCE, &rest) ||
      !rfctls__der_take(&rest, RFCTLS__DER_OID, &oid)) {
    return fail();
  }
  if (RFCTLS__OID_IS(oid, OID_PBMAC1)) {
    return check_pbmac1(rest, mac, passphrase, data);
  }
  by = find_hash(oid, 0);
  return by != NULL ? check_digest(by, mac, passphrase, data) : fail_unknown("guarded", oid);
}
