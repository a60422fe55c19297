/* Resumption: see session.h. */
#include "openssl/session.h"

#include <limits.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "openssl/certificate.h"
#include "openssl/conn.h"
#include "openssl/failure.h"

/* Held, never copied through DER: that loses the chain, and costs more than the handshake saves. */
struct rfctls__session {
  SSL_SESSION *ssl;
  int64_t until; /* Unix seconds */
};

enum { UNTIL_SIZE = 8, SESSIONS = 1024 };

int64_t rfctls__chain_until(X509_STORE_CTX *ctx) {
  const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
  int64_t until = sk_X509_num(chain) > 0 ? INT64_MAX : 0;
  for (int i = 0; i < sk_X509_num(chain); i++) {
    int64_t end = 0;
    if (!rfctls__unix_seconds(X509_get0_notAfter(sk_X509_value(chain, i)), &end)) {
      return 0;
    }
    until = end < until ? end : until;
  }
  return until;
}

static void put_until(int64_t until, uint8_t out[UNTIL_SIZE]) {
  for (int i = 0; i < UNTIL_SIZE; i++) {
    out[i] = (uint8_t)((uint64_t)until >> (8 * (UNTIL_SIZE - 1 - i)));
  }
}

static int64_t get_until(const uint8_t *data) {
  uint64_t until = 0;
  for (int i = 0; i < UNTIL_SIZE; i++) {
    until = until << 8 | data[i];
  }
  return until <= INT64_MAX ? (int64_t)until : 0;
}

/* ---- clients ---- */

/* Takes the reference to ssl, on failure too; NULL without memory. */
static rfctls__session *hold(SSL_SESSION *ssl, int64_t until) {
  rfctls__session *session = rfctls__alloc(sizeof *session);
  if (session == NULL) {
    SSL_SESSION_free(ssl);
    return NULL;
  }
  session->ssl = ssl;
  session->until = until;
  return session;
}

/* In TLS 1.3 each ticket makes a new session object; before, the handshake makes the only one. The
 * object that was told is held, so that its address cannot be another one's. */
rfctls__session *rfctls__session_take(rfctls__conn *conn) {
  SSL_SESSION *now = SSL_get_session(conn->ssl);
  if (now == conn->told || now == NULL || !conn->established || conn->failed ||
      !SSL_SESSION_is_resumable(now)) {
    return NULL;
  }
  SSL_SESSION_free(conn->told);
  conn->told = now;
  SSL_SESSION_up_ref(now);
  SSL_SESSION_up_ref(now);
  return hold(now, conn->until);
}

/* In Unix seconds; the older function does not outlive 2038. */
static int64_t begin_of(const SSL_SESSION *session) {
#if defined(RFCTLS_HAVE_SSL_SESSION_GET_TIME_EX)
  return (int64_t)SSL_SESSION_get_time_ex(session);
#else
  return (int64_t)SSL_SESSION_get_time(session);
#endif
}

/* By the clock of the calendar, which may have been set back: a session from the future is none. */
static int is_fresh(const rfctls__session *session) {
  int64_t now = (int64_t)time(NULL), begin = begin_of(session->ssl);
  int64_t lifetime = (int64_t)SSL_SESSION_get_timeout(session->ssl);
  int64_t hint = (int64_t)SSL_SESSION_get_ticket_lifetime_hint(session->ssl);
  int means_it = SSL_SESSION_get_protocol_version(session->ssl) == TLS1_3_VERSION;
  if ((hint > 0 || means_it) && hint < lifetime) { /* before TLS 1.3, 0 was "not said" */
    lifetime = hint;
  }
  return SSL_SESSION_is_resumable(session->ssl) && now >= begin && now - begin < lifetime &&
         now < session->until;
}

/* What the library did not accept is not accepted now, unless the program is asked. */
static int is_verified(const rfctls__conn *conn) {
  return conn->context->skip_verify || conn->asks_verify ||
         SSL_get_verify_result(conn->ssl) == X509_V_OK;
}

/* The connection works on a copy: no two write into one object. */
static int offer(rfctls__conn *conn, const rfctls__session *session) {
  SSL_SESSION *copy = SSL_SESSION_dup(session->ssl);
  if (copy == NULL) {
    return 0;
  }
  if (SSL_set_session(conn->ssl, copy) != 1 || !is_verified(conn)) {
    (void)SSL_set_session(conn->ssl, NULL);
    SSL_SESSION_free(copy);
    return 0;
  }
  conn->until = session->until;
  if (SSL_SESSION_get_protocol_version(copy) == TLS1_3_VERSION) {
    conn->told = copy; /* its ticket is spent; a session of TLS 1.2 is as good as before */
  } else {
    SSL_SESSION_free(copy);
  }
  return 1;
}

int rfctls__session_use(rfctls__conn *conn, const rfctls__session *session) {
  rfctls__openssl_errors callers;
  int used;
  rfctls__openssl_begin(&callers);
  used = is_fresh(session) && offer(conn, session);
  rfctls__openssl_end(&callers);
  return used;
}

void rfctls__session_free(rfctls__session *session) {
  SSL_SESSION_free(session->ssl);
  rfctls__free(session);
}

/* ---- saving ---- */

