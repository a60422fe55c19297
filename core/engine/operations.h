/* The operations of engine.h as functions: what an engine's files define for its table. */
#ifndef RFCTLS_ENGINE_OPERATIONS_H
#define RFCTLS_ENGINE_OPERATIONS_H

#include "engine/engine.h"

/* How a decision of the program stands. */
typedef enum rfctls__answer {
  RFCTLS__UNASKED = 0,
  RFCTLS__ASKED,
  RFCTLS__YES,
  RFCTLS__NO
} rfctls__answer;

rfctls_status rfctls__context_init(rfctls__context *context, const rfctls__settings *settings);
void rfctls__context_fini(rfctls__context *context);
rfctls_status rfctls__check_versions(rfctls_tls_version min, rfctls_tls_version max);
rfctls_status rfctls__check_extension(uint16_t type);

rfctls_status rfctls__conn_init(rfctls__conn *conn, rfctls__context *context,
                                const rfctls__opening *opening);
void rfctls__conn_fini(rfctls__conn *conn, int failed);
rfctls_status rfctls__conn_handshake(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out);
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

rfctls_status rfctls__export_key(const rfctls__conn *conn, const char *label, rfctls__bytes context,
                                 void *out, size_t size);
rfctls_status rfctls__bind_end_point(const rfctls__conn *conn, rfctls__buffer *out);
rfctls_status rfctls__bind_unique(const rfctls__conn *conn, rfctls__buffer *out);

rfctls_status rfctls__engine_describe(rfctls__bytes der, rfctls__description *description);
rfctls_status rfctls__engine_digest(rfctls__bytes data, uint8_t out[RFCTLS__DIGEST_SIZE]);
rfctls_status rfctls__engine_read_key(rfctls__bytes encoded, const char *passphrase,
                                      rfctls__buffer *pkcs8);
rfctls_status rfctls__engine_check_key(rfctls__bytes cert, rfctls__bytes pkcs8);
int rfctls__engine_is_issuer(rfctls__bytes issuer, rfctls__bytes cert);
rfctls_status rfctls__engine_make_identity(const char *name, rfctls__buffer *cert,
                                           rfctls__buffer *pkcs8);
rfctls_status rfctls__engine_pbe_decrypt(rfctls__bytes algorithm, const char *passphrase,
                                         rfctls__bytes data, rfctls__buffer *out);
rfctls_status rfctls__engine_pbe_check(const rfctls__mac *mac, const char *passphrase,
                                       rfctls__bytes data);

#endif
