/* What the TLS layer sees of certificates and keys: their bytes. Holders are immutable. */
#ifndef RFCTLS_PKI_PKI_H
#define RFCTLS_PKI_PKI_H

#include "base/buffer.h"
#include "base/match.h"
#include "engine/engine.h"
#include "rfctls/cert.h"
#include "rfctls/chain.h"
#include "rfctls/key.h"

#if defined(__cplusplus)
extern "C" {
#endif

rfctls__bytes rfctls__cert_bytes(const rfctls_cert *cert);
rfctls__bytes rfctls__key_bytes(const rfctls_key *key); /* PKCS#8 */

/* From what an engine answered; takes copies. */
rfctls_status rfctls__chain_from_list(const rfctls__list *list, rfctls_chain **out);
/* From now on rfctls_chain_add answers E_STATE. */
void rfctls__chain_freeze(rfctls_chain *chain);

/* The view of a chain and its key that an engine takes: *views is an array of the chain's DER, to be
 * rfctls__free'd; identity borrows from all three. E_IDENTITY: the chain is empty, or the key is not
 * its leaf's. Freezes the chain. */
rfctls_status rfctls__identity_view(rfctls_chain *chain, const rfctls_key *key,
                                    rfctls__bytes **views, rfctls__identity *identity);

/* ---- PEM (RFC 7468, and the encrypted keys of RFC 1421) ---- */

typedef struct rfctls__pem_block {
  rfctls__bytes label; /* "CERTIFICATE"                        */
  rfctls__bytes text;  /* from "-----BEGIN" to the last dash of "-----END …-----" */
} rfctls__pem_block;

/* The next block of text behind *offset, which moves past it; block->text.size is 0 when there is
 * none. E_PARSE: a block that has no end, or another one's. */
rfctls_status rfctls__pem_next(rfctls__bytes text, size_t *offset, rfctls__pem_block *block);
/* The next one for which wanted answers 1. */
rfctls_status rfctls__pem_find(rfctls__bytes text, size_t *offset,
                               int (*wanted)(const rfctls__pem_block *block),
                               rfctls__pem_block *block);
int rfctls__pem_label_is(const rfctls__pem_block *block, const char *label);
int rfctls__pem_is_certificate(const rfctls__pem_block *block);
/* "PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY". */
int rfctls__pem_is_key(const rfctls__pem_block *block);
/* Appends the decoded bytes. E_PARSE: not base64, or with headers. */
rfctls_status rfctls__pem_decode(const rfctls__pem_block *block, rfctls__buffer *out);
/* "Proc-Type: 4,ENCRYPTED" and the like. */
int rfctls__pem_has_headers(const rfctls__pem_block *block);
/* 1 for what may be PEM, 0 for DER: that of a certificate, a key or a PKCS#12 begins with octets
 * that no text has. */
int rfctls__pem_is_text(rfctls__bytes data);
/* The line, counted from 1, on which a byte of text stands. */
size_t rfctls__pem_line(rfctls__bytes text, const uint8_t *at);

/* ---- what the files of this folder share ---- */

/* Bytes as a caller gave them: E_ARGUMENT for NULL with a size; NULL and 0 are no bytes. */
rfctls_status rfctls__bytes_given(const void *data, size_t size, rfctls__bytes *out);

/* The makers behind the public ones; they leave the error record's origin alone. */
rfctls_status rfctls__cert_new(rfctls__bytes der, rfctls_cert **out);
rfctls_status rfctls__cert_from_block(const rfctls__pem_block *block, rfctls_cert **out);
rfctls_status rfctls__chain_new(rfctls_chain **out);
/* As rfctls_chain_from_file, within a public call. */
rfctls_status rfctls__chain_from_file(const char *path, rfctls_chain **out);
/* Every certificate of a text; the chain is empty when there is none. */
rfctls_status rfctls__chain_from_text(rfctls__bytes text, rfctls_chain **out);
/* Appends every revocation list of the content, PEM or DER; the list is to be empty. E_PARSE: one cannot
 * be read, or there is none; E_UNSUPPORTED. */
rfctls_status rfctls__crls_from(rfctls__bytes content, rfctls__list *list);
/* Takes the bytes out of pkcs8; after a failure they are still there. */
rfctls_status rfctls__key_new(rfctls__buffer *pkcs8, rfctls_key **out);
/* The first private key of a text; *out stays NULL when there is none. */
rfctls_status rfctls__key_from_text(rfctls__bytes text, const char *passphrase, rfctls_key **out);

#if defined(__cplusplus)
}
#endif

#endif