rfctls_status rfctls__session_bytes(const rfctls__session *session, rfctls__buffer *out) {
  rfctls__openssl_errors callers;
  rfctls_status status = RFCTLS_OK;
  uint8_t *room;
  int size;
  rfctls__openssl_begin(&callers);
  size = i2d_SSL_SESSION(session->ssl, NULL);
  if (size <= 0) {
    status = rfctls__openssl_fail(RFCTLS_E_INTERNAL, "the session cannot be written");
  } else {
    status = rfctls__buffer_reserve(out, UNTIL_SIZE + (size_t)size, &room);
  }
  if (status == RFCTLS_OK) {
    put_until(session->until, room);
    room += UNTIL_SIZE;
    rfctls__buffer_commit(out, UNTIL_SIZE + (size_t)i2d_SSL_SESSION(session->ssl, &room));
  }
  rfctls__openssl_end(&callers);
  return status;
}

static rfctls_status parse(rfctls__bytes data, rfctls__session **out) {
  const unsigned char *end = data.data + UNTIL_SIZE;
  SSL_SESSION *ssl = NULL;
  if (data.size > UNTIL_SIZE && data.size <= LONG_MAX) {
    ssl = d2i_SSL_SESSION(NULL, &end, (long)(data.size - UNTIL_SIZE));
  }
  if (ssl == NULL || end != data.data + data.size) {
    SSL_SESSION_free(ssl);
    return rfctls__openssl_fail(RFCTLS_E_PARSE, "saved session cannot be read");
  }
  *out = hold(ssl, get_until(data.data));
  return *out != NULL ? RFCTLS_OK : rfctls__fail_memory();
}

rfctls_status rfctls__session_from_bytes(rfctls__bytes data, rfctls__session **out) {
  rfctls__openssl_errors callers;
  rfctls_status status;
  rfctls__openssl_begin(&callers);
  status = parse(data, out);
  rfctls__openssl_end(&callers);
  return status;
}

/* ---- servers ---- */

/* Into the ticket goes until when the client's chain is valid. A session that was resumed has it
 * already. */
static int on_ticket(SSL *ssl, void *unused) {
  const rfctls__conn *conn = SSL_get_app_data(ssl);
  SSL_SESSION *session = SSL_get_session(ssl);
  uint8_t until[UNTIL_SIZE];
  void *there = NULL;
  size_t size = 0;
  (void)unused;
  if (SSL_SESSION_get0_ticket_appdata(session, &there, &size) == 1 && size == UNTIL_SIZE) {
    return 1;
  }
  put_until(conn->until, until);
  return SSL_SESSION_set1_ticket_appdata(session, until, sizeof until);
}

static int is_valid(SSL_SESSION *session) {
  void *until = NULL;
  size_t size = 0;
  return SSL_SESSION_get0_ticket_appdata(session, &until, &size) == 1 && size == UNTIL_SIZE &&
         (int64_t)time(NULL) < get_until(until);
}

/* A ticket that is not taken makes a full handshake, which ends with a new one. */
static SSL_TICKET_RETURN on_ticket_back(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                        size_t size, SSL_TICKET_STATUS status, void *unused) {
  (void)ssl;
  (void)name;
  (void)size;
  (void)unused;
  if (status == SSL_TICKET_SUCCESS && is_valid(session)) {
    return SSL_TICKET_RETURN_USE;
  }
  if (status == SSL_TICKET_SUCCESS_RENEW && is_valid(session)) {
    return SSL_TICKET_RETURN_USE_RENEW;
  }
  return SSL_TICKET_RETURN_IGNORE_RENEW;
}

/* A client of TLS 1.2 that takes no ticket resumes by an id: OpenSSL keeps its session, and looks no
 * further than the session's time. So that ends when the client's chain does. */
static int on_kept(SSL *ssl, SSL_SESSION *session) {
  const rfctls__conn *conn = SSL_get_app_data(ssl);
  int64_t begin = begin_of(session);
  if (conn->until <= (int64_t)time(NULL)) {
    (void)SSL_CTX_remove_session(SSL_get_SSL_CTX(ssl), session);
  } else if (conn->until - begin < (int64_t)SSL_SESSION_get_timeout(session)) {
    (void)SSL_SESSION_set_timeout(session, (long)(conn->until - begin));
  }
  return 0; /* no reference was taken */
}

int rfctls__tickets_allow(SSL_CTX *ctx, int allowed) {
  if (allowed) {
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER);
    SSL_CTX_sess_set_cache_size(ctx, SESSIONS);
    SSL_CTX_sess_set_new_cb(ctx, on_kept);
    return SSL_CTX_set_session_ticket_cb(ctx, on_ticket, on_ticket_back, NULL);
  }
  SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
  return SSL_CTX_set_num_tickets(ctx, 0);
}

/* OpenSSL takes no session of another context id, and makes a full handshake instead. */
int rfctls__tickets_open(rfctls__conn *conn, int verify_mode) {
  const unsigned char id[] = {(unsigned char)verify_mode, (unsigned char)conn->asks_verify,
                              (unsigned char)conn->context->skip_verify};
  return SSL_set_session_id_context(conn->ssl, id, sizeof id) == 1 &&
         (!conn->asks_verify || SSL_set_num_tickets(conn->ssl, 0) == 1);
}

int rfctls__tickets_issue(rfctls__conn *conn) {
  SSL_CTX *ctx = SSL_get_SSL_CTX(conn->ssl);
  if (!conn->asks_verify || conn->ticketed || SSL_version(conn->ssl) != TLS1_3_VERSION ||
      SSL_CTX_get_num_tickets(ctx) == 0) {
    return 1;
  }
  conn->ticketed = 1;
  return SSL_new_session_ticket(conn->ssl) == 1 ? SSL_do_handshake(conn->ssl) : 0;
}
