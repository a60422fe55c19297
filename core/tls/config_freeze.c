/* Freezing: the digest of a config's options, and the engine's context that they make. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/lock.h"
#include "pki/pki.h"
#include "tls/config.h"
#include "tls/session_cache.h"

static const rfctls__engine *const engine = &rfctls__engine_linked;

/* ---- the digest ---- */

/* Writes an option so that no two lists of options are written alike. */
typedef rfctls_status (*writer)(const rfctls_config *config, const void *option,
                                rfctls__buffer *text);

static rfctls_status put_number(const rfctls_config *config, const void *option,
                                rfctls__buffer *text) {
  (void)config;
  return rfctls__buffer_append_sized(text, option, sizeof(int));
}

/* A function: whether there is one. */
static rfctls_status put_presence(const rfctls_config *config, const void *option,
                                  rfctls__buffer *text) {
  const unsigned char none[sizeof(rfctls_verifier)] = {0};
  int there = memcmp(option, none, sizeof none) != 0;
  return put_number(config, &there, text);
}

static rfctls_status put_text(const rfctls_config *config, const void *option,
                              rfctls__buffer *text) {
  const char *value = *(char *const *)option;
  (void)config;
  return rfctls__buffer_append_sized(text, value != NULL ? value : "",
                                     value != NULL ? strlen(value) + 1 : 0);
}

static rfctls_status put_preferences(const rfctls_config *config, const void *option,
                                     rfctls__buffer *text) {
  rfctls_status status = RFCTLS_OK;
  for (size_t i = 0; status == RFCTLS_OK && i < RFCTLS__PREFERENCES; i++) {
    status = put_text(config, (char *const *)option + i, text);
  }
  return status;
}

static rfctls_status put_bytes(const rfctls_config *config, const void *option,
                               rfctls__buffer *text) {
  rfctls__bytes bytes = rfctls__buffer_bytes(option);
  (void)config;
  return rfctls__buffer_append_sized(text, bytes.data, bytes.size);
}

/* Certificates by their fingerprints, which they have already, and by what their source does not trust them
 * for. */
static rfctls_status put_chain(const rfctls_config *config, const void *option,
                               rfctls__buffer *text) {
  const rfctls_chain *chain = *(rfctls_chain *const *)option;
  int count = (int)rfctls_chain_count(chain);
  rfctls_status status = put_number(config, &count, text);
  for (size_t i = 0; status == RFCTLS_OK && i < rfctls_chain_count(chain); i++) {
    const rfctls_cert *cert = rfctls_chain_at(chain, i);
    int distrusted = (int)rfctls__cert_distrusted(cert);
    status = put_number(config, &distrusted, text);
    if (status == RFCTLS_OK) {
      const char *each = rfctls_cert_fingerprint(cert);
      status = rfctls__buffer_append_sized(text, each, strlen(each));
    }
  }
  return status;
}

/* Each by its own digest: they may be large. */
static rfctls_status put_list(const rfctls_config *config, const void *option,
                              rfctls__buffer *text) {
  const rfctls__list *list = option;
  int count = (int)list->count;
  rfctls_status status = put_number(config, &count, text);
  for (size_t i = 0; status == RFCTLS_OK && i < list->count; i++) {
    uint8_t digest[RFCTLS__DIGEST_SIZE];
    status = engine->digest(rfctls__list_at(list, i), digest);
    if (status == RFCTLS_OK) {
      status = rfctls__buffer_append(text, digest, sizeof digest);
    }
  }
  return status;
}

/* And what lies in the folders and in the system's store now. */
static rfctls_status put_trust(const rfctls_config *config, const void *option,
                               rfctls__buffer *text) {
  rfctls__buffer state = {0};
  rfctls_status status = put_number(config, option, text);
  if (status == RFCTLS_OK && engine->trust_state != NULL) {
    status = engine->trust_state(config->system_trust, &config->trust_dirs, &state);
  }
  if (status == RFCTLS_OK) {
    status = put_bytes(config, &state, text);
  }
  rfctls__buffer_release(&state);
  return status;
}

