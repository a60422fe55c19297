/* DER: see der.h. */
#include "x509/der.h"

#include <string.h>

enum { LONG_FORM = 0x80, LENGTH_OCTETS = 4, HEADER_LIMIT = 2 + LENGTH_OCTETS, HIGH_TAG = 0x1f };

/* ---- reading ---- */

/* The length behind a tag; *header counts tag and length. Only the shortest form is DER. */
static int read_length(rfctls__bytes data, size_t *header, size_t *length) {
  size_t octets;
  if (data.size < 2) {
    return 0;
  }
  if (data.data[1] < LONG_FORM) {
    *header = 2;
    *length = data.data[1];
    return 1;
  }
  octets = data.data[1] - (size_t)LONG_FORM;
  if (octets == 0 || octets > LENGTH_OCTETS || data.size < 2 + octets || data.data[2] == 0) {
    return 0;
  }
  *length = 0;
  for (size_t i = 0; i < octets; i++) {
    *length = *length << 8 | data.data[2 + i];
  }
  *header = 2 + octets;
  return *length >= LONG_FORM;
}

int rfctls__der_next(rfctls__bytes *rest, rfctls__der *out) {
  size_t header = 0, length = 0;
  if (!read_length(*rest, &header, &length) || length > rest->size - header ||
      (rest->data[0] & HIGH_TAG) == HIGH_TAG) {
    return 0;
  }
  out->tag = rest->data[0];
  out->content = (rfctls__bytes){rest->data + header, length};
  out->whole = (rfctls__bytes){rest->data, header + length};
  *rest = (rfctls__bytes){rest->data + header + length, rest->size - header - length};
  return 1;
}

int rfctls__der_take(rfctls__bytes *rest, int tag, rfctls__bytes *content) {
  rfctls__bytes left = *rest;
  rfctls__der item;
  if (!rfctls__der_next(&left, &item) || item.tag != tag) {
    return 0;
  }
  *content = item.content;
  *rest = left;
  return 1;
}

int rfctls__der_only(rfctls__bytes data, int tag, rfctls__bytes *content) {
  return rfctls__der_take(&data, tag, content) && data.size == 0;
}

int rfctls__der_bits(rfctls__bytes content, rfctls__bytes *out) {
  if (content.size == 0 || content.data[0] != 0) {
    return 0;
  }
  *out = (rfctls__bytes){content.data + 1, content.size - 1};
  return 1;
}

int rfctls__bytes_equal(rfctls__bytes a, rfctls__bytes b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* ---- writing ---- */

static size_t write_header(uint8_t header[HEADER_LIMIT], int tag, size_t length) {
  size_t octets = 0;
  header[0] = (uint8_t)tag;
  if (length < LONG_FORM) {
    header[1] = (uint8_t)length;
    return 2;
  }
  for (size_t left = length; left > 0; left >>= 8) {
    octets++;
  }
  header[1] = (uint8_t)(LONG_FORM | octets);
  for (size_t i = 0; i < octets; i++) {
    header[2 + i] = (uint8_t)(length >> (8 * (octets - 1 - i)));
  }
  return 2 + octets;
}

rfctls_status rfctls__der_put(rfctls__buffer *out, int tag, rfctls__bytes content) {
  size_t offset = rfctls__buffer_size(out);
  rfctls_status status = rfctls__buffer_append(out, content.data, content.size);
  return status == RFCTLS_OK ? rfctls__der_wrap(out, offset, tag) : status;
}

rfctls_status rfctls__der_put_number(rfctls__buffer *out, rfctls__bytes magnitude) {
  static const uint8_t zero = 0;
  size_t offset = rfctls__buffer_size(out);
  rfctls_status status = RFCTLS_OK;
  while (magnitude.size > 1 && magnitude.data[0] == 0) {
    magnitude = (rfctls__bytes){magnitude.data + 1, magnitude.size - 1};
  }
  if (magnitude.size == 0 || magnitude.data[0] >= 0x80) {
    status = rfctls__buffer_append(out, &zero, 1);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__buffer_append(out, magnitude.data, magnitude.size);
  }
  return status == RFCTLS_OK ? rfctls__der_wrap(out, offset, RFCTLS__DER_INTEGER) : status;
}

rfctls_status rfctls__der_wrap(rfctls__buffer *out, size_t offset, int tag) {
  uint8_t header[HEADER_LIMIT], *room;
  size_t length = rfctls__buffer_size(out) - offset;
  size_t size = write_header(header, tag, length);
  rfctls_status status = rfctls__buffer_reserve(out, size, &room);
  if (status != RFCTLS_OK) {
    return status;
  }
  memmove(room + size - length, room - length, length);
  memcpy(room - length, header, size);
  rfctls__buffer_commit(out, size);
  return RFCTLS_OK;
}

int rfctls__der_number(rfctls__bytes content, uint64_t limit, uint64_t *out) {
  *out = 0;
  for (size_t i = 0; i < content.size; i++) {
    *out = *out << 8 | content.data[i];
    if (*out > limit) {
      return 0;
    }
  }
  return *out > 0;
}
