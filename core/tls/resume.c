/* Resumption: when a session is kept, and who may use it. TLS checks nothing again, so all that was
 * checked, and all that could have changed the check, is part of a session's key. */
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "pki/pki.h"
#include "tls/config.h"
#include "tls/socket.h"

static const rfctls__engine *const engine = &rfctls__engine_linked;

/* ---- keys ---- */

/* With its size before it, so that no two lists of values are written alike. */
static rfctls_status put(rfctls__buffer *text, const void *data, size_t size) {
  uint64_t before = size;
  rfctls_status status = rfctls__buffer_append(text, &before, sizeof before);
  return status == RFCTLS_OK ? rfctls__buffer_append(text, data, size) : status;
}

static rfctls_status put_text(rfctls__buffer *text, const char *value) {
  return put(text, value != NULL ? value : "", value != NULL ? strlen(value) + 1 : 0);
}

static rfctls_status put_chain(rfctls__buffer *text, const rfctls_chain *chain) {
  int32_t count = (int32_t)rfctls_chain_count(chain);
  rfctls_status status = put(text, &count, sizeof count);
  for (size_t i = 0; status == RFCTLS_OK && i < rfctls_chain_count(chain); i++) {
    const rfctls_cert *cert = rfctls_chain_at(chain, i);
    uint32_t distrusted = rfctls__cert_distrusted(cert);
    status = put_text(text, rfctls_cert_fingerprint(cert));
    status = status == RFCTLS_OK ? put(text, &distrusted, sizeof distrusted) : status;
  }
  return status;
}

static rfctls_status put_list(rfctls__buffer *text, const rfctls__list *list) {
  uint64_t count = list->count;
  rfctls_status status = put(text, &count, sizeof count);
  for (size_t i = 0; status == RFCTLS_OK && i < list->count; i++) {
    rfctls__bytes each = rfctls__list_at(list, i);
    status = put(text, each.data, each.size);
  }
  return status;
}

/* Ends the making of a key: the text becomes its digest. */
static rfctls_status finish(rfctls_status status, rfctls__buffer *text, rfctls__session_key *out) {
  if (status == RFCTLS_OK) {
    status = engine->digest(rfctls__buffer_bytes(text), out->digest);
  }
  rfctls__buffer_release(text);
  return status;
}

rfctls_status rfctls__session_config_key(const rfctls_config *config, rfctls__session_key *out) {
  const int32_t numbers[] = {(int32_t)config->min_version, (int32_t)config->max_version,
                             config->system_trust,         config->partial_chain,
                             config->skip_verify,          config->skip_name_check};
  rfctls__buffer text = {0};
  rfctls_status status = put(&text, numbers, sizeof numbers);
  if (status == RFCTLS_OK) {
    status = put_chain(&text, config->authorities);
  }
  if (status == RFCTLS_OK) {
    status = put_chain(&text, config->chain);
  }
  if (status == RFCTLS_OK) {
    status = put_list(&text, &config->trust_dirs);
  }
  if (status == RFCTLS_OK) {
    status = put_list(&text, &config->crls);
  }
  for (size_t i = 0; status == RFCTLS_OK && i < RFCTLS__PREFERENCES; i++) {
    status = put_text(&text, config->preferences[i]);
  }
  return finish(status, &text, out);
}

/* Name and service as they are asked for and checked, protocols, extensions, and what was set for this
 * connection alone; the rest is the config's. */
static rfctls_status make_key(const rfctls_socket *socket, const rfctls__opening *opening,
                              rfctls__session_key *out) {
  const rfctls__session_key *of_config = &socket->config->session_key;
  const int32_t numbers[] = {socket->server_name_is_ip, socket->ask_verify, socket->ask_identity};
  rfctls__buffer text = {0};
  rfctls_status status = put(&text, of_config->digest, sizeof of_config->digest);
  if (status == RFCTLS_OK) {
    status = put(&text, numbers, sizeof numbers);
  }
  if (status == RFCTLS_OK) {
    status = put_text(&text, socket->server_name);
  }
  if (status == RFCTLS_OK) {
    status = put_text(&text, socket->service);
  }
  if (status == RFCTLS_OK) {
    status = put(&text, opening->protocols.data, opening->protocols.size);
  }
  if (status == RFCTLS_OK) {
    status = put(&text, opening->extensions.data, opening->extensions.size);
  }
  return finish(status, &text, out);
}

/* ---- the cache ---- */

