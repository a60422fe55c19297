/* The TCP socket under a TLS socket. */
#ifndef RFCTLS_RAW_H
#define RFCTLS_RAW_H

#include "rfctls/address.h"
#include "rfctls/status.h"
#include "rfctls/types.h"

RFCTLS_BEGIN

/* Connects by TCP to one address, within timeout_ms (-1: as long as the system tries).
 * RFCTLS_E_CONNECT: refused or unreachable. RFCTLS_E_TIMEOUT. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_connect(const rfctls_address *address,
                                                        int64_t timeout_ms, rfctls_raw **out);
/* Listens on one address; backlog 0 takes the system's largest. RFCTLS_E_SYSTEM: address in use,
 * not ours, no right to it. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_listen(const rfctls_address *address, int backlog,
                                                       rfctls_raw **out);
/* Takes a descriptor that the program has (a SOCKET on Windows); asks the system whether it
 * listens. owned 1: made non-blocking, and closed with this handle; 0: borrowed, its flags are
 * left as they are and it is never closed. RFCTLS_E_SYSTEM: not a stream socket. On failure the
 * descriptor stays the caller's. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_adopt(intptr_t fd, int owned, rfctls_raw **out);
/* Takes one more reference and returns its argument. */
RFCTLS_API rfctls_raw *RFCTLS_CALL rfctls_raw_ref(rfctls_raw *raw);
/* Drops one reference; the last one closes an owned descriptor. */
RFCTLS_API void RFCTLS_CALL rfctls_raw_unref(rfctls_raw *raw);

/* The descriptor, borrowed; -1 for NULL or after close. */
RFCTLS_API intptr_t RFCTLS_CALL rfctls_raw_fd(const rfctls_raw *raw);
/* Our end; of an adopted descriptor that is not IP, an address without IP and port. The answer
 * stays the same after close; RFCTLS_E_CLOSED if it was never known. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_local_address(const rfctls_raw *raw,
                                                              rfctls_address **out);
/* The other end, as above. RFCTLS_E_STATE: a listener has none. RFCTLS_E_SYSTEM: not connected. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_raw_peer_address(const rfctls_raw *raw,
                                                             rfctls_address **out);

RFCTLS_END

#endif
