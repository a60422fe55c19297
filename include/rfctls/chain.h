/* A list of certificates, leaf first, each issued by the next. May grow until a config or an answer
 * takes it, then it is frozen. */
#ifndef RFCTLS_CHAIN_H
#define RFCTLS_CHAIN_H

#include "rfctls/status.h"
#include "rfctls/types.h"

RFCTLS_BEGIN

/* An empty list. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_chain_new(rfctls_chain **out);
/* Every CERTIFICATE block of a text, in its order. RFCTLS_E_PARSE: there is none, or one is damaged;
 * never a half. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_chain_from_pem(const void *data, size_t size,
                                                           rfctls_chain **out);
/* The same for a file: PEM text, or one DER certificate. RFCTLS_E_SYSTEM: it cannot be opened, or is
 * not a regular file. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_chain_from_file(const char *path, rfctls_chain **out);
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
