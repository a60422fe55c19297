/* One connection: an SSL between two buffers. */
#ifndef RFCTLS_OPENSSL_CONN_H
#define RFCTLS_OPENSSL_CONN_H

#include <openssl/ssl.h>

#include "base/error.h"
#include "engine/engine.h"
#include "openssl/buffer_bio.h"
#include "openssl/context.h"
#include "openssl/verify.h"

typedef enum rfctls__answer {
  RFCTLS__UNASKED = 0,
  RFCTLS__ASKED,
  RFCTLS__YES,
  RFCTLS__NO
} rfctls__answer;

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

/* The engine's operations; see engine.h. */
rfctls_status rfctls__conn_init(rfctls__conn *conn, rfctls__context *context,
                                const rfctls__opening *opening);
void rfctls__conn_fini(rfctls__conn *conn, int failed);
rfctls_status rfctls__conn_handshake(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out);
void rfctls__conn_take_key_log(rfctls__conn *conn, rfctls__buffer *out);
rfctls_status rfctls__conn_encrypt(rfctls__conn *conn, const void *data, size_t size, size_t *taken,
                                   rfctls__buffer *in, rfctls__buffer *out);
rfctls_status rfctls__conn_decrypt(rfctls__conn *conn, rfctls__buffer *in, void *buffer,
                                   size_t room, size_t *given, rfctls__buffer *out);
size_t rfctls__conn_pending(const rfctls__conn *conn);
rfctls_status rfctls__conn_close_notify(rfctls__conn *conn, rfctls__buffer *in,
                                        rfctls__buffer *out);
rfctls_status rfctls__conn_key_update(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out);
void rfctls__conn_findings(const rfctls__conn *conn, rfctls__findings *findings);
void rfctls__conn_answer_verify(rfctls__conn *conn, int accept);
rfctls_status rfctls__conn_answer_identity(rfctls__conn *conn, const rfctls__identity *identity);
void rfctls__conn_facts(const rfctls__conn *conn, rfctls__facts *facts);
rfctls_status rfctls__conn_peer_chain(const rfctls__conn *conn, rfctls__list *list);

/* Callbacks of a server's SSL_CTX: ALPN by our order; any server name is accepted. */
int rfctls__conn_select_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *size,
                                 const unsigned char *offered, unsigned int offered_size,
                                 void *unused);
int rfctls__conn_accept_name(SSL *ssl, int *alert, void *unused);
/* And of one that logs keys. */
void rfctls__conn_log_key(const SSL *ssl, const char *line);

#endif
