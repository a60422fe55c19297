/* Configs: their life, and setters that check. */
#include "tls/config.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "pki/pki.h"
#include "tls/extension.h"
#include "tls/name.h"

rfctls_status rfctls_config_new(rfctls_role role, rfctls_config **out) {
  rfctls_status status;
  rfctls_config *config;
  rfctls__enter(__func__);
  status = rfctls__output(out, sizeof *out, "the config");
  if (status == RFCTLS_OK && role != RFCTLS_CLIENT && role != RFCTLS_SERVER) {
    status = rfctls__fail(RFCTLS_E_ARGUMENT, "role %d is neither client nor server", (int)role);
  }
  if (status != RFCTLS_OK) {
    return status;
  }
  config = rfctls__alloc(sizeof *config);
  if (config == NULL) {
    return rfctls__fail_memory();
  }
  rfctls__refcount_init(&config->refs);
  config->role = role;
  config->demand = -1;
  config->system_trust = role == RFCTLS_CLIENT;
  config->partial_chain = 1;
  config->blocking = 1;
  config->session_cache = 1;
  config->timers[RFCTLS_TIMER_CONNECT] = RFCTLS_DEFAULT_CONNECT;
  config->timers[RFCTLS_TIMER_HANDSHAKE] = 30000;
  config->timers[RFCTLS_TIMER_READ] = -1;
  config->timers[RFCTLS_TIMER_WRITE] = -1;
  config->timers[RFCTLS_TIMER_ACCEPT] = -1;
  config->timers[RFCTLS_TIMER_CLOSE] = 2000;
  status = rfctls_chain_new(&config->authorities);
  if (status != RFCTLS_OK) {
    rfctls_config_unref(config);
    return status;
  }
  *out = config;
  return RFCTLS_OK;
}

rfctls_config *rfctls_config_ref(rfctls_config *config) {
  if (config != NULL) {
    rfctls__refcount_take(&config->refs);
  }
  return config;
}

static void release(rfctls_release function, void *userdata) {
  if (function != NULL) {
    function(userdata);
  }
}

void rfctls_config_unref(rfctls_config *config) {
  if (config == NULL || !rfctls__refcount_drop(&config->refs)) {
    return;
  }
  rfctls__shared_context_unref(config->shared);
  rfctls_chain_unref(config->chain);
  rfctls_key_unref(config->key);
  rfctls_chain_unref(config->authorities);
  rfctls__list_release(&config->trust_dirs);
  rfctls__list_release(&config->crls);
  for (size_t i = 0; i < RFCTLS__PREFERENCES; i++) {
    rfctls__free(config->preferences[i]);
  }
  rfctls__free(config->key_log);
  rfctls__free(config->server_name);
  rfctls__buffer_release(&config->protocols);
  rfctls__buffer_release(&config->extensions);
  release(config->verifier_release, config->verifier_data);
  release(config->identity_release, config->identity_data);
  rfctls__free(config);
}

static int is_frozen(rfctls_config *config) {
  return __atomic_load_n(&config->shared, __ATOMIC_ACQUIRE) != NULL;
}

/* First line of every setter. */
static rfctls_status begin_set(rfctls_config *config, const char *setter) {
  rfctls__enter(setter);
  if (config == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no config");
  }
  if (is_frozen(config)) {
    return rfctls__fail(RFCTLS_E_STATE, "the config is in use: make a new one to change it");
  }
  return RFCTLS_OK;
}

static rfctls_status set_flag(rfctls_config *config, const char *setter, int *flag, int value) {
  rfctls_status status = begin_set(config, setter);
  if (status == RFCTLS_OK) {
    *flag = value != 0;
  }
  return status;
}

rfctls_status rfctls_config_set_identity(rfctls_config *config, rfctls_chain *chain,
                                         rfctls_key *key) {
  rfctls__bytes *views = NULL;
  rfctls__identity identity;
  rfctls_status status = begin_set(config, __func__);
  if (status != RFCTLS_OK) {
    return status;
  }
  if (chain == NULL || key == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "an identity needs both a chain and a key");
  }
  status = rfctls__identity_view(chain, key, &views, &identity);
  rfctls__free(views);
  if (status == RFCTLS_OK) {
    rfctls_chain_ref(chain);
    rfctls_key_ref(key);
    rfctls_chain_unref(config->chain);
    rfctls_key_unref(config->key);
    config->chain = chain;
    config->key = key;
  }
  return status;
}

