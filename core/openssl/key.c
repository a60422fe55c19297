/* Private keys by OpenSSL: see key.h. */
#include "openssl/key.h"

#include <openssl/decoder.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "engine/operations.h"
#include "openssl/certificate.h"
#include "openssl/failure.h"
#include "openssl/pbe.h"
#include "x509/der.h"

enum { NUMBER_SIZE = 96 };

rfctls_status rfctls__pkey_parse(rfctls__bytes pkcs8, EVP_PKEY **out) {
  const unsigned char *end = pkcs8.data;
  PKCS8_PRIV_KEY_INFO *info =
      pkcs8.size <= LONG_MAX ? d2i_PKCS8_PRIV_KEY_INFO(NULL, &end, (long)pkcs8.size) : NULL;
  EVP_PKEY *pkey = info != NULL ? EVP_PKCS82PKEY(info) : NULL;
  PKCS8_PRIV_KEY_INFO_free(info);
  if (pkey == NULL) {
    return rfctls__openssl_fail(RFCTLS_E_PARSE, "private key cannot be read");
  }
  *out = pkey;
  return RFCTLS_OK;
}

/* All or nothing; the buffer grows once, before a byte of the key is in it. */
rfctls_status rfctls__pkey_append(const EVP_PKEY *pkey, rfctls__buffer *out) {
  rfctls_status status = RFCTLS_OK;
  uint8_t *room;
  PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
  int size = info != NULL ? i2d_PKCS8_PRIV_KEY_INFO(info, NULL) : -1;
  if (size <= 0) {
    status = rfctls__openssl_fail(RFCTLS_E_PARSE, "private key cannot be written as PKCS#8");
  } else {
    status = rfctls__buffer_reserve(out, (size_t)size, &room);
  }
  if (status == RFCTLS_OK) {
    rfctls__buffer_commit(out, (size_t)i2d_PKCS8_PRIV_KEY_INFO(info, &room));
  }
  PKCS8_PRIV_KEY_INFO_free(info); /* wipes */
  return status;
}

/* Instead of OpenSSL's own, which would ask the terminal: what is encrypted does not come here. */
static int no_passphrase(char *buffer, int room, int writing, void *user) {
  (void)buffer;
  (void)room;
  (void)writing;
  (void)user;
  return -1;
}

/* Any form that OpenSSL knows; NULL if there is none, or if bytes follow it. */
static EVP_PKEY *decode(rfctls__bytes der) {
  const unsigned char *rest = der.data;
  size_t left = der.size;
  EVP_PKEY *pkey = NULL;
  OSSL_DECODER_CTX *decoder =
      OSSL_DECODER_CTX_new_for_pkey(&pkey, "DER", NULL, NULL, EVP_PKEY_KEYPAIR, NULL, NULL);
  if (decoder == NULL || OSSL_DECODER_CTX_set_pem_password_cb(decoder, no_passphrase, NULL) != 1 ||
      OSSL_DECODER_from_data(decoder, &rest, &left) != 1 || left != 0) {
    EVP_PKEY_free(pkey);
    pkey = NULL;
  }
  OSSL_DECODER_CTX_free(decoder);
  return pkey;
}

/* OneAsymmetricKey (RFC 5958) of version 2 as that of version 1, which OpenSSL reads before 3.2,
 * too: without the public key, which it makes itself. What is none stays as it is. */
static rfctls_status put_version_1(rfctls__bytes der, rfctls__buffer *out) {
  static const rfctls__bytes zero = {(const uint8_t *)"", 1};
  rfctls__bytes rest, version;
  rfctls__der algorithm, key;
  rfctls_status status;
  if (!rfctls__der_only(der, RFCTLS__DER_SEQUENCE, &rest) ||
      !rfctls__der_take(&rest, RFCTLS__DER_INTEGER, &version) || !RFCTLS__OID_IS(version, "\x01") ||
      !rfctls__der_next(&rest, &algorithm) || algorithm.tag != RFCTLS__DER_SEQUENCE ||
      !rfctls__der_next(&rest, &key) || key.tag != RFCTLS__DER_OCTETS) {
    return rfctls__buffer_append(out, der.data, der.size);
  }
  status = rfctls__der_put(out, RFCTLS__DER_INTEGER, zero);
  if (status == RFCTLS_OK) {
    status = rfctls__buffer_append(out, algorithm.whole.data, algorithm.whole.size);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__buffer_append(out, key.whole.data, key.whole.size);
  }
  return status == RFCTLS_OK ? rfctls__der_wrap(out, 0, RFCTLS__DER_SEQUENCE) : status;
}

