/* DER (ITU-T X.690), as certificates and keys are written in: a strict reader that owns nothing, and
 * a writer. Tags of one byte and definite lengths in their shortest form are all that DER needs here. */
#ifndef RFCTLS_X509_DER_H
#define RFCTLS_X509_DER_H

#include "base/buffer.h"

#if defined(__cplusplus)
extern "C" {
#endif

enum {
  RFCTLS__DER_BOOLEAN = 0x01,
  RFCTLS__DER_INTEGER = 0x02,
  RFCTLS__DER_BITS = 0x03,
  RFCTLS__DER_OCTETS = 0x04,
  RFCTLS__DER_NULL = 0x05,
  RFCTLS__DER_OID = 0x06,
  RFCTLS__DER_UTF8 = 0x0c,
  RFCTLS__DER_UTC_TIME = 0x17,
  RFCTLS__DER_TIME = 0x18,
  RFCTLS__DER_SEQUENCE = 0x30,
  RFCTLS__DER_SET = 0x31,
  RFCTLS__DER_TAGGED = 0x80, /* context-specific, plus its number  */
  RFCTLS__DER_CONSTRUCTED = 0x20
};

typedef struct rfctls__der {
  uint8_t tag;
  rfctls__bytes content;
  rfctls__bytes whole; /* tag and length, too */
} rfctls__der;

/* Takes the next element off the head of rest. 0: there is none that is whole; rest stays. */
int rfctls__der_next(rfctls__bytes *rest, rfctls__der *out);
/* The next one, if it has this tag: 0 otherwise, and rest stays. */
int rfctls__der_take(rfctls__bytes *rest, int tag, rfctls__bytes *content);
/* The one element that data is, without a byte behind it. */
int rfctls__der_only(rfctls__bytes data, int tag, rfctls__bytes *content);
/* The whole bytes of a BIT STRING; 0 if it has others. */
int rfctls__der_bits(rfctls__bytes content, rfctls__bytes *out);
/* An INTEGER's content as a number from 1 to limit; 0: it is none. */
int rfctls__der_number(rfctls__bytes content, uint64_t limit, uint64_t *out);
int rfctls__bytes_equal(rfctls__bytes a, rfctls__bytes b);
/* The bytes of a text, as an initialiser. */
#define RFCTLS__OCTETS(text) \
  { (const uint8_t *)(text), sizeof(text) - 1 }
/* Whether an OID's content is the one that text (of size bytes) is. */
#define RFCTLS__OID_IS(oid, text) \
  rfctls__bytes_equal(oid, (rfctls__bytes){(const uint8_t *)(text), sizeof(text) - 1})

/* Appends one element. E_MEMORY. */
rfctls_status rfctls__der_put(rfctls__buffer *out, int tag, rfctls__bytes content);
/* Appends an INTEGER that is not negative, from its big-endian bytes. */
rfctls_status rfctls__der_put_number(rfctls__buffer *out, rfctls__bytes magnitude);
/* Makes one element of all that stands in out behind offset. */
rfctls_status rfctls__der_wrap(rfctls__buffer *out, size_t offset, int tag);

#if defined(__cplusplus)
}
#endif

#endif
