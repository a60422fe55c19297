/* What a handshake asks of the program: whether the peer is to be trusted, and which identity to show. */
#ifndef RFCTLS_TLS_DECISION_H
#define RFCTLS_TLS_DECISION_H

#include "tls/socket_state.h"

/* Keeps the certificates of the findings for rfctls_socket_finding_cert. */
rfctls_status rfctls__decision_open(rfctls_socket *socket, rfctls_status decision);
void rfctls__decision_close(rfctls_socket *socket);
/* Asks the config's function, outside the lock, and leaves the answer: OK; or the decision itself,
 * when there is no function and the caller has to answer. */
rfctls_status rfctls__decision_ask(rfctls_socket *socket);

#endif
