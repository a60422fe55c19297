/* What ties other protocols to one connection: exported keys, channel bindings. */
#ifndef RFCTLS_OPENSSL_KEYING_H
#define RFCTLS_OPENSSL_KEYING_H

#include "engine/engine.h"

/* The engine's operations; see engine.h. */
rfctls_status rfctls__export_key(const rfctls__conn *conn, const char *label, rfctls__bytes context,
                                 void *out, size_t size);
rfctls_status rfctls__bind_end_point(const rfctls__conn *conn, rfctls__buffer *out);
rfctls_status rfctls__bind_unique(const rfctls__conn *conn, rfctls__buffer *out);

#endif
