/* Judging the peer's chain: see verify.h.
 *
 * Every verification writes its problems down, of each depth the one that counts (x509/verify_error.h). Without
 * a decision the handshake fails with the one that counts of all, as soon as it is known. With a decision
 * it goes on through all of the chain, and the program decides: OpenSSL's own verdict counts for nothing
 * then. */
#include "openssl/verify.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "openssl/certificate.h"
#include "openssl/conn.h"
#include "openssl/failure.h"
#include "openssl/session.h"
#include "openssl/verify_error.h"
#include "x509/name_check.h"
#include "x509/verify_error.h"

/* ---- what a verification found ---- */

/* Room for depths below count; new ones are trusted until a problem is noted. */
static int grow(rfctls__judgement *judgement, size_t count) {
  rfctls__finding *items;
  if (count <= judgement->found.count) {
    return 1;
  }
  items = rfctls__realloc(judgement->found.items, count * sizeof *items);
  if (items == NULL) {
    judgement->failed = 1;
    return 0;
  }
  for (size_t i = judgement->found.count; i < count; i++) {
    items[i] = (rfctls__finding){(int)i, RFCTLS_REASON_NONE, "", {NULL, 0}};
  }
  judgement->found.items = items;
  judgement->found.count = count;
  return 1;
}

/* Whether names may stand in what cannot be read, or in what stands there twice. */
static int hides_names(X509 *cert) {
  int critical = -1;
  GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, NULL);
  GENERAL_NAMES_free(names);
  return names == NULL && critical != -1;
}

/* OpenSSL takes nobody for the issuer of a certificate that it cannot read to the end. */
static int true_code(X509 *cert, int code) {
  rfctls_reason reason = rfctls__openssl_reason(code);
  int unread = reason == RFCTLS_REASON_ISSUER
                   ? (X509_get_extension_flags(cert) & EXFLAG_INVALID) != 0
                   : reason == RFCTLS_REASON_NAME && hides_names(cert);
  return unread ? X509_V_ERR_INVALID_EXTENSION : code;
}

/* Keeps the text as long as the findings. NULL without memory. */
static const char *keep_text(rfctls__judgement *judgement, const char *text) {
  if (rfctls__list_add(&judgement->found.texts, text, strlen(text) + 1) != RFCTLS_OK) {
    judgement->failed = 1;
    return NULL;
  }
  return (const char *)rfctls__list_at(&judgement->found.texts, judgement->found.texts.count - 1)
      .data;
}

/* What is wrong with a certificate, in one clause that names it. */
static const char *say(rfctls__conn *conn, const X509 *cert, int depth, int code) {
  char text[RFCTLS__VERIFY_ERROR_SIZE];
  rfctls__holder holder;
  rfctls__verify_error problem = {rfctls__openssl_reason(code), depth, &holder, conn->name,
                                  X509_verify_cert_error_string(code)};
  rfctls__openssl_holder(&holder, cert);
  rfctls__verify_error_say(text, &problem);
  rfctls__holder_release(&holder);
  return keep_text(&conn->judgement, text);
}

/* Of the problems of one depth, and of all, the one that counts stays; of equal ones that nearest to the
 * anchor. */
static void note(rfctls__conn *conn, X509_STORE_CTX *ctx, int code) {
  rfctls__judgement *judgement = &conn->judgement;
  const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
  int last = sk_X509_num(chain) - 1, depth = X509_STORE_CTX_get_error_depth(ctx);
  X509 *cert;
  rfctls_reason reason;
  rfctls__finding *finding;
  depth = depth > last ? last : depth;
  depth = depth < 0 ? 0 : depth;
  cert = last >= 0 ? sk_X509_value(chain, depth) : X509_STORE_CTX_get0_cert(ctx);
  code = true_code(cert, code);
  reason = rfctls__openssl_reason(code);
  if (judgement->code == X509_V_OK || rfctls__verify_error_precedes(reason, judgement->reason) ||
      (reason == judgement->reason && depth > judgement->depth)) {
    judgement->code = code;
    judgement->reason = reason;
    judgement->depth = depth;
  }
  if (!grow(judgement, (size_t)depth + 1)) {
    return;
  }
  finding = &judgement->found.items[depth];
  if (rfctls__verify_error_precedes(reason, finding->reason)) {
    const char *text = say(conn, cert, depth, code);
    if (text != NULL) {
      finding->reason = reason;
      finding->text = text;
    }
  }
}

/* The certificates themselves, for the program; root first. */
static void collect(rfctls__judgement *judgement, X509_STORE_CTX *ctx) {
  const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
  size_t size = sk_X509_num(chain) > 0 ? (size_t)sk_X509_num(chain) : 1;
  if (!grow(judgement, size)) {
    return;
  }
  for (size_t i = 0; i < size; i++) {
    X509 *cert = chain != NULL ? sk_X509_value(chain, (int)i) : X509_STORE_CTX_get0_cert(ctx);
    if (rfctls__x509_list(cert, &judgement->found.certs) != RFCTLS_OK) {
      judgement->failed = 1;
      return;
    }
    judgement->found.items[i].der = rfctls__list_at(&judgement->found.certs, i);
  }
  for (size_t i = 0, j = size - 1; i < j; i++, j--) {
    rfctls__finding other = judgement->found.items[i];
    judgement->found.items[i] = judgement->found.items[j];
    judgement->found.items[j] = other;
  }
}

