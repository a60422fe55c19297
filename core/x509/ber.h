/* BER (ITU-T X.690 section 8), as some makers of PKCS#7 and PKCS#12 write: made DER, for the
 * reader of der.h. */
#ifndef RFCTLS_X509_BER_H
#define RFCTLS_X509_BER_H

#include "x509/der.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* Appends the one element that ber is, with definite lengths in their shortest form and octet
 * strings in one piece. What stands inside of octet strings stays as it is. The buffer grows once.
 * E_PARSE: it is not one whole element. */
rfctls_status rfctls__ber_to_der(rfctls__bytes ber, rfctls__buffer *out);

#if defined(__cplusplus)
}
#endif

#endif
