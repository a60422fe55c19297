/* What a certificate is trusted for: see uses.h. */
#include "pki/uses.h"

#include "base/error.h"
#include "x509/der.h"

#define OID_SERVER "\x2b\x06\x01\x05\x05\x07\x03\x01"
#define OID_CLIENT "\x2b\x06\x01\x05\x05\x07\x03\x02"
#define OID_ANY "\x55\x1d\x25\x00"

enum { REJECTED = RFCTLS__DER_TAGGED | RFCTLS__DER_CONSTRUCTED };

static rfctls_status fail(void) {
  return rfctls__fail(RFCTLS_E_PARSE, "trust settings of the certificate cannot be read");
}

static unsigned use_of(rfctls__bytes oid) {
  return RFCTLS__OID_IS(oid, OID_ANY)      ? RFCTLS__USES
         : RFCTLS__OID_IS(oid, OID_SERVER) ? RFCTLS__USE_SERVERS
         : RFCTLS__OID_IS(oid, OID_CLIENT) ? RFCTLS__USE_CLIENTS
                                           : 0;
}

rfctls_status rfctls__uses_listed(rfctls__bytes oids, int denied, unsigned *distrusted) {
  unsigned named = 0;
  rfctls__bytes oid;
  while (oids.size > 0) {
    if (!rfctls__der_take(&oids, RFCTLS__DER_OID, &oid)) {
      return fail();
    }
    named |= use_of(oid);
  }
  *distrusted |= denied ? named : RFCTLS__USES & ~named;
  return RFCTLS_OK;
}

/* CertAux: a list of what it is trusted for, one of what it is not; a name and others, which tell
 * nothing. */
static rfctls_status read_settings(rfctls__bytes settings, unsigned *distrusted) {
  rfctls__bytes rest, oids;
  rfctls_status status = RFCTLS_OK;
  if (!rfctls__der_only(settings, RFCTLS__DER_SEQUENCE, &rest)) {
    return fail();
  }
  if (rfctls__der_take(&rest, RFCTLS__DER_SEQUENCE, &oids)) {
    status = rfctls__uses_listed(oids, 0, distrusted);
  }
  if (status == RFCTLS_OK && rfctls__der_take(&rest, REJECTED, &oids)) {
    status = rfctls__uses_listed(oids, 1, distrusted);
  }
  return status;
}

rfctls_status rfctls__uses_split(rfctls__bytes data, rfctls__bytes *cert, unsigned *distrusted) {
  rfctls__der whole;
  *distrusted = 0;
  if (!rfctls__der_next(&data, &whole)) {
    return rfctls__fail(RFCTLS_E_PARSE, "certificate cannot be read");
  }
  *cert = whole.whole;
  return data.size > 0 ? read_settings(data, distrusted) : RFCTLS_OK;
}
