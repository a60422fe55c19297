/* One connection: an SSL between two buffers. */
#ifndef RFCTLS_OPENSSL_CONN_H
#define RFCTLS_OPENSSL_CONN_H

#include <openssl/ssl.h>

#include "base/error.h"
#include "engine/operations.h"
#include "openssl/buffer_bio.h"
#include "openssl/context.h"
#include "openssl/failure.h"
#include "openssl/verify.h"

struct rfctls__conn {
  SSL *ssl;
  rfctls__context *context; /* borrowed */
  rfctls__wire wire;
  char *name;                /* client: to check, or NULL             */
  rfctls__buffer protocols;  /* server: ALPN, as on the wire         */
  rfctls__buffer extensions; /* client: the program's, as on the wire */
  rfctls__buffer key_log;    /* secret lines that nobody took yet     */
  int asks_verify;
  int asks_identity;
  rfctls__answer verify;
  rfctls__answer identity;
  rfctls_status refusal; /* verify.c has recorded why the handshake fails; or OK */
  int established;
  int verdict;               /* the library's, X509_V_*, whatever the program says     */
  int64_t until;             /* how long that holds, in Unix seconds                   */
  SSL_SESSION *told;         /* the last one that session_take told, or was used up    */
  int refused_renegotiation; /* an alert said so */
  int ticketed;              /* the ticket that waited for the verdict was issued      */
  rfctls__judgement judgement;
  int failed; /* with failure, which every later call reports again */
  rfctls__error failure;
};

/* ---- for conn_io.c ---- */

/* One engine call: OpenSSL sees the buffers, and its error queue is ours, from enter to leave, which answers
 * status and remembers a failure. */
void rfctls__conn_enter(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out,
                        rfctls__openssl_errors *callers);
rfctls_status rfctls__conn_leave(rfctls__conn *conn, rfctls__openssl_errors *callers,
                                 rfctls_status status);
/* Remembers the failure that is recorded: every later call reports it again. */
void rfctls__conn_keep_failure(rfctls__conn *conn);
/* What a call of libssl means that returned this. */
rfctls_status rfctls__conn_result(const rfctls__conn *conn, int returned);

/* ---- for engine.c and context.c ---- */

void rfctls__conn_take_key_log(rfctls__conn *conn, rfctls__buffer *out);

/* Callbacks of a server's SSL_CTX: ALPN by our order; any server name is accepted. */
int rfctls__conn_select_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *size,
                                 const unsigned char *offered, unsigned int offered_size,
                                 void *unused);
int rfctls__conn_accept_name(SSL *ssl, int *alert, void *unused);
/* And of one that logs keys. */
void rfctls__conn_log_key(const SSL *ssl, const char *line);

#endif
