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
/* Whether key and signature have 112 bits of security: RSA 2048, P-224, SHA-224. */
int rfctls__x509_key_is_strong(const rfctls__x509 *x509);
int rfctls__x509_signature_is_strong(const rfctls__x509 *x509);
/* Unix seconds; 0: no date. */
int rfctls__x509_seconds(const rfctls__der *date, int64_t *out);

/* For a reader: the most telling part of a name, without what does not print, cut at size. 1: its common
 * name. */
int rfctls__x509_put_name(char *out, size_t size, rfctls__bytes name);

/* An object identifier, its numbers between dots, appended without a NUL. */
rfctls_status rfctls__oid_text(rfctls__buffer *out, rfctls__bytes oid);

/* The engine's operations; see engine.h. */
rfctls_status rfctls__schannel_describe(rfctls__bytes der, rfctls__description *description);
int rfctls__schannel_is_issuer(rfctls__bytes issuer, rfctls__bytes cert);

#endif
