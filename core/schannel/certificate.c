/* Certificates by their DER: see certificate.h. */
#include "schannel/certificate.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "x509/ip.h"

/* The content of OIDs. */
#define OID_COMMON_NAME "\x55\x04\x03"
#define OID_ORGANIZATION "\x55\x04\x0a"
#define OID_UNIT "\x55\x04\x0b"
#define OID_ALTERNATIVE_NAMES "\x55\x1d\x11"
#define OID_EXTENDED_USAGE "\x55\x1d\x25"
#define OID_ANY_USAGE "\x55\x1d\x25\x00"
#define OID_RSA "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define OID_EC "\x2a\x86\x48\xce\x3d\x02\x01"

enum { TAG_DNS = RFCTLS__DER_TAGGED | 2, TAG_IP = RFCTLS__DER_TAGGED | 7, STRONG_RSA_BITS = 2048 };

/* An initialiser. */
#define OCTETS(text) \
  { (const uint8_t *)(text), sizeof(text) - 1 }
#define BYTES(text) ((rfctls__bytes)OCTETS(text))

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

/* ---- strength ---- */

static size_t rsa_bits(rfctls__bytes key) {
  rfctls__bytes content, modulus;
  size_t bits;
  if (!rfctls__der_only(key, RFCTLS__DER_SEQUENCE, &content) ||
      !rfctls__der_take(&content, RFCTLS__DER_INTEGER, &modulus)) {
    return 0;
  }
  while (modulus.size > 0 && modulus.data[0] == 0) {
    modulus = (rfctls__bytes){modulus.data + 1, modulus.size - 1};
  }
  bits = 8 * modulus.size;
  for (uint8_t top = modulus.size > 0 ? modulus.data[0] : 0; top != 0 && top < 0x80; top <<= 1) {
    bits--;
  }
  return bits;
}

/* Of curves only P-192 is weaker, which no TLS has; other keys (Ed25519) have one strength. */
int rfctls__x509_key_is_strong(const rfctls__x509 *x509) {
  rfctls__bytes content, algorithm, oid, bits, key;
  if (!rfctls__der_only(x509->public_key, RFCTLS__DER_SEQUENCE, &content) ||
      !rfctls__der_take(&content, RFCTLS__DER_SEQUENCE, &algorithm) ||
      !rfctls__der_take(&algorithm, RFCTLS__DER_OID, &oid) ||
      !rfctls__der_only(content, RFCTLS__DER_BITS, &bits) || !rfctls__der_bits(bits, &key)) {
    return 0;
  }
  return !RFCTLS__OID_IS(oid, OID_RSA) || rsa_bits(key) >= STRONG_RSA_BITS;
}

int rfctls__x509_signature_is_strong(const rfctls__x509 *x509) {
  static const rfctls__bytes weak[] = {
      OCTETS("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02"), /* RSA with MD2   */
      OCTETS("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04"), /* RSA with MD5   */
      OCTETS("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"), /* RSA with SHA-1 */
      OCTETS("\x2b\x0e\x03\x02\x1d"),                 /* the same, of old */
      OCTETS("\x2a\x86\x48\xce\x38\x04\x03"),         /* DSA with SHA-1 */
      OCTETS("\x2a\x86\x48\xce\x3d\x04\x01"),         /* ECDSA with SHA-1 */
  };
  for (size_t i = 0; i < sizeof weak / sizeof *weak; i++) {
    if (rfctls__bytes_equal(x509->signed_by, weak[i])) {
      return 0;
    }
  }
  return 1;
}

/* ---- dates ---- */

static int digits(rfctls__bytes text, size_t at, size_t count, int *out) {
  *out = 0;
  for (size_t i = at; i < at + count; i++) {
    if (i >= text.size || text.data[i] < '0' || text.data[i] > '9') {
      return 0;
    }
    *out = *out * 10 + text.data[i] - '0';
  }
  return 1;
}

/* Days since 1970 of a day of the Gregorian calendar, which is the same every 400 years. */
static int64_t days_of(int year, int month, int day) {
  int64_t years = month > 2 ? year : year - 1, era = (years >= 0 ? years : years - 399) / 400;
  int64_t of_era = years - era * 400, of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year + day - 1 - 719468;
}