/* Every option on which the engine's context depends, or what is checked of a peer: all but those that a
 * socket takes from its config and may change (timers, blocking, truncation, family; server name and hello
 * extensions, which are in a session's key). tests/unit/test_config_freeze.cpp walks the setters. */
static const struct {
  size_t offset;
  writer write;
} options[] = {
#define OPTION(field, write) \
  { offsetof(rfctls_config, field), write }
    OPTION(role, put_number),
    OPTION(min_version, put_number),
    OPTION(max_version, put_number),
    OPTION(preferences, put_preferences),
    OPTION(chain, put_chain), /* the key is its leaf's */
    OPTION(authorities, put_chain),
    OPTION(trust_dirs, put_list),
    OPTION(crls, put_list),
    OPTION(system_trust, put_trust),
    OPTION(partial_chain, put_number),
    OPTION(demand, put_number),
    OPTION(skip_verify, put_number),
    OPTION(skip_name_check, put_number),
    OPTION(ask_verify, put_number),
    OPTION(ask_identity, put_number),
    OPTION(verifier, put_presence),
    OPTION(identity_source, put_presence),
    OPTION(protocols, put_bytes),
    OPTION(session_cache, put_number),
    OPTION(key_log, put_text),
#undef OPTION
};

rfctls_status rfctls__config_digest(const rfctls_config *config,
                                    uint8_t digest[RFCTLS__DIGEST_SIZE]) {
  rfctls__buffer text = {0};
  rfctls_status status = RFCTLS_OK;
  for (size_t i = 0; status == RFCTLS_OK && i < sizeof options / sizeof *options; i++) {
    status = options[i].write(config, (const char *)config + options[i].offset, &text);
  }
  if (status == RFCTLS_OK) {
    status = engine->digest(rfctls__buffer_bytes(&text), digest);
  }
  rfctls__buffer_release(&text);
  return status;
}

/* ---- the context ---- */

static rfctls_demand demand_of(const rfctls_config *config) {
  if (config->role == RFCTLS_CLIENT) {
    return RFCTLS_PEER_CERT_REQUIRED;
  }
  if (config->demand >= 0) {
    return (rfctls_demand)config->demand;
  }
  return rfctls_chain_count(config->authorities) > 0 || config->trust_dirs.count > 0 ||
                 config->verifier != NULL || config->ask_verify
             ? RFCTLS_PEER_CERT_OPTIONAL
             : RFCTLS_PEER_CERT_IGNORED;
}

/* One reference. */
static rfctls_status make_shared_context(const rfctls__settings *settings,
                                         rfctls__shared_context **out) {
  rfctls_status status;
  rfctls__shared_context *shared = rfctls__alloc(sizeof *shared);
  if (shared == NULL) {
    return rfctls__fail_memory();
  }
  shared->refs = 1;
  shared->process = rfctls__process();
  shared->lasts = settings->identity.count == 0;
  shared->context = rfctls__alloc(engine->context_size);
  status = shared->context != NULL ? engine->context_init(shared->context, settings)
                                   : rfctls__fail_memory();
  if (status == RFCTLS_OK) {
    *out = shared;
  } else {
    rfctls__shared_context_unref(shared);
  }
  return status;
}

/* The certificates that vouch for our peers, then those that their source does not trust for that.
 * The caller frees *out. */
