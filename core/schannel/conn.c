/* One connection: see conn.h. SSPI gets one record at a time, so that what lies behind it stays in `in`. */
#include "schannel/conn.h"

#include <string.h>

#include "base/alloc.h"
#include "schannel/certificate.h"
#include "schannel/failure.h"
#include "schannel/token.h"
#include "x509/verify_error.h"

enum { ALERT_HANDSHAKE_FAILURE = 40, ALERT_CERTIFICATE_REQUIRED = 116, ALERT_NO_PROTOCOL = 120 };

rfctls_status rfctls__check_extension(uint16_t type) {
  (void)type;
  return rfctls__fail(RFCTLS_E_UNSUPPORTED, "SChannel's hello takes no extension of a program");
}

/* ---- failures stick ---- */

rfctls_status rfctls__conn_leave(rfctls__conn *conn, rfctls_status status) {
  if (status < 0) {
    conn->failed = 1;
    rfctls__error_save(&conn->failure);
  }
  return status;
}

/* ---- opening ---- */

static rfctls_status widen(const char *text, wchar_t **out) {
  int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
  if (length <= 0) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "%s cannot be a server name", text);
  }
  *out = rfctls__alloc((size_t)length * sizeof **out);
  if (*out == NULL) {
    return rfctls__fail_memory();
  }
  (void)MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, *out, length);
  return RFCTLS_OK;
}

static rfctls_status open_client(rfctls__conn *conn, const rfctls__opening *opening) {
  const char *name = opening->server_name;
  if (name == NULL) {
    return opening->check_name && !conn->asks_verify
               ? rfctls__fail(RFCTLS_E_INTERNAL, "no server name to check")
               : RFCTLS_OK;
  }
  if (opening->check_name) {
    conn->name = rfctls__strdup(name);
    if (conn->name == NULL) {
      return rfctls__fail_memory();
    }
  }
  return opening->name_is_ip ? RFCTLS_OK : widen(name, &conn->target);
}

rfctls_status rfctls__conn_init(rfctls__conn *conn, rfctls__context *context,
                                const rfctls__opening *opening) {
  rfctls_status status;
  conn->context = context;
  if (opening->extensions.size > 0) {
    return rfctls__conn_leave(conn, rfctls__check_extension(0));
  }
  conn->asks_verify = opening->ask_verify != 0;
  conn->asks_identity = opening->ask_identity != 0;
  status = rfctls__token_put_protocols(opening->protocols, &conn->protocols);
  if (status == RFCTLS_OK && context->role == RFCTLS_CLIENT) {
    status = open_client(conn, opening);
  }
  return rfctls__conn_leave(conn, status);
}

void rfctls__conn_fini(rfctls__conn *conn, int failed) {
  (void)failed; /* SChannel keeps sessions by itself */
  if (conn->begun) {
    (void)DeleteSecurityContext(&conn->handle);
  }
  rfctls__credentials_close(&conn->own);
  rfctls__judgement_clear(&conn->judgement);
  rfctls__buffer_release(&conn->protocols);
  rfctls__buffer_wipe(&conn->plain);
  rfctls__free(conn->target);
  rfctls__free(conn->name);
  rfctls__free(conn->server_name);
}

/* ---- the handshake: what is seen from outside ---- */

static rfctls_status see_alert(rfctls__bytes record) {
  int level, alert;
  if (!rfctls__record_alert(record, &level, &alert)) {
    return RFCTLS_OK;
  }
  if (alert == 0) {
    return rfctls__fail(RFCTLS_E_PROTOCOL, "the peer said goodbye during the handshake");
  }
  return level == RFCTLS__ALERT_FATAL
             ? rfctls__fail_engine(RFCTLS_E_ALERT, SEC_E_ILLEGAL_MESSAGE, alert,
                                   "the peer sent alert %s", rfctls__alert_name(alert))
             : RFCTLS_OK;
}

static rfctls_status see_client_hello(rfctls__conn *conn, rfctls__bytes record,
                                      rfctls__buffer *out) {
  rfctls__bytes ours = rfctls__token_protocols(&conn->protocols);
  rfctls__asked asked;
  rfctls__record_see_asked(record, &asked);
  if (asked.server_name.size > 0 && conn->server_name == NULL) {
    conn->server_name = rfctls__strndup(asked.server_name.data, asked.server_name.size);
    if (conn->server_name == NULL) {
      return rfctls__fail_memory();
    }
  }
  if (ours.size > 0 && asked.protocols.size > 0 && !rfctls__protocols_meet(ours, asked.protocols)) {
    (void)rfctls__record_put_alert(out, ALERT_NO_PROTOCOL);
    return rfctls__schannel_explain(SEC_E_APPLICATION_PROTOCOL_MISMATCH);
  }
  return RFCTLS_OK;
}

