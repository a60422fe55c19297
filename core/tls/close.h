/* The polite end, for what lies above sockets. */
#ifndef RFCTLS_TLS_CLOSE_H
#define RFCTLS_TLS_CLOSE_H

#include "tls/drive.h"

/* As rfctls_socket_close, within a public call. */
rfctls_status rfctls__close(rfctls_socket *socket);

#endif
