/* The one interface from which the native module of every language is made. Each language's typemap
 * file defines the same patterns, keyed on parameter names:
 *
 *   (const void *data, size_t size)                     bytes in, without copying
 *   (const void *context, size_t context_size)          the same, or none
 *   (void *buffer, size_t capacity, size_t *received)   writable buffer in, count out
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
