/* An SSL_CTX made from settings: see context.h. */
#include "openssl/context.h"

#include <openssl/err.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "openssl/buffer_bio.h"
#include "openssl/certificate.h"
#include "openssl/ciphers.h"
#include "openssl/conn.h"
#include "openssl/credentials.h"
#include "openssl/failure.h"
#include "openssl/session.h"
#include "openssl/verify.h"

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

static int larger(int a, int b) {
  return a > b ? a : b;
}

/* Neither ours nor the system's is lowered by a list, but a list may raise it; ctx has what it or the
 * system says. Below 1.2 nothing but level 0 works, as it all rests on SHA-1. Certificates are held to
 * RFCTLS__AUTH_LEVEL all the same, in verify.c. */
static void set_security_level(SSL_CTX *ctx, const rfctls__settings *settings, int system) {
  const char *list = settings->preferences[RFCTLS__CIPHERS];
  int legacy =
      settings->min_version != RFCTLS_TLS_ANY && (int)settings->min_version < TLS1_2_VERSION;
  int said = list != NULL && strstr(list, "@SECLEVEL=") != NULL;
  int level = larger(SSL_CTX_get_security_level(ctx), system);
  SSL_CTX_set_security_level(ctx, legacy && !said ? 0 : larger(level, RFCTLS__AUTH_LEVEL));
}

/* OpenSSL keeps no clients' sessions itself: they are the core's to keep. Servers': see session.c. */
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

/* The names of its authorities go into a server's request for a certificate; distrusted ones stand
 * first. */
static rfctls_status name_authorities(SSL_CTX *ctx, const STACK_OF(X509) *authorities,
                                      size_t distrusted) {
  for (int i = (int)distrusted; i < sk_X509_num(authorities); i++) {
    if (SSL_CTX_add_client_CA(ctx, sk_X509_value(authorities, i)) != 1) {
      return rfctls__openssl_fail(RFCTLS_E_INTERNAL, "an authority could not be named");
    }
  }
  return RFCTLS_OK;
}

static void set_verification(SSL_CTX *ctx, const rfctls__settings *settings) {
  unsigned long flags = settings->partial_chain ? X509_V_FLAG_PARTIAL_CHAIN : 0;
  if (settings->crls != NULL && settings->crls->count > 0) {
    /* of all: verify.c forgives issuers that no list covers */
    flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
  }
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), flags);
  SSL_CTX_set_cert_verify_callback(ctx, rfctls__verify_peer, NULL);
}

/* A server that prefers anything chooses by its own order. */
static rfctls_status set_preferences(SSL_CTX *ctx, const rfctls__settings *settings) {
  rfctls_status status = RFCTLS_OK;
  int system = SSL_CTX_get_security_level(ctx);
  for (int i = 0; status == RFCTLS_OK && i < RFCTLS__PREFERENCES; i++) {
    status = rfctls__ciphers_set(ctx, (rfctls__preference)i, settings->preferences[i]);
    if (settings->preferences[i] != NULL) {
      SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
    }
  }
  set_security_level(ctx, settings, system);
  return status;
}

static rfctls_status set_server(SSL_CTX *ctx, const rfctls__settings *settings,
                                const STACK_OF(X509) *authorities) {
  SSL_CTX_set_alpn_select_cb(ctx, rfctls__conn_select_protocol, NULL);
  SSL_CTX_set_tlsext_servername_callback(ctx, rfctls__conn_accept_name);
  (void)SSL_CTX_set_dh_auto(ctx, 1); /* for lists that name DHE */
  return rfctls__tickets_allow(ctx, settings->resumption) == 1
             ? name_authorities(ctx, authorities, settings->distrusted_count)
             : rfctls__openssl_fail(RFCTLS_E_INTERNAL, "session tickets cannot be set up");
}

static rfctls_status fill(SSL_CTX *ctx, const rfctls__settings *settings, X509_STORE *store,
                          const STACK_OF(X509) *authorities) {
  rfctls_status status;
  SSL_CTX_set1_cert_store(ctx, store);
  set_behaviour(ctx);
  status = set_preferences(ctx, settings);
  if (settings->log_keys) {
    SSL_CTX_set_keylog_callback(ctx, rfctls__conn_log_key);
  }
  set_verification(ctx, settings);
  if (status == RFCTLS_OK && !set_versions(ctx, settings->min_version, settings->max_version)) {
    status = rfctls__openssl_fail(RFCTLS_E_UNSUPPORTED, "these TLS versions cannot be spoken");
  }
  if (status == RFCTLS_OK && settings->role == RFCTLS_SERVER) {
    status = set_server(ctx, settings, authorities);
  }
  if (status == RFCTLS_OK && settings->identity.count > 0) {
    status = set_identity(ctx, &settings->identity);
  }
  return status;
}

/* The distrusted ones first, so that they count where one is an authority, too: of two alike a
 * store keeps the first. */
static rfctls_status parse_authorities(const rfctls__settings *settings, STACK_OF(X509) **out) {
  STACK_OF(X509) *distrusted = NULL;
  rfctls_status status =
      rfctls__x509_parse_all(settings->authorities, settings->authority_count, out);
  if (status == RFCTLS_OK) {
    status = rfctls__x509_parse_all(settings->distrusted, settings->distrusted_count, &distrusted);
  }
  while (status == RFCTLS_OK && sk_X509_num(distrusted) > 0) {
    X509 *cert = sk_X509_pop(distrusted);
    if (X509_add1_reject_object(cert, OBJ_nid2obj(NID_anyExtendedKeyUsage)) != 1 ||
        sk_X509_unshift(*out, cert) == 0) {
      X509_free(cert);
      status = rfctls__fail_memory();
    }
  }
  rfctls__x509_free_all(distrusted);
  return status;
}

/* ---- the engine's operations ---- */

rfctls_status rfctls__context_init(rfctls__context *context, const rfctls__settings *settings) {
  rfctls__openssl_errors callers;
  rfctls_status status;
  STACK_OF(X509) *authorities = NULL;
  rfctls__openssl_begin(&callers);
  rfctls__lock_init(&context->lock);
  context->role = settings->role;
  context->peer_cert = settings->peer_cert;
  context->skip_verify = settings->skip_verify;
  context->wire = rfctls__wire_methods();
  context->ctx =
      SSL_CTX_new(context->role == RFCTLS_CLIENT ? TLS_client_method() : TLS_server_method());
  status = context->wire != NULL && context->ctx != NULL
               ? parse_authorities(settings, &authorities)
               : rfctls__openssl_fail(RFCTLS_E_INTERNAL, "no TLS context could be made");
  if (status == RFCTLS_OK) {
    status = rfctls__trust_open(settings->system_trust, authorities, settings->trust_dirs,
                                settings->crls, &context->trust);
  }
  if (status == RFCTLS_OK) {
    status = fill(context->ctx, settings, rfctls__trust_store(context->trust), authorities);
  }
  rfctls__x509_free_all(authorities);
  rfctls__openssl_end(&callers);
  return status;
}

/* Also takes zeros. */
void rfctls__context_fini(rfctls__context *context) {
  SSL_CTX_free(context->ctx);
  rfctls__trust_release(context->trust);
  BIO_meth_free(context->wire);
  if (context->role != 0) {
    rfctls__lock_fini(&context->lock);
  }
}
