/* What all connections of a frozen config share: credentials and trust. */
#ifndef RFCTLS_SCHANNEL_CONTEXT_H
#define RFCTLS_SCHANNEL_CONTEXT_H

#include "engine/operations.h"
#include "schannel/credentials.h"
#include "schannel/system.h"

struct rfctls__context {
  rfctls_role role;
  rfctls_demand peer_cert;
  int skip_verify;
  rfctls_tls_version min_version; /* never ANY */
  rfctls_tls_version max_version;
  int system_trust;
  int partial_chain;         /* an authority need not be self-issued        */
  HCERTSTORE authorities;    /* never NULL; empty: none                     */
  HCERTCHAINENGINE anchored; /* builds chains to authorities alone, or NULL */
  size_t authority_count;
  rfctls__credentials own;
};

#endif
