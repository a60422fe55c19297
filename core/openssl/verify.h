/* Judging the peer's chain: refusing it, or asking the program. */
#ifndef RFCTLS_OPENSSL_VERIFY_H
#define RFCTLS_OPENSSL_VERIFY_H

#include <openssl/x509_vfy.h>
#include <string.h>

#include "engine/engine.h"

/* Certificates need 112 bits of security (RSA 2048, SHA-256), whatever the protocol may use. */
enum { RFCTLS__AUTH_LEVEL = 2 };

/* What a verification found. */
typedef struct rfctls__judgement {
  rfctls__verdict found; /* by depth; for a decision, when it is complete: root first */
  int code;              /* X509_V_ERR_* of the problem that counts              */
  int depth;             /* where it is,                                         */
  rfctls_reason reason;  /* and what it is called; if there is one             */
  int failed;            /* memory ran out while it was written down             */
} rfctls__judgement;

static inline void rfctls__judgement_clear(rfctls__judgement *judgement) {
  rfctls__verdict_release(&judgement->found);
  memset(judgement, 0, sizeof *judgement);
}

/* For SSL_CTX_set_cert_verify_callback, on connections whose application data is the
 * rfctls__conn. */
int rfctls__verify_peer(X509_STORE_CTX *ctx, void *unused);
/* OK, or WANT_VERIFY about a session that was resumed: one finding, the peer's own certificate, with
 * the verdict of the handshake that began the session. */
rfctls_status rfctls__verify_resumed(rfctls__conn *conn);
/* E_VERIFY because the program said no. */
rfctls_status rfctls__verify_refuse(const X509 *leaf);

#endif
