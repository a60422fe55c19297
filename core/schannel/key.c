/* Private keys by their DER: see key.h. */
#include "schannel/key.h"

#include <string.h>

#include "base/error.h"
#include "schannel/certificate.h"
#include "x509/der.h"

#define OID_RSA "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define OID_EC "\x2a\x86\x48\xce\x3d\x02\x01"

enum { EXPLICIT_0 = 0xa0, EXPLICIT_1 = 0xa1, RSA_NUMBERS = 8 };

static rfctls_status fail(void) {
  return rfctls__fail(RFCTLS_E_PARSE, "private key cannot be read");
}

/* ---- the forms ---- */

static int is_number(rfctls__bytes content, uint8_t wanted) {
  return content.size == 1 && content.data[0] == wanted;
}

/* RSAPrivateKey (RFC 8017 appendix A.1.2) of two primes: its numbers behind the version. */
static int read_rsa(rfctls__bytes der, rfctls__bytes numbers[RSA_NUMBERS]) {
  rfctls__bytes rest, version;
  if (!rfctls__der_only(der, RFCTLS__DER_SEQUENCE, &rest) ||
      !rfctls__der_take(&rest, RFCTLS__DER_INTEGER, &version) || !is_number(version, 0)) {
    return 0;
  }
  for (int i = 0; i < RSA_NUMBERS; i++) {
    if (!rfctls__der_take(&rest, RFCTLS__DER_INTEGER, &numbers[i]) || numbers[i].size == 0) {
      return 0;
    }
  }
  return rest.size == 0;
}

/* ECPrivateKey (RFC 5915 section 3). curve and point may be missing: then their size is 0. */
typedef struct ec_key {
  rfctls__bytes secret;
  rfctls__bytes curve; /* whole */
  rfctls__bytes point; /* the BIT STRING's content */
} ec_key;

static int read_ec(rfctls__bytes der, ec_key *out) {
  rfctls__bytes rest, version, explicit;
  *out = (ec_key){.secret = {NULL, 0}};
  if (!rfctls__der_only(der, RFCTLS__DER_SEQUENCE, &rest) ||
      !rfctls__der_take(&rest, RFCTLS__DER_INTEGER, &version) || !is_number(version, 1) ||
      !rfctls__der_take(&rest, RFCTLS__DER_OCTETS, &out->secret)) {
    return 0;
  }
  (void)rfctls__der_take(&rest, EXPLICIT_0, &out->curve);
  if (rfctls__der_take(&rest, EXPLICIT_1, &explicit) &&
      !rfctls__der_only(explicit, RFCTLS__DER_BITS, &out->point)) {
    return 0;
  }
  return rest.size == 0;
}

static int read_algorithm(rfctls__bytes content, rfctls__pkcs8 *out) {
  rfctls__bytes oid;
  if (!rfctls__der_take(&content, RFCTLS__DER_OID, &oid)) {
    return 0;
  }
  if (RFCTLS__OID_IS(oid, OID_RSA)) {
    out->kind = RFCTLS__KEY_RSA;
  } else if (RFCTLS__OID_IS(oid, OID_EC)) {
    out->kind = RFCTLS__KEY_EC;
    out->curve = content;
  }
  return 1;
}

static int is_whole(const rfctls__pkcs8 *key) {
  rfctls__bytes numbers[RSA_NUMBERS], content, rest = key->key;
  rfctls__der any;
  ec_key ec;
  switch (key->kind) {
  case RFCTLS__KEY_RSA: return read_rsa(key->key, numbers);
  case RFCTLS__KEY_EC:
    return rfctls__der_only(key->curve, RFCTLS__DER_OID, &content) && read_ec(key->key, &ec);
  case RFCTLS__KEY_OTHER: return rfctls__der_next(&rest, &any) && rest.size == 0;
  }
  return 0;
}

/* PrivateKeyInfo; of RFC 5958 it takes the public key behind it. */
static int read_pkcs8(rfctls__bytes der, rfctls__pkcs8 *out) {
  rfctls__bytes rest, version, unused;
  rfctls__der algorithm;
  *out = (rfctls__pkcs8){.kind = RFCTLS__KEY_OTHER};
  if (!rfctls__der_only(der, RFCTLS__DER_SEQUENCE, &rest) ||
      !rfctls__der_take(&rest, RFCTLS__DER_INTEGER, &version) ||
      !(is_number(version, 0) || is_number(version, 1)) || !rfctls__der_next(&rest, &algorithm) ||
      algorithm.tag != RFCTLS__DER_SEQUENCE || !read_algorithm(algorithm.content, out) ||
      !rfctls__der_take(&rest, RFCTLS__DER_OCTETS, &out->key)) {
    return 0;
  }
  out->algorithm = algorithm.whole;
  (void)rfctls__der_take(&rest, EXPLICIT_0, &unused);
  (void)rfctls__der_take(&rest, RFCTLS__DER_TAGGED | 1, &unused);
  return rest.size == 0 && is_whole(out);
}

