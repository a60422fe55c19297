/* What a config becomes at its first use, and what equal configs of one process share: the engine's
 * context, and a digest of all options. */
#ifndef RFCTLS_TLS_SHARED_CONTEXT_H
#define RFCTLS_TLS_SHARED_CONTEXT_H

#include "engine/engine.h"

#if defined(__cplusplus)
extern "C" {
#endif

struct rfctls_config;

typedef struct rfctls__shared_context {
  rfctls__context *context;
  uint8_t
      digest[RFCTLS__DIGEST_SIZE]; /* of the config's options, and of the anchors as they were */
  uint64_t process;                /* that made it: a child process makes its own              */
  /* under the lock of shared_context.c */
  size_t refs;
  int lasts;            /* it may outlive its configs: no private key is in it */
  int64_t unused_since; /* as of rfctls__now                                    */
} rfctls__shared_context;

/* ---- config_freeze.c ---- */

/* Gives the config what it stands for, once a process; afterwards nothing changes. */
rfctls_status rfctls__config_freeze(struct rfctls_config *config);
/* The digest alone. */
rfctls_status rfctls__config_digest(const struct rfctls_config *config,
                                    uint8_t digest[RFCTLS__DIGEST_SIZE]);

/* ---- shared_context.c ---- */

/* So many are known, used or not; an unused one is forgotten at a freezing after so many nanoseconds. */
enum { RFCTLS__SHARED = 32 };
#define RFCTLS__SHARED_IDLE (INT64_C(300) * 1000000000)

/* With a reference, or NULL: this process has none of the digest. */
rfctls__shared_context *rfctls__shared_context_find(const uint8_t digest[RFCTLS__DIGEST_SIZE]);
/* Makes one known; takes its only reference and answers one, to it or to another thread's that was
 * faster. */
rfctls__shared_context *rfctls__shared_context_add(rfctls__shared_context *made);
/* Frees what nobody uses: when the library is unloaded, and between tests. */
void rfctls__shared_contexts_forget(void);
/* Also takes NULL. */
void rfctls__shared_context_unref(rfctls__shared_context *shared);
/* A reference to what stands at a place that threads share, or NULL: none of this process does. */
rfctls__shared_context *rfctls__shared_context_at(rfctls__shared_context *const *place);
/* Takes the reference, and puts it there, unless another thread was faster. */
void rfctls__shared_context_put(rfctls__shared_context **place, rfctls__shared_context *shared);

#if defined(__cplusplus)
}
#endif

#endif
