/* PKCS#12 (RFC 7292): certificates and keys under a passphrase, with names. Read here for all
 * engines, since they know less of it, or other things: OpenSSL asks for the code that guards the
 * whole where there is none, Windows leaves keys behind. */
#include "base/alloc.h"
#include "base/error.h"
#include "pki/bag.h"
#include "pki/pbe.h"
#include "pki/uses.h"
#include "x509/ber.h"

#define OID_DATA "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
#define OID_ENCRYPTED "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06"
#define OID_KEY_BAG "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01"
#define OID_SHROUDED_BAG "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02"
#define OID_CERT_BAG "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x03"
#define OID_NESTED "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x06"
#define OID_X509 "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01"
#define OID_ALIAS "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x14"
#define OID_LINK "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x15"
#define OID_JAVA_USES "\x60\x86\x48\x01\x86\xf9\x66\xad\xca\x7b\x01\x01"

enum { EXPLICIT_0 = 0xa0, IMPLICIT_0 = 0x80, BMP_STRING = 0x1e, DEPTH_LIMIT = 8 };

static const char WHAT[] = "PKCS#12";

static rfctls_status fail(void) {
  return rfctls__fail(RFCTLS_E_PARSE, "PKCS#12 cannot be read");
}

/* ---- what stands beside a certificate or a key ---- */

static size_t put_utf8(uint32_t c, char *out) {
  static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};
  size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (size_t i = size - 1; i > 0; i--) {
    out[i] = (char)(0x80 | (c & 0x3f));
    c >>= 6;
  }
  out[0] = (char)(first[size == 1 ? 0 : size] | c);
  return size;
}

/* UTF-16, big endian; NULL without memory. A half of a pair stands as it is: the name is only
 * compared. */
static char *utf8_of(rfctls__bytes text) {
  char *made = rfctls__alloc(text.size / 2 * 3 + 1), *at = made;
  for (size_t i = 0; made != NULL && i + 1 < text.size; i += 2) {
    uint32_t c = (uint32_t)text.data[i] << 8 | text.data[i + 1];
    if (c >= 0xd800 && c < 0xdc00 && i + 3 < text.size && (text.data[i + 2] & 0xfc) == 0xdc) {
      c = 0x10000 + ((c & 0x3ff) << 10) +
          (((uint32_t)text.data[i + 2] & 3) << 8 | text.data[i + 3]);
      i += 2;
    }
    at += put_utf8(c, at);
  }
  return made;
}

typedef struct attributes {
  rfctls__bytes alias;
  rfctls__bytes link;
  unsigned distrusted; /* what Java trusts it for leaves out */
} attributes;

/* A type, and a SET of values. Names are hints, which may be missing; others tell us nothing. */
static rfctls_status read_attribute(rfctls__bytes attribute, attributes *out) {
  rfctls__bytes oid, values;
  if (!rfctls__der_take(&attribute, RFCTLS__DER_OID, &oid) ||
      !rfctls__der_only(attribute, RFCTLS__DER_SET, &values)) {
    return fail();
  }
  if (RFCTLS__OID_IS(oid, OID_ALIAS)) {
    (void)rfctls__der_take(&values, BMP_STRING, &out->alias);
  } else if (RFCTLS__OID_IS(oid, OID_LINK)) {
    (void)rfctls__der_take(&values, RFCTLS__DER_OCTETS, &out->link);
  }
  return RFCTLS__OID_IS(oid, OID_JAVA_USES) ? rfctls__uses_listed(values, 0, &out->distrusted)
                                            : RFCTLS_OK;
}

static rfctls_status read_attributes(rfctls__bytes bag, attributes *out) {
  rfctls__bytes set = {NULL, 0}, attribute;
  rfctls_status status = RFCTLS_OK;
  *out = (attributes){{NULL, 0}, {NULL, 0}, 0};
  if (bag.size > 0 && !rfctls__der_only(bag, RFCTLS__DER_SET, &set)) {
    return fail();
  }
  while (status == RFCTLS_OK && set.size > 0) {
    status = rfctls__der_take(&set, RFCTLS__DER_SEQUENCE, &attribute)
                 ? read_attribute(attribute, out)
                 : fail();
  }
  return status;
}

static rfctls_status name_item(rfctls__bag_item *item, const attributes *beside) {
  if (beside->alias.data != NULL) {
    item->alias = utf8_of(beside->alias);
    if (item->alias == NULL) {
      return rfctls__fail_memory();
    }
  }
  return rfctls__buffer_append(&item->link, beside->link.data, beside->link.size);
}

/* ---- bags ---- */

