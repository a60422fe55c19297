/* Transports over descriptors of the system: making them, and what only these do. */
#ifndef RFCTLS_NET_TRANSPORT_OS_H
#define RFCTLS_NET_TRANSPORT_OS_H

#include "net/transport.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* On failure the descriptor stays the caller's. */
rfctls_status rfctls__raw_over_fd(intptr_t fd, int owned, int listens, rfctls_raw **out);
/* One that connects; takes the connector over, on failure too. */
rfctls_status rfctls__raw_over_connector(rfctls__connector *connector, rfctls_raw **out);
/* OK, WANT_READ, E_SYSTEM. */
rfctls_status rfctls__raw_try_accept(rfctls_raw *listener, rfctls_raw **out);
/* Takes no more connections: for who tries, and for who waits. */
void rfctls__raw_refuse(rfctls_raw *listener);

#if defined(__cplusplus)
}
#endif

#endif
