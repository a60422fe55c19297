/* A list of certificates that may grow until it is in use. */
#include "rfctls/chain.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/lock.h"
#include "base/refcount.h"
#include "pki/bag.h"
#include "pki/pki.h"
#include "x509/der.h"

struct rfctls_chain {
  rfctls__refcount refs;
  rfctls__lock lock; /* for what follows; certificates are only ever appended */
  rfctls_cert **certs;
  size_t count;
  size_t capacity;
  int frozen;
};

rfctls_status rfctls__chain_new(rfctls_chain **out) {
  rfctls_chain *chain = rfctls__alloc(sizeof *chain);
  if (chain == NULL) {
    return rfctls__fail_memory();
  }
  rfctls__refcount_init(&chain->refs);
  rfctls__lock_init(&chain->lock);
  *out = chain;
  return RFCTLS_OK;
}

rfctls_status rfctls_chain_new(rfctls_chain **out) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__output(out, sizeof *out, "the chain");
  return status == RFCTLS_OK ? rfctls__chain_new(out) : status;
}

rfctls_chain *rfctls_chain_ref(rfctls_chain *chain) {
  if (chain != NULL) {
    rfctls__refcount_take(&chain->refs);
  }
  return chain;
}

void rfctls_chain_unref(rfctls_chain *chain) {
  if (chain == NULL || !rfctls__refcount_drop(&chain->refs)) {
    return;
  }
  for (size_t i = 0; i < chain->count; i++) {
    rfctls_cert_unref(chain->certs[i]);
  }
  rfctls__free(chain->certs);
  rfctls__lock_fini(&chain->lock);
  rfctls__free(chain);
}

/* ---- growing ---- */

static rfctls_status make_room(rfctls_chain *chain) {
  size_t capacity = chain->capacity == 0 ? 4 : 2 * chain->capacity;
  rfctls_cert **certs;
  if (chain->count < chain->capacity) {
    return RFCTLS_OK;
  }
  certs = rfctls__realloc(chain->certs, capacity * sizeof *certs);
  if (certs == NULL) {
    return rfctls__fail_memory();
  }
  chain->certs = certs;
  chain->capacity = capacity;
  return RFCTLS_OK;
}

static rfctls_status append(rfctls_chain *chain, rfctls_cert *cert) {
  rfctls_status status;
  rfctls__lock_take(&chain->lock);
  status = chain->frozen ? rfctls__fail(RFCTLS_E_STATE, "the chain is in use: it cannot grow")
                         : make_room(chain);
  if (status == RFCTLS_OK) {
    chain->certs[chain->count++] = rfctls_cert_ref(cert);
  }
  rfctls__lock_drop(&chain->lock);
  return status;
}

rfctls_status rfctls_chain_add(rfctls_chain *chain, rfctls_cert *cert) {
  rfctls__enter(__func__);
  if (chain == NULL || cert == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, chain == NULL ? "no chain" : "no certificate");
  }
  return append(chain, cert);
}

void rfctls__chain_freeze(rfctls_chain *chain) {
  rfctls__lock_take(&chain->lock);
  chain->frozen = 1;
  rfctls__lock_drop(&chain->lock);
}

/* ---- reading ---- */

/* Whether a chain still grows is no business of its readers: const is of the handle. */
static rfctls__lock *lock_of(const rfctls_chain *chain) {
  return &((rfctls_chain *)chain)->lock;
}

size_t rfctls_chain_count(const rfctls_chain *chain) {
  size_t count;
  if (chain == NULL) {
    return 0;
  }
  rfctls__lock_take(lock_of(chain));
  count = chain->count;
  rfctls__lock_drop(lock_of(chain));
  return count;
}

rfctls_cert *rfctls_chain_at(const rfctls_chain *chain, size_t index) {
  rfctls_cert *cert;
  if (chain == NULL) {
    return NULL;
  }
  rfctls__lock_take(lock_of(chain));
  cert = index < chain->count ? chain->certs[index] : NULL;
  rfctls__lock_drop(lock_of(chain));
  return cert;
}

/* ---- making one of bytes ---- */

/* Ends a maker: hands the chain over, or drops what there is of it. */
static rfctls_status finish(rfctls_status status, rfctls_chain *chain, rfctls_chain **out) {
  if (status == RFCTLS_OK) {
    *out = chain;
  } else {
    rfctls_chain_unref(chain);
  }
  return status;
}

rfctls_status rfctls__chain_from_list(const rfctls__list *list, rfctls_chain **out) {
  rfctls_chain *chain = NULL;
  rfctls_status status = rfctls__chain_new(&chain);
  for (size_t i = 0; status == RFCTLS_OK && i < list->count; i++) {
    rfctls_cert *cert = NULL;
    status = rfctls__cert_new(rfctls__list_at(list, i), 0, &cert);
    status = status == RFCTLS_OK ? append(chain, cert) : status;
    rfctls_cert_unref(cert);
  }
  return finish(status, chain, out);
}

/* ---- the order of a chain whose source has none ---- */

