/* What a passphrase protects: see pbe.h.
 *
 * RC2, RC4 and DES are in OpenSSL's provider "legacy", which no program should load for itself:
 * they would be there for all that it does. So it is loaded into a context of our own, for one
 * decryption, and forgotten. */
#include "openssl/pbe.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/error.h"
#include "openssl/failure.h"
#include "x509/der.h"

enum { NAME_SIZE = 96 };

/* ---- the provider ---- */

typedef struct legacy {
  OSSL_LIB_CTX *library;
  OSSL_PROVIDER *usual;
  OSSL_PROVIDER *old;
} legacy;

static void legacy_close(legacy *from) {
  if (from->old != NULL) {
    OSSL_PROVIDER_unload(from->old);
  }
  if (from->usual != NULL) {
    OSSL_PROVIDER_unload(from->usual);
  }
  OSSL_LIB_CTX_free(from->library);
}

/* 0: it is not installed. */
static int legacy_open(legacy *out) {
  *out = (legacy){OSSL_LIB_CTX_new(), NULL, NULL};
  if (out->library != NULL) {
    out->usual = OSSL_PROVIDER_load(out->library, "default");
    out->old = OSSL_PROVIDER_load(out->library, "legacy");
  }
  if (out->usual != NULL && out->old != NULL) {
    return 1;
  }
  legacy_close(out);
  return 0;
}

/* ---- decrypting ---- */

/* Whether the oldest failure is that an algorithm is not there, not that its parameters are bad. */
static int lacks_algorithm(void) {
  static const int reasons[] = {
      ERR_R_UNSUPPORTED,           ERR_R_FETCH_FAILED,
      EVP_R_UNSUPPORTED_ALGORITHM, EVP_R_UNKNOWN_PBE_ALGORITHM,
      EVP_R_UNKNOWN_CIPHER,        EVP_R_UNSUPPORTED_CIPHER,
      EVP_R_UNSUPPORTED_PRF,       EVP_R_UNSUPPORTED_KEY_DERIVATION_FUNCTION};
  unsigned long code = ERR_peek_error();
  for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
    if (ERR_GET_LIB(code) == ERR_LIB_EVP && ERR_GET_REASON(code) == reasons[i]) {
      return 1;
    }
  }
  return 0;
}

/* How one way of encryption begins: 1 if ctx is ready to decrypt. */
typedef int (*beginner)(EVP_CIPHER_CTX *ctx, OSSL_LIB_CTX *library, void *how);

static rfctls_status finish(EVP_CIPHER_CTX *ctx, rfctls__bytes data, rfctls__buffer *out) {
  uint8_t *room;
  int size = 0, rest = 0;
  rfctls_status status = rfctls__buffer_reserve(out, data.size + EVP_MAX_BLOCK_LENGTH, &room);
  if (status != RFCTLS_OK) {
    return status;
  }
  if (EVP_CipherUpdate(ctx, room, &size, data.data, (int)data.size) != 1 ||
      EVP_CipherFinal_ex(ctx, room + size, &rest) != 1) {
    return rfctls__openssl_fail(RFCTLS_E_PARSE, "cannot be decrypted");
  }
  rfctls__buffer_commit(out, (size_t)size + (size_t)rest);
  return RFCTLS_OK;
}

/* *known: the algorithm is there. E_PARSE is nothing but a wrong key. */
static rfctls_status try(beginner begin, void *how, OSSL_LIB_CTX *library, rfctls__bytes data,
                         rfctls__buffer *out, int *known) {
  rfctls_status status;
  EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
  *known = 1;
  if (ctx != NULL && begin(ctx, library, how)) {
    status = finish(ctx, data, out);
  } else {
    *known = !lacks_algorithm();
    status = rfctls__openssl_fail(RFCTLS_E_UNSUPPORTED, "no key could be made of the passphrase");
  }
  EVP_CIPHER_CTX_free(ctx);
  return status;
}

