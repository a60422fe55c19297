/* A TLS session that a client can resume (RFC 8446 section 2.2): immutable, shared by reference, usable
 * from any thread. Within one process the library resumes by itself (rfctls_config_set_session_cache); this
 * is for programs that keep sessions longer, or in a file.
 *
 * On resumption no certificate is shown or checked again. So a session is only used by a client that
 * asks for the same server name and protocols, under a config whose options and trust anchors are equal (see
 * rfctls/config.h); by any other it is passed over, and the handshake is a full one. */
#ifndef RFCTLS_SESSION_H
#define RFCTLS_SESSION_H

#include "rfctls/status.h"
#include "rfctls/types.h"

RFCTLS_BEGIN

/* Reads what rfctls_session_bytes gave. RFCTLS_E_PARSE: it is damaged, or another engine's. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_session_from_bytes(const void *data, size_t size,
                                                               rfctls_session **out);
/* Takes one more reference and returns its argument. */
RFCTLS_API rfctls_session *RFCTLS_CALL rfctls_session_ref(rfctls_session *session);
/* Drops one reference; the last one wipes the session's secrets. */
RFCTLS_API void RFCTLS_CALL rfctls_session_unref(rfctls_session *session);

/* The session as bytes to be saved, borrowed; *size is set. NULL and 0 for NULL, and without memory.
 * SECRET: who has them can read the session and pretend to be its client, and who can write where they
 * are kept can choose the server that is trusted. */
RFCTLS_API const void *RFCTLS_CALL rfctls_session_bytes(const rfctls_session *session,
                                                        size_t *size);

RFCTLS_END

#endif
