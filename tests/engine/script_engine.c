/* The scripted engine. */
#include "script_engine.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

script_engine script;

struct rfctls__context {
  rfctls_role role;
};

struct rfctls__conn {
  rfctls_role role;
  int asked;
  int refused;
  int said_hello;
  int heard_hello;
  int told;
  int resumed;
  rfctls__buffer plain;
};

enum { HEADER = 3, LARGEST = 0xffff };

static const char *version(void) {
  return "scripted";
}

static int supports(rfctls_feature feature) {
  return feature == RFCTLS_FEATURE_ALPN;
}

static rfctls_status check_versions(rfctls_tls_version min, rfctls_tls_version max) {
  (void)min;
  (void)max;
  return RFCTLS_OK;
}

static rfctls_status check_extension(uint16_t type) {
  (void)type;
  return RFCTLS_OK;
}

static rfctls_status check_preference(rfctls__preference preference, const char *list) {
  (void)preference;
  (void)list;
  return RFCTLS_OK;
}

static rfctls_status check_trust_dir(const char *path) {
  return rfctls__fail(RFCTLS_E_UNSUPPORTED, "no trust in a script, not even in %s", path);
}

static rfctls_status check_crl(rfctls__bytes der) {
  return der.size > 0 ? RFCTLS_OK : rfctls__fail(RFCTLS_E_PARSE, "no revocation list");
}

static rfctls_status context_init(rfctls__context *context, const rfctls__settings *settings) {
  context->role = settings->role;
  return RFCTLS_OK;
}

static void context_fini(rfctls__context *context) {
  (void)context;
}

static rfctls_status conn_init(rfctls__conn *conn, rfctls__context *context,
                               const rfctls__opening *opening) {
  (void)opening;
  conn->role = context->role;
  return RFCTLS_OK;
}

static void conn_fini(rfctls__conn *conn, int failed) {
  (void)failed;
  rfctls__buffer_release(&conn->plain);
}

static rfctls_status put(rfctls__buffer *out, char kind, const void *data, size_t size) {
  uint8_t *room;
  rfctls_status status = rfctls__buffer_reserve(out, HEADER + size, &room);
  if (status == RFCTLS_OK) {
    room[0] = (uint8_t)kind;
    room[1] = (uint8_t)(size >> 8);
    room[2] = (uint8_t)size;
    if (size > 0) {
      memcpy(room + HEADER, data, size);
    }
    rfctls__buffer_commit(out, HEADER + size);
  }
  return status;
}

/* The next whole record; 0 kind: there is none. It stays in `in`. */
static char next(const rfctls__buffer *in, rfctls__bytes *payload) {
  rfctls__bytes bytes = rfctls__buffer_bytes(in);
  if (bytes.size < HEADER) {
    return 0;
  }
  payload->size = (size_t)bytes.data[1] << 8 | bytes.data[2];
  payload->data = bytes.data + HEADER;
  return bytes.size >= HEADER + payload->size ? (char)bytes.data[0] : 0;
}

static rfctls_status alert(rfctls__bytes payload) {
  return rfctls__fail_engine(RFCTLS_E_ALERT, 1, payload.data[0], "peer sent alert %d",
                             payload.data[0]);
}

static rfctls_status handshake(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out) {
  rfctls__bytes payload;
  char kind;
  if (conn->refused) {
    return rfctls__fail_verify(1, 0, RFCTLS_REASON_REFUSED, "refused");
  }
  if (conn->role == RFCTLS_CLIENT && !conn->said_hello) {
    conn->said_hello = 1;
    put(out, 'h', "client", 6);
  }
  kind = conn->heard_hello ? 'h' : next(in, &payload);
  if (kind == 0) {
    return RFCTLS_WANT_READ;
  }
  if (kind == 'a') {
    return alert(payload);
  }
  if (kind != 'h') {
    put(out, 'a', "\x0a", 1);
    return rfctls__fail_engine(RFCTLS_E_PROTOCOL, 1, -1, "unexpected record %c", kind);
  }
  if (!conn->heard_hello) {
    rfctls__buffer_consume(in, HEADER + payload.size);
    conn->heard_hello = 1;
  }
  if (script.question != RFCTLS_OK && !conn->asked) {
    conn->asked = 1;
    return script.question;
  }
  if (conn->role == RFCTLS_SERVER) {
    put(out, 'h', "server", 6);
  }
  return RFCTLS_OK;
}

