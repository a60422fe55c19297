/* One connection: see conn.h. The only place that asks SSL_get_error. */
#include "openssl/conn.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/alloc.h"
#include "openssl/certificate.h"
#include "openssl/credentials.h"
#include "openssl/extension.h"
#include "openssl/session.h"
#include "x509/verify_error.h"

/* ---- one engine call ---- */

void rfctls__conn_enter(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out,
                        rfctls__openssl_errors *callers) {
  rfctls__openssl_begin(callers);
  conn->wire.in = in;
  conn->wire.out = out;
}

void rfctls__conn_keep_failure(rfctls__conn *conn) {
  conn->failed = 1;
  rfctls__error_save(&conn->failure);
}

rfctls_status rfctls__conn_leave(rfctls__conn *conn, rfctls__openssl_errors *callers,
                                 rfctls_status status) {
  conn->wire.in = NULL;
  conn->wire.out = NULL;
  rfctls__openssl_end(callers);
  if (status < 0) {
    rfctls__conn_keep_failure(conn);
  }
  return status;
}

/* ---- what OpenSSL says, in our words ---- */

/* The text that belongs to a reason of libssl's; others are told as OpenSSL tells them. */
typedef struct saying {
  int reason;
  rfctls_status status;
  const char *text;
} saying;

static const saying sayings[] = {
    {SSL_R_WRONG_VERSION_NUMBER, RFCTLS_E_PROTOCOL, "what the peer sent is not TLS"},
    {SSL_R_HTTP_REQUEST, RFCTLS_E_PROTOCOL, "what the peer sent is not TLS"},
    {SSL_R_HTTPS_PROXY_REQUEST, RFCTLS_E_PROTOCOL, "what the peer sent is not TLS"},
    {SSL_R_NO_APPLICATION_PROTOCOL, RFCTLS_E_PROTOCOL,
     "none of the application protocols that the client offered is spoken here"},
    {SSL_R_EXCESSIVE_MESSAGE_SIZE, RFCTLS_E_LIMIT,
     "the peer sent a larger message than we take, perhaps a huge certificate chain"},
};

static rfctls_status explain_alert(unsigned long code, int alert) {
  return rfctls__fail_engine(RFCTLS_E_ALERT, (int64_t)code, alert, "the peer sent alert %s",
                             rfctls__alert_name(alert));
}

/* The connection is broken: why, as the error queue has it. */
static rfctls_status explain(const rfctls__conn *conn) {
  unsigned long code;
  int reason;
  if (conn->refusal != RFCTLS_OK) {
    return conn->refusal;
  }
  if (rfctls__openssl_ran_out()) {
    return rfctls__fail_memory();
  }
  code = ERR_peek_last_error();
  reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
  if (reason >= SSL_AD_REASON_OFFSET && reason <= SSL_AD_REASON_OFFSET + UINT8_MAX) {
    return explain_alert(code, reason - SSL_AD_REASON_OFFSET);
  }
  if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
    return rfctls__fail_missing((int64_t)code, 1);
  }
  if (reason == ERR_R_ASN1_LIB) { /* the ASN.1 that TLS carries are certificates */
    return rfctls__fail_verify((int64_t)code, -1, RFCTLS_REASON_MALFORMED,
                               "the peer's certificate cannot be read");
  }
  for (size_t i = 0; i < sizeof sayings / sizeof *sayings; i++) {
    if (reason == sayings[i].reason) {
      return rfctls__fail_engine(sayings[i].status, (int64_t)code, -1, "%s", sayings[i].text);
    }
  }
  return rfctls__openssl_fail(RFCTLS_E_PROTOCOL, "TLS with the peer failed");
}

/* code is SSL_get_error's. OK is success, or the peer's close_notify. */
static rfctls_status outcome(const rfctls__conn *conn, int code) {
  switch (code) {
  case SSL_ERROR_NONE:
  case SSL_ERROR_ZERO_RETURN: return RFCTLS_OK;
  case SSL_ERROR_WANT_READ: return RFCTLS_WANT_READ;
  case SSL_ERROR_WANT_RETRY_VERIFY: return RFCTLS_WANT_VERIFY;
  case SSL_ERROR_WANT_X509_LOOKUP: return RFCTLS_WANT_IDENTITY;
  case SSL_ERROR_SYSCALL: /* writing to `out` is our only system call */
    return rfctls__fail_memory();
  default: return explain(conn);
  }
}

rfctls_status rfctls__conn_result(const rfctls__conn *conn, int returned) {
  return outcome(conn, SSL_get_error(conn->ssl, returned));
}

