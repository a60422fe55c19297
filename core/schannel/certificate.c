/* Certificates by their DER: see certificate.h. */
#include "schannel/certificate.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schannel/distinguished_name.h"
#include "x509/date.h"
#include "x509/ip.h"

/* The content of OIDs. */
#define OID_ALTERNATIVE_NAMES "\x55\x1d\x11"
#define OID_EXTENDED_USAGE "\x55\x1d\x25"
#define OID_ANY_USAGE "\x55\x1d\x25\x00"
#define OID_EC "\x2a\x86\x48\xce\x3d\x02\x01"

enum { TAG_DNS = RFCTLS__DER_TAGGED | 2, TAG_IP = RFCTLS__DER_TAGGED | 7 };

#define BYTES(text) ((rfctls__bytes)RFCTLS__OCTETS(text))

/* ---- reading ---- */

static int take_whole(rfctls__bytes *rest, int tag, rfctls__bytes *whole) {
  rfctls__bytes left = *rest;
  rfctls__der item;
  if (!rfctls__der_next(&left, &item) || item.tag != tag) {
    return 0;
  }
  *whole = item.whole;
  *rest = left;
  return 1;
}

static int take_validity(rfctls__bytes *rest, rfctls__x509 *out) {
  rfctls__bytes validity;
  return rfctls__der_take(rest, RFCTLS__DER_SEQUENCE, &validity) &&
         rfctls__der_next(&validity, &out->not_before) &&
         rfctls__der_next(&validity, &out->not_after) && validity.size == 0;
}

static int take_extensions(rfctls__bytes *rest, rfctls__x509 *out) {
  rfctls__bytes unused, explicit;
  (void)rfctls__der_take(rest, RFCTLS__DER_TAGGED | 1, &unused); /* unique identifiers */
  (void)rfctls__der_take(rest, RFCTLS__DER_TAGGED | 2, &unused);
  if (rfctls__der_take(rest, RFCTLS__DER_TAGGED | RFCTLS__DER_CONSTRUCTED | 3, &explicit)) {
    return rfctls__der_only(explicit, RFCTLS__DER_SEQUENCE, &out->extensions) && rest->size == 0;
  }
  return rest->size == 0;
}

static int take_signed(rfctls__bytes rest, rfctls__x509 *out) {
  rfctls__bytes version, algorithm;
  (void)rfctls__der_take(&rest, RFCTLS__DER_TAGGED | RFCTLS__DER_CONSTRUCTED | 0, &version);
  return rfctls__der_take(&rest, RFCTLS__DER_INTEGER, &out->serial) && out->serial.size > 0 &&
         rfctls__der_take(&rest, RFCTLS__DER_SEQUENCE, &algorithm) &&
         rfctls__der_take(&algorithm, RFCTLS__DER_OID, &out->signed_by) &&
         take_whole(&rest, RFCTLS__DER_SEQUENCE, &out->issuer) && take_validity(&rest, out) &&
         take_whole(&rest, RFCTLS__DER_SEQUENCE, &out->subject) &&
         take_whole(&rest, RFCTLS__DER_SEQUENCE, &out->public_key) && take_extensions(&rest, out);
}

rfctls_status rfctls__x509_read(rfctls__bytes der, rfctls__x509 *out) {
  rfctls__bytes rest, part, signature, algorithm;
  *out = (rfctls__x509){.serial = {NULL, 0}};
  if (!rfctls__der_take(&der, RFCTLS__DER_SEQUENCE, &rest) ||
      !rfctls__der_take(&rest, RFCTLS__DER_SEQUENCE, &part) || !take_signed(part, out) ||
      !rfctls__der_take(&rest, RFCTLS__DER_SEQUENCE, &algorithm) ||
      !rfctls__der_take(&rest, RFCTLS__DER_BITS, &signature) || rest.size > 0) {
    return rfctls__fail(RFCTLS_E_PARSE, "certificate cannot be read");
  }
  if (der.size > 0) {
    return rfctls__fail(RFCTLS_E_PARSE, "certificate is followed by other bytes");
  }
  return RFCTLS_OK;
}

/* ---- extensions ---- */

int rfctls__x509_extension(const rfctls__x509 *x509, rfctls__bytes oid, rfctls__bytes *content) {
  rfctls__bytes list = x509->extensions, extension, found, critical;
  while (rfctls__der_take(&list, RFCTLS__DER_SEQUENCE, &extension)) {
    if (rfctls__der_take(&extension, RFCTLS__DER_OID, &found) && rfctls__bytes_equal(found, oid)) {
      (void)rfctls__der_take(&extension, RFCTLS__DER_BOOLEAN, &critical);
      return rfctls__der_only(extension, RFCTLS__DER_OCTETS, content);
    }
  }
  return 0;
}

