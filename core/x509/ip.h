/* IP addresses as the 4 or 16 bytes that certificates and packets hold, and as text. */
#ifndef RFCTLS_X509_IP_H
#define RFCTLS_X509_IP_H

#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus)
extern "C" {
#endif

enum { RFCTLS__IPV4_SIZE = 4, RFCTLS__IPV6_SIZE = 16, RFCTLS__IP_ROOM = 40 };

/* The bytes of a dotted IPv4 or an IPv6 address (RFC 4291 section 2.2) without a scope: answers how
 * many there are, 0 for other texts. */
size_t rfctls__ip_parse(const char *text, uint8_t out[RFCTLS__IPV6_SIZE]);
/* The text of 4 or 16 bytes, IPv6 as RFC 5952 section 4 writes it; "" for other sizes. */
void rfctls__ip_write(const uint8_t *bytes, size_t size, char text[RFCTLS__IP_ROOM]);

#if defined(__cplusplus)
}
#endif

#endif
