/* BER made DER: see ber.h. */
#include "x509/ber.h"

#include "base/error.h"

enum {
  LONG_FORM = 0x80, /* alone: the length is indefinite */
  HIGH_TAG = 0x1f,
  STRING_IN_PIECES = RFCTLS__DER_OCTETS | RFCTLS__DER_CONSTRUCTED,
  DEPTH_LIMIT = 32
};

typedef struct header {
  uint8_t tag;
  int indefinite; /* then size is 0 */
  size_t size;
} header;

static rfctls_status fail(void) {
  return rfctls__fail(RFCTLS_E_PARSE, "not whole in ASN.1");
}

static void skip(rfctls__bytes *rest, size_t size) {
  *rest = (rfctls__bytes){rest->data + size, rest->size - size};
}

/* Takes tag and length off the head of rest. 0: they are not whole, or more is announced than
 * there is. */
static int take_header(rfctls__bytes *rest, header *out) {
  size_t octets;
  if (rest->size < 2 || (rest->data[0] & HIGH_TAG) == HIGH_TAG) {
    return 0;
  }
  *out = (header){rest->data[0], rest->data[1] == LONG_FORM, rest->data[1]};
  octets = out->size & LONG_FORM ? out->size - LONG_FORM : 0;
  skip(rest, 2);
  if (octets > rest->size || octets > sizeof(size_t)) {
    return 0;
  }
  if (octets > 0 || out->indefinite) {
    out->size = 0;
  }
  for (size_t i = 0; i < octets; i++) {
    out->size = out->size << 8 | rest->data[i];
  }
  skip(rest, octets);
  return out->size <= rest->size && (!out->indefinite || (out->tag & RFCTLS__DER_CONSTRUCTED) != 0);
}

static int is_end(rfctls__bytes rest) {
  return rest.size >= 2 && rest.data[0] == 0 && rest.data[1] == 0;
}

static rfctls_status copy(rfctls__bytes *rest, int depth, int piece, rfctls__buffer *out);

/* What stands in a constructed element; moves rest behind it. */
static rfctls_status copy_parts(rfctls__bytes *rest, const header *head, int depth,
                                rfctls__buffer *out) {
  rfctls_status status = RFCTLS_OK;
  rfctls__bytes inside = {rest->data, head->size};
  rfctls__bytes *from = head->indefinite ? rest : &inside;
  int pieces = head->tag == STRING_IN_PIECES;
  while (status == RFCTLS_OK && (head->indefinite ? !is_end(*rest) : inside.size > 0)) {
    status = copy(from, depth + 1, pieces, out);
  }
  if (status == RFCTLS_OK) {
    skip(rest, head->indefinite ? 2 : head->size);
  }
  return status;
}

/* One element off the head of rest; of a piece of a string only the content. */
static rfctls_status copy(rfctls__bytes *rest, int depth, int piece, rfctls__buffer *out) {
  size_t offset = rfctls__buffer_size(out);
  header head;
  rfctls_status status;
  if (depth > DEPTH_LIMIT || !take_header(rest, &head) ||
      (piece && (head.tag & ~RFCTLS__DER_CONSTRUCTED) != RFCTLS__DER_OCTETS)) {
    return fail();
  }
  if ((head.tag & RFCTLS__DER_CONSTRUCTED) == 0) {
    status = rfctls__buffer_append(out, rest->data, head.size);
    skip(rest, head.size);
  } else {
    status = copy_parts(rest, &head, depth, out);
  }
  if (status != RFCTLS_OK || piece) {
    return status;
  }
  return rfctls__der_wrap(out, offset,
                          head.tag == STRING_IN_PIECES ? RFCTLS__DER_OCTETS : head.tag);
}

rfctls_status rfctls__ber_to_der(rfctls__bytes ber, rfctls__buffer *out) {
  uint8_t *room;
  /* a definite length may take an octet more than an indefinite one and its end */
  rfctls_status status = rfctls__buffer_reserve(out, ber.size + ber.size / 1024 + 64, &room);
  if (status == RFCTLS_OK) {
    status = copy(&ber, 0, 0, out);
  }
  return status == RFCTLS_OK && ber.size > 0 ? fail() : status;
}