static void swap(rfctls_chain *chain, size_t a, size_t b) {
  rfctls_cert *other = chain->certs[a];
  chain->certs[a] = chain->certs[b];
  chain->certs[b] = other;
}

/* The place of the key's certificate, or of the issuer of the certificate before from; else the
 * end. */
static size_t find_next(const rfctls_chain *chain, size_t from, const rfctls_key *key) {
  size_t at = from;
  while (at < chain->count) {
    rfctls__bytes der = rfctls__cert_bytes(chain->certs[at]);
    if (from == 0
            ? rfctls__engine_linked.check_key(der, rfctls__key_bytes(key)) == RFCTLS_OK
            : rfctls__engine_linked.is_issuer(der, rfctls__cert_bytes(chain->certs[from - 1]))) {
      return at;
    }
    at++;
  }
  return at;
}

/* The key's certificate first, each issuer behind what it issued, as TLS 1.2 sends it. What issued
 * none of them goes to the end. */
static void sort(rfctls_chain *chain, const rfctls_key *key) {
  size_t next = 0, at = find_next(chain, 0, key);
  while (at < chain->count) {
    swap(chain, at, next++);
    at = find_next(chain, next, key);
  }
  rfctls__error_clear(); /* of keys that do not fit */
}

/* Stores keep an issuer once for each key. */
static int is_there(const rfctls_chain *chain, const rfctls_cert *cert) {
  size_t at = 0;
  while (at < chain->count &&
         !rfctls__bytes_equal(rfctls__cert_bytes(chain->certs[at]), rfctls__cert_bytes(cert))) {
    at++;
  }
  return at < chain->count;
}

static int is_of_another(const rfctls__bag_item *cert, const rfctls__bag_item *key) {
  return rfctls__buffer_size(&cert->link) > 0 && rfctls__buffer_size(&key->link) > 0 &&
         !rfctls__bytes_equal(rfctls__buffer_bytes(&cert->link), rfctls__buffer_bytes(&key->link));
}

rfctls_status rfctls__chain_from_bag(const rfctls__bag *bag, const rfctls__bag_item *item,
                                     const rfctls_key *key, rfctls_chain **out) {
  rfctls_chain *chain = NULL;
  rfctls_status status = rfctls__chain_new(&chain);
  for (size_t i = 0; status == RFCTLS_OK && i < bag->count; i++) {
    const rfctls__bag_item *each = &bag->items[i];
    if (each->cert != NULL && !(item != NULL && is_of_another(each, item)) &&
        !(bag->unordered && is_there(chain, each->cert))) {
      status = append(chain, each->cert);
    }
  }
  if (status == RFCTLS_OK && bag->unordered && key != NULL) {
    sort(chain, key);
  }
  return finish(status, chain, out);
}

/* ---- loading ---- */

/* Ends with the bag, too. */
static rfctls_status from_bag(rfctls_status status, rfctls__bag *bag, rfctls_chain **out) {
  rfctls_chain *chain = NULL;
  if (status == RFCTLS_OK) {
    status = rfctls__chain_from_bag(bag, NULL, NULL, &chain);
  }
  if (status == RFCTLS_OK && chain->count == 0) {
    status = rfctls__fail(RFCTLS_E_PARSE, "no certificate is in it");
  }
  return finish(rfctls__bag_close(bag, status), chain, out);
}

rfctls_status rfctls__chain_load(const void *data, size_t size, const char *passphrase,
                                 rfctls_chain **out) {
  rfctls__bag bag = {0};
  rfctls_status status = rfctls__bag_read(data, size, passphrase, &bag);
  return from_bag(status, &bag, out);
}

rfctls_status rfctls_chain_load(const void *data, size_t size, const char *passphrase,
                                rfctls_chain **out) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__output(out, sizeof *out, "the chain");
  return status == RFCTLS_OK ? rfctls__chain_load(data, size, passphrase, out) : status;
}

rfctls_status rfctls__chain_from_file(const char *path, const char *passphrase,
                                      rfctls_chain **out) {
  rfctls__bag bag = {0};
  rfctls_status status = rfctls__bag_read_file(path, passphrase, &bag);
  return from_bag(status, &bag, out);
}

rfctls_status rfctls_chain_from_file(const char *path, const char *passphrase, rfctls_chain **out) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__output(out, sizeof *out, "the chain");
  return status == RFCTLS_OK ? rfctls__chain_from_file(path, passphrase, out) : status;
}

/* A certificate is read as the first of a chain. */
rfctls_status rfctls_cert_load(const void *data, size_t size, rfctls_cert **out) {
  rfctls_status status;
  rfctls_chain *chain = NULL;
  rfctls__enter(__func__);
  status = rfctls__output(out, sizeof *out, "the certificate");
  if (status == RFCTLS_OK) {
    status = rfctls__chain_load(data, size, NULL, &chain);
  }
  if (status == RFCTLS_OK) {
    *out = rfctls_cert_ref(rfctls_chain_at(chain, 0));
  }
  rfctls_chain_unref(chain);
  return status;
}