static rfctls_status list_name(const rfctls__der *name, rfctls__list *dns_names,
                               rfctls__list *ip_addresses) {
  size_t size = name->content.size;
  if (name->tag == TAG_DNS) {
    return rfctls__list_add(dns_names, name->content.data, size);
  }
  if (name->tag == TAG_IP && (size == RFCTLS__IPV4_SIZE || size == RFCTLS__IPV6_SIZE)) {
    return rfctls__list_add(ip_addresses, name->content.data, size);
  }
  return RFCTLS_OK;
}

static int are_whole(rfctls__bytes names) {
  rfctls__der name;
  while (names.size > 0 && rfctls__der_next(&names, &name)) {
  }
  return names.size == 0;
}

rfctls_status rfctls__x509_names(const rfctls__x509 *x509, rfctls__list *dns_names,
                                 rfctls__list *ip_addresses) {
  rfctls_status status = RFCTLS_OK;
  rfctls__bytes content, names;
  rfctls__der name;
  if (!rfctls__x509_extension(x509, BYTES(OID_ALTERNATIVE_NAMES), &content) ||
      !rfctls__der_only(content, RFCTLS__DER_SEQUENCE, &names) || !are_whole(names)) {
    return RFCTLS_OK;
  }
  while (status == RFCTLS_OK && rfctls__der_next(&names, &name)) {
    status = list_name(&name, dns_names, ip_addresses);
  }
  return status;
}

int rfctls__x509_allows(const rfctls__x509 *x509, rfctls__bytes usage) {
  rfctls__bytes content, list, oid;
  if (!rfctls__x509_extension(x509, BYTES(OID_EXTENDED_USAGE), &content)) {
    return 1;
  }
  if (!rfctls__der_only(content, RFCTLS__DER_SEQUENCE, &list)) {
    return 0;
  }
  while (rfctls__der_take(&list, RFCTLS__DER_OID, &oid)) {
    if (rfctls__bytes_equal(oid, usage) || RFCTLS__OID_IS(oid, OID_ANY_USAGE)) {
      return 1;
    }
  }
  return 0;
}

/* ---- describing ---- */

/* Two's complement, of which the text shows sign and magnitude: a byte of a negative number is inverted,
 * but for the zeros at the end, and negated before these. */
static uint8_t magnitude_at(rfctls__bytes serial, size_t at) {
  size_t next = at + 1;
  if (serial.data[0] < 0x80) {
    return serial.data[at];
  }
  while (next < serial.size && serial.data[next] == 0) {
    next++;
  }
  return (uint8_t)(~serial.data[at] + (next == serial.size));
}

static rfctls_status serial_text(rfctls__bytes serial, char **out) {
  size_t at = 0;
  char *end = rfctls__alloc(2 * serial.size + 2);
  if (end == NULL) {
    return rfctls__fail_memory();
  }
  *out = end;
  if (serial.data[0] >= 0x80) {
    *end++ = '-';
  }
  while (at + 1 < serial.size && magnitude_at(serial, at) == 0) {
    at++;
  }
  for (; at < serial.size; at++) {
    end += snprintf(end, 3, "%02x", magnitude_at(serial, at));
  }
  return RFCTLS_OK;
}

static rfctls_status describe(const rfctls__x509 *x509, rfctls__description *out) {
  rfctls__description made = {.subject = NULL};
  rfctls_status status = RFCTLS_OK;
  if (!rfctls__date_read(&x509->not_before, &made.not_before) ||
      !rfctls__date_read(&x509->not_after, &made.not_after)) {
    status = rfctls__fail(RFCTLS_E_PARSE, "a date in the certificate cannot be read");
  }
  if (status == RFCTLS_OK) {
    status = serial_text(x509->serial, &made.serial);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__x509_names(x509, &made.dns_names, &made.ip_addresses);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__dn_text(x509->subject, &made.subject);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__dn_text(x509->issuer, &made.issuer);
  }
  if (status == RFCTLS_OK) {
    *out = made;
  } else {
    rfctls__description_release(&made);
  }
  return status;
}

rfctls_status rfctls__engine_describe(rfctls__bytes der, rfctls__description *description) {
  rfctls__x509 x509;
  rfctls_status status = rfctls__x509_read(der, &x509);
  return status == RFCTLS_OK ? describe(&x509, description) : status;
}

int rfctls__engine_is_issuer(rfctls__bytes issuer, rfctls__bytes cert) {
  rfctls__x509 above, below;
  return rfctls__x509_read(issuer, &above) == RFCTLS_OK &&
         rfctls__x509_read(cert, &below) == RFCTLS_OK &&
         rfctls__bytes_equal(above.subject, below.issuer);
}