static rfctls_status decrypt(beginner begin, void *how, const char *name, rfctls__bytes data,
                             rfctls__buffer *out) {
  legacy old;
  int known = 0;
  rfctls_status status = data.size <= INT_MAX - EVP_MAX_BLOCK_LENGTH
                             ? try(begin, how, NULL, data, out, &known)
                             : rfctls__fail(RFCTLS_E_LIMIT, "%zu bytes are encrypted", data.size);
  if (known || status != RFCTLS_E_UNSUPPORTED) {
    return status == RFCTLS_E_UNSUPPORTED ? rfctls__fail_in("encrypted by %s", name) : status;
  }
  if (!legacy_open(&old)) {
    return rfctls__fail(
        RFCTLS_E_UNSUPPORTED,
        "encrypted by %s, which only OpenSSL's provider \"legacy\" may know: install "
        "it (Debian: openssl-provider-legacy), or encrypt anew",
        name);
  }
  ERR_clear_error();
  status = try(begin, how, old.library, data, out, &known);
  legacy_close(&old);
  return known || status != RFCTLS_E_UNSUPPORTED
             ? status
             : rfctls__fail(RFCTLS_E_UNSUPPORTED,
                            "encrypted by %s, which this OpenSSL does not know", name);
}

/* ---- PKCS#5 and PKCS#12 ---- */

typedef struct by_algorithm {
  const X509_ALGOR *algorithm;
  const char *passphrase;
} by_algorithm;

static int begin_algorithm(EVP_CIPHER_CTX *ctx, OSSL_LIB_CTX *library, void *how) {
  const by_algorithm *by = how;
  int size = by->passphrase != NULL ? (int)strlen(by->passphrase) : 0;
  return EVP_PBE_CipherInit_ex(by->algorithm->algorithm, by->passphrase, size,
                               by->algorithm->parameter, ctx, 0, library, NULL);
}

/* Of PBES2 (RFC 8018 section 6.2) the cipher tells more. */
static void put_name(const X509_ALGOR *algorithm, char out[NAME_SIZE]) {
  PBE2PARAM *inside =
      OBJ_obj2nid(algorithm->algorithm) == NID_pbes2
          ? ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter)
          : NULL;
  (void)OBJ_obj2txt(out, NAME_SIZE,
                    inside != NULL ? inside->encryption->algorithm : algorithm->algorithm, 0);
  PBE2PARAM_free(inside);
  ERR_clear_error();
}

static rfctls_status parse_algorithm(rfctls__bytes der, X509_ALGOR **out) {
  const unsigned char *at = der.data;
  *out = der.size <= LONG_MAX ? d2i_X509_ALGOR(NULL, &at, (long)der.size) : NULL;
  return *out != NULL ? RFCTLS_OK
                      : rfctls__openssl_fail(RFCTLS_E_PARSE, "an algorithm cannot be read");
}

rfctls_status rfctls__engine_pbe_decrypt(rfctls__bytes algorithm, const char *passphrase,
                                         rfctls__bytes data, rfctls__buffer *out) {
  rfctls__openssl_errors errors;
  char name[NAME_SIZE];
  X509_ALGOR *parsed = NULL;
  rfctls_status status;
  rfctls__openssl_begin(&errors);
  status = parse_algorithm(algorithm, &parsed);
  if (status == RFCTLS_OK) {
    by_algorithm by = {parsed, passphrase};
    put_name(parsed, name);
    status = decrypt(begin_algorithm, &by, name, data, out);
  }
  X509_ALGOR_free(parsed);
  rfctls__openssl_end(&errors);
  return status;
}

/* ---- RFC 1421 ---- */

typedef struct by_header {
  EVP_CIPHER_INFO info; /* its cipher, by name, and what that begins with */
  const char *passphrase;
} by_header;

