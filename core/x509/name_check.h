/* Whether a certificate is for a name: what both engines check in a handshake, and what a program asks. */
#ifndef RFCTLS_X509_NAME_CHECK_H
#define RFCTLS_X509_NAME_CHECK_H

#include "base/buffer.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* Whether a certificate with these names is for name, a host or an IP address: one whole label for a
 * left-most "*" (underscores are as good as letters there), addresses by their bytes, ASCII case, name's trailing dot apart, and no byte that
 * ends a name early. */
int rfctls__names_match(const rfctls__list *dns_names, const rfctls__list *ip_addresses,
                        const char *name);

#if defined(__cplusplus)
}
#endif

#endif
