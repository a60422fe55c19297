/* An SSL_CTX made from settings: see context.h. */
#include "openssl/context.h"

#include <openssl/err.h>

#include "base/error.h"
#include "openssl/bytes.h"
#include "openssl/conn.h"
#include "openssl/failure.h"
#include "openssl/pki.h"
#include "openssl/prefer.h"
#include "openssl/session.h"
#include "openssl/verify.h"

/* ---- reading ---- */

static void free_stack(STACK_OF(X509) *certs) {
  sk_X509_pop_free(certs, X509_free);
}

static rfctls_status parse_all(const rfctls__bytes *ders, size_t count, STACK_OF(X509) **out) {
  rfctls_status status = RFCTLS_OK;
  STACK_OF(X509) *certs = sk_X509_new_null();
  if (certs == NULL) {
    return rfctls__fail_memory();
  }
  for (size_t i = 0; i < count && status == RFCTLS_OK; i++) {
    X509 *cert = NULL;
    status = rfctls__x509_parse(ders[i], &cert);
    if (status == RFCTLS_OK && sk_X509_push(certs, cert) == 0) {
      X509_free(cert);
      status = rfctls__fail_memory();
    }
  }
  if (status == RFCTLS_OK) {
    *out = certs;
  } else {
    free_stack(certs);
  }
  return status;
}

rfctls_status rfctls__credentials_init(rfctls__credentials *credentials,
                                       const rfctls__identity *identity) {
  rfctls_status status;
  if (identity->count == 0) {
    return rfctls__fail(RFCTLS_E_IDENTITY, "the certificate chain is empty");
  }
  status = rfctls__x509_parse(identity->chain[0], &credentials->leaf);
  if (status == RFCTLS_OK) {
    status = parse_all(identity->chain + 1, identity->count - 1, &credentials->issuers);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__pkey_parse(identity->key, &credentials->key);
  }
  if (status == RFCTLS_OK && X509_check_private_key(credentials->leaf, credentials->key) != 1) {
    status = rfctls__openssl_fail(RFCTLS_E_IDENTITY, "the key is not the certificate's");
  }
  return status;
}

void rfctls__credentials_fini(rfctls__credentials *credentials) {
  X509_free(credentials->leaf);
  free_stack(credentials->issuers);
  EVP_PKEY_free(credentials->key);
}

/* ---- versions ---- */

/* RFCTLS_TLS_ANY leaves the upper end to the library; the lower end is TLS 1.2, or what the
 * system's administrator raised it to. */
static int set_versions(SSL_CTX *ctx, rfctls_tls_version min, rfctls_tls_version max) {
  int least = (int)min;
  if (min == RFCTLS_TLS_ANY) {
    int system = (int)SSL_CTX_get_min_proto_version(ctx);
    least = system > TLS1_2_VERSION ? system : TLS1_2_VERSION;
  }
  return SSL_CTX_set_min_proto_version(ctx, 0) == 1 && /* max may lie below the system's */
         SSL_CTX_set_max_proto_version(ctx, (int)max) == 1 &&
         SSL_CTX_set_min_proto_version(ctx, least) == 1;
}

/* Only an SSL_CTX can tell, and making one costs as much as a fifth of a handshake. */
static rfctls_status ask_about_versions(rfctls_tls_version min, rfctls_tls_version max) {
  rfctls__openssl_errors callers;
  rfctls_status status = RFCTLS_OK;
  rfctls__openssl_begin(&callers);
  SSL_CTX *ctx = SSL_CTX_new(TLS_method());
  if (ctx == NULL) {
    status = rfctls__openssl_fail(RFCTLS_E_INTERNAL, "no TLS context could be made");
  } else if (!set_versions(ctx, min, max)) {
    status = rfctls__fail(RFCTLS_E_UNSUPPORTED, "%s does not speak these TLS versions",
                          OpenSSL_version(OPENSSL_VERSION));
  }
  SSL_CTX_free(ctx);
  rfctls__openssl_end(&callers);
  return status;
}

rfctls_status rfctls__check_versions(rfctls_tls_version min, rfctls_tls_version max) {
  static uint64_t answered; /* atomic: the last pair that was accepted */
  uint64_t pair = (uint64_t)min << 32 | (uint64_t)max;
  rfctls_status status = RFCTLS_OK;
  if (pair != __atomic_load_n(&answered, __ATOMIC_RELAXED)) {
    status = ask_about_versions(min, max);
  }
  if (status == RFCTLS_OK) {
    __atomic_store_n(&answered, pair, __ATOMIC_RELAXED);
  }
  return status;
}

/* ---- the parts of a context ---- */

/* Below 1.2 nothing but level 0 works, as it all rests on SHA-1. Certificates are held to
 * RFCTLS__AUTH_LEVEL all the same, in verify.c. */
static void set_security_level(SSL_CTX *ctx, rfctls_tls_version min) {
  int legacy = min != RFCTLS_TLS_ANY && (int)min < TLS1_2_VERSION;
  int system = SSL_CTX_get_security_level(ctx);
  SSL_CTX_set_security_level(ctx, legacy                        ? 0
                                  : system < RFCTLS__AUTH_LEVEL ? RFCTLS__AUTH_LEVEL
                                                                : system);
}

