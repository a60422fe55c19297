/* The sessions of clients that the process keeps. */
#ifndef RFCTLS_TLS_SESSION_CACHE_H
#define RFCTLS_TLS_SESSION_CACHE_H

#include "tls/session.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* So many in all, so many of them for one key and service, for so many nanoseconds. */
enum { RFCTLS__SESSIONS = 256, RFCTLS__SESSIONS_OF_KEY = 4 };
#define RFCTLS__SESSION_IDLE (INT64_C(3600) * 1000000000)

/* Each is given out once, since a ticket of TLS 1.3 shows who comes back when it is used twice; one of
 * TLS 1.2 comes back with the handshake that it made. */

/* Takes a reference of its own; the oldest one makes room. */
void rfctls__session_keep(rfctls_session *session, const rfctls__session_key *key,
                          const char *service);
/* One that was offered in a handshake that broke: none of its key and service is kept or given out for as
 * long as others are. Some servers break on all (OpenSSL's, when they ask for certificates and have no
 * session id context): with them every other connection would fail. */
void rfctls__session_broke(rfctls_session *session, const rfctls__session_key *key,
                           const char *service);
/* The newest one of a key and service, with its reference, or NULL. */
rfctls_session *rfctls__session_take_kept(const rfctls__session_key *key, const char *service);
/* Drops those that were kept for too long, and in a child the parent's: at each freezing. */
void rfctls__sessions_expire(void);
/* Drops all: when the library is unloaded, and between tests. */
void rfctls__sessions_forget(void);

#if defined(__cplusplus)
}
#endif

#endif
