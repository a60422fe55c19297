/* Certificates by OpenSSL: see certificate.h. */
#include "openssl/certificate.h"

#include <openssl/x509v3.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "engine/operations.h"
#include "openssl/failure.h"
#include "x509/ip.h"

enum { DAY = 24 * 60 * 60 };

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

void rfctls__x509_free_all(STACK_OF(X509) *certs) {
  sk_X509_pop_free(certs, X509_free);
}

rfctls_status rfctls__x509_parse_all(const rfctls__bytes *ders, size_t count,
                                     STACK_OF(X509) **out) {
  rfctls_status status = RFCTLS_OK;
  STACK_OF(X509) *certs = sk_X509_new_null();
  if (certs == NULL) {
    return rfctls__fail_memory();
  }
  for (size_t i = 0; i < count && status == RFCTLS_OK; i++) {
    X509 *cert = NULL;
    status = rfctls__x509_parse(ders[i], &cert);
    if (status == RFCTLS_OK && sk_X509_push(certs, cert) == 0) {
      X509_free(cert);
      status = rfctls__fail_memory();
    }
  }
  if (status == RFCTLS_OK) {
    *out = certs;
  } else {
    rfctls__x509_free_all(certs);
  }
  return status;
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
    *c = (char)(*c >= 'A' && *c <= 'F' ? *c + ('a' - 'A') : *c);
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
    rfctls__description_release(&made);
  }
  return status;
}

rfctls_status rfctls__engine_describe(rfctls__bytes der, rfctls__description *description) {
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

int rfctls__engine_is_issuer(rfctls__bytes issuer, rfctls__bytes cert) {
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

/* ---- as bytes ---- */

rfctls_status rfctls__x509_append(X509 *x509, rfctls__buffer *out) {
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
  rfctls_status status = rfctls__x509_append(x509, &der);
  if (status == RFCTLS_OK) {
    bytes = rfctls__buffer_bytes(&der);
    status = rfctls__list_add(list, bytes.data, bytes.size);
  }
  rfctls__buffer_release(&der);
  return status;
}
