/* The engine over OpenSSL: the table of its operations. Where they are: context.c (what connections
 * share), conn.c (a connection), verify.c, trust.c and crl.c (the peer's chain), session.c (resumption),
 * keying.c (keys for other uses), ciphers.c (ciphers and groups), extension.c (a program's own in the
 * hello), pki.c (certificates and keys), pbe.c (what passphrases protect), buffer_bio.c (the wire), failure.c
 * (errors). */
#include "engine/engine.h"

#include <openssl/crypto.h>
#include <openssl/opensslconf.h>

#include "engine/operations.h"
#include "openssl/certificate.h"
#include "openssl/ciphers.h"
#include "openssl/conn.h"
#include "openssl/context.h"
#include "openssl/crl.h"
#include "openssl/extension.h"
#include "openssl/pbe.h"
#include "openssl/session.h"
#include "openssl/trust.h"

static const char *version(void) {
  return OpenSSL_version(OPENSSL_VERSION);
}

#if defined(OPENSSL_NO_TLS1_3)
enum { HAS_TLS13 = 0 };
#else
enum { HAS_TLS13 = 1 };
#endif

static int supports(rfctls_feature feature) {
  switch (feature) {
  case RFCTLS_FEATURE_TLS13: return HAS_TLS13;
  case RFCTLS_FEATURE_ALPN:
  case RFCTLS_FEATURE_PEM_PASSPHRASE: return 1;
  case RFCTLS_FEATURE_IS_INT: return 0;
  }
  return 0; /* a number that is none of them */
}

/* At the end of the process it has cleaned up before our destructors run. */
static int unload(void) {
  if (OPENSSL_init_crypto(0, NULL) != 1) {
    return 0;
  }
  rfctls__trust_forget();
  return 1;
}

const rfctls__engine rfctls__engine_linked = {
    .name = "openssl",
    .context_size = sizeof(rfctls__context),
    .conn_size = sizeof(rfctls__conn),
    .version = version,
    .supports = supports,
    .check_versions = rfctls__check_versions,
    .check_extension = rfctls__check_extension,
    .check_preference = rfctls__check_preference,
    .check_trust_dir = rfctls__check_trust_dir,
    .check_crl = rfctls__check_crl,
    .trust_state = rfctls__trust_state,
    .unload = unload,
    .context_init = rfctls__context_init,
    .context_fini = rfctls__context_fini,
    .conn_init = rfctls__conn_init,
    .conn_fini = rfctls__conn_fini,
    .handshake = rfctls__conn_handshake,
    .take_key_log = rfctls__conn_take_key_log,
    .encrypt = rfctls__conn_encrypt,
    .decrypt = rfctls__conn_decrypt,
    .pending = rfctls__conn_pending,
    .close_notify = rfctls__conn_close_notify,
    .key_update = rfctls__conn_key_update,
    .session_take = rfctls__session_take,
    .session_use = rfctls__session_use,
    .session_free = rfctls__session_free,
    .session_bytes = rfctls__session_bytes,
    .session_from_bytes = rfctls__session_from_bytes,
    .findings = rfctls__conn_findings,
    .answer_verify = rfctls__conn_answer_verify,
    .answer_identity = rfctls__conn_answer_identity,
    .facts = rfctls__conn_facts,
    .export_key = rfctls__export_key,
    .bind_end_point = rfctls__bind_end_point,
    .bind_unique = rfctls__bind_unique,
    .peer_chain = rfctls__conn_peer_chain,
    .describe = rfctls__engine_describe,
    .digest = rfctls__engine_digest,
    .read_key = rfctls__engine_read_key,
    .check_key = rfctls__engine_check_key,
    .is_issuer = rfctls__engine_is_issuer,
    .pbe_decrypt = rfctls__engine_pbe_decrypt,
    .pbe_check = rfctls__engine_pbe_check,
    .make_identity = rfctls__engine_make_identity,
};
