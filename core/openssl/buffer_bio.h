/* The wire as OpenSSL sees it: a BIO that reads one of our buffers and writes another. */
#ifndef RFCTLS_OPENSSL_BUFFER_BIO_H
#define RFCTLS_OPENSSL_BUFFER_BIO_H

#include <openssl/bio.h>

#include "base/buffer.h"

/* The two ends of a BIO: set for the duration of one engine call, NULL between calls. */
typedef struct rfctls__wire {
  rfctls__buffer *in;
  rfctls__buffer *out;
} rfctls__wire;

/* The methods of such BIOs, one a context; NULL without memory. BIO_meth_free frees them, when no
 * BIO is left. */
BIO_METHOD *rfctls__wire_methods(void);
/* A BIO over wire, which outlives it; NULL without memory. */
BIO *rfctls__wire_bio(const BIO_METHOD *methods, rfctls__wire *wire);

#endif
