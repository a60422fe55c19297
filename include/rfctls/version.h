/* What library and engine this is. */
#ifndef RFCTLS_VERSION_H
#define RFCTLS_VERSION_H

#include "rfctls/status.h"
#include "rfctls/types.h"

RFCTLS_BEGIN

/* What not every engine, or not every build of it, can do. */
typedef enum rfctls_feature {
  RFCTLS_FEATURE_TLS13 = 1,          /* RFC 8446                                   */
  RFCTLS_FEATURE_ALPN = 2,           /* RFC 7301                                   */
  RFCTLS_FEATURE_PEM_PASSPHRASE = 3, /* encrypted private keys                     */
  RFCTLS_FEATURE_IS_INT = 0x7fffffff
} rfctls_feature;
RFCTLS_ENUM_IS_INT(rfctls_feature);

/* "0.1.0". Static. */
RFCTLS_API const char *RFCTLS_CALL rfctls_version(void);
/* 0xMMmmpp: major, minor, patch. */
RFCTLS_API uint32_t RFCTLS_CALL rfctls_version_number(void);
/* "openssl" or "schannel". Static. */
RFCTLS_API const char *RFCTLS_CALL rfctls_engine_name(void);
/* The text by which the engine's library calls itself, as loaded now. Static. */
RFCTLS_API const char *RFCTLS_CALL rfctls_engine_version(void);
/* 1 if the engine can do it, 0 if not or if the feature is unknown. */
RFCTLS_API int RFCTLS_CALL rfctls_engine_supports(rfctls_feature feature);

RFCTLS_END

#endif
