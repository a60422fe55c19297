/* What a passphrase protects, by OpenSSL: the algorithms of today, and those that only its
 * provider "legacy" has. */
#ifndef RFCTLS_OPENSSL_PBE_H
#define RFCTLS_OPENSSL_PBE_H

#include "engine/engine.h"

/* ---- for this folder: called between rfctls__openssl_begin and _end ---- */

/* The DER in the text of a PEM block with the headers of RFC 1421, put into out, which is empty.
 * Errors as pbe_decrypt's. */
rfctls_status rfctls__pem_decrypt(rfctls__bytes text, const char *passphrase, rfctls__buffer *out);

#endif