static rfctls_status add_cert(rfctls__bytes value, const attributes *beside, rfctls__bag *out) {
  rfctls__bytes rest, oid, explicit, der;
  rfctls__bag_item *item;
  rfctls_status status;
  if (!rfctls__der_only(value, RFCTLS__DER_SEQUENCE, &rest) ||
      !rfctls__der_take(&rest, RFCTLS__DER_OID, &oid) ||
      !rfctls__der_only(rest, EXPLICIT_0, &explicit) ||
      !rfctls__der_only(explicit, RFCTLS__DER_OCTETS, &der)) {
    return fail();
  }
  if (!RFCTLS__OID_IS(oid, OID_X509)) {
    return rfctls__fail(RFCTLS_E_UNSUPPORTED, "PKCS#12 holds a certificate that is not X.509");
  }
  status = rfctls__bag_add_cert(out, der, beside->distrusted, &item);
  return status == RFCTLS_OK ? name_item(item, beside) : status;
}

static rfctls_status add_key(rfctls__bytes value, const attributes *beside, rfctls__bag *out) {
  rfctls__bag_item *item;
  rfctls_status status = rfctls__bag_add_key(out, value, &item);
  return status == RFCTLS_OK ? name_item(item, beside) : status;
}

static rfctls_status add_bags(rfctls__bytes safe, int depth, rfctls__bag *out);

/* What is neither certificate nor key (revocation lists, secrets) is nobody's identity or
 * anchor. */
static rfctls_status add_bag(rfctls__bytes bag, int depth, rfctls__bag *out) {
  rfctls__bytes oid, value;
  attributes beside;
  rfctls_status status;
  if (!rfctls__der_take(&bag, RFCTLS__DER_OID, &oid) ||
      !rfctls__der_take(&bag, EXPLICIT_0, &value)) {
    return fail();
  }
  status = read_attributes(bag, &beside);
  if (status != RFCTLS_OK) {
    return status;
  }
  if (RFCTLS__OID_IS(oid, OID_CERT_BAG)) {
    return add_cert(value, &beside, out);
  }
  if (RFCTLS__OID_IS(oid, OID_NESTED)) {
    return add_bags(value, depth + 1, out);
  }
  return RFCTLS__OID_IS(oid, OID_KEY_BAG) || RFCTLS__OID_IS(oid, OID_SHROUDED_BAG)
             ? add_key(value, &beside, out)
             : RFCTLS_OK;
}

static rfctls_status add_bags(rfctls__bytes safe, int depth, rfctls__bag *out) {
  rfctls__bytes bags, bag;
  rfctls_status status = RFCTLS_OK;
  if (depth > DEPTH_LIMIT || !rfctls__der_only(safe, RFCTLS__DER_SEQUENCE, &bags)) {
    return fail();
  }
  while (status == RFCTLS_OK && bags.size > 0) {
    status =
        rfctls__der_take(&bags, RFCTLS__DER_SEQUENCE, &bag) ? add_bag(bag, depth, out) : fail();
  }
  return status;
}

/* ---- safes ---- */

/* Encrypted content, which may come in pieces (X.690 section 8.7): those that a reader of DER has
 * left. */
static rfctls_status join(rfctls__bytes info, rfctls__buffer *out) {
  rfctls__bytes sealed, pieces, piece;
  rfctls_status status = RFCTLS_OK;
  if (rfctls__der_only(info, IMPLICIT_0, &sealed)) {
    return rfctls__buffer_append(out, sealed.data, sealed.size);
  }
  if (!rfctls__der_only(info, EXPLICIT_0, &pieces)) {
    return fail();
  }
  while (status == RFCTLS_OK && pieces.size > 0) {
    status = rfctls__der_take(&pieces, RFCTLS__DER_OCTETS, &piece)
                 ? rfctls__buffer_append(out, piece.data, piece.size)
                 : fail();
  }
  return status;
}

/* EncryptedData (RFC 5652 section 8) of data. */
static rfctls_status add_encrypted(rfctls__bytes value, rfctls__bag *out) {
  rfctls__bytes rest, skipped, info;
  rfctls__der algorithm;
  rfctls__buffer sealed = {NULL, 0, 0, 0}, plain = {NULL, 0, 0, 0};
  rfctls_status status;
  if (!rfctls__der_only(value, RFCTLS__DER_SEQUENCE, &rest) ||
      !rfctls__der_take(&rest, RFCTLS__DER_INTEGER, &skipped) ||
      !rfctls__der_take(&rest, RFCTLS__DER_SEQUENCE, &info) ||
      !rfctls__der_take(&info, RFCTLS__DER_OID, &skipped) || !rfctls__der_next(&info, &algorithm)) {
    return fail();
  }
  status = join(info, &sealed);
  if (status == RFCTLS_OK) {
    status = rfctls__pbe_open(WHAT, algorithm.whole, out->passphrase, rfctls__buffer_bytes(&sealed),
                              &plain);
  }
  if (status == RFCTLS_OK) {
    status = add_bags(rfctls__buffer_bytes(&plain), 0, out);
  }
  rfctls__buffer_wipe(&plain);
  rfctls__buffer_release(&sealed);
  return status;
}

