/* What the TLS layer sees of certificates and keys: their bytes. Holders are immutable. */
#ifndef RFCTLS_PKI_PKI_H
#define RFCTLS_PKI_PKI_H

#include "base/buffer.h"
#include "engine/engine.h"
#include "pki/bag.h"
#include "pki/uses.h"
#include "rfctls/cert.h"
#include "rfctls/chain.h"
#include "rfctls/key.h"
#include "x509/name_check.h"

#if defined(__cplusplus)
extern "C" {
#endif

rfctls__bytes rfctls__cert_bytes(const rfctls_cert *cert);
/* Bits of rfctls__use: what its source does not trust it for. */
unsigned rfctls__cert_distrusted(const rfctls_cert *cert);
rfctls__bytes rfctls__key_bytes(const rfctls_key *key); /* PKCS#8 */
/* OK, E_IDENTITY: whether it is the certificate's. */
rfctls_status rfctls__key_check(const rfctls_key *key, const rfctls_cert *cert);

/* From what an engine answered; takes copies. */
rfctls_status rfctls__chain_from_list(const rfctls__list *list, rfctls_chain **out);
/* From now on rfctls_chain_add answers E_STATE. */
void rfctls__chain_freeze(rfctls_chain *chain);

/* The view of a chain and its key that an engine takes: *views is an array of the chain's DER, to be
 * rfctls__free'd; identity borrows from all three. E_IDENTITY: the chain is empty, or the key is not
 * its leaf's. Freezes the chain. */
rfctls_status rfctls__identity_view(rfctls_chain *chain, const rfctls_key *key,
                                    rfctls__bytes **views, rfctls__identity *identity);

/* ---- what the files of this folder share ---- */

/* The makers behind the public ones; they leave the error record's origin alone. distrusted: bits
 * of rfctls__use. */
rfctls_status rfctls__cert_new(rfctls__bytes der, unsigned distrusted, rfctls_cert **out);
rfctls_status rfctls__chain_new(rfctls_chain **out);
/* As rfctls_chain_load and rfctls_chain_from_file, within a public call. */
rfctls_status rfctls__chain_load(const void *data, size_t size, const char *passphrase,
                                 rfctls_chain **out);
rfctls_status rfctls__chain_from_file(const char *path, const char *passphrase, rfctls_chain **out);
/* The certificates of a bag. For one of its keys without those of others; and where the bag has no
 * order, the key's first, each issuer behind what it issued, then the rest. item and key may be
 * NULL. */
rfctls_status rfctls__chain_from_bag(const rfctls__bag *bag, const rfctls__bag_item *item,
                                     const rfctls_key *key, rfctls_chain **out);
/* Appends every revocation list of the content, PEM or DER; the list is to be empty. E_PARSE: one cannot
 * be read, or there is none; E_UNSUPPORTED. */
rfctls_status rfctls__crls_from(rfctls__bytes content, rfctls__list *list);
/* Takes the bytes out of pkcs8; after a failure they are still there. */
rfctls_status rfctls__key_new(rfctls__buffer *pkcs8, rfctls_key **out);
/* The private key that has this alias, by itself or by its certificate; without alias the first of
 * a text, the only one of a store. *out stays NULL when there is none at all. E_IDENTITY: none has
 * the alias, or there are several and none was named. */
rfctls_status rfctls__key_choose(const rfctls__bag *bag, const char *alias,
                                 const rfctls__bag_item **out);
/* That key, decrypted. */
rfctls_status rfctls__key_from_item(const rfctls__bag *bag, const rfctls__bag_item *item,
                                    rfctls_key **out);

#if defined(__cplusplus)
}
#endif

#endif