/* OpenSSL keeps no sessions itself: clients' are the core's to keep, servers put them into tickets. */
static void set_behaviour(SSL_CTX *ctx) {
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(
      ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
}

static rfctls_status set_identity(SSL_CTX *ctx, const rfctls__identity *identity) {
  rfctls__credentials own = {NULL, NULL, NULL};
  rfctls_status status = rfctls__credentials_init(&own, identity);
  if (status == RFCTLS_OK &&
      SSL_CTX_use_cert_and_key(ctx, own.leaf, own.key, own.issuers, 1) != 1) {
    status = rfctls__openssl_fail(RFCTLS_E_IDENTITY, "the certificate or its key cannot be used");
  }
  rfctls__credentials_fini(&own);
  return status;
}

/* The names of its authorities go into a server's request for a certificate. */
static rfctls_status set_trust(rfctls__context *context, const rfctls__settings *settings) {
  STACK_OF(X509) *authorities = NULL;
  rfctls_status status = parse_all(settings->authorities, settings->authority_count, &authorities);
  if (status == RFCTLS_OK) {
    status = rfctls__trust_open(settings->system_trust, authorities, settings->trust_dirs,
                                &context->trust);
  }
  if (status == RFCTLS_OK) {
    SSL_CTX_set1_cert_store(context->ctx, rfctls__trust_store(context->trust));
  }
  for (int i = 0;
       status == RFCTLS_OK && context->role == RFCTLS_SERVER && i < sk_X509_num(authorities); i++) {
    if (SSL_CTX_add_client_CA(context->ctx, sk_X509_value(authorities, i)) != 1) {
      status = rfctls__openssl_fail(RFCTLS_E_INTERNAL, "an authority could not be named");
    }
  }
  free_stack(authorities);
  return status;
}

/* An added authority is an anchor, be it a root or not. */
static void set_verification(SSL_CTX *ctx) {
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
  SSL_CTX_set_cert_verify_callback(ctx, rfctls__verify_peer, NULL);
}

/* Before the security level, which no list lowers. A server that prefers anything chooses by its own
 * order. */
static rfctls_status set_preferences(SSL_CTX *ctx, const rfctls__settings *settings) {
  rfctls_status status = RFCTLS_OK;
  for (int i = 0; status == RFCTLS_OK && i < RFCTLS__PREFERENCES; i++) {
    if (settings->preferences[i] != NULL) {
      status = rfctls__prefer(ctx, (rfctls__preference)i, settings->preferences[i]);
      SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
    }
  }
  return status;
}

static rfctls_status set_server(SSL_CTX *ctx, int resumption) {
  SSL_CTX_set_alpn_select_cb(ctx, rfctls__conn_select_protocol, NULL);
  SSL_CTX_set_tlsext_servername_callback(ctx, rfctls__conn_accept_name);
  return rfctls__tickets_allow(ctx, resumption) == 1
             ? RFCTLS_OK
             : rfctls__openssl_fail(RFCTLS_E_INTERNAL, "session tickets cannot be set up");
}

static rfctls_status fill(rfctls__context *context, const rfctls__settings *settings) {
  rfctls_status status = set_trust(context, settings);
  set_behaviour(context->ctx);
  if (status == RFCTLS_OK) {
    status = set_preferences(context->ctx, settings);
  }
  if (settings->log_keys) {
    SSL_CTX_set_keylog_callback(context->ctx, rfctls__conn_log_key);
  }
  set_security_level(context->ctx, settings->min_version);
  set_verification(context->ctx);
  if (status == RFCTLS_OK &&
      !set_versions(context->ctx, settings->min_version, settings->max_version)) {
    status = rfctls__openssl_fail(RFCTLS_E_UNSUPPORTED, "these TLS versions cannot be spoken");
  }
  if (status == RFCTLS_OK && context->role == RFCTLS_SERVER) {
    status = set_server(context->ctx, settings->resumption);
  }
  if (status == RFCTLS_OK && settings->identity.count > 0) {
    status = set_identity(context->ctx, &settings->identity);
  }
  return status;
}

/* ---- the engine's operations ---- */

rfctls_status rfctls__context_init(rfctls__context *context, const rfctls__settings *settings) {
  rfctls__openssl_errors callers;
  rfctls_status status;
  rfctls__openssl_begin(&callers);
  rfctls__lock_init(&context->lock);
  context->role = settings->role;
  context->peer_cert = settings->peer_cert;
  context->wire = rfctls__wire_methods();
  context->ctx =
      SSL_CTX_new(settings->role == RFCTLS_CLIENT ? TLS_client_method() : TLS_server_method());
  if (context->wire == NULL || context->ctx == NULL) {
    status = rfctls__openssl_fail(RFCTLS_E_INTERNAL, "no TLS context could be made");
  } else {
    status = fill(context, settings);
  }
  rfctls__openssl_end(&callers);
  return status;
}

void rfctls__context_fini(rfctls__context *context) {
  SSL_CTX_free(context->ctx);
  rfctls__trust_release(context->trust);
  BIO_meth_free(context->wire);
  if (context->role != 0) { /* else it is zeroed memory */
    rfctls__lock_fini(&context->lock);
  }
}
