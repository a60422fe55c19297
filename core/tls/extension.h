/* A program's own extensions of the client's hello. */
#ifndef RFCTLS_TLS_EXTENSION_H
#define RFCTLS_TLS_EXTENSION_H

#include "base/buffer.h"
#include "rfctls/config.h"
#include "rfctls/status.h"

/* Appends one in its wire form, RFC 8446 section 4.2. E_ARGUMENT names what is wrong with it;
 * E_UNSUPPORTED. */
rfctls_status rfctls__extension_append(rfctls__buffer *list, rfctls_role role, uint16_t type,
                                       const void *data, size_t size);

#endif