/* Before a server's first step its identity is decided on. */
static rfctls_status see_record(rfctls__conn *conn, rfctls__bytes record, rfctls__buffer *out) {
  rfctls_status status = see_alert(record);
  if (status != RFCTLS_OK || conn->context->role == RFCTLS_CLIENT || conn->begun) {
    return status;
  }
  status = see_client_hello(conn, record, out);
  if (status == RFCTLS_OK && conn->asks_identity && conn->identity != RFCTLS__YES) {
    conn->identity = RFCTLS__ASKED;
    return RFCTLS_WANT_IDENTITY;
  }
  if (status == RFCTLS_OK && !conn->own.open && !conn->context->own.open) {
    (void)rfctls__record_put_alert(out, ALERT_HANDSHAKE_FAILURE);
    return rfctls__fail(RFCTLS_E_IDENTITY, "a server without a certificate");
  }
  return status;
}

/* A client and a server find the same ServerHello, each on its side. */
static void see_agreed(rfctls__conn *conn, rfctls__bytes input, const rfctls__buffer *out,
                       size_t before) {
  rfctls__bytes all = rfctls__buffer_bytes(out);
  rfctls__record_see_agreed(conn->context->role == RFCTLS_CLIENT
                                ? input
                                : (rfctls__bytes){all.data + before, all.size - before},
                            &conn->agreed);
}

/* ---- the handshake: SSPI's part ---- */

/* OK: this step is done, and *done says whether all are. */
static rfctls_status after_step(rfctls__conn *conn, SECURITY_STATUS code, rfctls__buffer *in,
                                size_t taken, int *done) {
  switch (code) {
  case SEC_E_OK:
  case SEC_I_CONTINUE_NEEDED:
    rfctls__buffer_consume(in, taken);
    conn->held = 0;
    *done = code == SEC_E_OK;
    return RFCTLS_OK;
  case SEC_E_INCOMPLETE_MESSAGE: /* a message goes on in the next record */
    conn->held = taken;
    return RFCTLS_OK;
  case SEC_I_INCOMPLETE_CREDENTIALS: /* the same bytes again, behind the answer */
    if (conn->asks_identity && conn->identity != RFCTLS__YES) {
      conn->identity = RFCTLS__ASKED;
      return RFCTLS_WANT_IDENTITY;
    }
    return rfctls__fail(RFCTLS_E_INTERNAL, "SChannel asks again for a certificate");
  default: return rfctls__schannel_explain(code);
  }
}

static rfctls_status step(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out, int *done) {
  rfctls__bytes all = rfctls__buffer_bytes(in), record = {NULL, 0}, input = {NULL, 0};
  size_t left = 0, before = rfctls__buffer_size(out);
  SECURITY_STATUS code;
  if (conn->begun || conn->context->role == RFCTLS_SERVER) {
    rfctls_status status =
        rfctls__record_next((rfctls__bytes){all.data + conn->held, all.size - conn->held}, &record);
    if (status == RFCTLS_OK) {
      status = see_record(conn, record, out);
    }
    if (status != RFCTLS_OK) {
      return status;
    }
    input = (rfctls__bytes){all.data, conn->held + record.size};
  }
  code = rfctls__token_step(conn, input, out, &left);
  see_agreed(conn, input, out, before);
  return after_step(conn, code, in, input.size - left, done);
}

static rfctls_status do_steps(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out) {
  rfctls_status status = RFCTLS_OK;
  int done = 0;
  while (status == RFCTLS_OK && !done) {
    status = step(conn, in, out, &done);
  }
  if (done) {
    conn->stage = RFCTLS__HANDSHAKE_DONE;
  }
  return status;
}

/* ---- the handshake: what was agreed, and with whom ---- */

static rfctls_tls_version version_of(DWORD protocol) {
  return protocol & (SP_PROT_TLS1_3_CLIENT | SP_PROT_TLS1_3_SERVER)   ? RFCTLS_TLS_1_3
         : protocol & (SP_PROT_TLS1_2_CLIENT | SP_PROT_TLS1_2_SERVER) ? RFCTLS_TLS_1_2
         : protocol & (SP_PROT_TLS1_1_CLIENT | SP_PROT_TLS1_1_SERVER) ? RFCTLS_TLS_1_1
         : protocol & (SP_PROT_TLS1_0_CLIENT | SP_PROT_TLS1_0_SERVER) ? RFCTLS_TLS_1_0
                                                                      : RFCTLS_TLS_ANY;
}

