/* One X.509 certificate (RFC 5280): immutable, shared by reference, usable from any thread. */
#ifndef RFCTLS_CERT_H
#define RFCTLS_CERT_H

#include "rfctls/status.h"
#include "rfctls/types.h"

RFCTLS_BEGIN

/* Reads one certificate from its DER bytes. RFCTLS_E_PARSE: it is none, or bytes follow it. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_cert_from_der(const void *data, size_t size,
                                                          rfctls_cert **out);
/* Reads the first CERTIFICATE block (RFC 7468) of a text. RFCTLS_E_PARSE: there is none, or it is
 * damaged. Text around the blocks is allowed. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_cert_from_pem(const void *data, size_t size,
                                                          rfctls_cert **out);
/* Takes one more reference and returns its argument. */
RFCTLS_API rfctls_cert *RFCTLS_CALL rfctls_cert_ref(rfctls_cert *cert);
/* Drops one reference. */
RFCTLS_API void RFCTLS_CALL rfctls_cert_unref(rfctls_cert *cert);

/* The DER bytes, borrowed; *size is set. NULL and 0 for NULL. */
RFCTLS_API const void *RFCTLS_CALL rfctls_cert_der(const rfctls_cert *cert, size_t *size);
/* The subject's distinguished name as RFC 4514 text; NULL for NULL. */
RFCTLS_API const char *RFCTLS_CALL rfctls_cert_subject(const rfctls_cert *cert);
/* The issuer's distinguished name, as above. */
RFCTLS_API const char *RFCTLS_CALL rfctls_cert_issuer(const rfctls_cert *cert);
/* Begin of validity in Unix seconds; 0 for NULL. */
RFCTLS_API int64_t RFCTLS_CALL rfctls_cert_not_before(const rfctls_cert *cert);
/* End of validity in Unix seconds; 0 for NULL. */
RFCTLS_API int64_t RFCTLS_CALL rfctls_cert_not_after(const rfctls_cert *cert);

RFCTLS_END

#endif
