/* PKCS#7 that carries certificates (RFC 2315 section 9.1, RFC 5652 section 5): ".p7b". What it may
 * have signed is not looked at: whom to trust is the program's business. */
#include "base/error.h"
#include "pki/bag.h"
#include "x509/ber.h"

#define OID_SIGNED "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"

enum { EXPLICIT_0 = 0xa0, CERTIFICATES = 0xa0 };

static rfctls_status fail(void) {
  return rfctls__fail(RFCTLS_E_PARSE, "PKCS#7 cannot be read");
}

/* The certificates in the content of a SignedData; empty: there are none. 0: it is no
 * SignedData. */
static int find_certificates(rfctls__bytes content, rfctls__bytes *out) {
  rfctls__bytes rest, skipped;
  *out = (rfctls__bytes){NULL, 0};
  if (!rfctls__der_only(content, RFCTLS__DER_SEQUENCE, &rest) ||
      !rfctls__der_take(&rest, RFCTLS__DER_INTEGER, &skipped) ||
      !rfctls__der_take(&rest, RFCTLS__DER_SET, &skipped) ||
      !rfctls__der_take(&rest, RFCTLS__DER_SEQUENCE, &skipped)) {
    return 0;
  }
  (void)rfctls__der_take(&rest, CERTIFICATES, out);
  return 1;
}

static rfctls_status add_all(rfctls__bytes certs, rfctls__bag *bag) {
  rfctls__bag_item *added;
  rfctls__der item;
  rfctls_status status = RFCTLS_OK;
  while (status == RFCTLS_OK && certs.size > 0) {
    if (!rfctls__der_next(&certs, &item)) {
      return fail();
    }
    status =
        item.tag == RFCTLS__DER_SEQUENCE
            ? rfctls__bag_add_cert(bag, item.whole, 0, &added)
            : rfctls__fail(RFCTLS_E_UNSUPPORTED, "PKCS#7 holds a certificate that is not X.509");
  }
  return status;
}

static rfctls_status read(rfctls__bytes der, rfctls__bag *bag) {
  rfctls__bytes rest, oid, explicit, certs;
  if (!rfctls__der_only(der, RFCTLS__DER_SEQUENCE, &rest) ||
      !rfctls__der_take(&rest, RFCTLS__DER_OID, &oid)) {
    return fail();
  }
  if (!RFCTLS__OID_IS(oid, OID_SIGNED)) {
    return rfctls__fail(RFCTLS_E_UNSUPPORTED,
                        "PKCS#7 is of another kind than carries certificates");
  }
  if (!rfctls__der_only(rest, EXPLICIT_0, &explicit) || !find_certificates(explicit, &certs)) {
    return fail();
  }
  bag->unordered = 1;
  return add_all(certs, bag);
}

rfctls_status rfctls__pkcs7_read(rfctls__bytes data, rfctls__bag *bag) {
  rfctls__buffer der = {NULL, 0, 0, 0};
  rfctls_status status = rfctls__ber_to_der(data, &der);
  status = status == RFCTLS_OK        ? read(rfctls__buffer_bytes(&der), bag)
           : status == RFCTLS_E_PARSE ? fail()
                                      : status;
  rfctls__buffer_release(&der);
  return status;
}
