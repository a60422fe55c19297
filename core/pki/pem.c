/* PEM: finds blocks in a text and decodes them. Linear in the size of the text, and stricter inside
 * a block than outside: what is damaged is an error, never passed over. But text for people (RFC 7468
 * section 2) may speak of blocks: on a line that begins with "#", or where words stand before the begin of a
 * block and no end of it follows. */
#include <string.h>

#include "base/error.h"
#include "pki/pem.h"

static const char DASHES[] = "-----";
static const char BEGIN[] = "-----BEGIN ";
static const char END[] = "-----END ";

enum { DASHES_SIZE = 5, BEGIN_SIZE = 11, END_SIZE = 9, LABEL_LIMIT = 64, BAD_CHARACTER = 0xff };

static int starts_with(const uint8_t *at, const uint8_t *end, const char *what, size_t size) {
  return (size_t)(end - at) >= size && memcmp(at, what, size) == 0;
}

/* The first place at or behind `at` where what stands; end when there is none. */
static const uint8_t *find(const uint8_t *at, const uint8_t *end, const char *what, size_t size) {
  while ((size_t)(end - at) >= size) {
    at = memchr(at, what[0], (size_t)(end - at));
    if (at == NULL) {
      return end;
    }
    if (starts_with(at, end, what, size)) {
      return at;
    }
    at++;
  }
  return end;
}

static int is_label(rfctls__bytes label) {
  if (label.size == 0 || label.size > LABEL_LIMIT) {
    return 0;
  }
  for (size_t i = 0; i < label.size; i++) {
    if (label.data[i] < 0x20 || label.data[i] > 0x7e) {
      return 0;
    }
  }
  return 1;
}

size_t rfctls__pem_line(rfctls__bytes text, const uint8_t *at) {
  size_t line = 1;
  for (const uint8_t *p = text.data; p < at; p++) {
    line += *p == '\n';
  }
  return line;
}

/* How the line of a place begins, or what follows the last block on it; known by going forward. */
typedef struct line {
  const uint8_t *at;
  uint8_t first; /* octet that is neither a blank nor UTF-8's mark; 0: none */
} line;

static void go_to(line *here, const uint8_t *at) {
  for (; here->at < at; here->at++) {
    if (*here->at == '\n' || *here->at == '\r') {
      here->first = 0;
    } else if (here->first == 0 && strchr(" \t\xef\xbb\xbf", *here->at) == NULL) {
      here->first = *here->at;
    }
  }
}

/* The block that begins at begin; or what is wrong with it. */
static const char *take_block(rfctls__bytes text, const uint8_t *begin, rfctls__pem_block *block) {
  const uint8_t *end = text.data + text.size, *label = begin + BEGIN_SIZE;
  const uint8_t *label_end = find(label, end, DASHES, DASHES_SIZE), *last;
  size_t size = (size_t)(label_end - label);
  if (label_end == end || !is_label((rfctls__bytes){label, size})) {
    return "no label";
  }
  last = find(label_end + DASHES_SIZE, end, DASHES, DASHES_SIZE);
  if (!starts_with(last, end, END, END_SIZE) ||
      !starts_with(last + END_SIZE, end, (const char *)label, size + DASHES_SIZE)) {
    return "no end, or another one's";
  }
  last += END_SIZE + size + DASHES_SIZE;
  block->label = (rfctls__bytes){label, size};
  block->text = (rfctls__bytes){begin, (size_t)(last - begin)};
  return NULL;
}

rfctls_status rfctls__pem_next(rfctls__bytes text, size_t *offset, rfctls__pem_block *block) {
  const uint8_t *end, *at;
  *block = (rfctls__pem_block){{NULL, 0}, {NULL, 0}};
  if (*offset >= text.size) {
    return RFCTLS_OK;
  }
  end = text.data + text.size;
  at = text.data + *offset;
  line here = {at, 0};
  for (at = find(at, end, BEGIN, BEGIN_SIZE); at < end;
       at = find(at + BEGIN_SIZE, end, BEGIN, BEGIN_SIZE)) {
    go_to(&here, at);
    const char *problem = here.first != '#' ? take_block(text, at, block) : NULL;
    if (problem != NULL && here.first == 0) {
      return rfctls__fail(RFCTLS_E_PARSE, "PEM block on line %zu has %s",
                          rfctls__pem_line(text, at), problem);
    }
    if (block->text.size > 0) {
      *offset = (size_t)(at - text.data) + block->text.size;
      return RFCTLS_OK;
    }
  }
  *offset = text.size;
  return RFCTLS_OK;
}

