/* The calls of SSPI that turn handshake bytes into handshake bytes, the same for both roles. */
#ifndef RFCTLS_SCHANNEL_TOKEN_H
#define RFCTLS_SCHANNEL_TOKEN_H

#include "base/buffer.h"
#include "schannel/conn.h"

/* Protocols as SSPI takes them, from a list as on the wire, appended; and that list again. E_ARGUMENT. */
rfctls_status rfctls__token_put_protocols(rfctls__bytes list, rfctls__buffer *out);
rfctls__bytes rfctls__token_protocols(const rfctls__buffer *made);

/* One step on `input` (empty for a client's first): what SSPI makes is appended to out, even when it
 * fails. *left: how many bytes at the end of input it did not take. */
SECURITY_STATUS rfctls__token_step(rfctls__conn *conn, rfctls__bytes input, rfctls__buffer *out,
                                   size_t *left);
/* Our close_notify. */
SECURITY_STATUS rfctls__token_shutdown(rfctls__conn *conn, rfctls__buffer *out);
/* A fatal alert, where SSPI can make one. */
SECURITY_STATUS rfctls__token_alert(rfctls__conn *conn, int alert, rfctls__buffer *out);

#endif
