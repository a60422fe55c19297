/* Connecting, as far as TLS has to do with it. */
#ifndef RFCTLS_TLS_HANDSHAKE_H
#define RFCTLS_TLS_HANDSHAKE_H

#include "tls/socket_state.h"

/* One try at connecting, as rfctls__raw_go_on_connecting. Under the lock. */
rfctls_status rfctls__go_on_connecting(rfctls_socket *socket);

#endif
