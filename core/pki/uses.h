/* What a certificate is trusted for, as its source says beside it: it counts when it is made an
 * anchor. */
#ifndef RFCTLS_PKI_USES_H
#define RFCTLS_PKI_USES_H

#include "base/buffer.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* Whom an anchor may vouch for. */
typedef enum rfctls__use {
  RFCTLS__USE_SERVERS = 1, /* serverAuth, RFC 5280 section 4.2.1.12 */
  RFCTLS__USE_CLIENTS = 2, /* clientAuth                            */
  RFCTLS__USES = 3
} rfctls__use;

/* Takes the content of a TRUSTED CERTIFICATE apart, which is a certificate and what x509(1) of
 * OpenSSL calls its trust settings: *distrusted are the uses that these exclude. E_PARSE: these
 * cannot be read. */
rfctls_status rfctls__uses_split(rfctls__bytes data, rfctls__bytes *cert, unsigned *distrusted);
/* The uses that a list of OIDs leaves out, or with denied: those that it names. E_PARSE. */
rfctls_status rfctls__uses_listed(rfctls__bytes oids, int denied, unsigned *distrusted);

#if defined(__cplusplus)
}
#endif

#endif
