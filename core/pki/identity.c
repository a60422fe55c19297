/* Identities: a chain and its key, read together, made together, and found to fit. */
#include "rfctls/identity.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "pki/pki.h"

enum { NAME_LIMIT = 253 };

/* Either may be NULL: it was not found. */
typedef struct pair {
  rfctls_chain *chain;
  rfctls_key *key;
} pair;

rfctls_status rfctls__bytes_given(const void *data, size_t size, rfctls__bytes *out) {
  if (data == NULL && size > 0) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no bytes, though %zu were announced", size);
  }
  *out = (rfctls__bytes){data, size};
  return RFCTLS_OK;
}

static rfctls_status check_pair(const rfctls_chain *chain, const rfctls_key *key) {
  rfctls_status status;
  rfctls_cert *leaf = rfctls_chain_at(chain, 0);
  if (leaf == NULL) {
    return rfctls__fail(RFCTLS_E_IDENTITY, "an identity without a certificate");
  }
  if (key == NULL) {
    return rfctls__fail(RFCTLS_E_IDENTITY, "identity \"%s\": no private key",
                        rfctls_cert_subject(leaf));
  }
  status = rfctls__engine_linked.check_key(rfctls__cert_bytes(leaf), rfctls__key_bytes(key));
  return status == RFCTLS_OK ? RFCTLS_OK
                             : rfctls__fail_in("identity \"%s\"", rfctls_cert_subject(leaf));
}

rfctls_status rfctls__identity_view(rfctls_chain *chain, const rfctls_key *key,
                                    rfctls__bytes **views, rfctls__identity *identity) {
  size_t count;
  rfctls__bytes *ders;
  rfctls_status status = check_pair(chain, key);
  if (status != RFCTLS_OK) {
    return status;
  }
  rfctls__chain_freeze(chain);
  count = rfctls_chain_count(chain);
  ders = rfctls__alloc(count * sizeof *ders);
  if (ders == NULL) {
    return rfctls__fail_memory();
  }
  for (size_t i = 0; i < count; i++) {
    ders[i] = rfctls__cert_bytes(rfctls_chain_at(chain, i));
  }
  *views = ders;
  *identity = (rfctls__identity){ders, count, rfctls__key_bytes(key)};
  return RFCTLS_OK;
}

/* ---- loading ---- */

static rfctls_status read_text(rfctls__bytes text, const char *passphrase, pair *out) {
  rfctls_status status = rfctls__chain_from_text(text, &out->chain);
  if (status == RFCTLS_OK) {
    status = rfctls__key_from_text(text, passphrase, &out->key);
  }
  if (status == RFCTLS_OK && out->key == NULL && rfctls_chain_count(out->chain) == 0) {
    status = rfctls__fail(RFCTLS_E_PARSE, "neither PKCS#12 nor PEM with a certificate or a key");
  }
  return status;
}

static rfctls_status read_pkcs12(rfctls__bytes data, const char *passphrase, pair *out) {
  rfctls__list list = {NULL, 0};
  rfctls__buffer pkcs8 = {0};
  rfctls_status status = rfctls__engine_linked.open_pkcs12(data, passphrase, &list, &pkcs8);
  if (status == RFCTLS_OK) {
    status = rfctls__chain_from_list(&list, &out->chain);
  }
  if (status == RFCTLS_OK && rfctls__buffer_size(&pkcs8) > 0) {
    status = rfctls__key_new(&pkcs8, &out->key);
  }
  rfctls__buffer_wipe(&pkcs8);
  rfctls__list_release(&list);
  return status;
}

/* Ends a maker: hands both over, or drops what there is. */
static rfctls_status finish(rfctls_status status, pair *made, rfctls_chain **chain,
                            rfctls_key **key) {
  if (status == RFCTLS_OK) {
    status = check_pair(made->chain, made->key);
  }
  if (status == RFCTLS_OK) {
    *chain = made->chain;
    *key = made->key;
  } else {
    rfctls_chain_unref(made->chain);
    rfctls_key_unref(made->key);
  }
  return status;
}