/* RFC 9325 section 4.1; only the newest SChannel can be told beforehand. */
static int is_exchange_refused(const rfctls__conn *conn, ALG_ID exchange) {
  return conn->agreed.version < RFCTLS_TLS_1_3 &&
         (exchange == CALG_RSA_KEYX || exchange == CALG_DH_EPHEM);
}

/* Not every SChannel keeps to the versions that it was told. */
static rfctls_status check_agreed(rfctls__conn *conn) {
  SecPkgContext_ConnectionInfo info = {0};
  (void)QueryContextAttributesW(&conn->handle, SECPKG_ATTR_CONNECTION_INFO, &info);
  if (conn->agreed.version == RFCTLS_TLS_ANY) {
    conn->agreed.version = version_of(info.dwProtocol);
  }
  if (is_exchange_refused(conn, info.aiExch)) {
    return rfctls__fail(RFCTLS_E_PROTOCOL,
                        "the peer chose static RSA or DHE to exchange keys, which are not used");
  }
  if (conn->agreed.version < conn->context->min_version ||
      conn->agreed.version > conn->context->max_version) {
    return rfctls__schannel_explain(SEC_E_ALGORITHM_MISMATCH);
  }
  return RFCTLS_OK;
}

static rfctls_status ask_sspi(rfctls__conn *conn) {
  SECURITY_STATUS code =
      QueryContextAttributesW(&conn->handle, SECPKG_ATTR_STREAM_SIZES, &conn->sizes);
  if (code != SEC_E_OK) {
    return rfctls__schannel_fail(RFCTLS_E_INTERNAL, code, "SChannel tells no sizes");
  }
  if (QueryContextAttributesW(&conn->handle, SECPKG_ATTR_APPLICATION_PROTOCOL, &conn->protocol) !=
          SEC_E_OK ||
      conn->protocol.ProtoNegoStatus != SecApplicationProtocolNegotiationStatus_Success) {
    conn->protocol.ProtocolIdSize = 0;
  }
  return RFCTLS_OK;
}

PCCERT_CONTEXT rfctls__conn_peer(const rfctls__conn *conn) {
  PCCERT_CONTEXT leaf = NULL;
  CtxtHandle *handle = (CtxtHandle *)&conn->handle;
  if (!conn->begun ||
      QueryContextAttributesW(handle, SECPKG_ATTR_REMOTE_CERT_CONTEXT, &leaf) != SEC_E_OK) {
    return NULL;
  }
  return leaf;
}

static rfctls_status judge_missing(const rfctls__conn *conn) {
  return conn->context->peer_cert == RFCTLS_PEER_CERT_REQUIRED
             ? rfctls__fail_missing(SEC_E_CERT_UNKNOWN, conn->context->role == RFCTLS_SERVER)
             : RFCTLS_OK;
}

static rfctls_status judge_chain(rfctls__conn *conn, PCCERT_CONTEXT leaf) {
  rfctls_status status;
  if (conn->context->skip_verify && !conn->asks_verify) {
    return RFCTLS_OK;
  }
  switch (conn->verify) {
  case RFCTLS__ASKED: return RFCTLS_WANT_VERIFY;
  case RFCTLS__YES: return RFCTLS_OK;
  case RFCTLS__NO: return rfctls__verify_refuse(leaf);
  case RFCTLS__UNASKED: break;
  }
  status = rfctls__verify_chain(conn, leaf);
  if (status == RFCTLS_OK && conn->asks_verify) {
    conn->verify = RFCTLS__ASKED;
    return RFCTLS_WANT_VERIFY;
  }
  return status == RFCTLS_OK && conn->judgement.first != NULL
             ? rfctls__verify_fail(&conn->judgement)
             : status;
}

/* The alert goes out where SSPI can make one; the failure is told anyhow. */
static void tell_peer(rfctls__conn *conn, rfctls__buffer *out) {
  rfctls__error failure;
  int alert;
  rfctls__error_save(&failure);
  alert = rfctls__verify_alert(failure.reason);
  if (alert == ALERT_CERTIFICATE_REQUIRED && conn->agreed.version < RFCTLS_TLS_1_3) {
    alert = ALERT_HANDSHAKE_FAILURE; /* the older ones do not know it */
  }
  (void)rfctls__token_alert(conn, alert, out);
  (void)rfctls__error_restore(&failure);
}

