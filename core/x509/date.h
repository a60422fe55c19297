/* Dates of certificates. */
#ifndef RFCTLS_X509_DATE_H
#define RFCTLS_X509_DATE_H

#include "x509/der.h"

#if defined(__cplusplus)
extern "C" {
#endif

enum { RFCTLS__DATE_SIZE = 32 };

/* Unix seconds of a UTCTime or GeneralizedTime (RFC 5280 section 4.1.2.5); 0: no date. */
int rfctls__date_read(const rfctls__der *date, int64_t *out);
/* The day of Unix seconds, as 2038-01-19. */
void rfctls__date_write(int64_t seconds, char out[RFCTLS__DATE_SIZE]);

#if defined(__cplusplus)
}
#endif

#endif
