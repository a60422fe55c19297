/* Sessions of clients: the handle, and what it may be used for. */
#ifndef RFCTLS_TLS_SESSION_H
#define RFCTLS_TLS_SESSION_H

#include "engine/engine.h"
#include "rfctls/session.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* What a session depends on, by digests: the config's options, and these with the name and all else that
 * was asked for. */
typedef struct rfctls__session_key {
  uint8_t options[RFCTLS__DIGEST_SIZE];
  uint8_t whole[RFCTLS__DIGEST_SIZE];
} rfctls__session_key;

/* Owns held from now on, on failure too; copies the texts, of which either may be NULL. NULL without
 * memory. */
rfctls_session *rfctls__session_new(rfctls__session *held, const rfctls__session_key *key,
                                    const char *name, const char *service);
/* Borrowed from it. */
const rfctls__session *rfctls__session_held(const rfctls_session *session);
/* NULL: a connection of this key, for this name, may use it; else the clause that says why not. */
const char *rfctls__session_differs(const rfctls_session *session, const rfctls__session_key *key,
                                    const char *name);
/* Whether it came from this service of whom it is for. */
int rfctls__session_is_of(const rfctls_session *session, const rfctls__session_key *key,
                          const char *service);

#if defined(__cplusplus)
}
#endif

#endif
