/* An identity is a certificate chain and the private key of its leaf. They are loaded together, and
 * found to fit each other when they are. */
#ifndef RFCTLS_IDENTITY_H
#define RFCTLS_IDENTITY_H

#include "rfctls/status.h"
#include "rfctls/types.h"

RFCTLS_BEGIN

/* Reads chain and key from one block of bytes and tells the forms apart: PEM text with both, or
 * PKCS#12 (RFC 7292). passphrase may be NULL; never asks a terminal. alias (its friendlyName) chooses one of several
 * keys of a PKCS#12, with its certificate; NULL: the only one. The issuers that are there follow the certificate.
 * RFCTLS_E_PARSE: damaged, or the passphrase is missing or wrong. RFCTLS_E_IDENTITY: certificate or
 * key is missing, they do not belong together, no key has the alias, or there are several and alias is NULL; the
 * message lists them. RFCTLS_E_UNSUPPORTED as rfctls_key_load. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_identity_load(const void *data, size_t size,
                                                          const char *passphrase, const char *alias,
                                                          rfctls_chain **chain, rfctls_key **key);
/* The same for a file. RFCTLS_E_SYSTEM: it cannot be opened, or is not a regular file. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_identity_from_file(const char *path,
                                                               const char *passphrase,
                                                               const char *alias,
                                                               rfctls_chain **chain,
                                                               rfctls_key **key);
/* Makes a throw-away identity: a P-256 key and a self-signed certificate for name (a host name or an
 * IP address), valid for 30 days. For first steps and tests: nobody trusts it unless told to. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_identity_self_signed(const char *name,
                                                                 rfctls_chain **chain,
                                                                 rfctls_key **key);

RFCTLS_END

#endif
