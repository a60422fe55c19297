/* Which ciphers and groups a program prefers, in the words of OpenSSL's manual. */
#ifndef RFCTLS_OPENSSL_CIPHERS_H
#define RFCTLS_OPENSSL_CIPHERS_H

#include <openssl/ssl.h>

#include "engine/engine.h"

/* OK: all that is in the list has an effect; E_ARGUMENT. */
rfctls_status rfctls__check_preference(rfctls__preference preference, const char *list);
/* NULL: the system's list. Ciphers whose key exchange has to be asked for by name, and those that are never
 * used, are taken out. OK, E_ARGUMENT. */
rfctls_status rfctls__ciphers_set(SSL_CTX *ctx, rfctls__preference preference, const char *list);

#endif
