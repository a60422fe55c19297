/* Distinguished names (RFC 5280 section 4.1.2.4) and object identifiers, as text. */
#ifndef RFCTLS_SCHANNEL_DISTINGUISHED_NAME_H
#define RFCTLS_SCHANNEL_DISTINGUISHED_NAME_H

#include "base/buffer.h"
#include "rfctls/status.h"

/* RFC 4514; *out is the caller's to free. */
rfctls_status rfctls__dn_text(rfctls__bytes name, char **out);
/* For a reader: the most telling part of a name, without what does not print, cut at size. 1: its common
 * name. */
int rfctls__dn_put(char *out, size_t size, rfctls__bytes name);
/* An object identifier, its numbers between dots, appended without a NUL. */
rfctls_status rfctls__oid_text(rfctls__buffer *out, rfctls__bytes oid);

#endif