/* ---- opening ---- */

/* A client is always shown a certificate, and always looks at it: see rfctls__verify_peer. */
static int verify_mode(const rfctls__conn *conn) {
  if (conn->context->role == RFCTLS_SERVER &&
      conn->context->peer_cert == RFCTLS_PEER_CERT_IGNORED && !conn->asks_verify) {
    return SSL_VERIFY_NONE;
  }
  return conn->context->peer_cert == RFCTLS_PEER_CERT_REQUIRED
             ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
             : SSL_VERIFY_PEER;
}

/* verify.c checks it, against the alternative names alone (RFC 6125 section 6.4.4). So the subject need
 * not obey constraints on host names either, but where an IP address is asked for. */
static rfctls_status set_checked_name(rfctls__conn *conn, const char *name, int is_ip) {
  if (!is_ip) {
    X509_VERIFY_PARAM_set_hostflags(SSL_get0_param(conn->ssl), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  }
  conn->name = rfctls__strdup(name);
  return conn->name != NULL ? RFCTLS_OK : rfctls__fail_memory();
}

static rfctls_status open_client(rfctls__conn *conn, const rfctls__opening *opening) {
  const char *name = opening->server_name;
  rfctls__bytes protocols = opening->protocols, extensions = opening->extensions;
  rfctls_status status = RFCTLS_OK;
  SSL_set_connect_state(conn->ssl);
  if (name == NULL && opening->check_name && !conn->asks_verify) {
    return rfctls__fail(RFCTLS_E_INTERNAL, "no server name to check");
  }
  if (name != NULL && !opening->name_is_ip && SSL_set_tlsext_host_name(conn->ssl, name) != 1) {
    return rfctls__openssl_fail(RFCTLS_E_MEMORY, "%s cannot be asked for", name);
  }
  if (name != NULL && opening->check_name) {
    status = set_checked_name(conn, name, opening->name_is_ip);
  }
  if (status != RFCTLS_OK) {
    return status;
  }
  /* this one answers 0 for success */
  if (SSL_set_alpn_protos(conn->ssl, protocols.data, (unsigned)protocols.size) != 0) {
    return rfctls__openssl_fail(RFCTLS_E_ARGUMENT, "these application protocols cannot be offered");
  }
  return rfctls__buffer_append(&conn->extensions, extensions.data, extensions.size);
}

static rfctls_status open_server(rfctls__conn *conn, const rfctls__opening *opening) {
  SSL_set_accept_state(conn->ssl);
  if (!rfctls__tickets_open(conn, verify_mode(conn))) {
    return rfctls__openssl_fail(RFCTLS_E_INTERNAL, "session tickets cannot be set up");
  }
  return rfctls__buffer_append(&conn->protocols, opening->protocols.data, opening->protocols.size);
}

/* OpenSSL asks for our certificate: a client when the server requested one, a server after every
 * hello. -1 suspends the handshake; an answer holds for all of it. */
static int on_identity_needed(SSL *ssl, void *argument) {
  rfctls__conn *conn = argument;
  (void)ssl;
  if (conn->identity == RFCTLS__YES) {
    return 1;
  }
  conn->identity = RFCTLS__ASKED;
  return -1;
}

/* OpenSSL refuses by this alert, a warning, and goes on as if nothing were. */
static void on_info(const SSL *ssl, int where, int value) {
  if (where == SSL_CB_WRITE_ALERT && (value & 0xff) == SSL_AD_NO_RENEGOTIATION) {
    rfctls__conn *conn = SSL_get_app_data(ssl);
    conn->refused_renegotiation = 1;
  }
}

/* An SSL knows the extensions that its SSL_CTX knew when it was made. */
static SSL *new_client(rfctls__context *context, rfctls__bytes extensions) {
  SSL *ssl = NULL;
  rfctls__lock_take(&context->lock);
  if (rfctls__extensions_allow(context->ctx, extensions)) {
    ssl = SSL_new(context->ctx);
  }
  rfctls__lock_drop(&context->lock);
  return ssl;
}

static rfctls_status open_ssl(rfctls__conn *conn, const rfctls__opening *opening) {
  BIO *bio = NULL;
  rfctls__context *context = conn->context;
  conn->ssl = context->role == RFCTLS_CLIENT ? new_client(context, opening->extensions)
                                             : SSL_new(context->ctx);
  if (conn->ssl != NULL) {
    bio = rfctls__wire_bio(conn->context->wire, &conn->wire);
  }
  if (bio == NULL || SSL_set_app_data(conn->ssl, conn) != 1) {
    BIO_free(bio);
    return rfctls__openssl_fail(RFCTLS_E_MEMORY, "no TLS connection could be made");
  }
  SSL_set_bio(conn->ssl, bio, bio);
  SSL_set_verify(conn->ssl, verify_mode(conn), NULL);
  SSL_set_info_callback(conn->ssl, on_info);
  if (conn->asks_identity) {
    SSL_set_cert_cb(conn->ssl, on_identity_needed, conn);
  }
  return conn->context->role == RFCTLS_CLIENT ? open_client(conn, opening)
                                              : open_server(conn, opening);
}

rfctls_status rfctls__conn_init(rfctls__conn *conn, rfctls__context *context,
                                const rfctls__opening *opening) {
  rfctls__openssl_errors callers;
  conn->context = context;
  conn->asks_verify = opening->ask_verify != 0;
  conn->asks_identity = opening->ask_identity != 0;
  conn->until = INT64_MAX;
  rfctls__conn_enter(conn, NULL, NULL, &callers);
  return rfctls__conn_leave(conn, &callers, open_ssl(conn, opening));
}

/* Without both shutdown flags SSL_free spoils the session, which a broken connection deserves. */
void rfctls__conn_fini(rfctls__conn *conn, int failed) {
  rfctls__openssl_errors callers;
  rfctls__openssl_begin(&callers);
  if (conn->ssl != NULL && !failed) {
    SSL_set_shutdown(conn->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }
  SSL_SESSION_free(conn->told);
  SSL_free(conn->ssl);
  rfctls__openssl_end(&callers);
  rfctls__judgement_clear(&conn->judgement);
  rfctls__free(conn->name);
  rfctls__buffer_release(&conn->protocols);
  rfctls__buffer_release(&conn->extensions);
  rfctls__buffer_wipe(&conn->key_log);
}

int rfctls__conn_select_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *size,
                                 const unsigned char *offered, unsigned int offered_size,
                                 void *unused) {
  const rfctls__conn *conn = SSL_get_app_data(ssl);
  rfctls__bytes ours = rfctls__buffer_bytes(&conn->protocols);
  unsigned char *found = NULL;
  (void)unused;
  if (ours.size == 0) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  if (SSL_select_next_proto(&found, size, ours.data, (unsigned)ours.size, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

int rfctls__conn_accept_name(SSL *ssl, int *alert, void *unused) {
  (void)ssl;
  (void)alert;
  (void)unused;
  return SSL_TLSEXT_ERR_OK;
}

/* ---- the handshake and its decisions ---- */

/* A server cannot suspend its handshake for the verdict: it accepts provisionally, and asks when
 * all is done but nothing was delivered. So a client that is refused there hears no alert, only the
 * end. A resumed session shows no chain to either end, and is asked about here, too. */
static rfctls_status verdict(rfctls__conn *conn) {
  switch (conn->verify) {
  case RFCTLS__UNASKED: return rfctls__verify_resumed(conn);
  case RFCTLS__ASKED: return RFCTLS_WANT_VERIFY;
  case RFCTLS__NO: return rfctls__verify_refuse(SSL_get0_peer_certificate(conn->ssl));
  case RFCTLS__YES: return RFCTLS_OK;
  }
  return RFCTLS_OK;
}

rfctls_status rfctls__conn_handshake(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out) {
  rfctls__openssl_errors callers;
  rfctls_status status;
  if (conn->failed) {
    return rfctls__error_restore(&conn->failure);
  }
  rfctls__conn_enter(conn, in, out, &callers);
  rfctls__judgement_clear(&conn->judgement); /* its decision was answered */
  status = rfctls__conn_result(conn, SSL_do_handshake(conn->ssl));
  if (status == RFCTLS_OK && !SSL_is_init_finished(conn->ssl)) {
    status = rfctls__fail(RFCTLS_E_PROTOCOL, "the peer said goodbye during the handshake");
  }
  if (status == RFCTLS_OK) {
    status = verdict(conn);
  }
  if (status == RFCTLS_OK && conn->context->role == RFCTLS_SERVER) {
    status = rfctls__conn_result(conn, rfctls__tickets_issue(conn));
  }
  conn->established = status == RFCTLS_OK;
  return rfctls__conn_leave(conn, &callers, status);
}

/* A line for which there is no memory is lost. */
void rfctls__conn_log_key(const SSL *ssl, const char *line) {
  rfctls__conn *conn = SSL_get_app_data(ssl);
  uint8_t *room;
  size_t size = strlen(line);
  rfctls__error before;
  rfctls__error_save(&before);
  if (rfctls__buffer_reserve(&conn->key_log, size + 1, &room) == RFCTLS_OK) {
    memcpy(room, line, size);
    room[size] = '\n';
    rfctls__buffer_commit(&conn->key_log, size + 1);
  }
  (void)rfctls__error_restore(&before);
}

void rfctls__conn_take_key_log(rfctls__conn *conn, rfctls__buffer *out) {
  *out = conn->key_log;
  conn->key_log = (rfctls__buffer){0};
}

void rfctls__conn_findings(const rfctls__conn *conn, rfctls__findings *findings) {
  findings->items = conn->judgement.found.items;
  findings->count = conn->judgement.found.count;
}

void rfctls__conn_answer_verify(rfctls__conn *conn, int accept) {
  conn->verify = accept ? RFCTLS__YES : RFCTLS__NO;
}

/* The context's own identity is taken away, lest OpenSSL choose between it and the answer. */
static rfctls_status use_identity(SSL *ssl, const rfctls__identity *identity) {
  rfctls__credentials own = {NULL, NULL, NULL};
  rfctls_status status = rfctls__credentials_init(&own, identity);
  if (status == RFCTLS_OK) {
    SSL_certs_clear(ssl);
    if (SSL_use_cert_and_key(ssl, own.leaf, own.key, own.issuers, 1) != 1) {
      status = rfctls__openssl_fail(RFCTLS_E_IDENTITY, "the certificate or its key cannot be used");
    }
  }
  rfctls__credentials_fini(&own);
  return status;
}

rfctls_status rfctls__conn_answer_identity(rfctls__conn *conn, const rfctls__identity *identity) {
  rfctls__openssl_errors callers;
  rfctls_status status = RFCTLS_OK;
  rfctls__openssl_begin(&callers);
  if (identity->count > 0) {
    status = use_identity(conn->ssl, identity);
  } else if (conn->context->role == RFCTLS_CLIENT) {
    SSL_certs_clear(conn->ssl);
  }
  if (status == RFCTLS_OK) {
    conn->identity = RFCTLS__YES;
  }
  rfctls__openssl_end(&callers);
  return status;
}

/* ---- telling ---- */

/* OpenSSL's names are those that TLS has for groups; 0 is none. */
static const char *group_of(SSL *ssl) {
  int group = (int)SSL_get_negotiated_group(ssl);
  return group != 0 ? SSL_group_to_name(ssl, group) : NULL;
}

void rfctls__conn_facts(const rfctls__conn *conn, rfctls__facts *facts) {
  const unsigned char *protocol = NULL;
  unsigned size = 0;
  SSL_get0_alpn_selected(conn->ssl, &protocol, &size);
  facts->version = (rfctls_tls_version)SSL_version(conn->ssl);
  facts->cipher = SSL_CIPHER_standard_name(SSL_get_current_cipher(conn->ssl));
  facts->cipher_bits = SSL_CIPHER_get_bits(SSL_get_current_cipher(conn->ssl), NULL);
  facts->group = group_of(conn->ssl);
  facts->server_name = conn->context->role == RFCTLS_SERVER
                           ? SSL_get_servername(conn->ssl, TLSEXT_NAMETYPE_host_name)
                           : NULL;
  facts->protocol.data = protocol;
  facts->protocol.size = size;
  facts->resumed = SSL_session_reused(conn->ssl);
  facts->refused_renegotiation = conn->refused_renegotiation;
}

/* OpenSSL's chain holds the peer's leaf for a client, and lacks it for a server; a session that was
 * saved has no chain. */
rfctls_status rfctls__conn_peer_chain(const rfctls__conn *conn, rfctls__list *list) {
  rfctls__openssl_errors callers;
  rfctls_status status = RFCTLS_OK;
  const STACK_OF(X509) *chain = SSL_get_peer_cert_chain(conn->ssl);
  X509 *leaf = SSL_get0_peer_certificate(conn->ssl);
  rfctls__openssl_begin(&callers);
  if (leaf != NULL && (conn->context->role == RFCTLS_SERVER || chain == NULL)) {
    status = rfctls__x509_list(leaf, list);
  }
  for (int i = 0; status == RFCTLS_OK && i < sk_X509_num(chain); i++) {
    status = rfctls__x509_list(sk_X509_value(chain, i), list);
  }
  rfctls__openssl_end(&callers);
  return status;
}