/* ---- verifying ---- */

static SSL *ssl_of(X509_STORE_CTX *ctx) {
  return X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
}

/* The peer's own certificate must be covered by a revocation list once there are any; an issuer's need
 * not: a list for others is none of its own. */
static int is_forgiven(X509_STORE_CTX *ctx) {
  int code = X509_STORE_CTX_get_error(ctx);
  return (code == X509_V_ERR_UNABLE_TO_GET_CRL || code == X509_V_ERR_DIFFERENT_CRL_SCOPE) &&
         X509_STORE_CTX_get_error_depth(ctx) > 0;
}

/* What is refused anyway costs no more work than it takes to say why. */
static int goes_on(const rfctls__conn *conn) {
  return conn->asks_verify || conn->judgement.code == X509_V_OK ||
         !rfctls__verify_error_is_final(conn->judgement.reason);
}

static int on_verdict(int ok, X509_STORE_CTX *ctx) {
  rfctls__conn *conn = SSL_get_app_data(ssl_of(ctx));
  if (!ok && is_forgiven(ctx)) {
    X509_STORE_CTX_set_error(ctx, X509_V_OK);
    return 1;
  }
  if (ok) {
    return 1;
  }
  note(conn, ctx, X509_STORE_CTX_get_error(ctx));
  return goes_on(conn);
}

static void check_name(rfctls__conn *conn, X509_STORE_CTX *ctx) {
  rfctls__list hosts = {NULL, 0}, addresses = {NULL, 0};
  if (conn->name == NULL) {
    return;
  }
  if (rfctls__x509_names(X509_STORE_CTX_get0_cert(ctx), &hosts, &addresses) != RFCTLS_OK) {
    conn->judgement.failed = 1;
  } else if (!rfctls__names_match(&hosts, &addresses, conn->name)) {
    note(conn, ctx, X509_V_ERR_HOSTNAME_MISMATCH);
  }
  rfctls__list_release(&hosts);
  rfctls__list_release(&addresses);
}

static void check_chain(rfctls__conn *conn, X509_STORE_CTX *ctx) {
  X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
  if (X509_VERIFY_PARAM_get_auth_level(param) < RFCTLS__AUTH_LEVEL) {
    X509_VERIFY_PARAM_set_auth_level(param, RFCTLS__AUTH_LEVEL);
  }
  X509_STORE_CTX_set_verify_cb(ctx, on_verdict);
  if (X509_verify_cert(ctx) <= 0 && conn->judgement.code == X509_V_OK) {
    int code = X509_STORE_CTX_get_error(ctx); /* it could not even begin */
    note(conn, ctx, code != X509_V_OK ? code : X509_V_ERR_UNSPECIFIED);
  }
}

static void run(rfctls__conn *conn, X509_STORE_CTX *ctx) {
  rfctls__judgement_clear(&conn->judgement);
  check_name(conn, ctx);
  if (goes_on(conn)) {
    check_chain(conn, ctx);
  }
  conn->verdict = conn->judgement.code;
  conn->until = rfctls__chain_until(ctx);
  if (conn->asks_verify) {
    collect(&conn->judgement, ctx);
  }
}

static int lacks_anchor(const rfctls__judgement *judgement) {
  for (size_t i = 0; i < judgement->found.count; i++) {
    rfctls_reason reason = judgement->found.items[i].reason;
    if (reason == RFCTLS_REASON_ISSUER || reason == RFCTLS_REASON_SELF_SIGNED) {
      return 1;
    }
  }
  return 0;
}

/* A context verifies once; this one does what first did. NULL without memory. */
static X509_STORE_CTX *renew(X509_STORE_CTX *first, X509_STORE *store) {
  X509_STORE_CTX *ctx = X509_STORE_CTX_new();
  if (ctx != NULL &&
      X509_STORE_CTX_init(ctx, store, X509_STORE_CTX_get0_cert(first),
                          X509_STORE_CTX_get0_untrusted(first)) == 1 &&
      X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(ctx), X509_STORE_CTX_get0_param(first)) ==
          1 &&
      X509_STORE_CTX_set_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx(), ssl_of(first)) == 1) {
    return ctx;
  }
  X509_STORE_CTX_free(ctx);
  return NULL;
}

static void run_again(rfctls__conn *conn, X509_STORE_CTX *first) {
  X509_STORE_CTX *second = renew(first, rfctls__trust_store(conn->context->trust));
  if (second != NULL) {
    run(conn, second);
  } else {
    conn->judgement.failed = 1;
  }
  X509_STORE_CTX_free(second);
}

