/* Certificates by OpenSSL: see pki.h. */
#include "openssl/pki.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "openssl/failure.h"
#include "openssl/key.h"
#include "x509/der.h"
#include "x509/ip.h"

enum { DAY = 24 * 60 * 60, COMMON_NAME_LIMIT = 64, SERIAL_BITS = 127 };

rfctls_status rfctls__x509_parse(rfctls__bytes der, X509 **out) {
  const unsigned char *end = der.data;
  X509 *x509 = der.size <= LONG_MAX ? d2i_X509(NULL, &end, (long)der.size) : NULL;
  if (x509 == NULL) {
    return rfctls__openssl_fail(RFCTLS_E_PARSE, "certificate cannot be read");
  }
  if (end != der.data + der.size) {
    X509_free(x509);
    return rfctls__fail(RFCTLS_E_PARSE, "certificate is followed by other bytes");
  }
  *out = x509;
  return RFCTLS_OK;
}

/* ---- describing a certificate ---- */

/* RFC 4514 in UTF-8: control characters are escaped, NUL among them, others are not. */
static rfctls_status name_text(const X509_NAME *name, char **out) {
  static const unsigned long flags = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
  rfctls_status status;
  char *text = NULL;
  BIO *bio = BIO_new(BIO_s_mem());
  if (bio == NULL || X509_NAME_print_ex(bio, name, 0, flags) < 0) {
    status = rfctls__openssl_fail(RFCTLS_E_PARSE, "a name in the certificate cannot be read");
  } else {
    long size = BIO_get_mem_data(bio, &text);
    *out = rfctls__strndup(size > 0 ? text : "", (size_t)size);
    status = *out != NULL ? RFCTLS_OK : rfctls__fail_memory();
  }
  BIO_free(bio);
  return status;
}

int rfctls__unix_seconds(const ASN1_TIME *time, int64_t *out) {
  int days = 0, seconds = 0;
  ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
  int done = epoch != NULL && ASN1_TIME_diff(&days, &seconds, epoch, time) == 1;
  ASN1_TIME_free(epoch);
  *out = (int64_t)days * DAY + seconds;
  return done;
}

static rfctls_status list_dates(const X509 *x509, rfctls__description *made) {
  return rfctls__unix_seconds(X509_get0_notBefore(x509), &made->not_before) &&
                 rfctls__unix_seconds(X509_get0_notAfter(x509), &made->not_after)
             ? RFCTLS_OK
             : rfctls__openssl_fail(RFCTLS_E_PARSE, "a date in the certificate cannot be read");
}

static rfctls_status serial_text(const X509 *x509, char **out) {
  rfctls_status status = RFCTLS_OK;
  BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL);
  char *text = number != NULL ? BN_bn2hex(number) : NULL;
  if (text == NULL) {
    status = rfctls__openssl_fail(RFCTLS_E_PARSE, "the certificate's serial number cannot be read");
  } else {
    *out = rfctls__strdup(text);
    status = *out != NULL ? RFCTLS_OK : rfctls__fail_memory();
  }
  for (char *c = *out; status == RFCTLS_OK && *c != '\0'; c++) {
    *c = *c >= 'A' && *c <= 'F' ? (char)(*c + ('a' - 'A')) : *c;
  }
  OPENSSL_free(text);
  BN_free(number);
  return status;
}

/* An address of other than 4 or 16 bytes is none. */
static rfctls_status list_name(const GENERAL_NAME *name, rfctls__list *dns_names,
                               rfctls__list *ip_addresses) {
  int type;
  const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
  if (type == GEN_DNS) {
    return rfctls__list_add(dns_names, ASN1_STRING_get0_data(value),
                            (size_t)ASN1_STRING_length(value));
  }
  if (type == GEN_IPADD && (ASN1_STRING_length(value) == RFCTLS__IPV4_SIZE ||
                            ASN1_STRING_length(value) == RFCTLS__IPV6_SIZE)) {
    return rfctls__list_add(ip_addresses, ASN1_STRING_get0_data(value),
                            (size_t)ASN1_STRING_length(value));
  }
  return RFCTLS_OK;
}

