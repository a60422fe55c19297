/* A certificate as RFC 5280 section 4.1 lays it out: where its parts are, and what they mean. Nothing
 * here asks Windows, so that names, dates and alternative names read the same on every system. */
#ifndef RFCTLS_SCHANNEL_CERTIFICATE_H
#define RFCTLS_SCHANNEL_CERTIFICATE_H

#include "base/buffer.h"
#include "engine/engine.h"
#include "x509/der.h"

/* Views of the certificate's own bytes. */
typedef struct rfctls__x509 {
  rfctls__bytes serial;    /* the INTEGER's content     */
  rfctls__bytes signed_by; /* the algorithm's OID       */
  rfctls__bytes issuer;    /* a Name, whole             */
  rfctls__bytes subject;   /* a Name, whole             */
  rfctls__der not_before;  /* UTCTime, GeneralizedTime  */
  rfctls__der not_after;
  rfctls__bytes public_key; /* SubjectPublicKeyInfo, whole */
  rfctls__bytes extensions; /* a list of them; may be empty */
} rfctls__x509;

/* The one certificate that der is, without a byte behind it. E_PARSE. */
rfctls_status rfctls__x509_read(rfctls__bytes der, rfctls__x509 *out);

/* The content of an extension with this OID (RFC 5280 section 4.2); 0: it has none. */
int rfctls__x509_extension(const rfctls__x509 *x509, rfctls__bytes oid, rfctls__bytes *content);
/* Its alternative names (section 4.2.1.6), appended; what cannot be read is none. */
rfctls_status rfctls__x509_names(const rfctls__x509 *x509, rfctls__list *dns_names,
                                 rfctls__list *ip_addresses);
/* Whether its extended usage (section 4.2.1.12) allows this one; without any, all are allowed. */
int rfctls__x509_allows(const rfctls__x509 *x509, rfctls__bytes usage);

#endif