static int days_in(int year, int month) {
  static const int usual[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : usual[month - 1];
}

/* RFC 5280 section 4.1.2.5: to the second, in UTC. */
int rfctls__x509_seconds(const rfctls__der *date, int64_t *out) {
  rfctls__bytes text = date->content;
  size_t years = date->tag == RFCTLS__DER_UTC_TIME ? 2 : 4;
  int year, month, day, hour, minute, second;
  if ((date->tag != RFCTLS__DER_UTC_TIME && date->tag != RFCTLS__DER_TIME) ||
      text.size != years + 11 || text.data[text.size - 1] != 'Z' ||
      !digits(text, 0, years, &year) || !digits(text, years, 2, &month) ||
      !digits(text, years + 2, 2, &day) || !digits(text, years + 4, 2, &hour) ||
      !digits(text, years + 6, 2, &minute) || !digits(text, years + 8, 2, &second)) {
    return 0;
  }
  if (years == 2) {
    year += year < 50 ? 2000 : 1900;
  }
  if (month < 1 || month > 12 || day < 1 || day > days_in(year, month) || hour > 23 ||
      minute > 59 || second > 59) {
    return 0;
  }
  *out = ((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
  return 1;
}

/* ---- names, RFC 4514 ---- */

typedef struct attribute {
  rfctls__bytes oid;
  const char *name;
} attribute;

static const attribute attributes[] = {
    {OCTETS(OID_COMMON_NAME), "CN"},
    {OCTETS(OID_ORGANIZATION), "O"},
    {OCTETS(OID_UNIT), "OU"},
    {OCTETS("\x55\x04\x06"), "C"},
    {OCTETS("\x55\x04\x07"), "L"},
    {OCTETS("\x55\x04\x08"), "ST"},
    {OCTETS("\x55\x04\x09"), "street"},
    {OCTETS("\x55\x04\x04"), "SN"},
    {OCTETS("\x55\x04\x05"), "serialNumber"},
    {OCTETS("\x55\x04\x0c"), "title"},
    {OCTETS("\x55\x04\x2a"), "GN"},
    {OCTETS("\x55\x04\x0f"), "businessCategory"},
    {OCTETS("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"), "emailAddress"},
    {OCTETS("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"), "DC"},
    {OCTETS("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"), "UID"},
};

static const char *attribute_name(rfctls__bytes oid) {
  for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
    if (rfctls__bytes_equal(attributes[i].oid, oid)) {
      return attributes[i].name;
    }
  }
  return NULL;
}

static rfctls_status put_text(rfctls__buffer *out, const char *text) {
  return rfctls__buffer_append(out, text, strlen(text));
}

static rfctls_status put_utf8(rfctls__buffer *out, uint32_t c) {
  uint8_t bytes[4];
  size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
  for (size_t i = size; i-- > 1; c >>= 6) {
    bytes[i] = (uint8_t)(0x80 | (c & 0x3f));
  }
  bytes[0] = (uint8_t)(lead[size] | c);
  return rfctls__buffer_append(out, bytes, size);
}

/* How many bytes each character has in a string type: 0 for UTF-8; -1: it is no text. */
static int width_of(uint8_t tag) {
  switch (tag) {
  case RFCTLS__DER_UTF8: return 0;
  case 0x12: /* NumericString   */
  case 0x13: /* PrintableString */
  case 0x14: /* T61String, taken for Latin-1 as everybody does */
  case 0x16: /* IA5String       */
  case 0x1a: /* VisibleString   */ return 1;
  case 0x1e: /* BMPString       */ return 2;
  case 0x1c: /* UniversalString */ return 4;
  default: return -1;
  }
}

/* One character of UTF-8 (RFC 3629); 0: there is none. */
static size_t take_utf8(rfctls__bytes text, uint32_t *out) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  uint8_t first = text.data[0];
  size_t size = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  uint32_t c = size == 1 ? first : first & (0x7fu >> size);
  if (size == 0 || size > text.size || first > 0xf4) {
    return 0;
  }
  for (size_t i = 1; i < size; i++) {
    if ((text.data[i] & 0xc0) != 0x80) {
      return 0;
    }
    c = c << 6 | (text.data[i] & 0x3f);
  }
  *out = c;
  return c >= least[size] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff) ? size : 0;
}

/* The next character of a string type's content; 0: it is damaged. */
static int take_character(rfctls__bytes *text, int width, uint32_t *out) {
  size_t size = (size_t)width;
  if (width == 0) {
    size = take_utf8(*text, out);
  } else if (size <= text->size) {
    *out = 0;
    for (size_t i = 0; i < size; i++) {
      *out = *out << 8 | text->data[i];
    }
    if (*out > 0x10ffff || (*out >= 0xd800 && *out <= 0xdfff)) {
      size = 0;
    }
  } else {
    size = 0;
  }
  *text = (rfctls__bytes){text->data + size, text->size - size};
  return size > 0;
}

