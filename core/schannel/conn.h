/* One connection: a security context of SSPI between two buffers. */
#ifndef RFCTLS_SCHANNEL_CONN_H
#define RFCTLS_SCHANNEL_CONN_H

#include "base/error.h"
#include "engine/engine.h"
#include "schannel/context.h"
#include "schannel/record.h"
#include "schannel/system.h"
#include "schannel/verify.h"

typedef enum rfctls__answer {
  RFCTLS__UNASKED = 0,
  RFCTLS__ASKED,
  RFCTLS__YES,
  RFCTLS__NO
} rfctls__answer;

typedef enum rfctls__stage {
  RFCTLS__SHAKING = 0,
  RFCTLS__SHAKEN, /* SSPI is done; the peer is still to be judged */
  RFCTLS__ESTABLISHED
} rfctls__stage;

struct rfctls__conn {
  rfctls__context *context; /* borrowed */
  rfctls__credentials own;  /* what answered the identity question */
  CtxtHandle handle;
  int begun; /* handle is one */
  wchar_t *target;
  char *name;               /* to check, or NULL */
  rfctls__buffer protocols; /* as rfctls__token_put_protocols makes them */
  int asks_verify;
  int asks_identity;
  rfctls__answer verify;
  rfctls__answer identity;
  rfctls__stage stage;
  size_t held; /* bytes at the head of `in` that SSPI saw, and wants more behind them */
  rfctls__agreed agreed;
  char *server_name; /* server: that was asked for, or NULL */
  SecPkgContext_StreamSizes sizes;
  SecPkgContext_ApplicationProtocol protocol;
  rfctls__judgement judgement;
  rfctls__buffer plain; /* decrypted, not given yet */
  int ended;            /* the peer's close_notify has come */
  int said_goodbye;
  int refused_renegotiation;
  int failed; /* with failure, which every later call reports again */
  rfctls__error failure;
};

/* The peer's certificate, its chain in its store; the caller's to free. NULL: it sent none. */
PCCERT_CONTEXT rfctls__conn_peer(const rfctls__conn *conn);

/* The engine's operations; see engine.h. */
rfctls_status rfctls__conn_check_extension(uint16_t type);
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

#endif
