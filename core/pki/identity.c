/* Identities: a chain and its key, read together, made together, and found to fit. */
#include "rfctls/identity.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "pki/bag.h"
#include "pki/pki.h"

enum { NAME_LIMIT = 253 };

/* Either may be NULL: it was not found. */
typedef struct pair {
  rfctls_chain *chain;
  rfctls_key *key;
} pair;

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
  status = rfctls__key_check(key, leaf);
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

/* Ends with the bag, too. */
static rfctls_status from_bag(rfctls_status status, rfctls__bag *bag, const char *alias,
                              pair *out) {
  const rfctls__bag_item *item = NULL;
  if (status == RFCTLS_OK && bag->count == 0) {
    status = rfctls__fail(RFCTLS_E_PARSE, "neither a certificate nor a private key is in it");
  }
  if (status == RFCTLS_OK) {
    status = rfctls__key_choose(bag, alias, &item);
  }
  if (status == RFCTLS_OK && item != NULL) {
    status = rfctls__key_from_item(bag, item, &out->key);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__chain_from_bag(bag, item, out->key, &out->chain);
  }
  if (status == RFCTLS_OK) {
    status = check_pair(out->chain, out->key);
  }
  return rfctls__bag_close(bag, status);
}

/* Ends a maker: hands both over, or drops what there is. */
static rfctls_status finish(rfctls_status status, pair *made, rfctls_chain **chain,
                            rfctls_key **key) {
  if (status == RFCTLS_OK) {
    *chain = made->chain;
    *key = made->key;
  } else {
    rfctls_chain_unref(made->chain);
    rfctls_key_unref(made->key);
  }
  return status;
}

static rfctls_status check_outputs(rfctls_chain **chain, rfctls_key **key) {
  rfctls_status of_key = rfctls__output(key, sizeof *key, "the key");
  rfctls_status of_chain = rfctls__output(chain, sizeof *chain, "the chain");
  return of_chain != RFCTLS_OK ? of_chain : of_key;
}

rfctls_status rfctls_identity_load(const void *data, size_t size, const char *passphrase,
                                   const char *alias, rfctls_chain **chain, rfctls_key **key) {
  rfctls__bag bag = {0};
  pair made = {NULL, NULL};
  rfctls_status status;
  rfctls__enter(__func__);
  status = check_outputs(chain, key);
  if (status == RFCTLS_OK) {
    status = from_bag(rfctls__bag_read(data, size, passphrase, &bag), &bag, alias, &made);
    status = finish(status, &made, chain, key);
  }
  return status;
}

rfctls_status rfctls_identity_from_file(const char *path, const char *passphrase, const char *alias,
                                        rfctls_chain **chain, rfctls_key **key) {
  rfctls__bag bag = {0};
  pair made = {NULL, NULL};
  rfctls_status status;
  rfctls__enter(__func__);
  status = check_outputs(chain, key);
  if (status == RFCTLS_OK) {
    status = from_bag(rfctls__bag_read_file(path, passphrase, &bag), &bag, alias, &made);
    status = finish(status, &made, chain, key);
  }
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