/* SSPI has the peer's certificate, and asks nobody what it is worth. */
static rfctls_status judge(rfctls__conn *conn, rfctls__buffer *out) {
  PCCERT_CONTEXT leaf;
  rfctls_status status;
  if (conn->context->peer_cert == RFCTLS_PEER_CERT_IGNORED && !conn->asks_verify) {
    return RFCTLS_OK;
  }
  leaf = rfctls__conn_peer(conn);
  status = leaf != NULL ? judge_chain(conn, leaf) : judge_missing(conn);
  if (leaf != NULL) {
    (void)CertFreeCertificateContext(leaf);
  }
  if (status == RFCTLS_E_VERIFY) {
    tell_peer(conn, out);
  }
  return status;
}

static rfctls_status handshake(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out) {
  rfctls_status status = RFCTLS_OK;
  if (conn->stage == RFCTLS__HANDSHAKING) {
    status = do_steps(conn, in, out);
  }
  if (status == RFCTLS_OK && conn->stage == RFCTLS__HANDSHAKE_DONE) {
    status = check_agreed(conn);
    if (status == RFCTLS_OK) {
      status = judge(conn, out);
    }
    if (status == RFCTLS_OK) {
      status = ask_sspi(conn);
    }
    if (status == RFCTLS_OK) {
      conn->stage = RFCTLS__ESTABLISHED;
    }
  }
  return status;
}

rfctls_status rfctls__conn_handshake(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out) {
  if (conn->failed) {
    return rfctls__error_restore(&conn->failure);
  }
  rfctls__judgement_clear(&conn->judgement); /* its decision was answered */
  return rfctls__conn_leave(conn, handshake(conn, in, out));
}

void rfctls__conn_findings(const rfctls__conn *conn, rfctls__findings *findings) {
  findings->items = conn->judgement.found.items;
  findings->count = conn->judgement.found.count;
}

void rfctls__conn_answer_verify(rfctls__conn *conn, int accept) {
  conn->verify = accept ? RFCTLS__YES : RFCTLS__NO;
}

rfctls_status rfctls__conn_answer_identity(rfctls__conn *conn, const rfctls__identity *identity) {
  rfctls__credentials own = {0};
  rfctls_status status = RFCTLS_OK;
  if (identity->count > 0 || conn->context->role == RFCTLS_CLIENT) {
    status = rfctls__credentials_open(&own, conn->context, identity);
  }
  if (status != RFCTLS_OK) {
    rfctls__credentials_close(&own);
    return status;
  }
  conn->own = own;
  conn->identity = RFCTLS__YES;
  return RFCTLS_OK;
}

/* ---- telling ---- */

void rfctls__conn_facts(const rfctls__conn *conn, rfctls__facts *facts) {
  SecPkgContext_SessionInfo session = {0};
  SecPkgContext_ConnectionInfo info = {0};
  CtxtHandle *handle = (CtxtHandle *)&conn->handle;
  facts->version = conn->agreed.version;
  facts->cipher = rfctls__suite_name(conn->agreed.suite);
  if (conn->begun &&
      QueryContextAttributesW(handle, SECPKG_ATTR_CONNECTION_INFO, &info) == SEC_E_OK) {
    facts->cipher_bits = (int)info.dwCipherStrength;
  }
  facts->group = rfctls__group_name(conn->agreed.group);
  facts->server_name = conn->server_name;
  facts->refused_renegotiation = conn->refused_renegotiation;
  facts->protocol = (rfctls__bytes){conn->protocol.ProtocolId, conn->protocol.ProtocolIdSize};
  facts->resumed =
      conn->begun &&
      QueryContextAttributesW(handle, SECPKG_ATTR_SESSION_INFO, &session) == SEC_E_OK &&
      (session.dwFlags & SSL_SESSION_RECONNECT) != 0;
}

rfctls_status rfctls__conn_peer_chain(const rfctls__conn *conn, rfctls__list *list) {
  PCCERT_CONTEXT leaf = rfctls__conn_peer(conn);
  rfctls_status status = RFCTLS_OK;
  if (leaf != NULL) {
    status = rfctls__verify_list(leaf, list);
    (void)CertFreeCertificateContext(leaf);
  }
  return status;
}
