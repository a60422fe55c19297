/* Sessions of clients: the handle, what it may be used for, and the cache inside a config. */
#ifndef RFCTLS_TLS_SESSION_H
#define RFCTLS_TLS_SESSION_H

#include "base/lock.h"
#include "engine/engine.h"
#include "rfctls/session.h"

#if defined(__cplusplus)
extern "C" {
#endif

struct rfctls_config;

/* A digest of all that a session depends on. */
typedef struct rfctls__session_key {
  uint8_t digest[RFCTLS__DIGEST_SIZE];
} rfctls__session_key;

/* ---- session.c: the handle ---- */

/* Owns held from now on, on failure too. NULL without memory. */
rfctls_session *rfctls__session_new(rfctls__session *held, const rfctls__session_key *key);
/* Borrowed from it. */
const rfctls__session *rfctls__session_held(const rfctls_session *session);
int rfctls__session_is_for(const rfctls_session *session, const rfctls__session_key *key);

/* ---- resume.c: keys, and the cache ---- */

/* So many sessions a config, and so many of them for one key. */
enum { RFCTLS__SESSIONS = 128, RFCTLS__SESSIONS_OF_KEY = 4 };

/* Each is given out once, since a ticket of TLS 1.3 shows who comes back when it is used twice; one of
 * TLS 1.2 comes back with the handshake that it made. Nothing else is locked under the lock. */
typedef struct rfctls__session_cache {
  rfctls__lock lock;
  rfctls_session *items[RFCTLS__SESSIONS]; /* the oldest first */
  size_t count;
} rfctls__session_cache;

void rfctls__session_cache_init(rfctls__session_cache *cache);
void rfctls__session_cache_fini(rfctls__session_cache *cache);
/* Takes a reference of its own; the oldest one makes room. */
void rfctls__session_cache_put(rfctls__session_cache *cache, rfctls_session *session,
                               const rfctls__session_key *key);
/* The newest one of a key, with its reference, or NULL. */
rfctls_session *rfctls__session_cache_take(rfctls__session_cache *cache,
                                           const rfctls__session_key *key);

/* The part of the key that a config adds, for its freezing. */
rfctls_status rfctls__session_config_key(const struct rfctls_config *config,
                                         rfctls__session_key *out);

#if defined(__cplusplus)
}
#endif

#endif
