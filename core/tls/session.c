/* The handle of a session, and its saved form: a magic number, the key, and the engine's bytes. */
#include "tls/session.h"

#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/refcount.h"
#include "pki/pki.h"

static const rfctls__engine *const engine = &rfctls__engine_linked;

static const uint8_t magic[] = {'r', 'f', 'c', 't',
                                'l', 's', 0,   1}; /* the last byte counts versions */

struct rfctls_session {
  rfctls__refcount refs;
  rfctls__session *held;
  rfctls__session_key key;
  rfctls__lock lock; /* for bytes */
  rfctls__buffer bytes;
};

rfctls_session *rfctls__session_new(rfctls__session *held, const rfctls__session_key *key) {
  rfctls_session *session = rfctls__alloc(sizeof *session);
  if (session == NULL) {
    engine->session_free(held);
    return NULL;
  }
  rfctls__refcount_init(&session->refs);
  rfctls__lock_init(&session->lock);
  session->held = held;
  session->key = *key;
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
  rfctls__lock_fini(&session->lock);
  rfctls__free(session);
}

const rfctls__session *rfctls__session_held(const rfctls_session *session) {
  return session->held;
}

int rfctls__session_is_for(const rfctls_session *session, const rfctls__session_key *key) {
  return memcmp(session->key.digest, key->digest, sizeof key->digest) == 0;
}

/* ---- saving ---- */

static rfctls_status write_bytes(const rfctls_session *session, rfctls__buffer *out) {
  rfctls_status status = rfctls__buffer_append(out, magic, sizeof magic);
  if (status == RFCTLS_OK) {
    status = rfctls__buffer_append(out, session->key.digest, sizeof session->key.digest);
  }
  return status == RFCTLS_OK ? engine->session_bytes(session->held, out) : status;
}

/* Made when first asked for. A getter leaves the error record alone. */
const void *rfctls_session_bytes(const rfctls_session *session, size_t *size) {
  rfctls_session *mutable = (rfctls_session *)(uintptr_t)session;
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

rfctls_status rfctls_session_from_bytes(const void *data, size_t size, rfctls_session **out) {
  const uint8_t *bytes = data;
  rfctls__bytes given;
  rfctls__session_key key;
  rfctls__session *held = NULL;
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__output(out, sizeof *out, "the session");
  if (status == RFCTLS_OK) {
    status = rfctls__bytes_given(data, size, &given);
  }
  if (status != RFCTLS_OK) {
    return status;
  }
  if (size < sizeof magic + sizeof key.digest || memcmp(bytes, magic, sizeof magic) != 0) {
    return rfctls__fail(RFCTLS_E_PARSE, "the bytes are no session that was saved here");
  }
  memcpy(key.digest, bytes + sizeof magic, sizeof key.digest);
  bytes += sizeof magic + sizeof key.digest;
  size -= sizeof magic + sizeof key.digest;
  status = engine->session_from_bytes((rfctls__bytes){bytes, size}, &held);
  if (status == RFCTLS_OK) {
    *out = rfctls__session_new(held, &key);
    status = *out != NULL ? RFCTLS_OK : rfctls__fail_memory();
  }
  return status;
}
