/* The handle of a session, and its saved form: a magic number, the key, the name with its size (one byte)
 * before it, and the engine's bytes. */
#include "tls/session.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/lock.h"
#include "base/refcount.h"
#include "pki/pki.h"

static const rfctls__engine *const engine = &rfctls__engine_linked;

static const uint8_t magic[] = {'r', 'f', 'c', 't',
                                'l', 's', 0,   2}; /* the last byte counts versions */

struct rfctls_session {
  rfctls__refcount refs;
  rfctls__session *held;
  rfctls__session_key key;
  char *name;
  char *service;     /* NULL when it was read from bytes */
  rfctls__lock lock; /* for bytes */
  rfctls__buffer bytes;
};

rfctls_session *rfctls__session_new(rfctls__session *held, const rfctls__session_key *key,
                                    const char *name, const char *service) {
  rfctls_session *session = rfctls__alloc(sizeof *session);
  if (session == NULL) {
    engine->session_free(held);
    return NULL;
  }
  rfctls__refcount_init(&session->refs);
  rfctls__lock_init(&session->lock);
  session->held = held;
  session->key = *key;
  session->name = rfctls__strdup(name);
  session->service = rfctls__strdup(service);
  if ((name != NULL && session->name == NULL) || (service != NULL && session->service == NULL)) {
    rfctls_session_unref(session);
    return NULL;
  }
  return session;
}

rfctls_session *rfctls_session_ref(rfctls_session *session) {
  if (session != NULL) {
    rfctls__refcount_take(&session->refs);
  }
  return session;
}

void rfctls_session_unref(rfctls_session *session) {
  if (session == NULL || !rfctls__refcount_drop(&session->refs)) {
    return;
  }
  engine->session_free(session->held);
  rfctls__buffer_wipe(&session->bytes);
  rfctls__free(session->name);
  rfctls__free(session->service);
  rfctls__lock_fini(&session->lock);
  rfctls__free(session);
}

const rfctls__session *rfctls__session_held(const rfctls_session *session) {
  return session->held;
}

static int same_text(const char *a, const char *b) {
  return (a == NULL || b == NULL) ? a == b : strcmp(a, b) == 0;
}

const char *rfctls__session_differs(const rfctls_session *session, const rfctls__session_key *key,
                                    const char *name) {
  if (memcmp(session->key.whole, key->whole, sizeof key->whole) == 0) {
    return NULL;
  }
  if (!same_text(session->name, name)) {
    return "it is for another server name";
  }
  return memcmp(session->key.options, key->options, sizeof key->options) != 0
             ? "it was made under other options: trust, identity, versions or ciphers"
             : "its connection asked for other protocols or extensions, or asked other questions";
}

int rfctls__session_is_of(const rfctls_session *session, const rfctls__session_key *key,
                          const char *service) {
  return memcmp(session->key.whole, key->whole, sizeof key->whole) == 0 &&
         same_text(session->service, service);
}

/* ---- saving ---- */

static rfctls_status write_bytes(const rfctls_session *session, rfctls__buffer *out) {
  uint8_t size = session->name != NULL ? (uint8_t)strlen(session->name) : 0;
  rfctls_status status = rfctls__buffer_append(out, magic, sizeof magic);
  if (status == RFCTLS_OK) {
    status = rfctls__buffer_append(out, &session->key, sizeof session->key);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__buffer_append(out, &size, 1);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__buffer_append(out, session->name, size);
  }
  return status == RFCTLS_OK ? engine->session_bytes(session->held, out) : status;
}

/* Made when first asked for. A getter leaves the error record alone. */
const void *rfctls_session_bytes(const rfctls_session *session, size_t *size) {
  rfctls_session *mutable = (rfctls_session *)session;
  rfctls__bytes bytes = {NULL, 0};
  rfctls__error error;
  if (session != NULL) {
    rfctls__error_save(&error);
    rfctls__lock_take(&mutable->lock);
    if (mutable->bytes.data == NULL && write_bytes(session, &mutable->bytes) != RFCTLS_OK) {
      rfctls__buffer_wipe(&mutable->bytes);
    }
    bytes = rfctls__buffer_bytes(&mutable->bytes);
    rfctls__lock_drop(&mutable->lock);
    (void)rfctls__error_restore(&error);
  }
  if (size != NULL) {
    *size = bytes.size;
  }
  return bytes.size > 0 ? bytes.data : NULL;
}

static int read_head(rfctls__bytes *bytes, rfctls__session_key *key, char **name) {
  const size_t fixed = sizeof magic + sizeof *key + 1;
  size_t size = bytes->size >= fixed ? bytes->data[fixed - 1] : 0;
  if (bytes->size < fixed + size || memcmp(bytes->data, magic, sizeof magic) != 0) {
    return 0;
  }
  memcpy(key, bytes->data + sizeof magic, sizeof *key);
  *name = size > 0 ? rfctls__strndup(bytes->data + fixed, size) : NULL;
  bytes->data += fixed + size;
  bytes->size -= fixed + size;
  return 1;
}

rfctls_status rfctls_session_from_bytes(const void *data, size_t size, rfctls_session **out) {
  rfctls__bytes bytes;
  rfctls__session_key key;
  rfctls__session *held = NULL;
  char *name = NULL;
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__output(out, sizeof *out, "the session");
  if (status == RFCTLS_OK) {
    status = rfctls__bytes_given(data, size, &bytes);
  }
  if (status == RFCTLS_OK && !read_head(&bytes, &key, &name)) {
    status = rfctls__fail(RFCTLS_E_PARSE, "the bytes are no session that was saved here");
  }
  if (status == RFCTLS_OK) {
    status = engine->session_from_bytes(bytes, &held);
  }
  if (status == RFCTLS_OK) {
    *out = rfctls__session_new(held, &key, name, NULL);
    status = *out != NULL ? RFCTLS_OK : rfctls__fail_memory();
  }
  rfctls__free(name);
  return status;
}
