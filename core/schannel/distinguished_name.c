/* Distinguished names as text: see distinguished_name.h. */
#include "schannel/distinguished_name.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "x509/der.h"

#define OID_COMMON_NAME "\x55\x04\x03"
#define OID_ORGANIZATION "\x55\x04\x0a"
#define OID_UNIT "\x55\x04\x0b"

#define BYTES(text) ((rfctls__bytes)RFCTLS__OCTETS(text))

/* ---- names, RFC 4514 ---- */

typedef struct attribute {
  rfctls__bytes oid;
  const char *name;
} attribute;

static const attribute attributes[] = {
    {RFCTLS__OCTETS(OID_COMMON_NAME), "CN"},
    {RFCTLS__OCTETS(OID_ORGANIZATION), "O"},
    {RFCTLS__OCTETS(OID_UNIT), "OU"},
    {RFCTLS__OCTETS("\x55\x04\x06"), "C"},
    {RFCTLS__OCTETS("\x55\x04\x07"), "L"},
    {RFCTLS__OCTETS("\x55\x04\x08"), "ST"},
    {RFCTLS__OCTETS("\x55\x04\x09"), "street"},
    {RFCTLS__OCTETS("\x55\x04\x04"), "SN"},
    {RFCTLS__OCTETS("\x55\x04\x05"), "serialNumber"},
    {RFCTLS__OCTETS("\x55\x04\x0c"), "title"},
    {RFCTLS__OCTETS("\x55\x04\x2a"), "GN"},
    {RFCTLS__OCTETS("\x55\x04\x0f"), "businessCategory"},
    {RFCTLS__OCTETS("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"), "emailAddress"},
    {RFCTLS__OCTETS("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"), "DC"},
    {RFCTLS__OCTETS("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"), "UID"},
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

int rfctls__dn_put(char *out, size_t size, rfctls__bytes name) {
  static const rfctls__bytes telling[] = {RFCTLS__OCTETS(OID_COMMON_NAME), RFCTLS__OCTETS(OID_UNIT),
                                          RFCTLS__OCTETS(OID_ORGANIZATION)};
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

rfctls_status rfctls__dn_text(rfctls__bytes name, char **out) {
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