rfctls_status rfctls__pkcs8_read(rfctls__bytes der, rfctls__pkcs8 *out) {
  return read_pkcs8(der, out) ? RFCTLS_OK : fail();
}

/* ---- writing ---- */

static rfctls_status put_algorithm(rfctls__buffer *out, rfctls__bytes oid,
                                   rfctls__bytes parameters) {
  size_t offset = rfctls__buffer_size(out);
  rfctls_status status = rfctls__der_put(out, RFCTLS__DER_OID, oid);
  if (status == RFCTLS_OK) {
    status = rfctls__buffer_append(out, parameters.data, parameters.size);
  }
  return status == RFCTLS_OK ? rfctls__der_wrap(out, offset, RFCTLS__DER_SEQUENCE) : status;
}

/* Without the curve, which the algorithm names already. */
static rfctls_status put_ec(rfctls__buffer *out, const ec_key *ec) {
  static const uint8_t one = 1;
  size_t offset = rfctls__buffer_size(out), point;
  rfctls_status status = rfctls__der_put_number(out, (rfctls__bytes){&one, 1});
  if (status == RFCTLS_OK) {
    status = rfctls__der_put(out, RFCTLS__DER_OCTETS, ec->secret);
  }
  point = rfctls__buffer_size(out);
  if (status == RFCTLS_OK && ec->point.size > 0) {
    status = rfctls__der_put(out, RFCTLS__DER_BITS, ec->point);
    status = status == RFCTLS_OK ? rfctls__der_wrap(out, point, EXPLICIT_1) : status;
  }
  return status == RFCTLS_OK ? rfctls__der_wrap(out, offset, RFCTLS__DER_SEQUENCE) : status;
}

/* The octets of the key, made of what is canonical in it. */
static rfctls_status put_inner(rfctls__buffer *out, const rfctls__pkcs8 *key) {
  size_t offset = rfctls__buffer_size(out);
  ec_key ec;
  rfctls_status status;
  if (key->kind == RFCTLS__KEY_EC && read_ec(key->key, &ec)) {
    status = put_ec(out, &ec);
  } else {
    status = rfctls__buffer_append(out, key->key.data, key->key.size);
  }
  return status == RFCTLS_OK ? rfctls__der_wrap(out, offset, RFCTLS__DER_OCTETS) : status;
}

static rfctls_status put_all(rfctls__buffer *out, const rfctls__pkcs8 *key) {
  size_t offset = rfctls__buffer_size(out);
  rfctls_status status = rfctls__der_put_number(out, (rfctls__bytes){NULL, 0});
  if (status == RFCTLS_OK) {
    status = rfctls__buffer_append(out, key->algorithm.data, key->algorithm.size);
  }
  if (status == RFCTLS_OK) {
    status = put_inner(out, key);
  }
  return status == RFCTLS_OK ? rfctls__der_wrap(out, offset, RFCTLS__DER_SEQUENCE) : status;
}

/* A secret was in out, whatever became of it. */
static rfctls_status put(rfctls__buffer *out, const rfctls__pkcs8 *key) {
  rfctls__buffer made = {NULL, 0, 0, 0};
  rfctls__bytes bytes;
  rfctls_status status = put_all(&made, key);
  if (status == RFCTLS_OK) {
    bytes = rfctls__buffer_bytes(&made);
    status = rfctls__buffer_append(out, bytes.data, bytes.size);
  }
  rfctls__buffer_wipe(&made);
  return status;
}

rfctls_status rfctls__pkcs8_put(rfctls__bytes der, rfctls__buffer *out) {
  rfctls__pkcs8 key;
  rfctls_status status = rfctls__pkcs8_read(der, &key);
  return status == RFCTLS_OK ? put(out, &key) : status;
}

/* ---- keys that have no algorithm beside them ---- */

static rfctls_status wrap(rfctls__bytes der, rfctls__key_kind kind, rfctls__bytes oid,
                          rfctls__bytes parameters, rfctls__buffer *out) {
  rfctls__buffer algorithm = {NULL, 0, 0, 0};
  rfctls__pkcs8 key = {.kind = kind, .curve = parameters, .key = der};
  rfctls_status status = put_algorithm(&algorithm, oid, parameters);
  if (status == RFCTLS_OK) {
    key.algorithm = rfctls__buffer_bytes(&algorithm);
    status = put(out, &key);
  }
  rfctls__buffer_release(&algorithm);
  return status;
}

