/* Making addresses out of what the system says. */
#ifndef RFCTLS_NET_ADDRESS_H
#define RFCTLS_NET_ADDRESS_H

#include "net/os.h"
#include "rfctls/address.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* host may be NULL: then the IP address is the host, or the path of a Unix-domain socket. */
rfctls_status rfctls__address_new(const rfctls__endpoint *endpoint, const char *host,
                                  rfctls_address **out);
const rfctls__endpoint *rfctls__address_endpoint(const rfctls_address *address);

/* The host, the IP address if it is another text, the port: "example.org (192.0.2.1) port 443"; a path
 * as it is. For messages: cut off where it is too long. */
void rfctls__address_text(const rfctls_address *address, char *text, size_t size);

/* As rfctls_addresses_resolve, within a public call; flags as of rfctls__os_resolve. */
rfctls_status rfctls__addresses_resolve(const char *node, const char *service, rfctls_family family,
                                        int flags, rfctls_addresses **out);

#if defined(__cplusplus)
}
#endif

#endif
