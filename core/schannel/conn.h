/* One connection: a security context of SSPI between two buffers. */
#ifndef RFCTLS_SCHANNEL_CONN_H
#define RFCTLS_SCHANNEL_CONN_H

#include "base/error.h"
#include "engine/operations.h"
#include "schannel/context.h"
#include "schannel/record.h"
#include "schannel/system.h"
#include "schannel/verify.h"

typedef enum rfctls__stage {
  RFCTLS__HANDSHAKING = 0,
  RFCTLS__HANDSHAKE_DONE, /* SSPI is done; the peer is still to be judged */
  RFCTLS__ESTABLISHED
} rfctls__stage;

struct rfctls__conn {
  rfctls__context *context; /* borrowed */
  rfctls__credentials own;  /* that the program decided on */
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
  int sent_close_notify;
  int refused_renegotiation;
  int failed; /* with failure, which every later call reports again */
  rfctls__error failure;
};

/* The peer's certificate, its chain in its store; the caller's to free. NULL: it sent none. */
PCCERT_CONTEXT rfctls__conn_peer(const rfctls__conn *conn);

/* Answers status, and remembers a failure: every later call reports it again. */
rfctls_status rfctls__conn_leave(rfctls__conn *conn, rfctls_status status);

#endif