/* ---- what a block holds ---- */

static const struct {
  const char *label;
  rfctls__pem_kind kind;
} labels[] = {
    {"CERTIFICATE", RFCTLS__PEM_CERT},
    {"X509 CERTIFICATE", RFCTLS__PEM_CERT},
    {"TRUSTED CERTIFICATE", RFCTLS__PEM_TRUSTED},
    {"PKCS7", RFCTLS__PEM_PKCS7},
    {"PKCS #7 SIGNED DATA", RFCTLS__PEM_PKCS7},
    {"CMS", RFCTLS__PEM_PKCS7},
    {"PRIVATE KEY", RFCTLS__PEM_KEY},
    {"ENCRYPTED PRIVATE KEY", RFCTLS__PEM_KEY},
    {"RSA PRIVATE KEY", RFCTLS__PEM_KEY},
    {"EC PRIVATE KEY", RFCTLS__PEM_KEY},
    {"X509 CRL", RFCTLS__PEM_CRL},
    {"PUBLIC KEY", RFCTLS__PEM_OTHER},
    {"RSA PUBLIC KEY", RFCTLS__PEM_OTHER},
    {"DSA PRIVATE KEY", RFCTLS__PEM_OTHER},
    {"OPENSSH PRIVATE KEY", RFCTLS__PEM_OTHER},
    {"EC PARAMETERS", RFCTLS__PEM_OTHER},
    {"DH PARAMETERS", RFCTLS__PEM_OTHER},
    {"X9.42 DH PARAMETERS", RFCTLS__PEM_OTHER},
    {"DSA PARAMETERS", RFCTLS__PEM_OTHER},
    {"CERTIFICATE REQUEST", RFCTLS__PEM_OTHER},
    {"NEW CERTIFICATE REQUEST", RFCTLS__PEM_OTHER},
    {"SSL SESSION PARAMETERS", RFCTLS__PEM_OTHER},
};

rfctls__pem_kind rfctls__pem_kind_of(const rfctls__pem_block *block) {
  for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
    if (block->label.size == strlen(labels[i].label) &&
        memcmp(block->label.data, labels[i].label, block->label.size) == 0) {
      return labels[i].kind;
    }
  }
  return RFCTLS__PEM_UNKNOWN;
}

rfctls_status rfctls__pem_find(rfctls__bytes text, size_t *offset, unsigned wanted,
                               rfctls__pem_block *block, rfctls__pem_kind *kind) {
  rfctls_status status;
  do {
    status = rfctls__pem_next(text, offset, block);
    if (status != RFCTLS_OK || block->text.size == 0) {
      return status;
    }
    *kind = rfctls__pem_kind_of(block);
    if (*kind == RFCTLS__PEM_UNKNOWN) {
      return rfctls__fail(RFCTLS_E_PARSE, "PEM block %.*s on line %zu is of no known kind",
                          (int)block->label.size, (const char *)block->label.data,
                          rfctls__pem_line(text, block->text.data));
    }
  } while ((*kind & wanted) == 0);
  return RFCTLS_OK;
}

/* ---- text or not ---- */

/* It begins with its mark, or has a 0 in each letter that ASCII has, too. */
static int is_utf16(rfctls__bytes data) {
  const uint8_t *at = data.data;
  return data.size >= 4 && ((at[0] == 0xff && at[1] == 0xfe) || (at[0] == 0xfe && at[1] == 0xff) ||
                            (at[0] != 0 && at[1] == 0 && at[2] != 0 && at[3] == 0) ||
                            (at[0] == 0 && at[1] != 0 && at[2] == 0 && at[3] != 0));
}

static int is_java(rfctls__bytes data) {
  return data.size >= 4 && (memcmp(data.data, "\xfe\xed\xfe\xed", 4) == 0 ||
                            memcmp(data.data, "\xce\xce\xce\xce", 4) == 0);
}

