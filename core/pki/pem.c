/* PEM: finds blocks in a text and decodes them. Linear in the size of the text, and stricter inside
 * a block than outside: what is damaged is an error, never passed over. */
#include <string.h>

#include "base/error.h"
#include "pki/pki.h"

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

rfctls_status rfctls__pem_next(rfctls__bytes text, size_t *offset, rfctls__pem_block *block) {
  const uint8_t *end, *begin, *label, *label_end, *last;
  size_t size;
  *block = (rfctls__pem_block){{NULL, 0}, {NULL, 0}};
  if (*offset >= text.size) {
    return RFCTLS_OK;
  }
  end = text.data + text.size;
  begin = find(text.data + *offset, end, BEGIN, BEGIN_SIZE);
  if (begin == end) {
    *offset = text.size;
    return RFCTLS_OK;
  }
  label = begin + BEGIN_SIZE;
  label_end = find(label, end, DASHES, DASHES_SIZE);
  size = (size_t)(label_end - label);
  if (label_end == end || !is_label((rfctls__bytes){label, size})) {
    return rfctls__fail(RFCTLS_E_PARSE, "PEM block on line %zu has no label",
                        rfctls__pem_line(text, begin));
  }
  last = find(label_end + DASHES_SIZE, end, DASHES, DASHES_SIZE);
  if (!starts_with(last, end, END, END_SIZE) ||
      !starts_with(last + END_SIZE, end, (const char *)label, size + DASHES_SIZE)) {
    return rfctls__fail(RFCTLS_E_PARSE, "PEM block on line %zu has no end, or another one's",
                        rfctls__pem_line(text, begin));
  }
  last += END_SIZE + size + DASHES_SIZE;
  block->label = (rfctls__bytes){label, size};
  block->text = (rfctls__bytes){begin, (size_t)(last - begin)};
  *offset = (size_t)(last - text.data);
  return RFCTLS_OK;
}

rfctls_status rfctls__pem_find(rfctls__bytes text, size_t *offset,
                               int (*wanted)(const rfctls__pem_block *block),
                               rfctls__pem_block *block) {
  rfctls_status status;
  do {
    status = rfctls__pem_next(text, offset, block);
  } while (status == RFCTLS_OK && block->text.size > 0 && !wanted(block));
  return status;
}

int rfctls__pem_label_is(const rfctls__pem_block *block, const char *label) {
  return block->label.size == strlen(label) &&
         memcmp(block->label.data, label, block->label.size) == 0;
}

int rfctls__pem_is_certificate(const rfctls__pem_block *block) {
  return rfctls__pem_label_is(block, "CERTIFICATE");
}

int rfctls__pem_is_key(const rfctls__pem_block *block) {
  static const char *const labels[] = {"PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY",
                                       "EC PRIVATE KEY"};
  for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
    if (rfctls__pem_label_is(block, labels[i])) {
      return 1;
    }
  }
  return 0;
}

int rfctls__pem_is_text(rfctls__bytes data) {
  for (size_t i = 0; i < data.size; i++) {
    if (data.data[i] < '\t') {
      return 0;
    }
  }
  return 1;
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