/* The algorithms that are newer than the oldest OpenSSL which is taken, by their numbers (RFC 9881). */
static const struct {
  const char *number, *name;
} newer[] = {{"2.16.840.1.101.3.4.3.17", "ML-DSA-44"},
             {"2.16.840.1.101.3.4.3.18", "ML-DSA-65"},
             {"2.16.840.1.101.3.4.3.19", "ML-DSA-87"}};

static rfctls_status fail_unknown(const char *number) {
  for (size_t i = 0; i < sizeof newer / sizeof *newer; i++) {
    if (strcmp(number, newer[i].number) == 0) {
      return rfctls__fail(RFCTLS_E_UNSUPPORTED,
                          "private key is for %s, which needs OpenSSL 3.5 or newer", newer[i].name);
    }
  }
  return rfctls__fail(RFCTLS_E_UNSUPPORTED,
                      "private key is for the algorithm %s, which this OpenSSL does not know",
                      number);
}

/* The number of a PKCS#8's algorithm if OpenSSL has nothing for it. 0: it has, or this is no PKCS#8. */
static int is_unknown(rfctls__bytes pkcs8, char number[NUMBER_SIZE]) {
  const unsigned char *end = pkcs8.data;
  const ASN1_OBJECT *algorithm = NULL;
  EVP_KEYMGMT *known = NULL;
  PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &end, (long)pkcs8.size);
  int found = info != NULL && PKCS8_pkey_get0(&algorithm, NULL, NULL, NULL, info) == 1 &&
              OBJ_obj2txt(number, NUMBER_SIZE, algorithm, 1) > 0;
  if (found) {
    known = EVP_KEYMGMT_fetch(NULL, number, NULL);
  }
  EVP_KEYMGMT_free(known);
  PKCS8_PRIV_KEY_INFO_free(info);
  return found && known == NULL;
}

static rfctls_status fail_unread(rfctls__bytes der) {
  char number[NUMBER_SIZE] = "";
  int unknown = der.size <= LONG_MAX && is_unknown(der, number);
  if (unknown) {
    return rfctls__openssl_ran_out() ? rfctls__fail_memory() : fail_unknown(number);
  }
  return rfctls__openssl_fail(RFCTLS_E_PARSE, "private key cannot be read");
}

static rfctls_status read_key(rfctls__bytes der, rfctls__buffer *pkcs8) {
  rfctls__buffer plain = {NULL, 0, 0, 0};
  rfctls_status status = put_version_1(der, &plain);
  EVP_PKEY *pkey = status == RFCTLS_OK ? decode(rfctls__buffer_bytes(&plain)) : NULL;
  if (status == RFCTLS_OK) {
    status =
        pkey != NULL ? rfctls__pkey_append(pkey, pkcs8) : fail_unread(rfctls__buffer_bytes(&plain));
  }
  EVP_PKEY_free(pkey);
  rfctls__buffer_wipe(&plain);
  return status;
}

rfctls_status rfctls__engine_read_key(rfctls__bytes encoded, const char *passphrase,
                                      rfctls__buffer *pkcs8) {
  rfctls__openssl_errors errors;
  rfctls__buffer der = {NULL, 0, 0, 0};
  rfctls_status status = RFCTLS_OK;
  int text = encoded.size > 0 && encoded.data[0] == '-';
  rfctls__openssl_begin(&errors);
  if (text) {
    status = rfctls__pem_decrypt(encoded, passphrase, &der);
    encoded = rfctls__buffer_bytes(&der);
  }
  if (status == RFCTLS_OK) {
    status = read_key(encoded, pkcs8);
  }
  rfctls__buffer_wipe(&der);
  rfctls__openssl_end(&errors);
  return status;
}

rfctls_status rfctls__engine_check_key(rfctls__bytes cert, rfctls__bytes pkcs8) {
  rfctls__openssl_errors errors;
  rfctls_status status;
  X509 *x509 = NULL;
  EVP_PKEY *pkey = NULL;
  rfctls__openssl_begin(&errors);
  status = rfctls__x509_parse(cert, &x509);
  if (status == RFCTLS_OK) {
    status = rfctls__pkey_parse(pkcs8, &pkey);
  }
  if (status == RFCTLS_OK && X509_check_private_key(x509, pkey) != 1) {
    status =
        rfctls__openssl_fail(RFCTLS_E_IDENTITY, "private key does not belong to the certificate");
  }
  EVP_PKEY_free(pkey);
  X509_free(x509);
  rfctls__openssl_end(&errors);
  return status;
}