static rfctls_status list_authorities(const rfctls_config *config, rfctls__settings *settings,
                                      rfctls__bytes **out) {
  unsigned use = config->role == RFCTLS_CLIENT ? RFCTLS__USE_SERVERS : RFCTLS__USE_CLIENTS;
  size_t count = rfctls_chain_count(config->authorities), used = 0;
  rfctls__bytes *list = rfctls__alloc((count + 1) * sizeof *list);
  if (list == NULL) {
    return rfctls__fail_memory();
  }
  for (int distrusted = 0; distrusted <= 1; distrusted++) {
    for (size_t i = 0; i < count; i++) {
      rfctls_cert *cert = rfctls_chain_at(config->authorities, i);
      if (((rfctls__cert_distrusted(cert) & use) != 0) == distrusted) {
        list[used++] = rfctls__cert_bytes(cert);
      }
    }
    settings->authority_count = distrusted ? settings->authority_count : used;
  }
  settings->authorities = list;
  settings->distrusted = list + settings->authority_count;
  settings->distrusted_count = count - settings->authority_count;
  *out = list;
  return RFCTLS_OK;
}

static rfctls_status make(rfctls_config *config, rfctls__shared_context **out) {
  rfctls_status status = RFCTLS_OK;
  rfctls__bytes *authorities = NULL;
  rfctls__bytes *chain = NULL;
  rfctls__settings settings = {
      .role = config->role,
      .min_version = config->min_version,
      .max_version = config->max_version,
      .trust_dirs = &config->trust_dirs,
      .crls = &config->crls,
      .system_trust = config->system_trust,
      .partial_chain = config->partial_chain,
      .peer_cert = demand_of(config),
      .skip_verify = config->skip_verify,
      .protocols = rfctls__buffer_bytes(&config->protocols),
      .resumption = config->session_cache,
      .log_keys = config->key_log != NULL,
  };
  for (size_t i = 0; i < RFCTLS__PREFERENCES; i++) {
    settings.preferences[i] = config->preferences[i];
  }
  if (config->chain != NULL) {
    status = rfctls__identity_view(config->chain, config->key, &chain, &settings.identity);
  }
  if (status == RFCTLS_OK) {
    status = list_authorities(config, &settings, &authorities);
  }
  if (status == RFCTLS_OK) {
    status = make_shared_context(&settings, out);
  }
  rfctls__free(authorities);
  rfctls__free(chain);
  return status;
}

/* ---- freezing ---- */

/* Servers share their ticket keys with the context: who resumes at one what was begun at another showed, and
 * was shown, what the other asks for and shows, since all that is equal. Not where the program chooses what
 * is shown: which one it chose, no digest tells (RFC 8446 section 4.6.1, and A. Delignat-Lavaud and K.
 * Bhargavan, "Network-based Origin Confusion Attacks against HTTPS Virtual Hosting"). */
static int is_shared(const rfctls_config *config) {
  return config->role == RFCTLS_CLIENT ||
         (!config->ask_identity && config->identity_source == NULL);
}

static rfctls_status find_or_make(rfctls_config *config, rfctls__shared_context **out) {
  uint8_t digest[RFCTLS__DIGEST_SIZE];
  rfctls_status status = rfctls__config_digest(config, digest);
  rfctls__sessions_expire();
  *out = status == RFCTLS_OK && is_shared(config) ? rfctls__shared_context_find(digest) : NULL;
  if (status != RFCTLS_OK || *out != NULL) {
    return status;
  }
  status = make(config, out);
  if (status == RFCTLS_OK) {
    memcpy((*out)->digest, digest, sizeof digest);
    *out = is_shared(config) ? rfctls__shared_context_add(*out) : *out;
  }
  return status;
}

/* Outside all locks: two threads that are the first make two, and one of these goes. */
rfctls_status rfctls__config_freeze(rfctls_config *config) {
  rfctls__shared_context *shared = rfctls__shared_context_at(&config->shared);
  rfctls_status status = RFCTLS_OK;
  if (shared == NULL) {
    status = find_or_make(config, &shared);
    if (status == RFCTLS_OK) {
      rfctls__shared_context_put(&config->shared, shared);
    }
  } else {
    rfctls__shared_context_unref(shared);
  }
  return status;
}
