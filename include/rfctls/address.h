/* Who and where: resolved addresses, and the ends of a connection. Immutable. */
#ifndef RFCTLS_ADDRESS_H
#define RFCTLS_ADDRESS_H

#include "rfctls/status.h"
#include "rfctls/types.h"

RFCTLS_BEGIN

typedef enum rfctls_family {
  RFCTLS_FAMILY_ANY = 0,
  RFCTLS_FAMILY_IPV4 = 4,
  RFCTLS_FAMILY_IPV6 = 6,
  RFCTLS_FAMILY_IS_INT = 0x7fffffff
} rfctls_family;
RFCTLS_ENUM_IS_INT(rfctls_family);

/* Takes one more reference and returns its argument. */
RFCTLS_API rfctls_address *RFCTLS_CALL rfctls_address_ref(rfctls_address *address);
/* Drops one reference. */
RFCTLS_API void RFCTLS_CALL rfctls_address_unref(rfctls_address *address);
/* The host as the program named it, else the IP address as text; never a reverse look-up. Of a Unix-domain
 * socket it is the path, "" for an end without one. */
RFCTLS_API const char *RFCTLS_CALL rfctls_address_host(const rfctls_address *address);
/* The IP address as text: "127.0.0.1", "::1"; "" if it is not of IP. */
RFCTLS_API const char *RFCTLS_CALL rfctls_address_ip(const rfctls_address *address);
/* The port, in host byte order; 0 for NULL. */
RFCTLS_API uint16_t RFCTLS_CALL rfctls_address_port(const rfctls_address *address);
/* RFCTLS_FAMILY_IPV4 or _IPV6; RFCTLS_FAMILY_ANY for NULL, or if it is not of IP. */
RFCTLS_API rfctls_family RFCTLS_CALL rfctls_address_family(const rfctls_address *address);

/* Resolves a host and a service (a name, or a port "0" to "65535"). May ask the network and block:
 * the system's resolver has no timer, rfctls_raw_connect has. node NULL: the loopback address, or all addresses if passive.
 * RFCTLS_E_RESOLVE: one of the names is not known. RFCTLS_E_ARGUMENT: bad port, empty node, an IPv6
 * address in brackets. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_addresses_resolve(const char *node, const char *service,
                                                              rfctls_family family, int passive,
                                                              rfctls_addresses **out);
/* Frees the list; addresses that were ref'd live on. */
RFCTLS_API void RFCTLS_CALL rfctls_addresses_unref(rfctls_addresses *addresses);
/* How many addresses there are, at least 1; 0 for NULL. */
RFCTLS_API size_t RFCTLS_CALL rfctls_addresses_count(const rfctls_addresses *addresses);
/* The address at an index, in the system's order of preference (RFC 6724); borrowed; NULL out of
 * range. */
RFCTLS_API rfctls_address *RFCTLS_CALL rfctls_addresses_at(const rfctls_addresses *addresses,
                                                           size_t index);

RFCTLS_END

#endif
