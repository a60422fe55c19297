/* What can be said of this connection only: what makers say, too. Under the lock, or when nobody else knows
 * the socket yet. */
#ifndef RFCTLS_TLS_SETUP_H
#define RFCTLS_TLS_SETUP_H

#include "tls/socket_state.h"

/* What node and service answer. */
rfctls_status rfctls__socket_set_node(rfctls_socket *socket, const char *node, const char *service);
/* The name that this client asks for and checks. */
rfctls_status rfctls__socket_use_name(rfctls_socket *socket, const char *name);

#endif