static rfctls_status read_plain(rfctls__bytes der, rfctls__buffer *out) {
  static const uint8_t null[] = {RFCTLS__DER_NULL, 0};
  static const rfctls__bytes none = {null, sizeof null};
  static const rfctls__bytes rsa = {(const uint8_t *)OID_RSA, sizeof OID_RSA - 1};
  static const rfctls__bytes curves = {(const uint8_t *)OID_EC, sizeof OID_EC - 1};
  rfctls__bytes numbers[RSA_NUMBERS], oid;
  ec_key ec;
  if (read_rsa(der, numbers)) {
    return wrap(der, RFCTLS__KEY_RSA, rsa, none, out);
  }
  if (read_ec(der, &ec) && rfctls__der_only(ec.curve, RFCTLS__DER_OID, &oid)) {
    return wrap(der, RFCTLS__KEY_EC, curves, ec.curve, out);
  }
  return rfctls__pkcs8_put(der, out);
}

/* Text comes only with the headers of RFC 1421, whose encryption rests on MD5. */
rfctls_status rfctls__engine_read_key(rfctls__bytes encoded, const char *passphrase,
                                      rfctls__buffer *pkcs8) {
  if (encoded.size > 0 && encoded.data[0] == '-') {
    return rfctls__fail(
        RFCTLS_E_UNSUPPORTED,
        "private key is encrypted as RFC 1421 has it, which is not read on Windows");
  }
  (void)passphrase;
  return read_plain(encoded, pkcs8);
}

/* ---- whose key it is ---- */

/* SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7). */
typedef struct public_key {
  rfctls__bytes oid;
  rfctls__bytes parameters; /* whole */
  rfctls__bytes bits;       /* the BIT STRING's content */
} public_key;

static int read_public(rfctls__bytes der, public_key *out) {
  rfctls__bytes rest, algorithm;
  if (!rfctls__der_only(der, RFCTLS__DER_SEQUENCE, &rest) ||
      !rfctls__der_take(&rest, RFCTLS__DER_SEQUENCE, &algorithm) ||
      !rfctls__der_take(&algorithm, RFCTLS__DER_OID, &out->oid)) {
    return 0;
  }
  out->parameters = algorithm;
  return rfctls__der_only(rest, RFCTLS__DER_BITS, &out->bits);
}

static int is_rsa_pair(const public_key *public, const rfctls__pkcs8 *key) {
  rfctls__bytes numbers[RSA_NUMBERS], encoded, rest, modulus, exponent;
  return RFCTLS__OID_IS(public->oid, OID_RSA) && read_rsa(key->key, numbers) &&
         rfctls__der_bits(public->bits, &encoded) &&
         rfctls__der_only(encoded, RFCTLS__DER_SEQUENCE, &rest) &&
         rfctls__der_take(&rest, RFCTLS__DER_INTEGER, &modulus) &&
         rfctls__der_take(&rest, RFCTLS__DER_INTEGER, &exponent) &&
         rfctls__bytes_equal(modulus, numbers[0]) && rfctls__bytes_equal(exponent, numbers[1]);
}

static int is_ec_pair(const public_key *public, const rfctls__pkcs8 *key) {
  ec_key ec;
  return RFCTLS__OID_IS(public->oid, OID_EC) && read_ec(key->key, &ec) &&
         rfctls__bytes_equal(public->parameters, key->curve) &&
         rfctls__bytes_equal(public->bits, ec.point);
}

static int has_point(const rfctls__pkcs8 *key) {
  ec_key ec;
  return read_ec(key->key, &ec) && ec.point.size > 0;
}

static rfctls_status check_pair(const public_key *public, const rfctls__pkcs8 *key) {
  int fits = 0;
  switch (key->kind) {
  case RFCTLS__KEY_RSA: fits = is_rsa_pair(public, key); break;
  case RFCTLS__KEY_EC:
    if (!has_point(key)) {
      return rfctls__fail(RFCTLS_E_UNSUPPORTED, "private key holds no public one to compare");
    }
    fits = is_ec_pair(public, key);
    break;
  case RFCTLS__KEY_OTHER:
    return rfctls__fail(RFCTLS_E_UNSUPPORTED, "Windows takes RSA and EC keys only");
  }
  return fits ? RFCTLS_OK
              : rfctls__fail(RFCTLS_E_IDENTITY, "private key does not belong to the certificate");
}

rfctls_status rfctls__engine_check_key(rfctls__bytes cert, rfctls__bytes pkcs8) {
  rfctls__x509 x509;
  rfctls__pkcs8 key;
  public_key public;
  rfctls_status status = rfctls__x509_read(cert, &x509);
  if (status == RFCTLS_OK) {
    status = rfctls__pkcs8_read(pkcs8, &key);
  }
  if (status == RFCTLS_OK && !read_public(x509.public_key, &public)) {
    status = rfctls__fail(RFCTLS_E_PARSE, "the certificate's key cannot be read");
  }
  return status == RFCTLS_OK ? check_pair(&public, &key) : status;
}