static rfctls_status add_plain(rfctls__bytes octets, rfctls__bag *out) {
  rfctls__buffer safe = {NULL, 0, 0, 0};
  rfctls_status status = rfctls__ber_to_der(octets, &safe);
  status = status == RFCTLS_OK ? add_bags(rfctls__buffer_bytes(&safe), 0, out) : status;
  rfctls__buffer_wipe(&safe);
  return status;
}

static rfctls_status add_safe(rfctls__bytes info, rfctls__bag *out) {
  rfctls__bytes oid, value, octets;
  if (!rfctls__der_take(&info, RFCTLS__DER_OID, &oid) ||
      !rfctls__der_only(info, EXPLICIT_0, &value)) {
    return fail();
  }
  if (RFCTLS__OID_IS(oid, OID_ENCRYPTED)) {
    return add_encrypted(value, out);
  }
  if (!RFCTLS__OID_IS(oid, OID_DATA)) {
    return rfctls__fail(RFCTLS_E_UNSUPPORTED,
                        "PKCS#12 has a part that is protected by a public key");
  }
  return rfctls__der_only(value, RFCTLS__DER_OCTETS, &octets) ? add_plain(octets, out) : fail();
}

static rfctls_status add_safes(rfctls__bytes authentic, rfctls__bag *out) {
  rfctls__buffer der = {NULL, 0, 0, 0};
  rfctls__bytes safes = {NULL, 0}, info;
  rfctls_status status = rfctls__ber_to_der(authentic, &der);
  if (status == RFCTLS_OK &&
      !rfctls__der_only(rfctls__buffer_bytes(&der), RFCTLS__DER_SEQUENCE, &safes)) {
    status = fail();
  }
  while (status == RFCTLS_OK && safes.size > 0) {
    status = rfctls__der_take(&safes, RFCTLS__DER_SEQUENCE, &info) ? add_safe(info, out) : fail();
  }
  rfctls__buffer_wipe(&der);
  return status;
}

/* ---- the whole ---- */

static int read_iterations(rfctls__bytes number, uint64_t *out) {
  *out = 0;
  for (size_t i = 0; i < number.size; i++) {
    if (*out >> 32 != 0) {
      return 0;
    }
    *out = *out << 8 | number.data[i];
  }
  return *out > 0;
}

/* MacData (RFC 7292 section 4). */
static int read_mac(rfctls__bytes content, rfctls__mac *out) {
  rfctls__bytes info, number;
  rfctls__der algorithm;
  out->iterations = 1;
  if (!rfctls__der_take(&content, RFCTLS__DER_SEQUENCE, &info) ||
      !rfctls__der_next(&info, &algorithm) ||
      !rfctls__der_only(info, RFCTLS__DER_OCTETS, &out->digest) ||
      !rfctls__der_take(&content, RFCTLS__DER_OCTETS, &out->salt)) {
    return 0;
  }
  out->algorithm = algorithm.whole;
  return content.size == 0 || (rfctls__der_only(content, RFCTLS__DER_INTEGER, &number) &&
                               read_iterations(number, &out->iterations));
}

/* Without such a code only what is decrypted shows whether the passphrase is right. */
static rfctls_status check(rfctls__bytes mac_data, const char *passphrase, rfctls__bytes data) {
  rfctls__bytes content;
  rfctls__mac mac;
  if (mac_data.size == 0) {
    return RFCTLS_OK;
  }
  if (!rfctls__der_only(mac_data, RFCTLS__DER_SEQUENCE, &content) || !read_mac(content, &mac)) {
    return fail();
  }
  return rfctls__pbe_check(WHAT, &mac, passphrase, data);
}

rfctls_status rfctls__pkcs12_read(rfctls__bytes der, rfctls__bag *bag) {
  rfctls__bytes rest, version, info, oid, explicit, authentic;
  rfctls_status status;
  if (!rfctls__der_only(der, RFCTLS__DER_SEQUENCE, &rest) ||
      !rfctls__der_take(&rest, RFCTLS__DER_INTEGER, &version) ||
      !rfctls__der_take(&rest, RFCTLS__DER_SEQUENCE, &info) ||
      !rfctls__der_take(&info, RFCTLS__DER_OID, &oid)) {
    return fail();
  }
  if (!RFCTLS__OID_IS(oid, OID_DATA)) {
    return rfctls__fail(RFCTLS_E_UNSUPPORTED,
                        "PKCS#12 is signed instead of guarded by a passphrase");
  }
  if (!rfctls__der_only(info, EXPLICIT_0, &explicit) ||
      !rfctls__der_only(explicit, RFCTLS__DER_OCTETS, &authentic)) {
    return fail();
  }
  bag->unordered = 1;
  status = check(rest, bag->passphrase, authentic);
  return status == RFCTLS_OK ? add_safes(authentic, bag) : status;
}
