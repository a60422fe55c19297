/* Judging the peer's chain: see verify.h.
 *
 * Every verification writes its problems down, the first one of each depth. Without a question it
 * stops at the first and the handshake fails with it. With a question it goes on through all of the
 * chain, and the program decides: OpenSSL's own verdict counts for nothing then. */
#include "openssl/verify.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/ip.h"
#include "base/match.h"
#include "base/memory.h"
#include "base/problem.h"
#include "openssl/conn.h"
#include "openssl/failure.h"
#include "openssl/pki.h"
#include "openssl/session.h"

enum { NAME_SIZE = 96, TEXT_SIZE = 256 };

/* ---- reasons ---- */

typedef struct mapping {
  int code;
  rfctls_reason reason;
} mapping;

static const mapping mappings[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, RFCTLS_REASON_EXPIRED},
    {X509_V_ERR_CERT_NOT_YET_VALID, RFCTLS_REASON_NOT_YET_VALID},
    {X509_V_ERR_HOSTNAME_MISMATCH, RFCTLS_REASON_NAME},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, RFCTLS_REASON_ISSUER},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, RFCTLS_REASON_ISSUER},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, RFCTLS_REASON_ISSUER},
    {X509_V_ERR_CERT_UNTRUSTED, RFCTLS_REASON_ISSUER},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, RFCTLS_REASON_SELF_SIGNED},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, RFCTLS_REASON_SELF_SIGNED},
    {X509_V_ERR_INVALID_PURPOSE, RFCTLS_REASON_PURPOSE},
    {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, RFCTLS_REASON_PURPOSE},
    {X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE, RFCTLS_REASON_PURPOSE},
    {X509_V_ERR_CERT_REVOKED, RFCTLS_REASON_REVOKED},
    {X509_V_ERR_EE_KEY_TOO_SMALL, RFCTLS_REASON_WEAK},
    {X509_V_ERR_CA_KEY_TOO_SMALL, RFCTLS_REASON_WEAK},
    {X509_V_ERR_CA_MD_TOO_WEAK, RFCTLS_REASON_WEAK},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, RFCTLS_REASON_SIGNATURE},
    {X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE, RFCTLS_REASON_SIGNATURE},
    {X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH, RFCTLS_REASON_SIGNATURE},
    {X509_V_ERR_INVALID_CA, RFCTLS_REASON_CONSTRAINT},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, RFCTLS_REASON_CONSTRAINT},
    {X509_V_ERR_CERT_CHAIN_TOO_LONG, RFCTLS_REASON_CONSTRAINT},
    {X509_V_ERR_PERMITTED_VIOLATION, RFCTLS_REASON_CONSTRAINT},
    {X509_V_ERR_EXCLUDED_VIOLATION, RFCTLS_REASON_CONSTRAINT},
    {X509_V_ERR_SUBTREE_MINMAX, RFCTLS_REASON_CONSTRAINT},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, RFCTLS_REASON_CONSTRAINT},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, RFCTLS_REASON_CONSTRAINT},
    {X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, RFCTLS_REASON_CONSTRAINT},
    {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, RFCTLS_REASON_EXTENSION},
    {X509_V_ERR_INVALID_EXTENSION, RFCTLS_REASON_EXTENSION},
    {X509_V_ERR_INVALID_POLICY_EXTENSION, RFCTLS_REASON_EXTENSION},
    {X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, RFCTLS_REASON_MALFORMED},
    {X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, RFCTLS_REASON_MALFORMED},
    {X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD, RFCTLS_REASON_MALFORMED},
};

static rfctls_reason reason_of(int code) {
  for (size_t i = 0; i < sizeof mappings / sizeof *mappings; i++) {
    if (mappings[i].code == code) {
      return mappings[i].reason;
    }
  }
  return RFCTLS_REASON_OTHER;
}

/* ---- names, as a reader knows them ---- */

/* They come from outside: what does not print becomes '?', what is too long is cut. */
static void put_text(char out[NAME_SIZE], const ASN1_STRING *value) {
  unsigned char *text = NULL;
  int size = ASN1_STRING_to_UTF8(&text, value);
  size_t kept = 0;
  for (int i = 0; i < size && kept + 1 < NAME_SIZE; i++) {
    out[kept++] = text[i] < ' ' || text[i] == 0x7f ? '?' : (char)text[i];
  }
  if (size >= NAME_SIZE) { /* not in the middle of a character */
    while (kept > 0 && (text[kept] & 0xc0) == 0x80) {
      kept--;
    }
  }
  out[kept] = '\0';
  OPENSSL_free(text);
}