static rfctls_status put_escaped(rfctls__buffer *out, uint32_t c, int first, int last) {
  char text[5];
  if (c < ' ' || c == 0x7f) {
    (void)snprintf(text, sizeof text, "\\%02X", (unsigned)c);
    return put_text(out, text);
  }
  if (c < 0x80 && (strchr(",+\"\\<>;", (int)c) != NULL || (first && (c == '#' || c == ' ')) ||
                   (last && c == ' '))) {
    (void)snprintf(text, sizeof text, "\\%c", (char)c);
    return put_text(out, text);
  }
  return put_utf8(out, c);
}

static rfctls_status fail_name(void) {
  return rfctls__fail(RFCTLS_E_PARSE, "a name in the certificate cannot be read");
}

static rfctls_status put_string(rfctls__buffer *out, const rfctls__der *value) {
  rfctls__bytes text = value->content;
  int width = width_of(value->tag), first = 1;
  rfctls_status status = RFCTLS_OK;
  while (status == RFCTLS_OK && text.size > 0) {
    uint32_t c;
    if (!take_character(&text, width, &c)) {
      return fail_name();
    }
    status = put_escaped(out, c, first, text.size == 0);
    first = 0;
  }
  return status;
}

/* What has no text is told by its DER. */
static rfctls_status put_hexadecimal(rfctls__buffer *out, rfctls__bytes der) {
  rfctls_status status = put_text(out, "#");
  for (size_t i = 0; status == RFCTLS_OK && i < der.size; i++) {
    char text[3];
    (void)snprintf(text, sizeof text, "%02X", der.data[i]);
    status = put_text(out, text);
  }
  return status;
}

static rfctls_status put_arc(rfctls__buffer *out, uint64_t arc, int first) {
  char text[48];
  unsigned root = arc < 80 ? (unsigned)(arc / 40) : 2;
  if (first) {
    (void)snprintf(text, sizeof text, "%u.%llu", root, (unsigned long long)(arc - 40u * root));
  } else {
    (void)snprintf(text, sizeof text, ".%llu", (unsigned long long)arc);
  }
  return put_text(out, text);
}

rfctls_status rfctls__oid_text(rfctls__buffer *out, rfctls__bytes oid) {
  rfctls_status status = RFCTLS_OK;
  uint64_t arc = 0;
  int first = 1;
  for (size_t i = 0; status == RFCTLS_OK && i < oid.size; i++) {
    arc = arc << 7 | (oid.data[i] & 0x7f);
    if (oid.data[i] < 0x80) {
      status = put_arc(out, arc, first);
      first = 0;
      arc = 0;
    }
  }
  return status;
}

static rfctls_status put_attribute(rfctls__buffer *out, rfctls__bytes attribute_value) {
  rfctls__bytes oid;
  rfctls__der value;
  const char *name;
  rfctls_status status;
  if (!rfctls__der_take(&attribute_value, RFCTLS__DER_OID, &oid) ||
      !rfctls__der_next(&attribute_value, &value) || attribute_value.size > 0) {
    return fail_name();
  }
  name = attribute_name(oid);
  status = name != NULL ? put_text(out, name) : rfctls__oid_text(out, oid);
  if (status == RFCTLS_OK) {
    status = put_text(out, "=");
  }
  if (status != RFCTLS_OK) {
    return status;
  }
  return name != NULL && width_of(value.tag) >= 0 ? put_string(out, &value)
                                                  : put_hexadecimal(out, value.whole);
}

static rfctls_status put_relative(rfctls__buffer *out, rfctls__bytes set) {
  rfctls_status status = RFCTLS_OK;
  rfctls__bytes item;
  int first = 1;
  while (status == RFCTLS_OK && set.size > 0) {
    if (!rfctls__der_take(&set, RFCTLS__DER_SEQUENCE, &item)) {
      return fail_name();
    }
    status = first ? RFCTLS_OK : put_text(out, "+");
    if (status == RFCTLS_OK) {
      status = put_attribute(out, item);
    }
    first = 0;
  }
  return status;
}

/* The last part comes first: each is put before what there is. */
static rfctls_status put_name(rfctls__buffer *out, rfctls__bytes name) {
  rfctls__bytes list, set;
  rfctls__list parts = {NULL, 0};
  rfctls_status status = RFCTLS_OK;
  if (!rfctls__der_only(name, RFCTLS__DER_SEQUENCE, &list)) {
    return fail_name();
  }
  while (status == RFCTLS_OK && list.size > 0) {
    status = rfctls__der_take(&list, RFCTLS__DER_SET, &set)
                 ? rfctls__list_add(&parts, set.data, set.size)
                 : fail_name();
  }
  for (size_t i = parts.count; status == RFCTLS_OK && i-- > 0;) {
    status = put_relative(out, rfctls__list_at(&parts, i));
    if (status == RFCTLS_OK && i > 0) {
      status = put_text(out, ",");
    }
  }
  rfctls__list_release(&parts);
  return status;
}

