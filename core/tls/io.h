/* Sending and receiving within a public call, which may do it several times and has its timer once. */
#ifndef RFCTLS_TLS_IO_H
#define RFCTLS_TLS_IO_H

#include "tls/drive.h"

/* As rfctls_socket_send and _recv; the counts are 0 before. */
rfctls_status rfctls__send(rfctls_socket *socket, const rfctls__wait_policy *policy,
                           const void *data, size_t size, size_t *sent);
rfctls_status rfctls__recv(rfctls_socket *socket, const rfctls__wait_policy *policy, uint32_t flags,
                           void *buffer, size_t capacity, size_t *received);

/* ---- steps use these, under the lock ---- */

/* OK, E_STATE, or how the handshake failed. */
rfctls_status rfctls__check_established(const rfctls_socket *socket);
/* Looks at what comes next without taking it: OK: bytes are set aside in `plain`, or reading has ended. */
rfctls_status rfctls__look_ahead(rfctls_socket *socket);
/* How reading ended, for a call that has nothing to give. */
rfctls_status rfctls__end_of_reading(rfctls_socket *socket);

#endif
