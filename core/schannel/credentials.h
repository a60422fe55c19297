/* What SSPI authenticates us by. */
#ifndef RFCTLS_SCHANNEL_CREDENTIALS_H
#define RFCTLS_SCHANNEL_CREDENTIALS_H

#include "engine/engine.h"
#include "schannel/container.h"
#include "schannel/system.h"

/* Versions, and perhaps a certificate with its key. */
typedef struct rfctls__credentials {
  int open;
  CredHandle handle;
  PCCERT_CONTEXT leaf; /* or NULL */
  rfctls__container container;
} rfctls__credentials;

/* identity of count 0: a client without a certificate. E_PARSE, E_IDENTITY, E_UNSUPPORTED. */
rfctls_status rfctls__credentials_open(rfctls__credentials *credentials,
                                       const rfctls__context *context,
                                       const rfctls__identity *identity);
/* Also takes zeros. */
void rfctls__credentials_close(rfctls__credentials *credentials);

#endif
