/* A list of certificates, leaf first, each issued by the next. May grow until a config or an answer
 * takes it, then it is frozen. */
#ifndef RFCTLS_CHAIN_H
#define RFCTLS_CHAIN_H

#include "rfctls/status.h"
#include "rfctls/types.h"

RFCTLS_BEGIN

/* An empty list. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_chain_new(rfctls_chain **out);
/* Reads every certificate that is in size bytes, in its order. The form is found out: PEM text
 * (RFC 7468) with any number of blocks CERTIFICATE, X509 CERTIFICATE, TRUSTED CERTIFICATE (x509(1)
 * of OpenSSL) and PKCS7; one certificate in DER; PKCS#7 (RFC 5652), which carries them as .p7b; or
 * PKCS#12 (RFC 7292), such as a truststore of Java's, opened by passphrase, which may be NULL.
 * Keys, parameters, requests and lists of revocations among them are passed over, and so is text
 * around the blocks. A TRUSTED CERTIFICATE, and a trusted one of Java's, says for which uses: that
 * counts when it becomes an anchor, see rfctls_config_add_authority. RFCTLS_E_PARSE: there is
 * none, one is damaged, a PEM block is of no known kind, the text is in UTF-16, or the passphrase
 * is missing or wrong; never a half. RFCTLS_E_UNSUPPORTED names what is not read here: a way of
 * encryption, Java's older stores (JKS). */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_chain_load(const void *data, size_t size,
                                                       const char *passphrase, rfctls_chain **out);
/* The same of a file. RFCTLS_E_SYSTEM: it cannot be opened, or is not a regular file. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_chain_from_file(const char *path,
                                                            const char *passphrase,
                                                            rfctls_chain **out);
/* Takes one more reference and returns its argument. */
RFCTLS_API rfctls_chain *RFCTLS_CALL rfctls_chain_ref(rfctls_chain *chain);
/* Drops one reference. */
RFCTLS_API void RFCTLS_CALL rfctls_chain_unref(rfctls_chain *chain);

/* Appends a certificate; the chain keeps a reference. RFCTLS_E_STATE: the chain is in use. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_chain_add(rfctls_chain *chain, rfctls_cert *cert);
/* How many certificates there are; 0 for NULL. */
RFCTLS_API size_t RFCTLS_CALL rfctls_chain_count(const rfctls_chain *chain);
/* The certificate at an index, 0 is the leaf; borrowed; NULL out of range. */
RFCTLS_API rfctls_cert *RFCTLS_CALL rfctls_chain_at(const rfctls_chain *chain, size_t index);

RFCTLS_END

#endif