/* ---- names, as a reader knows them ---- */

/* The first attribute of this kind, anywhere in the name; 0: none. */
static int find_attribute(rfctls__bytes name, rfctls__bytes wanted, rfctls__der *value) {
  rfctls__bytes list, set, item, oid;
  if (!rfctls__der_only(name, RFCTLS__DER_SEQUENCE, &list)) {
    return 0;
  }
  while (rfctls__der_take(&list, RFCTLS__DER_SET, &set)) {
    while (rfctls__der_take(&set, RFCTLS__DER_SEQUENCE, &item)) {
      if (rfctls__der_take(&item, RFCTLS__DER_OID, &oid) && rfctls__bytes_equal(oid, wanted) &&
          rfctls__der_next(&item, value)) {
        return width_of(value->tag) >= 0;
      }
    }
  }
  return 0;
}

/* They come from outside: what does not print becomes '?', what is too long is cut between characters. */
static void put_plain(char *out, size_t size, const rfctls__der *value) {
  rfctls__bytes text = value->content;
  rfctls__buffer made = {NULL, 0, 0, 0};
  uint32_t c;
  size_t kept = 0;
  out[0] = '\0';
  while (text.size > 0 && take_character(&text, width_of(value->tag), &c)) {
    rfctls__bytes whole;
    if (put_utf8(&made, c < ' ' || c == 0x7f ? '?' : c) != RFCTLS_OK) {
      break;
    }
    whole = rfctls__buffer_bytes(&made);
    if (whole.size >= size) {
      break;
    }
    memcpy(out, whole.data, whole.size);
    kept = whole.size;
  }
  out[kept] = '\0';
  rfctls__buffer_release(&made);
}

int rfctls__x509_put_name(char *out, size_t size, rfctls__bytes name) {
  static const rfctls__bytes telling[] = {OCTETS(OID_COMMON_NAME), OCTETS(OID_UNIT),
                                          OCTETS(OID_ORGANIZATION)};
  rfctls__der value;
  for (size_t i = 0; i < sizeof telling / sizeof *telling; i++) {
    if (find_attribute(name, telling[i], &value)) {
      put_plain(out, size, &value);
      return i == 0;
    }
  }
  (void)snprintf(out, size, "an unnamed subject");
  return 0;
}

/* ---- describing ---- */

static rfctls_status name_text(rfctls__bytes name, char **out) {
  rfctls__buffer text = {NULL, 0, 0, 0};
  rfctls__bytes made;
  rfctls_status status = put_name(&text, name);
  if (status == RFCTLS_OK) {
    made = rfctls__buffer_bytes(&text);
    *out = rfctls__strndup(made.size > 0 ? (const char *)made.data : "", made.size);
    status = *out != NULL ? RFCTLS_OK : rfctls__fail_memory();
  }
  rfctls__buffer_release(&text);
  return status;
}

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

static void forget(rfctls__description *made) {
  rfctls__free(made->subject);
  rfctls__free(made->issuer);
  rfctls__free(made->serial);
  rfctls__list_release(&made->dns_names);
  rfctls__list_release(&made->ip_addresses);
}

static rfctls_status describe(const rfctls__x509 *x509, rfctls__description *out) {
  rfctls__description made = {.subject = NULL};
  rfctls_status status = RFCTLS_OK;
  if (!rfctls__x509_seconds(&x509->not_before, &made.not_before) ||
      !rfctls__x509_seconds(&x509->not_after, &made.not_after)) {
    status = rfctls__fail(RFCTLS_E_PARSE, "a date in the certificate cannot be read");
  }
  if (status == RFCTLS_OK) {
    status = serial_text(x509->serial, &made.serial);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__x509_names(x509, &made.dns_names, &made.ip_addresses);
  }
  if (status == RFCTLS_OK) {
    status = name_text(x509->subject, &made.subject);
  }
  if (status == RFCTLS_OK) {
    status = name_text(x509->issuer, &made.issuer);
  }
  if (status == RFCTLS_OK) {
    *out = made;
  } else {
    forget(&made);
  }
  return status;
}

rfctls_status rfctls__schannel_describe(rfctls__bytes der, rfctls__description *description) {
  rfctls__x509 x509;
  rfctls_status status = rfctls__x509_read(der, &x509);
  return status == RFCTLS_OK ? describe(&x509, description) : status;
}

int rfctls__schannel_is_issuer(rfctls__bytes issuer, rfctls__bytes cert) {
  rfctls__x509 above, below;
  return rfctls__x509_read(issuer, &above) == RFCTLS_OK &&
         rfctls__x509_read(cert, &below) == RFCTLS_OK &&
         rfctls__bytes_equal(above.subject, below.issuer);
}