static rfctls_status once(rfctls_status *scripted) {
  rfctls_status status = *scripted;
  if (script.half) {
    return RFCTLS_WANT_READ;
  }
  *scripted = RFCTLS_OK;
  return status < 0 ? rfctls__fail_engine(status, 1, -1, "as the script says") : status;
}

static rfctls_status encrypt(rfctls__conn *conn, const void *data, size_t size, size_t *taken,
                             rfctls__buffer *in, rfctls__buffer *out) {
  size_t step = script.step != 0 ? script.step : RFCTLS__STEP;
  rfctls_status status = once(&script.encrypt_once);
  (void)conn;
  (void)in;
  *taken = 0;
  size = size < step ? size : step;
  while (status == RFCTLS_OK && *taken < size) {
    size_t piece = size - *taken < LARGEST ? size - *taken : LARGEST;
    status = put(out, 'd', (const uint8_t *)data + *taken, piece);
    *taken += piece;
  }
  return status;
}

static rfctls_status decrypt(rfctls__conn *conn, rfctls__buffer *in, void *buffer, size_t room,
                             size_t *given, rfctls__buffer *out) {
  *given = rfctls__buffer_take(&conn->plain, buffer, room);
  while (*given < room) {
    rfctls__bytes payload;
    char kind = next(in, &payload);
    if (kind == 0) {
      return *given > 0 ? RFCTLS_OK : RFCTLS_WANT_READ;
    }
    if (*given > 0 && kind != 'd') {
      return RFCTLS_OK;
    }
    if (kind == 'd') {
      rfctls__buffer_append(&conn->plain, payload.data, payload.size);
    } else if (kind == 'k') {
      put(out, 'k', NULL, 0);
    } else if (kind == 'a') {
      return alert(payload);
    } else if (kind != 'c') {
      return rfctls__fail_engine(RFCTLS_E_PROTOCOL, 1, -1, "unexpected record %c", kind);
    }
    rfctls__buffer_consume(in, HEADER + payload.size);
    if (kind == 'c') {
      return RFCTLS_OK;
    }
    *given += rfctls__buffer_take(&conn->plain, (uint8_t *)buffer + *given, room - *given);
  }
  return RFCTLS_OK;
}

static size_t pending(const rfctls__conn *conn) {
  return rfctls__buffer_size(&conn->plain);
}

static rfctls_status close_notify(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out) {
  rfctls_status status = once(&script.notify_once);
  (void)conn;
  (void)in;
  return status == RFCTLS_OK ? put(out, 'c', NULL, 0) : status;
}

static rfctls_status key_update(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out) {
  rfctls_status status = once(&script.update_once);
  (void)conn;
  (void)in;
  return status == RFCTLS_OK ? put(out, 'k', NULL, 0) : status;
}

/* A number, given once when the handshake is done. */
struct rfctls__session {
  uint8_t number;
};

static rfctls__session *session_take(rfctls__conn *conn) {
  rfctls__session *session = NULL;
  if (script.session != 0 && !conn->told) {
    session = rfctls__alloc(sizeof *session);
    conn->told = 1;
  }
  if (session != NULL) {
    session->number = script.session;
  }
  return session;
}

static int session_use(rfctls__conn *conn, const rfctls__session *session) {
  if (script.spent == session->number) {
    return 0;
  }
  conn->resumed = session->number;
  return 1;
}

static void session_free(rfctls__session *session) {
  rfctls__free(session);
}

static rfctls_status session_bytes(const rfctls__session *session, rfctls__buffer *out) {
  return rfctls__buffer_append(out, &session->number, 1);
}

static rfctls_status session_from_bytes(rfctls__bytes data, rfctls__session **out) {
  if (data.size != 1) {
    return rfctls__fail(RFCTLS_E_PARSE, "no session");
  }
  *out = rfctls__alloc(sizeof **out);
  if (*out == NULL) {
    return rfctls__fail_memory();
  }
  (*out)->number = data.data[0];
  return RFCTLS_OK;
}

static void findings(const rfctls__conn *conn, rfctls__findings *list) {
  static const rfctls__finding leaf = {0, RFCTLS_REASON_NONE, "", {(const uint8_t *)"leaf", 4}};
  (void)conn;
  *list = (rfctls__findings){&leaf, script.unseen ? 0 : 1};
}

static void answer_verify(rfctls__conn *conn, int accept) {
  script.answers++;
  conn->refused = !accept;
}

static rfctls_status answer_identity(rfctls__conn *conn, const rfctls__identity *identity) {
  (void)conn;
  (void)identity;
  script.answers++;
  return RFCTLS_OK;
}

