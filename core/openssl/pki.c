/* Digests, and throw-away identities, by OpenSSL. */
#include <limits.h>
#include <openssl/ec.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "engine/operations.h"
#include "openssl/certificate.h"
#include "openssl/failure.h"
#include "openssl/key.h"
#include "x509/ip.h"

enum { DAY = 24 * 60 * 60, COMMON_NAME_LIMIT = 64, SERIAL_BITS = 127 };

/* ---- digests ---- */

rfctls_status rfctls__engine_digest(rfctls__bytes data, uint8_t out[RFCTLS__DIGEST_SIZE]) {
  rfctls__openssl_errors errors;
  rfctls_status status = RFCTLS_OK;
  rfctls__openssl_begin(&errors);
  if (EVP_Digest(data.data, data.size, out, NULL, EVP_sha256(), NULL) != 1) {
    status = rfctls__openssl_fail(RFCTLS_E_INTERNAL, "no SHA-256 could be made");
  }
  rfctls__openssl_end(&errors);
  return status;
}

/* ---- a throw-away identity ---- */

static int set_serial(X509 *x509) {
  BIGNUM *serial = BN_new();
  int done = serial != NULL && BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
             BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x509)) != NULL;
  BN_free(serial);
  return done;
}

/* The subject is for people; what counts is the alternative name, which has no such limit. */
static int set_names(X509 *x509, const char *name) {
  const char *common = strlen(name) <= COMMON_NAME_LIMIT ? name : "throw-away identity";
  X509_NAME *subject = X509_NAME_new();
  int done = subject != NULL &&
             X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                        (const unsigned char *)common, -1, -1, 0) == 1 &&
             X509_set_subject_name(x509, subject) == 1 && X509_set_issuer_name(x509, subject) == 1;
  X509_NAME_free(subject);
  return done;
}

static int add_alternative_name(X509 *x509, const char *name, ASN1_OCTET_STRING *ip) {
  int done = 0;
  GENERAL_NAMES *names = GENERAL_NAMES_new();
  GENERAL_NAME *item = GENERAL_NAME_new();
  ASN1_STRING *value = ip != NULL ? ASN1_STRING_dup(ip) : ASN1_IA5STRING_new();
  if (names != NULL && item != NULL && value != NULL &&
      (ip != NULL || ASN1_STRING_set(value, name, -1) == 1) &&
      sk_GENERAL_NAME_push(names, item) > 0) {
    GENERAL_NAME_set0_value(item, ip != NULL ? GEN_IPADD : GEN_DNS, value);
    value = NULL;
    item = NULL;
    done = X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
  }
  ASN1_STRING_free(value);
  GENERAL_NAME_free(item);
  GENERAL_NAMES_free(names);
  return done;
}

static int add_usage(X509 *x509) {
  static const struct {
    int nid;
    const char *text;
  } usages[] = {{NID_basic_constraints, "critical,CA:FALSE"},
                {NID_key_usage, "critical,digitalSignature"},
                {NID_ext_key_usage, "serverAuth,clientAuth"}};
  int done = 1;
  for (size_t i = 0; done && i < sizeof usages / sizeof *usages; i++) {
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, usages[i].nid, usages[i].text);
    done = extension != NULL && X509_add_ext(x509, extension, -1) == 1;
    X509_EXTENSION_free(extension);
  }
  return done;
}

static int fill(X509 *x509, EVP_PKEY *pkey, const char *name, ASN1_OCTET_STRING *ip) {
  return X509_set_version(x509, X509_VERSION_3) == 1 && set_serial(x509) &&
         X509_time_adj_ex(X509_getm_notBefore(x509), -1, 0, NULL) != NULL &&
         X509_time_adj_ex(X509_getm_notAfter(x509), 29, 0, NULL) != NULL && set_names(x509, name) &&
         add_alternative_name(x509, name, ip) && add_usage(x509) &&
         X509_set_pubkey(x509, pkey) == 1 && X509_sign(x509, pkey, EVP_sha256()) > 0;
}

static rfctls_status make(const char *name, ASN1_OCTET_STRING *ip, rfctls__buffer *cert,
                          rfctls__buffer *pkcs8) {
  rfctls__buffer key = {NULL, 0, 0, 0};
  rfctls_status status;
  EVP_PKEY *pkey = EVP_EC_gen("P-256");
  X509 *x509 = X509_new();
  if (pkey == NULL || x509 == NULL || !fill(x509, pkey, name, ip)) {
    status = rfctls__openssl_fail(RFCTLS_E_INTERNAL, "no identity for \"%s\" could be made", name);
  } else {
    status = rfctls__pkey_append(pkey, &key);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__x509_append(x509, cert);
  }
  if (status == RFCTLS_OK) {
    *pkcs8 = key;
  } else {
    rfctls__buffer_wipe(&key);
  }
  X509_free(x509);
  EVP_PKEY_free(pkey);
  return status;
}

rfctls_status rfctls__engine_make_identity(const char *name, rfctls__buffer *cert,
                                           rfctls__buffer *pkcs8) {
  rfctls__openssl_errors errors;
  rfctls_status status;
  ASN1_OCTET_STRING *ip;
  rfctls__openssl_begin(&errors);
  ip = a2i_IPADDRESS(name);
  if (ip == NULL && strchr(name, ':') != NULL) {
    status =
        rfctls__fail(RFCTLS_E_ARGUMENT, "\"%s\" is neither a host name nor an IP address", name);
  } else {
    status = make(name, ip, cert, pkcs8);
  }
  ASN1_OCTET_STRING_free(ip);
  rfctls__openssl_end(&errors);
  return status;
}
