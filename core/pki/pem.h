/* PEM: RFC 7468, and the encrypted keys of RFC 1421. */
#ifndef RFCTLS_PKI_PEM_H
#define RFCTLS_PKI_PEM_H

#include "base/buffer.h"

#if defined(__cplusplus)
extern "C" {
#endif

typedef struct rfctls__pem_block {
  rfctls__bytes label; /* "CERTIFICATE"                        */
  rfctls__bytes text;  /* from "-----BEGIN" to the last dash of "-----END …-----" */
} rfctls__pem_block;

/* Each one a bit, so that several can be wanted. */
typedef enum rfctls__pem_kind {
  RFCTLS__PEM_UNKNOWN = 0,
  RFCTLS__PEM_CERT = 1,
  RFCTLS__PEM_TRUSTED = 2, /* a certificate, and what OpenSSL's users trust it for */
  RFCTLS__PEM_PKCS7 = 4,
  RFCTLS__PEM_KEY = 8,
  RFCTLS__PEM_CRL = 16,
  RFCTLS__PEM_OTHER = 32 /* parameters, requests: nobody here wants it */
} rfctls__pem_kind;

/* Whether data is text: then data becomes that text without the NULs behind it. If not, it is
 * ASN.1, which has octets that no text has. E_PARSE: text of another encoding; E_UNSUPPORTED:
 * Java's own format. */
rfctls_status rfctls__pem_tell(rfctls__bytes *data, int *text);

/* The next block of text behind *offset, which moves past it; block->text.size is 0 when there is
 * none. E_PARSE: a block that has no end, or another one's. */
rfctls_status rfctls__pem_next(rfctls__bytes text, size_t *offset, rfctls__pem_block *block);
/* The next one of a kind in wanted. E_PARSE also for one of no known kind, which may be any of
 * them. */
rfctls_status rfctls__pem_find(rfctls__bytes text, size_t *offset, unsigned wanted,
                               rfctls__pem_block *block, rfctls__pem_kind *kind);
rfctls__pem_kind rfctls__pem_kind_of(const rfctls__pem_block *block);
/* Appends the decoded bytes. E_PARSE: not base64, or with headers. */
rfctls_status rfctls__pem_decode(const rfctls__pem_block *block, rfctls__buffer *out);
/* "Proc-Type: 4,ENCRYPTED" and the like. */
int rfctls__pem_has_headers(const rfctls__pem_block *block);
/* The line, counted from 1, on which a byte of text stands. */
size_t rfctls__pem_line(rfctls__bytes text, const uint8_t *at);

#if defined(__cplusplus)
}
#endif

#endif
