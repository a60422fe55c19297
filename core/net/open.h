/* Making transports, within a public call. */
#ifndef RFCTLS_NET_OPEN_H
#define RFCTLS_NET_OPEN_H

#include "net/transport.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* A transport that begins to connect; see rfctls__connector_new. */
rfctls_status rfctls__raw_connect(const char *node, const char *service, rfctls_family family,
                                  int64_t timeout_ms, rfctls_raw **out);
/* Listens on the first address that the system lets us have; both: an IPv6 one is tried before the
 * others, and takes IPv4 too where it is the wildcard. */
rfctls_status rfctls__raw_listen_any(const rfctls_addresses *addresses, int both, rfctls_raw **out);

#if defined(__cplusplus)
}
#endif

#endif