/* The most telling part of a distinguished name. */
static void put_dn(char out[NAME_SIZE], const X509_NAME *name) {
  static const int parts[] = {NID_commonName, NID_organizationalUnitName, NID_organizationName};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    int index = X509_NAME_get_index_by_NID(name, parts[i], -1);
    if (index >= 0) {
      put_text(out, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
      return;
    }
  }
  (void)snprintf(out, NAME_SIZE, "an unnamed subject");
}

/* Whom a leaf is for: its first alternative name that is a host or an address; else its subject. */
static void put_holder(char out[NAME_SIZE], const X509 *cert) {
  GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
  out[0] = '\0';
  for (int i = 0; i < sk_GENERAL_NAME_num(names) && out[0] == '\0'; i++) {
    int type;
    const void *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
    if (type == GEN_DNS) {
      put_text(out, value);
    } else if (type == GEN_IPADD) {
      rfctls__ip_write(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value), out);
    }
  }
  if (out[0] == '\0') {
    put_dn(out, X509_get_subject_name(cert));
  }
  GENERAL_NAMES_free(names);
}

/* ---- texts ---- */

static void put_date(char out[NAME_SIZE], const ASN1_TIME *time) {
  struct tm date;
  if (ASN1_TIME_to_tm(time, &date) == 1) {
    (void)snprintf(out, NAME_SIZE, "%04d-%02d-%02d", date.tm_year + 1900, date.tm_mon + 1,
                   date.tm_mday);
  } else {
    (void)snprintf(out, NAME_SIZE, "an unreadable date");
  }
}

/* What is wrong with a certificate, in one clause that names it. */
static void say_problem(char out[TEXT_SIZE], const rfctls__conn *conn, const X509 *cert, int depth,
                        int code) {
  char holder[NAME_SIZE], detail[NAME_SIZE];
  rfctls__problem problem = {reason_of(code), depth, holder, detail};
  if (depth == 0) {
    put_holder(holder, cert);
  } else {
    put_dn(holder, X509_get_subject_name(cert));
  }
  switch ((int)problem.reason) {
  case RFCTLS_REASON_NAME: problem.detail = conn->name; break;
  case RFCTLS_REASON_EXPIRED: put_date(detail, X509_get0_notAfter(cert)); break;
  case RFCTLS_REASON_NOT_YET_VALID: put_date(detail, X509_get0_notBefore(cert)); break;
  case RFCTLS_REASON_ISSUER: put_dn(detail, X509_get_issuer_name(cert)); break;
  default: problem.detail = X509_verify_cert_error_string(code);
  }
  rfctls__problem_say(out, TEXT_SIZE, &problem);
}

/* ---- what a verification found ---- */

void rfctls__judgement_release(rfctls__judgement *judgement) {
  rfctls__free(judgement->items);
  rfctls__list_release(&judgement->texts);
  rfctls__list_release(&judgement->certs);
  memset(judgement, 0, sizeof *judgement);
}

/* Room for depths below count; new ones are trusted until a problem is noted. */
static int grow(rfctls__judgement *judgement, size_t count) {
  rfctls__finding *items;
  if (count <= judgement->count) {
    return 1;
  }
  items = rfctls__realloc(judgement->items, count * sizeof *items);
  if (items == NULL) {
    judgement->failed = 1;
    return 0;
  }
  for (size_t i = judgement->count; i < count; i++) {
    items[i] = (rfctls__finding){(int)i, RFCTLS_REASON_NONE, "", {NULL, 0}};
  }
  judgement->items = items;
  judgement->count = count;
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
  rfctls_reason reason = reason_of(code);
  int unread = reason == RFCTLS_REASON_ISSUER
                   ? (X509_get_extension_flags(cert) & EXFLAG_INVALID) != 0
                   : reason == RFCTLS_REASON_NAME && hides_names(cert);
  return unread ? X509_V_ERR_INVALID_EXTENSION : code;
}

