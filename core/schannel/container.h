/* SChannel signs in another process, which finds a private key only by the name of its container. So a key
 * gets one with a name that nobody guesses, for as long as its credentials live; then it is deleted. */
#ifndef RFCTLS_SCHANNEL_CONTAINER_H
#define RFCTLS_SCHANNEL_CONTAINER_H

#include "base/buffer.h"
#include "rfctls/status.h"
#include "schannel/system.h"

#if defined(__cplusplus)
extern "C" {
#endif

typedef struct rfctls__container {
  wchar_t name[40];      /* empty: there is none             */
  NCRYPT_KEY_HANDLE key; /* 0: it is CryptoAPI's, not CNG's  */
} rfctls__container;

/* Stores a key, and tells cert where it is. E_PARSE, E_UNSUPPORTED. */
rfctls_status rfctls__container_open(rfctls__container *container, rfctls__bytes pkcs8,
                                     PCCERT_CONTEXT cert);
/* Deletes the key; also takes zeros. */
void rfctls__container_close(rfctls__container *container);

#if defined(__cplusplus)
}
#endif

#endif
