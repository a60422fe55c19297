/* A throw-away identity: a new key by CNG, and a certificate (RFC 5280 section 4.1) written by hand. */
#ifndef RFCTLS_SCHANNEL_SELF_SIGNED_H
#define RFCTLS_SCHANNEL_SELF_SIGNED_H

#include "engine/engine.h"

/* The engine's operation; see engine.h. */
rfctls_status rfctls__schannel_make_identity(const char *name, rfctls__buffer *cert,
                                             rfctls__buffer *pkcs8);

#endif