static void note(rfctls__conn *conn, X509_STORE_CTX *ctx, int code) {
  rfctls__judgement *judgement = &conn->judgement;
  const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
  int last = sk_X509_num(chain) - 1, depth = X509_STORE_CTX_get_error_depth(ctx);
  X509 *cert;
  char text[TEXT_SIZE];
  depth = depth > last ? last : depth;
  depth = depth < 0 ? 0 : depth;
  cert = last >= 0 ? sk_X509_value(chain, depth) : X509_STORE_CTX_get0_cert(ctx);
  code = true_code(cert, code);
  if (judgement->code == X509_V_OK) {
    judgement->code = code;
    judgement->depth = depth;
  }
  if (!grow(judgement, (size_t)depth + 1) || judgement->items[depth].reason != RFCTLS_REASON_NONE) {
    return;
  }
  say_problem(text, conn, cert, depth, code);
  if (rfctls__list_add(&judgement->texts, text, strlen(text) + 1) != RFCTLS_OK) {
    judgement->failed = 1;
    return;
  }
  judgement->items[depth].reason = reason_of(code);
  judgement->items[depth].text =
      (const char *)rfctls__list_at(&judgement->texts, judgement->texts.count - 1).data;
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
    if (rfctls__x509_list(cert, &judgement->certs) != RFCTLS_OK) {
      judgement->failed = 1;
      return;
    }
    judgement->items[i].der = rfctls__list_at(&judgement->certs, i);
  }
  for (size_t i = 0, j = size - 1; i < j; i++, j--) {
    rfctls__finding other = judgement->items[i];
    judgement->items[i] = judgement->items[j];
    judgement->items[j] = other;
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

static int on_verdict(int ok, X509_STORE_CTX *ctx) {
  rfctls__conn *conn = SSL_get_app_data(ssl_of(ctx));
  if (!ok && is_forgiven(ctx)) {
    X509_STORE_CTX_set_error(ctx, X509_V_OK);
    return 1;
  }
  if (!ok) {
    note(conn, ctx, X509_STORE_CTX_get_error(ctx));
  }
  return ok || conn->asks_verify;
}

/* Comes first: of all problems of a certificate, that it is another's is never hidden by one more. */
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
  rfctls__judgement_release(&conn->judgement);
  check_name(conn, ctx);
  if (conn->judgement.code == X509_V_OK || conn->asks_verify) {
    check_chain(conn, ctx);
  }
  conn->verdict = conn->judgement.code;
  conn->until = rfctls__chain_until(ctx);
  if (conn->asks_verify) {
    collect(&conn->judgement, ctx);
  }
}

static int lacks_anchor(const rfctls__judgement *judgement) {
  for (size_t i = 0; i < judgement->count; i++) {
    rfctls_reason reason = judgement->items[i].reason;
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

/* The chain is not there any more, only the peer's own certificate. */
static int recall(rfctls__judgement *judgement, X509 *leaf, int code) {
  char name[NAME_SIZE], text[TEXT_SIZE];
  if (!grow(judgement, 1) || rfctls__x509_list(leaf, &judgement->certs) != RFCTLS_OK) {
    return 0;
  }
  judgement->items[0].der = rfctls__list_at(&judgement->certs, 0);
  if (code != X509_V_OK) {
    put_holder(name, leaf);
    (void)snprintf(text, sizeof text, "certificate for %s, of a resumed session: %s", name,
                   X509_verify_cert_error_string(code));
    if (rfctls__list_add(&judgement->texts, text, strlen(text) + 1) != RFCTLS_OK) {
      return 0;
    }
    judgement->items[0].reason = reason_of(code);
    judgement->items[0].text = (const char *)rfctls__list_at(&judgement->texts, 0).data;
  }
  return 1;
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
  char name[NAME_SIZE];
  put_holder(name, leaf);
  return rfctls__fail_verify(X509_V_ERR_CERT_REJECTED, 0, RFCTLS_REASON_REFUSED,
                             "the program refused the certificate for %s", name);
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

/* The question is answered in conn.c; a client's handshake waits for that here. */
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
  const rfctls__finding *first = &found->items[found->depth];
  return refuse(conn, ctx,
                rfctls__fail_verify(found->code, found->depth, first->reason, "%s", first->text),
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
