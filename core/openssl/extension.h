/* Extensions of a program's own in a client's hello. */
#ifndef RFCTLS_OPENSSL_EXTENSION_H
#define RFCTLS_OPENSSL_EXTENSION_H

#include <openssl/ssl.h>

#include "engine/engine.h"

/* Makes ctx know all types of a list, so that connections made from it later send those that they
 * carry themselves. 0: there is no memory. Not while another thread makes a connection. */
int rfctls__extensions_allow(SSL_CTX *ctx, rfctls__bytes list);

#endif
