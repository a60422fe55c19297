/* Looking a name up, which the system's resolver can only do by waiting: on a thread of its own, so that
 * whoever asked can wait for other things as well, or no longer. */
#ifndef RFCTLS_NET_RESOLVER_H
#define RFCTLS_NET_RESOLVER_H

#include "net/os.h"

#if defined(__cplusplus)
extern "C" {
#endif

typedef struct rfctls__lookup rfctls__lookup;

/* Begins to look a host and a service up, for connecting. OK: they were numbers, *addresses is there
 * already, and *out is NULL; WANT_READ: *out is there. E_RESOLVE, E_SYSTEM (no thread), E_MEMORY; bad names
 * as rfctls__addresses_resolve. */
rfctls_status rfctls__lookup_begin(const char *node, const char *service, rfctls_family family,
                                   rfctls_addresses **addresses, rfctls__lookup **out);
/* OK: *addresses lives as long as the look-up; WANT_READ: they are not known yet; E_RESOLVE, E_MEMORY. */
rfctls_status rfctls__lookup_try(const rfctls__lookup *lookup, const rfctls_addresses **addresses);
/* Readable once it is known. */
intptr_t rfctls__lookup_fd(const rfctls__lookup *lookup);
/* Never waits: a thread that still looks up frees the rest when the system lets it. NULL is allowed. In a
 * child process, too, where no such thread is. */
void rfctls__lookup_free(rfctls__lookup *lookup);

#if defined(__cplusplus)
}
#endif

#endif
