/* What a config holds. Nothing changes once it is frozen. */
#ifndef RFCTLS_TLS_CONFIG_H
#define RFCTLS_TLS_CONFIG_H

#include "base/buffer.h"
#include "base/deadline.h"
#include "base/refcount.h"
#include "engine/engine.h"
#include "rfctls/config.h"
#include "tls/shared_context.h"

/* What a socket does not change counts for the sharing of contexts and sessions: freeze.c lists it. */
struct rfctls_config {
  rfctls__refcount refs;
  rfctls__shared_context *shared; /* one reference, or NULL: not frozen */

  rfctls_role role;
  rfctls_tls_version min_version, max_version;
  rfctls_chain *chain; /* our identity, or NULL */
  rfctls_key *key;
  rfctls_chain *authorities;
  rfctls__list trust_dirs; /* paths, each with its NUL */
  rfctls__list crls;       /* DER                      */
  int system_trust;
  int partial_chain;
  int demand;                /* rfctls_demand, or -1: not said */
  char *server_name;         /* in its form for the wire */
  rfctls__buffer protocols;  /* ALPN wire form */
  rfctls__buffer extensions; /* client: of its hello, see tls/extension.h */

  char *preferences[RFCTLS__PREFERENCES]; /* NULL: the engine's own */
  char *key_log;                          /* a path, or NULL        */

  int ask_verify, ask_identity;
  rfctls_verifier verifier;
  void *verifier_data;
  rfctls_release verifier_release;
  rfctls_identity_source identity_source;
  void *identity_data;
  rfctls_release identity_release;

  int64_t timers[RFCTLS__TIMER_COUNT]; /* by rfctls_timer, milliseconds */
  rfctls_family family;
  int blocking;
  int allow_truncation;
  int skip_verify;
  int skip_name_check;

  int session_cache; /* server: tickets */
};

#endif
