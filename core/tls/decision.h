/* What a handshake asks of the program: whether the peer is to be trusted, and which identity to show. */
#ifndef RFCTLS_TLS_DECISION_H
#define RFCTLS_TLS_DECISION_H

#include "tls/socket_state.h"

/* Keeps the certificates of the findings for rfctls_socket_finding_cert. */
rfctls_status rfctls__question_open(rfctls_socket *socket, rfctls_status question);
void rfctls__question_close(rfctls_socket *socket);
/* Asks the config's function, outside the lock, and leaves the answer: OK; or the question itself,
 * when there is no function and the caller has to answer. */
rfctls_status rfctls__question_ask(rfctls_socket *socket);

#endif
