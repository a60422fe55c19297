/* Names that go on the wire: the server's, and application protocols. Checked before connecting. */
#ifndef RFCTLS_TLS_NAME_H
#define RFCTLS_TLS_NAME_H

#include "base/buffer.h"
#include "rfctls/status.h"

/* A host name in its form for SNI and the name check (no trailing dot), or an IP address (no scope).
 * *out is the caller's to free. E_ARGUMENT names what is wrong with it. */
rfctls_status rfctls__server_name(const char *name, char **out, int *is_ip);

/* Appends an ALPN name in its wire form, RFC 7301 section 3.1. E_ARGUMENT. */
rfctls_status rfctls__protocol_append(rfctls__buffer *list, const char *name);

#endif
