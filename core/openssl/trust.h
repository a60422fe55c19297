/* Trust anchors: the system's, read once a process and shared, and those a context adds. */
#ifndef RFCTLS_OPENSSL_TRUST_H
#define RFCTLS_OPENSSL_TRUST_H

#include <openssl/x509.h>

#include "base/buffer.h"
#include "rfctls/status.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* A set of anchors. Shared by contexts; immutable but for what is read lazily. */
typedef struct rfctls__trust rfctls__trust;

/* Whether a folder can hold anchors by their hashed names, as OpenSSL's rehash makes it. */
rfctls_status rfctls__check_trust_dir(const char *path);
/* The system's anchors, or not, the authorities, folders of them, and revocation lists, NULL: none; the
 * caller owns one reference. A system without a trust store has no anchors: that is no error. */
rfctls_status rfctls__trust_open(int system, const STACK_OF(X509) *authorities,
                                 const rfctls__list *dirs, const rfctls__list *crls,
                                 rfctls__trust **out);
/* What tells the system's anchors and those in folders from what they are at another time: path, inode,
 * size and times; appended to out. */
rfctls_status rfctls__trust_state(int system, const rfctls__list *dirs, rfctls__buffer *out);
/* Frees what is shared, when nobody is inside any more. */
void rfctls__trust_forget(void);
/* Drops one reference; NULL is allowed. */
void rfctls__trust_release(rfctls__trust *trust);

/* Borrowed. Flags, purpose, names belong on the verification's own parameters, never on it. */
X509_STORE *rfctls__trust_store(const rfctls__trust *trust);
/* 1: not all anchors were read yet. A verification that began so, and found no trusted issuer,
 * calls complete and tries again. */
int rfctls__trust_is_partial(const rfctls__trust *trust);
void rfctls__trust_complete(rfctls__trust *trust);

#if defined(__cplusplus)
}
#endif

#endif
