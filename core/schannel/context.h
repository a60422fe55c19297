/* What all connections of a frozen config share: credentials and trust. */
#ifndef RFCTLS_SCHANNEL_CONTEXT_H
#define RFCTLS_SCHANNEL_CONTEXT_H

#include "engine/engine.h"
#include "schannel/container.h"
#include "schannel/system.h"

/* What SSPI authenticates us by: versions, and perhaps a certificate with its key. */
typedef struct rfctls__credentials {
  int open;
  CredHandle handle;
  PCCERT_CONTEXT leaf; /* or NULL */
  rfctls__container container;
} rfctls__credentials;

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

rfctls_status rfctls__context_init(rfctls__context *context, const rfctls__settings *settings);
void rfctls__context_fini(rfctls__context *context);
rfctls_status rfctls__check_versions(rfctls_tls_version min, rfctls_tls_version max);

/* identity of count 0: a client without a certificate. E_PARSE, E_IDENTITY, E_UNSUPPORTED. */
rfctls_status rfctls__credentials_open(rfctls__credentials *credentials,
                                       const rfctls__context *context,
                                       const rfctls__identity *identity);
/* Also takes zeros. */
void rfctls__credentials_close(rfctls__credentials *credentials);

/* Whether this is Wine, whose SChannel differs in ways that its callers name. */
int rfctls__is_wine(void);
/* Whether this system offers TLS 1.3. */
int rfctls__has_tls13(void);

#endif