void rfctls__session_cache_init(rfctls__session_cache *cache) {
  rfctls__lock_init(&cache->lock);
}

void rfctls__session_cache_fini(rfctls__session_cache *cache) {
  for (size_t i = 0; i < cache->count; i++) {
    rfctls_session_unref(cache->items[i]);
  }
  rfctls__lock_fini(&cache->lock);
}

static rfctls_session *remove_at(rfctls__session_cache *cache, size_t index) {
  rfctls_session *session = cache->items[index];
  cache->count--;
  memmove(cache->items + index, cache->items + index + 1,
          (cache->count - index) * sizeof *cache->items);
  return session;
}

/* Whom a new one replaces: the oldest of its key, if that has its share, else the oldest of all, if
 * the cache is full; or nobody, NULL. */
static rfctls_session *make_room(rfctls__session_cache *cache, const rfctls__session_key *key) {
  size_t same = 0, oldest = 0;
  for (size_t i = cache->count; i-- > 0;) {
    if (rfctls__session_is_for(cache->items[i], key)) {
      same++;
      oldest = i;
    }
  }
  if (same >= RFCTLS__SESSIONS_OF_KEY) {
    return remove_at(cache, oldest);
  }
  return cache->count == RFCTLS__SESSIONS ? remove_at(cache, 0) : NULL;
}

void rfctls__session_cache_put(rfctls__session_cache *cache, rfctls_session *session,
                               const rfctls__session_key *key) {
  rfctls_session *before;
  rfctls__lock_take(&cache->lock);
  before = make_room(cache, key);
  cache->items[cache->count++] = rfctls_session_ref(session);
  rfctls__lock_drop(&cache->lock);
  rfctls_session_unref(before);
}

rfctls_session *rfctls__session_cache_take(rfctls__session_cache *cache,
                                           const rfctls__session_key *key) {
  rfctls_session *found = NULL;
  rfctls__lock_take(&cache->lock);
  for (size_t i = cache->count; found == NULL && i-- > 0;) {
    if (rfctls__session_is_for(cache->items[i], key)) {
      found = remove_at(cache, i);
    }
  }
  rfctls__lock_drop(&cache->lock);
  return found;
}

/* ---- a connection ---- */

/* Only where the library itself said yes to a name, and nobody chose an identity in between. */
static int is_cached(const rfctls_socket *socket) {
  const rfctls_config *config = socket->config;
  return config->session_cache && !config->skip_verify && !socket->ask_verify &&
         !socket->ask_identity && socket->server_name != NULL && socket->service != NULL;
}

/* The program's own session counts alone, even when it is not for this connection. */
static void offer_given(rfctls_socket *socket) {
  if (rfctls__session_is_for(socket->session, &socket->session_key)) {
    (void)engine->session_use(socket->conn, rfctls__session_held(socket->session));
  }
  rfctls_session_unref(socket->session);
  socket->session = NULL;
}

static void offer_cached(rfctls_socket *socket) {
  rfctls__session_cache *cache = &socket->config->sessions;
  int offered = 0;
  while (!offered) {
    rfctls_session *session = rfctls__session_cache_take(cache, &socket->session_key);
    if (session == NULL) {
      return;
    }
    offered = engine->session_use(socket->conn, rfctls__session_held(session));
    rfctls_session_unref(session);
  }
}

rfctls_status rfctls__session_offer(rfctls_socket *socket, const rfctls__opening *opening) {
  rfctls_status status = make_key(socket, opening, &socket->session_key);
  if (status == RFCTLS_OK && socket->session != NULL) {
    offer_given(socket);
  } else if (status == RFCTLS_OK && is_cached(socket)) {
    offer_cached(socket);
  }
  return status;
}

void rfctls__session_collect(rfctls_socket *socket) {
  rfctls__session *held = NULL;
  rfctls_session *session;
  if (socket->role == RFCTLS_CLIENT && socket->phase == RFCTLS__ESTABLISHED &&
      socket->failure.status == RFCTLS_OK) {
    held = engine->session_take(socket->conn);
  }
  if (held == NULL) {
    return;
  }
  session = rfctls__session_new(held, &socket->session_key);
  if (session == NULL) {
    return; /* the next handshake is a full one */
  }
  if (is_cached(socket)) {
    rfctls__session_cache_put(&socket->config->sessions, session, &socket->session_key);
  }
  rfctls_session_unref(socket->session);
  socket->session = session;
}
