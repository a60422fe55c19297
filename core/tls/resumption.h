/* Resumption by clients: which session a connection offers, and what becomes of it. */
#ifndef RFCTLS_TLS_RESUMPTION_H
#define RFCTLS_TLS_RESUMPTION_H

#include "tls/socket_state.h"

/* Before the handshake that opens so: offers the given session, or one that the process keeps, if it is
 * for this connection. */
rfctls_status rfctls__session_offer(rfctls_socket *socket, const rfctls__opening *opening);
/* When the facts are known: whether the server took the given one. */
void rfctls__session_answered(rfctls_socket *socket);
/* The handshake broke: what was tried is not tried again soon. */
void rfctls__session_gone(rfctls_socket *socket, rfctls_status status);
/* After any step: keeps a session that has come, for the program and for the process. */
void rfctls__session_collect(rfctls_socket *socket);

#endif
