/* PKCS#12 (RFC 7292), read by hand: Windows' own reader leaves keys behind in containers. */
#ifndef RFCTLS_SCHANNEL_PKCS12_H
#define RFCTLS_SCHANNEL_PKCS12_H

#include "engine/engine.h"

/* The engine's operation; see engine.h. */
rfctls_status rfctls__schannel_open_pkcs12(rfctls__bytes data, const char *passphrase,
                                           rfctls__list *chain, rfctls__buffer *pkcs8);

#endif