/* What it leaves in the error queue would be taken for the handshake's failure. A chain that was refused
 * because memory ran out on the way is not judged at all. */
static void judge(rfctls__conn *conn, X509_STORE_CTX *ctx) {
  rfctls__trust *trust = conn->context->trust;
  int partial = rfctls__trust_is_partial(trust);
  run(conn, ctx);
  if (partial && lacks_anchor(&conn->judgement)) {
    rfctls__trust_complete(trust);
    run_again(conn, ctx);
  }
  if (conn->judgement.code != X509_V_OK && rfctls__openssl_ran_out()) {
    conn->judgement.failed = 1;
  }
  ERR_clear_error();
}

/* ---- a session that was resumed ---- */

/* The chain is not there any more, only the peer's own certificate; nor is it known whose problem it was. */
static int recall(rfctls__judgement *judgement, X509 *leaf, int code) {
  char name[RFCTLS__HOLDER_NAME_SIZE], text[RFCTLS__VERIFY_ERROR_SIZE];
  rfctls__holder holder;
  if (!grow(judgement, 1) || rfctls__x509_list(leaf, &judgement->found.certs) != RFCTLS_OK) {
    return 0;
  }
  judgement->found.items[0].der = rfctls__list_at(&judgement->found.certs, 0);
  if (code != X509_V_OK) {
    rfctls__openssl_holder(&holder, leaf);
    rfctls__holder_say(name, sizeof name, &holder, 0);
    rfctls__holder_release(&holder);
    (void)snprintf(text, sizeof text, "certificate for %s, of a resumed session: %s", name,
                   X509_verify_cert_error_string(code));
    judgement->found.items[0].reason = rfctls__openssl_reason(code);
    judgement->found.items[0].text = keep_text(judgement, text);
  }
  return judgement->found.items[0].text != NULL;
}

rfctls_status rfctls__verify_resumed(rfctls__conn *conn) {
  X509 *leaf = SSL_get0_peer_certificate(conn->ssl);
  if (!conn->asks_verify || leaf == NULL || !SSL_session_reused(conn->ssl)) {
    return RFCTLS_OK;
  }
  if (!recall(&conn->judgement, leaf, (int)SSL_get_verify_result(conn->ssl))) {
    return rfctls__fail_memory();
  }
  conn->verify = RFCTLS__ASKED;
  return RFCTLS_WANT_VERIFY;
}

/* ---- the verdict ---- */

rfctls_status rfctls__verify_refuse(const X509 *leaf) {
  rfctls__holder holder;
  rfctls_status status;
  rfctls__openssl_holder(&holder, leaf);
  status = rfctls__fail_refused(X509_V_ERR_CERT_REJECTED, &holder);
  rfctls__holder_release(&holder);
  return status;
}

/* The error of ctx is what libssl makes an alert of. */
static int refuse(rfctls__conn *conn, X509_STORE_CTX *ctx, rfctls_status refusal, int code) {
  conn->refusal = refusal;
  X509_STORE_CTX_set_error(ctx, code);
  return 0;
}

/* What the library thinks of the chain goes into the session all the same: see session.c. */
static int accept(X509_STORE_CTX *ctx, int verdict) {
  X509_STORE_CTX_set_error(ctx, verdict);
  return 1;
}

/* The decision is answered in conn.c; a client's handshake waits for that here. */
static int ask(rfctls__conn *conn, X509_STORE_CTX *ctx) {
  conn->verify = RFCTLS__ASKED;
  if (!SSL_is_server(conn->ssl)) {
    SSL_set_retry_verify(conn->ssl);
  }
  return accept(ctx, conn->verdict);
}

static int decide(rfctls__conn *conn, X509_STORE_CTX *ctx) {
  const rfctls__judgement *found = &conn->judgement;
  judge(conn, ctx);
  if (found->failed) {
    return refuse(conn, ctx, rfctls__fail_memory(), X509_V_ERR_OUT_OF_MEM);
  }
  if (conn->asks_verify) {
    return ask(conn, ctx);
  }
  if (found->code == X509_V_OK) {
    return accept(ctx, X509_V_OK);
  }
  return refuse(conn, ctx,
                rfctls__fail_verify(found->code, found->depth, found->reason, "%s",
                                    found->found.items[found->depth].text),
                found->code);
}

int rfctls__verify_peer(X509_STORE_CTX *ctx, void *unused) {
  rfctls__conn *conn = SSL_get_app_data(ssl_of(ctx));
  (void)unused;
  if (conn->context->skip_verify && !conn->asks_verify) {
    return accept(ctx, X509_V_ERR_UNSPECIFIED);
  }
  switch (conn->verify) {
  case RFCTLS__UNASKED:
  case RFCTLS__ASKED: return decide(conn, ctx);
  case RFCTLS__YES: return accept(ctx, conn->verdict);
  case RFCTLS__NO:
    return refuse(conn, ctx, rfctls__verify_refuse(X509_STORE_CTX_get0_cert(ctx)),
                  X509_V_ERR_CERT_REJECTED);
  }
  return 0;
}