static int is_version(rfctls_tls_version version) {
  return version == RFCTLS_TLS_ANY || (version >= RFCTLS_TLS_1_0 && version <= RFCTLS_TLS_1_3);
}

rfctls_status rfctls_config_set_versions(rfctls_config *config, rfctls_tls_version min,
                                         rfctls_tls_version max) {
  rfctls_status status = begin_set(config, __func__);
  if (status != RFCTLS_OK) {
    return status;
  }
  if (!is_version(min) || !is_version(max)) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "0x%04x is not a TLS version",
                        (unsigned)(is_version(min) ? max : min));
  }
  if (max != RFCTLS_TLS_ANY && max < (min == RFCTLS_TLS_ANY ? RFCTLS_TLS_1_2 : min)) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "the newest version, 0x%04x, is older than the oldest",
                        (unsigned)max);
  }
  status = rfctls__engine_linked.check_versions(min, max);
  if (status == RFCTLS_OK) {
    config->min_version = min;
    config->max_version = max;
  }
  return status;
}

static rfctls_status keep_text(char **place, const char *text) {
  char *copy = rfctls__strdup(text);
  if (copy == NULL) {
    return rfctls__fail_memory();
  }
  rfctls__free(*place);
  *place = copy;
  return RFCTLS_OK;
}

static rfctls_status set_preference(rfctls_config *config, const char *setter,
                                    rfctls__preference preference, const char *list) {
  rfctls_status status = begin_set(config, setter);
  if (status == RFCTLS_OK) {
    status = list != NULL ? rfctls__engine_linked.check_preference(preference, list)
                          : rfctls__fail(RFCTLS_E_ARGUMENT, "no list");
  }
  return status == RFCTLS_OK ? keep_text(&config->preferences[preference], list) : status;
}

rfctls_status rfctls_config_set_ciphers(rfctls_config *config, const char *list) {
  return set_preference(config, __func__, RFCTLS__CIPHERS, list);
}

rfctls_status rfctls_config_set_cipher_suites(rfctls_config *config, const char *list) {
  return set_preference(config, __func__, RFCTLS__CIPHER_SUITES, list);
}

rfctls_status rfctls_config_set_groups(rfctls_config *config, const char *list) {
  return set_preference(config, __func__, RFCTLS__GROUPS, list);
}

rfctls_status rfctls_config_set_server_name(rfctls_config *config, const char *name) {
  char *copy = NULL;
  int is_ip = 0;
  rfctls_status status = begin_set(config, __func__);
  if (status == RFCTLS_OK && config->role != RFCTLS_CLIENT) {
    status = rfctls__fail(RFCTLS_E_ARGUMENT, "a server has no server name to ask for");
  }
  if (status == RFCTLS_OK) {
    status = rfctls__server_name(name, &copy, &is_ip);
  }
  if (status == RFCTLS_OK) {
    rfctls__free(config->server_name);
    config->server_name = copy;
  }
  return status;
}

rfctls_status rfctls_config_add_protocol(rfctls_config *config, const char *name) {
  rfctls_status status = begin_set(config, __func__);
  return status == RFCTLS_OK ? rfctls__protocol_append(&config->protocols, name) : status;
}

rfctls_status rfctls_config_add_hello_extension(rfctls_config *config, uint16_t type,
                                                const void *data, size_t size) {
  rfctls_status status = begin_set(config, __func__);
  return status == RFCTLS_OK
             ? rfctls__extension_append(&config->extensions, config->role, type, data, size)
             : status;
}

rfctls_status rfctls_config_add_authority(rfctls_config *config, rfctls_cert *cert) {
  rfctls_status status = begin_set(config, __func__);
  return status == RFCTLS_OK ? rfctls_chain_add(config->authorities, cert) : status;
}

