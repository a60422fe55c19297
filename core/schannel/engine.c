/* The engine over SChannel: the table of its operations. Where they are: context.c (credentials and trust),
 * container.c (where SChannel finds a key), conn.c (a connection), token.c (SSPI's handshake), record.c
 * (what is seen of TLS from outside), verify.c (the peer's chain), certificate.c, key.c, pbe.c and
 * self_signed.c (certificates and keys), keying.c (channel bindings), crypto.c (CNG), failure.c (errors).
 *
 * Sessions are SChannel's own: it keeps them, and resumes them by itself. So there are none to take or to
 * give. */
#include "engine/engine.h"

#include <stdio.h>

#include "base/error.h"
#include "schannel/conn.h"
#include "schannel/context.h"
#include "schannel/crypto.h"

/* Windows lies about its version to programs that do not name it, but not in the registry. */
static BOOL CALLBACK read_version(INIT_ONCE *once, void *text, void **unused) {
  wchar_t build[16] = L"?";
  DWORD size = sizeof build;
  (void)once;
  (void)unused;
  (void)RegGetValueW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion",
                     L"CurrentBuildNumber", RRF_RT_REG_SZ, NULL, build, &size);
  (void)snprintf(text, 64, "SChannel of Windows, build %ls%s", build,
                 rfctls__is_wine() ? " (Wine)" : "");
  return TRUE;
}

static const char *version(void) {
  static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
  static char text[64];
  (void)InitOnceExecuteOnce(&once, read_version, text, NULL);
  return text;
}

static int supports(rfctls_feature feature) {
  switch (feature) {
  case RFCTLS_FEATURE_TLS13: return rfctls__has_tls13();
  case RFCTLS_FEATURE_ALPN:
  case RFCTLS_FEATURE_PEM_PASSPHRASE: return 1;
  case RFCTLS_FEATURE_IS_INT: return 0;
  }
  return 0; /* a number that is none of them */
}

rfctls_status rfctls__engine_digest(rfctls__bytes data, uint8_t out[RFCTLS__DIGEST_SIZE]) {
  return rfctls__crypto_hash(BCRYPT_SHA256_ALGORITHM, NULL, data, out, RFCTLS__DIGEST_SIZE);
}

/* ---- what SSPI leaves to the administrator ---- */

static rfctls_status check_preference(rfctls__preference preference, const char *list) {
  (void)preference;
  (void)list;
  return rfctls__fail(RFCTLS_E_UNSUPPORTED,
                      "ciphers and groups are chosen for all of Windows, not by a program");
}

static rfctls_status check_trust_dir(const char *path) {
  (void)path;
  return rfctls__fail(RFCTLS_E_UNSUPPORTED,
                      "Windows keeps its trust anchors in stores, not folders");
}

/* ---- sessions ---- */

static rfctls__session *session_take(rfctls__conn *conn) {
  (void)conn;
  return NULL;
}

static int session_use(rfctls__conn *conn, const rfctls__session *session) {
  (void)conn;
  (void)session;
  return 0;
}

static void session_free(rfctls__session *session) {
  (void)session; /* there never is one */
}

static rfctls_status fail_session(void) {
  return rfctls__fail(RFCTLS_E_UNSUPPORTED, "SChannel keeps its sessions to itself");
}

static rfctls_status session_bytes(const rfctls__session *session, rfctls__buffer *out) {
  (void)session;
  (void)out;
  return fail_session();
}

static rfctls_status session_from_bytes(rfctls__bytes data, rfctls__session **out) {
  (void)data;
  (void)out;
  return fail_session();
}

const rfctls__engine rfctls__engine_linked = {
    .name = "schannel",
    .context_size = sizeof(rfctls__context),
    .conn_size = sizeof(rfctls__conn),
    .version = version,
    .supports = supports,
    .check_versions = rfctls__check_versions,
    .check_extension = rfctls__check_extension,
    .check_preference = check_preference,
    .check_trust_dir = check_trust_dir,
    .context_init = rfctls__context_init,
    .context_fini = rfctls__context_fini,
    .conn_init = rfctls__conn_init,
    .conn_fini = rfctls__conn_fini,
    .handshake = rfctls__conn_handshake,
    .encrypt = rfctls__conn_encrypt,
    .decrypt = rfctls__conn_decrypt,
    .pending = rfctls__conn_pending,
    .close_notify = rfctls__conn_close_notify,
    .key_update = rfctls__conn_key_update,
    .session_take = session_take,
    .session_use = session_use,
    .session_free = session_free,
    .session_bytes = session_bytes,
    .session_from_bytes = session_from_bytes,
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
