/* Resumption: what a client keeps of a connection, and what a server puts into its tickets.
 *
 * Before TLS 1.3 a client may take no tickets: then the server keeps its session itself.
 *
 * OpenSSL checks nothing again when a session is resumed. So a session carries what its full handshake
 * found: the library's verdict on the chain, and until when that chain is valid at all. */
#ifndef RFCTLS_OPENSSL_SESSION_H
#define RFCTLS_OPENSSL_SESSION_H

#include <openssl/ssl.h>

#include "engine/engine.h"

/* The engine's operations; see engine.h. */
rfctls__session *rfctls__session_take(rfctls__conn *conn);
int rfctls__session_use(rfctls__conn *conn, const rfctls__session *session);
void rfctls__session_free(rfctls__session *session);
rfctls_status rfctls__session_bytes(const rfctls__session *session, rfctls__buffer *out);
rfctls_status rfctls__session_from_bytes(rfctls__bytes data, rfctls__session **out);

/* Until when the chain that was just verified is valid, in Unix seconds: its earliest end. */
int64_t rfctls__chain_until(X509_STORE_CTX *ctx);

/* Whether a server's context issues tickets and takes them, and keeps sessions of clients of TLS 1.2 that
 * take none, up to 1,024. 0 without memory. */
int rfctls__tickets_allow(SSL_CTX *ctx, int allowed);
/* What this server's connection asks of a session: one of other demands is none for it. A connection
 * whose verdict comes from the program defers its tickets. */
int rfctls__tickets_open(rfctls__conn *conn, int verify_mode);
/* A ticket that was deferred until now, into `out`. What SSL_do_handshake answers. */
int rfctls__tickets_issue(rfctls__conn *conn);

#endif