/* Takes the chain. */
static rfctls_status add_anchors(rfctls_config *config, rfctls_status status, rfctls_chain *chain) {
  for (size_t i = 0; status == RFCTLS_OK && i < rfctls_chain_count(chain); i++) {
    status = rfctls_chain_add(config->authorities, rfctls_chain_at(chain, i));
  }
  rfctls_chain_unref(chain);
  return status;
}

rfctls_status rfctls_config_add_trust(rfctls_config *config, const void *data, size_t size,
                                      const char *passphrase) {
  rfctls_chain *chain = NULL;
  rfctls_status status = begin_set(config, __func__);
  if (status == RFCTLS_OK) {
    status = rfctls__chain_load(data, size, passphrase, &chain);
  }
  return add_anchors(config, status, chain);
}

rfctls_status rfctls_config_add_trust_file(rfctls_config *config, const char *path,
                                           const char *passphrase) {
  rfctls_chain *chain = NULL;
  rfctls_status status = begin_set(config, __func__);
  if (status == RFCTLS_OK) {
    status = rfctls__chain_from_file(path, passphrase, &chain);
  }
  return add_anchors(config, status, chain);
}

rfctls_status rfctls_config_add_trust_dir(rfctls_config *config, const char *path) {
  rfctls_status status = begin_set(config, __func__);
  if (status == RFCTLS_OK) {
    status = path != NULL ? rfctls__engine_linked.check_trust_dir(path)
                          : rfctls__fail(RFCTLS_E_ARGUMENT, "no path");
  }
  return status == RFCTLS_OK ? rfctls__list_add(&config->trust_dirs, path, strlen(path) + 1)
                             : status;
}

/* All of them, or none. */
static rfctls_status add_crls(rfctls_config *config, rfctls__bytes content) {
  rfctls__list list = {0};
  rfctls_status status = rfctls__crls_from(content, &list);
  for (size_t i = 0; status == RFCTLS_OK && i < list.count; i++) {
    rfctls__bytes der = rfctls__list_at(&list, i);
    status = rfctls__list_add(&config->crls, der.data, der.size);
  }
  rfctls__list_release(&list);
  return status;
}

rfctls_status rfctls_config_add_crls(rfctls_config *config, const void *data, size_t size) {
  rfctls__bytes content;
  rfctls_status status = begin_set(config, __func__);
  if (status == RFCTLS_OK) {
    status = rfctls__bytes_given(data, size, &content);
  }
  return status == RFCTLS_OK ? add_crls(config, content) : status;
}

rfctls_status rfctls_config_add_crl_file(rfctls_config *config, const char *path) {
  rfctls__buffer file = {0};
  rfctls_status status = begin_set(config, __func__);
  if (status == RFCTLS_OK) {
    status =
        path != NULL ? rfctls__file_read(path, &file) : rfctls__fail(RFCTLS_E_ARGUMENT, "no path");
  }
  if (status == RFCTLS_OK) {
    status = add_crls(config, rfctls__buffer_bytes(&file));
    status = status == RFCTLS_OK ? status : rfctls__fail_in("%s", path);
  }
  rfctls__buffer_release(&file);
  return status;
}

rfctls_status rfctls_config_set_system_trust(rfctls_config *config, int enabled) {
  return set_flag(config, __func__, config ? &config->system_trust : NULL, enabled);
}

rfctls_status rfctls_config_set_partial_chain(rfctls_config *config, int allowed) {
  return set_flag(config, __func__, config ? &config->partial_chain : NULL, allowed);
}

rfctls_status rfctls_config_set_peer_cert(rfctls_config *config, rfctls_demand demand) {
  rfctls_status status = begin_set(config, __func__);
  if (status != RFCTLS_OK) {
    return status;
  }
  if (config->role == RFCTLS_CLIENT) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "a client always requires the server's certificate");
  }
  if (demand < RFCTLS_PEER_CERT_IGNORED || demand > RFCTLS_PEER_CERT_REQUIRED) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "%d is not a demand for a certificate", (int)demand);
  }
  config->demand = (int)demand;
  return RFCTLS_OK;
}