/* A C program may count the NUL that ends its text, or the whole of its buffer. */
static rfctls__bytes without_end(rfctls__bytes data) {
  while (data.size > 0 && data.data[data.size - 1] == 0) {
    data.size--;
  }
  return data;
}

static int is_text(rfctls__bytes data) {
  for (size_t i = 0; i < data.size; i++) {
    if (data.data[i] < '\t') {
      return 0;
    }
  }
  return 1;
}

rfctls_status rfctls__pem_tell(rfctls__bytes *data, int *text) {
  rfctls__bytes shorter = without_end(*data);
  if (is_utf16(*data)) {
    return rfctls__fail(RFCTLS_E_PARSE, "text is in UTF-16: save it as UTF-8");
  }
  if (is_java(*data)) {
    return rfctls__fail(
        RFCTLS_E_UNSUPPORTED,
        "a Java keystore (JKS or JCEKS), which only Java reads: turn it into PKCS#12 "
        "with keytool -importkeystore -deststoretype pkcs12");
  }
  *text = is_text(shorter);
  if (*text) {
    *data = shorter;
  } else if (find(data->data, data->data + data->size, BEGIN, BEGIN_SIZE) <
             data->data + data->size) {
    return rfctls__fail(RFCTLS_E_PARSE, "text has a NUL or another control character in it");
  }
  return RFCTLS_OK;
}

/* ---- base64, RFC 4648 section 4 ---- */

static uint8_t sextet(uint8_t c) {
  if (c >= 'A' && c <= 'Z') {
    return (uint8_t)(c - 'A');
  }
  if (c >= 'a' && c <= 'z') {
    return (uint8_t)(c - 'a' + 26);
  }
  if (c >= '0' && c <= '9') {
    return (uint8_t)(c - '0' + 52);
  }
  return c == '+' ? 62 : c == '/' ? 63 : BAD_CHARACTER;
}

static int is_space(uint8_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Writes at most three bytes for each four of text; answers 0 for anything but whole groups. */
static int decode(rfctls__bytes text, uint8_t *out, size_t *written) {
  uint32_t bits = 0;
  size_t digits = 0, pads = 0;
  uint8_t *const begin = out;
  for (size_t i = 0; i < text.size; i++) {
    uint8_t value = sextet(text.data[i]);
    if (is_space(text.data[i])) {
      continue;
    }
    if (text.data[i] == '=' && pads < 2) {
      pads++;
      continue;
    }
    if (value == BAD_CHARACTER || pads > 0) {
      return 0;
    }
    bits = bits << 6 | value;
    if (++digits % 4 != 1) { /* each digit but a group's first completes a byte */
      static const unsigned spare[] = {0, 0, 4, 2};
      *out++ = (uint8_t)(bits >> spare[digits % 4]);
    }
  }
  *written = (size_t)(out - begin);
  /* a padded group has spare bits, and they are zero */
  return (digits + pads) % 4 == 0 && (bits & (pads == 2 ? 15u : pads == 1 ? 3u : 0u)) == 0;
}

rfctls_status rfctls__pem_decode(const rfctls__pem_block *block, rfctls__buffer *out) {
  size_t head = BEGIN_SIZE + block->label.size + DASHES_SIZE;
  size_t tail = END_SIZE + block->label.size + DASHES_SIZE;
  rfctls__bytes body = {block->text.data + head, block->text.size - head - tail};
  uint8_t *room;
  size_t written = 0;
  rfctls_status status = rfctls__buffer_reserve(out, body.size / 4 * 3 + 3, &room);
  if (status != RFCTLS_OK) {
    return status;
  }
  if (!decode(body, room, &written) || written == 0) {
    return rfctls__fail(RFCTLS_E_PARSE, "PEM block %.*s is not base64", (int)block->label.size,
                        (const char *)block->label.data);
  }
  rfctls__buffer_commit(out, written);
  return RFCTLS_OK;
}

int rfctls__pem_has_headers(const rfctls__pem_block *block) {
  return memchr(block->text.data, ':', block->text.size) != NULL;
}
