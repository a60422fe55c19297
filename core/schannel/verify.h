/* Judging the peer's chain. SSPI leaves that to us, after its own handshake is done: chains are built and
 * checked by CryptoAPI, names are matched as everywhere. */
#ifndef RFCTLS_SCHANNEL_VERIFY_H
#define RFCTLS_SCHANNEL_VERIFY_H

#include <string.h>

#include "engine/engine.h"
#include "schannel/system.h"

/* What a verification found. */
typedef struct rfctls__judgement {
  rfctls__verdict found;        /* root first */
  const rfctls__finding *first; /* the problem that counts; NULL: trusted     */
} rfctls__judgement;

static inline void rfctls__judgement_clear(rfctls__judgement *judgement) {
  rfctls__verdict_release(&judgement->found);
  memset(judgement, 0, sizeof *judgement);
}

/* Judges the chain that came with leaf. OK, whatever it found; E_MEMORY. */
rfctls_status rfctls__verify_chain(rfctls__conn *conn, PCCERT_CONTEXT leaf);
/* E_VERIFY for what was found first. */
rfctls_status rfctls__verify_fail(const rfctls__judgement *judgement);
/* E_VERIFY because the program said no. */
rfctls_status rfctls__verify_refuse(PCCERT_CONTEXT leaf);
/* The alert that tells a peer of it (RFC 8446 section 6.2). */
int rfctls__verify_alert(rfctls_reason reason);
/* The certificates that came, appended to list: leaf first, each issuer behind what it issued, for their
 * order is not told. */
rfctls_status rfctls__verify_list(PCCERT_CONTEXT leaf, rfctls__list *list);

#endif