rfctls_status rfctls_config_set_verifier(rfctls_config *config, rfctls_verifier verifier,
                                         void *userdata, rfctls_release function) {
  rfctls_status status = begin_set(config, __func__);
  if (status == RFCTLS_OK) {
    release(config->verifier_release, config->verifier_data);
    config->verifier = verifier;
    config->verifier_data = userdata;
    config->verifier_release = function;
  }
  return status;
}

rfctls_status rfctls_config_set_identity_source(rfctls_config *config,
                                                rfctls_identity_source source, void *userdata,
                                                rfctls_release function) {
  rfctls_status status = begin_set(config, __func__);
  if (status == RFCTLS_OK) {
    release(config->identity_release, config->identity_data);
    config->identity_source = source;
    config->identity_data = userdata;
    config->identity_release = function;
  }
  return status;
}

rfctls_status rfctls_config_set_asking(rfctls_config *config, int verify, int identity) {
  rfctls_status status = begin_set(config, __func__);
  if (status == RFCTLS_OK) {
    config->ask_verify = verify != 0;
    config->ask_identity = identity != 0;
  }
  return status;
}

rfctls_status rfctls_config_set_timeout(rfctls_config *config, rfctls_timer timer,
                                        int64_t milliseconds) {
  rfctls_status status = begin_set(config, __func__);
  if (status == RFCTLS_OK) {
    status = rfctls__check_timer(timer, milliseconds);
  }
  if (status == RFCTLS_OK) {
    config->timers[timer] = milliseconds;
  }
  return status;
}

rfctls_status rfctls_config_set_family(rfctls_config *config, rfctls_family family) {
  rfctls_status status = begin_set(config, __func__);
  if (status != RFCTLS_OK) {
    return status;
  }
  if (family != RFCTLS_FAMILY_ANY && family != RFCTLS_FAMILY_IPV4 && family != RFCTLS_FAMILY_IPV6) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "%d is not an address family", (int)family);
  }
  config->family = family;
  return RFCTLS_OK;
}

rfctls_status rfctls_config_set_blocking(rfctls_config *config, int blocking) {
  return set_flag(config, __func__, config ? &config->blocking : NULL, blocking);
}

rfctls_status rfctls_config_set_allow_truncation(rfctls_config *config, int allowed) {
  return set_flag(config, __func__, config ? &config->allow_truncation : NULL, allowed);
}

rfctls_status rfctls_config_set_session_cache(rfctls_config *config, int enabled) {
  return set_flag(config, __func__, config ? &config->session_cache : NULL, enabled);
}

rfctls_status rfctls_config_insecure_skip_verify(rfctls_config *config) {
  return set_flag(config, __func__, config ? &config->skip_verify : NULL, 1);
}

rfctls_status rfctls_config_insecure_skip_name_check(rfctls_config *config) {
  return set_flag(config, __func__, config ? &config->skip_name_check : NULL, 1);
}

rfctls_status rfctls_config_insecure_log_keys(rfctls_config *config, const char *path) {
  rfctls_status status = begin_set(config, __func__);
  if (status == RFCTLS_OK && path == NULL) {
    status = rfctls__fail(RFCTLS_E_ARGUMENT, "no path");
  }
  if (status == RFCTLS_OK && rfctls__engine_linked.take_key_log == NULL) {
    status = rfctls__fail(RFCTLS_E_UNSUPPORTED, "%s tells no keys", rfctls__engine_linked.name);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__file_append(path, (rfctls__bytes){NULL, 0});
  }
  return status == RFCTLS_OK ? keep_text(&config->key_log, path) : status;
}

const char *rfctls_tls_version_name(rfctls_tls_version version) {
  switch (version) {
  case RFCTLS_TLS_1_0: return "TLSv1";
  case RFCTLS_TLS_1_1: return "TLSv1.1";
  case RFCTLS_TLS_1_2: return "TLSv1.2";
  case RFCTLS_TLS_1_3: return "TLSv1.3";
  case RFCTLS_TLS_ANY:
  case RFCTLS_TLS_VERSION_IS_INT: break;
  }
  return NULL;
}
