/* The one interface from which the native module of every language is made. Each language's typemap
 * file defines the same patterns, keyed on parameter names:
 *
 *   (const void *data, size_t size)                     bytes in, without copying
 *   (const void *context, size_t context_size)          the same, or none
 *   (void *buffer, size_t capacity, size_t *received)   writable buffer in, count out
 *   (void *made, size_t length, size_t *received)       how many bytes, new bytes out
 *   size_t *sent, size_t *ready, size_t *index          an extra result
 *   intptr_t *fd                                        a descriptor that the caller owns
 *   rfctls_<noun> **out, **chain, **key                 a handle that the caller owns
 *   const void *f(…, size_t *size)                      bytes out
 *   rfctls_status                                       WANT_* and OK are results, E_* are errors
 */
%module native

%{
#include "rfctls.h"
%}

%include <stdint.i>

#define RFCTLS_API
#define RFCTLS_CALL
#define RFCTLS_BEGIN
#define RFCTLS_END
#define RFCTLS_ENUM_IS_INT(type)

%include "ownership.i"

#if defined(SWIGPYTHON)
%include "python/typemaps.i"
#elif defined(SWIGLUA)
%include "lua/typemaps.i"
#elif defined(SWIGGUILE)
%include "guile/typemaps.i"
#endif

%include "names.i"
%include "truths.i"

/* Keys and bindings are made by the call, so they are known to scripts by their sizes. */
rfctls_status rfctls_socket_export_key(const rfctls_socket *socket, const char *label, const void *context,
                                       size_t context_size, void *made, size_t length, size_t *received);
rfctls_status rfctls_socket_channel_binding(const rfctls_socket *socket, const char *type, void *made,
                                            size_t length, size_t *received);

%include "rfctls/status.h"
%include "rfctls/version.h"
%include "rfctls/cert.h"
%include "rfctls/chain.h"
%include "rfctls/key.h"
%include "rfctls/identity.h"
%include "rfctls/address.h"
%include "rfctls/config.h"
%include "rfctls/raw.h"
%include "rfctls/session.h"
%include "rfctls/socket.h"
%include "rfctls/stream.h"
%include "rfctls/pollset.h"
