/* The opaque handles, and how functions are exported. */
#ifndef RFCTLS_TYPES_H
#define RFCTLS_TYPES_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define RFCTLS_CALL __cdecl
#if defined(RFCTLS_BUILD)
#define RFCTLS_API __declspec(dllexport)
#elif defined(RFCTLS_STATIC)
#define RFCTLS_API
#else
#define RFCTLS_API __declspec(dllimport)
#endif
#else
#define RFCTLS_CALL
#if defined(RFCTLS_BUILD) && defined(__GNUC__)
#define RFCTLS_API __attribute__((visibility("default")))
#else
#define RFCTLS_API
#endif
#endif

#if defined(__cplusplus)
#define RFCTLS_BEGIN extern "C" {
#define RFCTLS_END }
#define RFCTLS_ENUM_IS_INT(type) static_assert(sizeof(type) == 4, #type " has four bytes")
#else
#define RFCTLS_BEGIN
#define RFCTLS_END
#define RFCTLS_ENUM_IS_INT(type) _Static_assert(sizeof(type) == 4, #type " has four bytes")
#endif

RFCTLS_BEGIN

typedef struct rfctls_cert rfctls_cert;           /* one X.509 certificate, immutable            */
typedef struct rfctls_chain rfctls_chain;         /* a list of certificates, leaf first          */
typedef struct rfctls_key rfctls_key;             /* one private key, immutable, wiped at the end */
typedef struct rfctls_config rfctls_config;       /* what a socket should be                     */
typedef struct rfctls_address rfctls_address;     /* one end of a connection, immutable          */
typedef struct rfctls_addresses rfctls_addresses; /* what a name resolved to                     */
typedef struct rfctls_raw rfctls_raw;             /* the transport under a TLS socket            */
typedef struct rfctls_socket rfctls_socket;       /* client, listener or accepted connection     */
typedef struct rfctls_session rfctls_session;     /* what a client can resume, immutable         */
typedef struct rfctls_pollset rfctls_pollset;     /* readiness of many                           */

RFCTLS_END

#endif
