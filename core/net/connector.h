/* Connecting to the first address of a name that accepts, without waiting: the caller's loop does that. */
#ifndef RFCTLS_NET_CONNECTOR_H
#define RFCTLS_NET_CONNECTOR_H

#include "base/deadline.h"
#include "net/os.h"

#if defined(__cplusplus)
extern "C" {
#endif

typedef struct rfctls__connector rfctls__connector;

/* What to wait for. The descriptor may be another after each try. */
typedef struct rfctls__connecting {
  intptr_t fd;               /* RFCTLS__NO_FD: nothing is under way             */
  uint32_t events;           /* RFCTLS__POLL_READ while resolving, then _WRITE  */
  rfctls__deadline next;     /* try again then, whatever has come               */
  rfctls__deadline deadline; /* of the timer                                    */
} rfctls__connecting;

/* To a host and a service (node NULL: this host), and its timer begins; -1 milliseconds: there is none.
 * E_RESOLVE where that is known at once; as rfctls__lookup_begin. */
rfctls_status rfctls__connector_new(const char *node, const char *service, rfctls_family family,
                                    int64_t timeout_ms, rfctls__connector **out);
/* To one address, of which it keeps a reference. */
rfctls_status rfctls__connector_to(rfctls_address *address, int64_t timeout_ms,
                                   rfctls__connector **out);
/* As far as it goes: OK: *fd is connected to *to, both are the caller's, and only free is left; WANT_READ,
 * WANT_WRITE: wait for what _state says; E_RESOLVE, E_CONNECT (no address is left, the message names the last
 * failure): again at each try; E_TIMEOUT: the next try begins the timer anew; E_SYSTEM, E_MEMORY: we are short
 * of something, try again to go on. */
rfctls_status rfctls__connector_try(rfctls__connector *connector, intptr_t *fd,
                                    rfctls_address **to);
rfctls__connecting rfctls__connector_state(const rfctls__connector *connector);
/* E_TIMEOUT, in words that say what has not come. */
rfctls_status rfctls__connector_fail_late(const rfctls__connector *connector);
/* Gives up what is under way. NULL is allowed. */
void rfctls__connector_free(rfctls__connector *connector);

#if defined(__cplusplus)
}
#endif

#endif