rfctls_status rfctls__x509_names(const X509 *x509, rfctls__list *dns_names,
                                 rfctls__list *ip_addresses) {
  rfctls_status status = RFCTLS_OK;
  GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
  for (int i = 0; status == RFCTLS_OK && i < sk_GENERAL_NAME_num(names); i++) {
    status = list_name(sk_GENERAL_NAME_value(names, i), dns_names, ip_addresses);
  }
  GENERAL_NAMES_free(names);
  return status;
}

static void forget(rfctls__description *made) {
  rfctls__free(made->subject);
  rfctls__free(made->issuer);
  rfctls__free(made->serial);
  rfctls__list_release(&made->dns_names);
  rfctls__list_release(&made->ip_addresses);
}

static rfctls_status describe(const X509 *x509, rfctls__description *out) {
  rfctls__description made = {.subject = NULL};
  rfctls_status status = list_dates(x509, &made);
  if (status == RFCTLS_OK) {
    status = serial_text(x509, &made.serial);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__x509_names(x509, &made.dns_names, &made.ip_addresses);
  }
  if (status == RFCTLS_OK) {
    status = name_text(X509_get_subject_name(x509), &made.subject);
  }
  if (status == RFCTLS_OK) {
    status = name_text(X509_get_issuer_name(x509), &made.issuer);
  }
  if (status == RFCTLS_OK) {
    *out = made;
  } else {
    forget(&made);
  }
  return status;
}

rfctls_status rfctls__openssl_describe(rfctls__bytes der, rfctls__description *description) {
  rfctls__openssl_errors errors;
  rfctls_status status;
  X509 *x509 = NULL;
  rfctls__openssl_begin(&errors);
  status = rfctls__x509_parse(der, &x509);
  if (status == RFCTLS_OK) {
    status = describe(x509, description);
  }
  X509_free(x509);
  rfctls__openssl_end(&errors);
  return status;
}

/* ---- digests ---- */

rfctls_status rfctls__openssl_digest(rfctls__bytes data, uint8_t out[RFCTLS__DIGEST_SIZE]) {
  rfctls__openssl_errors errors;
  rfctls_status status = RFCTLS_OK;
  rfctls__openssl_begin(&errors);
  if (EVP_Digest(data.data, data.size, out, NULL, EVP_sha256(), NULL) != 1) {
    status = rfctls__openssl_fail(RFCTLS_E_INTERNAL, "no SHA-256 could be made");
  }
  rfctls__openssl_end(&errors);
  return status;
}

int rfctls__openssl_is_issuer(rfctls__bytes issuer, rfctls__bytes cert) {
  rfctls__openssl_errors errors;
  X509 *above = NULL, *below = NULL;
  int is;
  rfctls__openssl_begin(&errors);
  is = rfctls__x509_parse(issuer, &above) == RFCTLS_OK &&
       rfctls__x509_parse(cert, &below) == RFCTLS_OK &&
       X509_check_issued(above, below) == X509_V_OK;
  X509_free(above);
  X509_free(below);
  rfctls__openssl_end(&errors);
  return is;
}

/* ---- certificates as bytes ---- */

static rfctls_status append_der(X509 *x509, rfctls__buffer *out) {
  uint8_t *room;
  int size = i2d_X509(x509, NULL);
  rfctls_status status = size > 0 ? rfctls__buffer_reserve(out, (size_t)size, &room)
                                  : rfctls__openssl_fail(RFCTLS_E_PARSE, "certificate has no DER");
  if (status == RFCTLS_OK) {
    rfctls__buffer_commit(out, (size_t)i2d_X509(x509, &room));
  }
  return status;
}

rfctls_status rfctls__x509_list(X509 *x509, rfctls__list *list) {
  rfctls__buffer der = {NULL, 0, 0, 0};
  rfctls__bytes bytes;
  rfctls_status status = append_der(x509, &der);
  if (status == RFCTLS_OK) {
    bytes = rfctls__buffer_bytes(&der);
    status = rfctls__list_add(list, bytes.data, bytes.size);
  }
  rfctls__buffer_release(&der);
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
    status = append_der(x509, cert);
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

rfctls_status rfctls__openssl_make_identity(const char *name, rfctls__buffer *cert,
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