static int begin_header(EVP_CIPHER_CTX *ctx, OSSL_LIB_CTX *library, void *how) {
  by_header *by = how;
  unsigned char key[EVP_MAX_KEY_LENGTH];
  EVP_CIPHER *cipher = EVP_CIPHER_fetch(library, EVP_CIPHER_get0_name(by->info.cipher), NULL);
  int done = cipher != NULL &&
             EVP_BytesToKey(cipher, EVP_md5(), by->info.iv, (const unsigned char *)by->passphrase,
                            (int)strlen(by->passphrase), 1, key, NULL) > 0 &&
             EVP_DecryptInit_ex2(ctx, cipher, key, by->info.iv, NULL) == 1;
  OPENSSL_cleanse(key, sizeof key);
  EVP_CIPHER_free(cipher);
  return done;
}

static rfctls_status decrypt_body(char *header, const char *passphrase, rfctls__bytes data,
                                  rfctls__buffer *out) {
  by_header by = {.passphrase = passphrase};
  rfctls__bytes inside;
  rfctls_status status;
  if (PEM_get_EVP_CIPHER_INFO(header, &by.info) != 1) {
    return rfctls__openssl_fail(RFCTLS_E_UNSUPPORTED,
                                "headers of the private key are not understood");
  }
  if (by.info.cipher == NULL) {
    return rfctls__buffer_append(out, data.data, data.size);
  }
  if (passphrase == NULL) {
    return rfctls__fail(RFCTLS_E_PARSE, "private key is encrypted and its passphrase is missing");
  }
  status = decrypt(begin_header, &by, EVP_CIPHER_get0_name(by.info.cipher), data, out);
  if (status == RFCTLS_OK &&
      rfctls__der_only(rfctls__buffer_bytes(out), RFCTLS__DER_SEQUENCE, &inside)) {
    return RFCTLS_OK;
  }
  return status == RFCTLS_OK || status == RFCTLS_E_PARSE
             ? rfctls__fail(RFCTLS_E_PARSE,
                            "passphrase of the private key is wrong, or it is damaged")
             : status;
}

rfctls_status rfctls__pem_decrypt(rfctls__bytes text, const char *passphrase, rfctls__buffer *out) {
  char *label = NULL, *header = NULL;
  unsigned char *data = NULL;
  long size = 0;
  rfctls_status status;
  BIO *bio = text.size <= INT_MAX ? BIO_new_mem_buf(text.data, (int)text.size) : NULL;
  if (bio == NULL || PEM_read_bio(bio, &label, &header, &data, &size) != 1) {
    status = rfctls__openssl_fail(RFCTLS_E_PARSE, "private key cannot be read");
  } else {
    status = decrypt_body(header, passphrase, (rfctls__bytes){data, (size_t)size}, out);
  }
  OPENSSL_free(label);
  OPENSSL_free(header);
  OPENSSL_clear_free(data, (size_t)size);
  BIO_free(bio);
  return status;
}

/* ---- what guards a PKCS#12 ---- */