static void facts(const rfctls__conn *conn, rfctls__facts *known) {
  *known = (rfctls__facts){.version = RFCTLS_TLS_1_3,
                           .cipher = "NONE",
                           .resumed = script.forgets ? 0 : conn->resumed,
                           .refused_renegotiation = script.refused};
}

static rfctls_status export_key(const rfctls__conn *conn, const char *label, rfctls__bytes context,
                                void *out, size_t size) {
  (void)conn;
  (void)context;
  memset(out, label[0], size);
  return RFCTLS_OK;
}

static rfctls_status bind(const rfctls__conn *conn, rfctls__buffer *out) {
  (void)conn;
  return rfctls__buffer_append(out, "bound", 5);
}

static rfctls_status peer_chain(const rfctls__conn *conn, rfctls__list *list) {
  (void)conn;
  (void)list;
  return RFCTLS_OK;
}

static rfctls_status describe(rfctls__bytes der, rfctls__description *description) {
  description->subject = rfctls__strndup(der.data, der.size);
  description->issuer = rfctls__strdup("CN=scripted");
  description->serial = rfctls__strdup("01");
  return RFCTLS_OK;
}

/* No hash, but other for other bytes of the same size, mostly. */
static rfctls_status digest(rfctls__bytes data, uint8_t out[RFCTLS__DIGEST_SIZE]) {
  memset(out, 0, RFCTLS__DIGEST_SIZE);
  for (size_t i = 0; i < data.size; i++) {
    out[i % RFCTLS__DIGEST_SIZE] = (uint8_t)(out[i % RFCTLS__DIGEST_SIZE] * 31 + data.data[i] + 1);
  }
  return RFCTLS_OK;
}

static rfctls_status read_key(rfctls__bytes encoded, const char *passphrase,
                              rfctls__buffer *pkcs8) {
  (void)passphrase;
  return rfctls__buffer_append(pkcs8, encoded.data, encoded.size);
}

static rfctls_status check_key(rfctls__bytes cert, rfctls__bytes pkcs8) {
  (void)cert;
  (void)pkcs8;
  return RFCTLS_OK;
}

static int is_issuer(rfctls__bytes issuer, rfctls__bytes cert) {
  (void)issuer;
  (void)cert;
  return 0;
}

static rfctls_status pbe_decrypt(rfctls__bytes algorithm, const char *passphrase,
                                 rfctls__bytes data, rfctls__buffer *out) {
  (void)algorithm;
  (void)passphrase;
  (void)data;
  (void)out;
  return rfctls__fail(RFCTLS_E_UNSUPPORTED, "no passphrases in a script");
}

static rfctls_status pbe_check(const rfctls__mac *mac, const char *passphrase, rfctls__bytes data) {
  (void)mac;
  (void)passphrase;
  (void)data;
  return rfctls__fail(RFCTLS_E_UNSUPPORTED, "no passphrases in a script");
}

static rfctls_status make_identity(const char *name, rfctls__buffer *cert, rfctls__buffer *pkcs8) {
  rfctls_status status = rfctls__buffer_append(cert, name, strlen(name));
  return status == RFCTLS_OK ? rfctls__buffer_append(pkcs8, name, strlen(name)) : status;
}

const rfctls__engine rfctls__engine_linked = {
    .name = "script",
    .context_size = sizeof(rfctls__context),
    .conn_size = sizeof(rfctls__conn),
    .version = version,
    .supports = supports,
    .check_versions = check_versions,
    .check_extension = check_extension,
    .check_preference = check_preference,
    .check_trust_dir = check_trust_dir,
    .check_crl = check_crl,
    .context_init = context_init,
    .context_fini = context_fini,
    .conn_init = conn_init,
    .conn_fini = conn_fini,
    .handshake = handshake,
    .encrypt = encrypt,
    .decrypt = decrypt,
    .pending = pending,
    .close_notify = close_notify,
    .key_update = key_update,
    .session_take = session_take,
    .session_use = session_use,
    .session_free = session_free,
    .session_bytes = session_bytes,
    .session_from_bytes = session_from_bytes,
    .findings = findings,
    .answer_verify = answer_verify,
    .answer_identity = answer_identity,
    .facts = facts,
    .export_key = export_key,
    .bind_end_point = bind,
    .bind_unique = bind,
    .peer_chain = peer_chain,
    .describe = describe,
    .digest = digest,
    .read_key = read_key,
    .check_key = check_key,
    .is_issuer = is_issuer,
    .pbe_decrypt = pbe_decrypt,
    .pbe_check = pbe_check,
    .make_identity = make_identity,
};