static rfctls_status load(rfctls__bytes data, const char *passphrase, rfctls_chain **chain,
                          rfctls_key **key) {
  pair made = {NULL, NULL};
  rfctls_status status = rfctls__pem_is_text(data) ? read_text(data, passphrase, &made)
                                                   : read_pkcs12(data, passphrase, &made);
  return finish(status, &made, chain, key);
}

static rfctls_status check_outputs(rfctls_chain **chain, rfctls_key **key) {
  rfctls_status of_key = rfctls__output(key, sizeof *key, "the key");
  rfctls_status of_chain = rfctls__output(chain, sizeof *chain, "the chain");
  return of_chain != RFCTLS_OK ? of_chain : of_key;
}

rfctls_status rfctls_identity_load(const void *data, size_t size, const char *passphrase,
                                   rfctls_chain **chain, rfctls_key **key) {
  rfctls_status status;
  rfctls__bytes given;
  rfctls__enter(__func__);
  status = check_outputs(chain, key);
  if (status == RFCTLS_OK) {
    status = rfctls__bytes_given(data, size, &given);
  }
  return status == RFCTLS_OK ? load(given, passphrase, chain, key) : status;
}

rfctls_status rfctls_identity_load_file(const char *path, const char *passphrase,
                                        rfctls_chain **chain, rfctls_key **key) {
  rfctls_status status;
  rfctls__buffer file = {0};
  rfctls__enter(__func__);
  status = check_outputs(chain, key);
  if (status == RFCTLS_OK && path == NULL) {
    status = rfctls__fail(RFCTLS_E_ARGUMENT, "no path");
  }
  if (status == RFCTLS_OK) {
    status = rfctls__file_read(path, &file);
  }
  if (status == RFCTLS_OK) {
    status = load(rfctls__buffer_bytes(&file), passphrase, chain, key);
    status = status == RFCTLS_OK ? status : rfctls__fail_in("%s", path);
  }
  rfctls__buffer_wipe(&file);
  return status;
}

/* ---- making ---- */

static rfctls_status check_name(const char *name) {
  size_t size = name != NULL ? strlen(name) : 0;
  if (size == 0 || size > NAME_LIMIT) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "name of %zu bytes, not 1 to %d", size, NAME_LIMIT);
  }
  for (size_t i = 0; i < size; i++) {
    if (name[i] <= ' ' || name[i] > '~') {
      return rfctls__fail(RFCTLS_E_ARGUMENT,
                          "byte %zu of the name is not a printable ASCII character", i + 1);
    }
  }
  return RFCTLS_OK;
}

static rfctls_status make(const char *name, pair *out) {
  rfctls__list list = {NULL, 0};
  rfctls__bytes der;
  rfctls__buffer cert = {0}, pkcs8 = {0};
  rfctls_status status = rfctls__engine_linked.make_identity(name, &cert, &pkcs8);
  if (status == RFCTLS_OK) {
    der = rfctls__buffer_bytes(&cert);
    status = rfctls__list_add(&list, der.data, der.size);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__chain_from_list(&list, &out->chain);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__key_new(&pkcs8, &out->key);
  }
  rfctls__list_release(&list);
  rfctls__buffer_release(&cert);
  rfctls__buffer_wipe(&pkcs8);
  return status;
}

rfctls_status rfctls_identity_self_signed(const char *name, rfctls_chain **chain,
                                          rfctls_key **key) {
  pair made = {NULL, NULL};
  rfctls_status status;
  rfctls__enter(__func__);
  status = check_outputs(chain, key);
  if (status == RFCTLS_OK) {
    status = check_name(name);
  }
  if (status == RFCTLS_OK) {
    status = make(name, &made);
  }
  return finish(status, &made, chain, key);
}