/* HMAC under a key that was derived; wipes it. */
static rfctls_status compare(const EVP_MD *md, unsigned char *key, size_t key_size,
                             rfctls__bytes digest, rfctls__bytes data) {
  unsigned char made[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  int done = HMAC(md, key, (int)key_size, data.data, data.size, made, &size) != NULL;
  OPENSSL_cleanse(key, key_size);
  if (!done) {
    return rfctls__openssl_fail(RFCTLS_E_UNSUPPORTED, "no code could be made with %s",
                                EVP_MD_get0_name(md));
  }
  return digest.size == size && CRYPTO_memcmp(digest.data, made, size) == 0
             ? RFCTLS_OK
             : rfctls__fail(RFCTLS_E_PARSE, "it has another code");
}

/* RFC 7292 appendix B. */
static rfctls_status check_digest(const EVP_MD *md, const rfctls__mac *mac, const char *passphrase,
                                  rfctls__bytes data) {
  unsigned char key[EVP_MAX_MD_SIZE], *salt = (unsigned char *)mac->salt.data;
  int size = EVP_MD_get_size(md);
  if (mac->salt.size > INT_MAX || size <= 0 ||
      PKCS12_key_gen_utf8_ex(passphrase, passphrase != NULL ? (int)strlen(passphrase) : 0, salt,
                             (int)mac->salt.size, PKCS12_MAC_ID, (int)mac->iterations, size, key,
                             md, NULL, NULL) != 1) {
    return rfctls__openssl_fail(RFCTLS_E_UNSUPPORTED, "no key could be made of the passphrase");
  }
  return compare(md, key, (size_t)size, mac->digest, data);
}

/* The digest of an HMAC; NULL: none that we know. */
static const EVP_MD *digest_of(const X509_ALGOR *hmac) {
  int nid = NID_undef;
  return EVP_PBE_find(EVP_PBE_TYPE_PRF,
                      hmac != NULL ? OBJ_obj2nid(hmac->algorithm) : NID_hmacWithSHA1, NULL, &nid,
                      NULL) == 1
             ? EVP_get_digestbynid(nid)
             : NULL;
}

/* RFC 9579, which OpenSSL knows from 3.4 on: PBKDF2, and an HMAC. */
static rfctls_status check_pbmac1(const PBE2PARAM *by, const rfctls__mac *mac,
                                  const char *passphrase, rfctls__bytes data) {
  unsigned char key[EVP_MAX_MD_SIZE];
  PBKDF2PARAM *how = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), by->keyfunc->parameter);
  const EVP_MD *prf = how != NULL ? digest_of(how->prf) : NULL, *md = digest_of(by->encryption);
  long size = how != NULL && how->keylength != NULL ? ASN1_INTEGER_get(how->keylength) : 0;
  rfctls_status status;
  if (prf == NULL || md == NULL || OBJ_obj2nid(by->keyfunc->algorithm) != NID_id_pbkdf2 ||
      how->salt->type != V_ASN1_OCTET_STRING || size <= 0 || size > (long)sizeof key) {
    status = rfctls__fail(RFCTLS_E_UNSUPPORTED, "guarded by PBMAC1 in a way that is not known");
  } else if (PKCS5_PBKDF2_HMAC(passphrase, passphrase != NULL ? (int)strlen(passphrase) : 0,
                               ASN1_STRING_get0_data(how->salt->value.octet_string),
                               ASN1_STRING_length(how->salt->value.octet_string),
                               (int)ASN1_INTEGER_get(how->iter), prf, (int)size, key) != 1) {
    status = rfctls__openssl_fail(RFCTLS_E_UNSUPPORTED, "no key could be made of the passphrase");
  } else {
    status = compare(md, key, (size_t)size, mac->digest, data);
  }
  PBKDF2PARAM_free(how);
  return status;
}

static rfctls_status check(const X509_ALGOR *algorithm, const rfctls__mac *mac,
                           const char *passphrase, rfctls__bytes data) {
  static const char pbmac1[] = "1.2.840.113549.1.5.14";
  char name[NAME_SIZE] = "";
  const EVP_MD *md = EVP_get_digestbyobj(algorithm->algorithm);
  PBE2PARAM *by = NULL; /* PBMAC1-params are of the same two parts */
  rfctls_status status;
  if (md != NULL) {
    return check_digest(md, mac, passphrase, data);
  }
  (void)OBJ_obj2txt(name, sizeof name, algorithm->algorithm, 1);
  if (strcmp(name, pbmac1) == 0) {
    by = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter);
  }
  status = by != NULL ? check_pbmac1(by, mac, passphrase, data)
                      : rfctls__fail(RFCTLS_E_UNSUPPORTED,
                                     "guarded by %s, which this OpenSSL does not know", name);
  PBE2PARAM_free(by);
  return status;
}

rfctls_status rfctls__engine_pbe_check(const rfctls__mac *mac, const char *passphrase,
                                       rfctls__bytes data) {
  rfctls__openssl_errors errors;
  X509_ALGOR *parsed = NULL;
  rfctls_status status;
  rfctls__openssl_begin(&errors);
  status = parse_algorithm(mac->algorithm, &parsed);
  if (status == RFCTLS_OK) {
    status = check(parsed, mac, passphrase, data);
  }
  X509_ALGOR_free(parsed);
  rfctls__openssl_end(&errors);
  return status;
}
