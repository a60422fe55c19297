/* Trust anchors: see trust.h.
 *
 * A system keeps its anchors twice: as a directory of hashed names and as one bundle file. Either
 * may be missing or hold less than the other, and what counts is both. The directory is read
 * lazily, a certificate when a chain asks for it, which costs next to nothing. The bundle costs
 * some 25 ms, as much as fifty handshakes: it is read once, when a chain found no issuer without
 * it. So a short-lived program on a system with a hashed directory never pays for it, and a system
 * without one pays once.
 *
 * The system's set is shared by all contexts that add no authority, and opened anew when the files
 * have changed since; contexts that hold the old one keep it. A context with authorities has a
 * store of its own: beside them it holds only the lookups, so it is as cheap. */
#include "openssl/trust.h"

#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/refcount.h"
#include "openssl/crl.h"
#include "openssl/failure.h"

struct rfctls__trust {
  rfctls__refcount refs;
  X509_STORE *store;
  X509_LOOKUP *bundle; /* the store's, or NULL: system anchors do not count */
  int partial;         /* atomic: the bundle is still to be read */
};

/* ---- what the system's files looked like ---- */

typedef struct place {
  char *path;
  rfctls__file_stamp stamp;
} place;

typedef struct sources {
  place bundle;
  place directory; /* a list of directories is not watched, only its text */
} sources;

static int look(place *at, const char *variable, const char *usual) {
  const char *path = getenv(variable);
  at->path = rfctls__strdup(path != NULL ? path : usual);
  if (at->path == NULL) {
    return 0;
  }
  rfctls__file_look(at->path, &at->stamp);
  return 1;
}

static int look_at_sources(sources *at) {
  int bundle = look(&at->bundle, X509_get_default_cert_file_env(), X509_get_default_cert_file());
  int directory =
      look(&at->directory, X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
  return bundle && directory;
}

static void forget_sources(sources *at) {
  rfctls__free(at->bundle.path);
  rfctls__free(at->directory.path);
  memset(at, 0, sizeof *at);
}

static int same_place(const place *a, const place *b) {
  return strcmp(a->path, b->path) == 0 && rfctls__file_same(&a->stamp, &b->stamp);
}

/* ---- making ---- */

void rfctls__trust_release(rfctls__trust *trust) {
  if (trust == NULL || !rfctls__refcount_drop(&trust->refs)) {
    return;
  }
  X509_STORE_free(trust->store);
  rfctls__free(trust);
}

/* Nothing is read yet. Lookups are added here because later the store is shared, and adding one
 * then would race with verifications. */
static int add_system(rfctls__trust *trust) {
  X509_LOOKUP *directory = X509_STORE_add_lookup(trust->store, X509_LOOKUP_hash_dir());
  trust->bundle = X509_STORE_add_lookup(trust->store, X509_LOOKUP_file());
  trust->partial = 1;
  return trust->bundle != NULL && directory != NULL &&
         X509_LOOKUP_add_dir(directory, NULL, X509_FILETYPE_DEFAULT) == 1;
}

static rfctls_status trust_new(int system, rfctls__trust **out) {
  rfctls__trust *trust = rfctls__alloc(sizeof *trust);
  if (trust == NULL) {
    return rfctls__fail_memory();
  }
  rfctls__refcount_init(&trust->refs);
  trust->store = X509_STORE_new();
  if (trust->store == NULL || (system && !add_system(trust))) {
    rfctls__trust_release(trust);
    return rfctls__openssl_fail(RFCTLS_E_INTERNAL, "no trust store could be made");
  }
  *out = trust;
  return RFCTLS_OK;
}

static rfctls_status add_authorities(X509_STORE *store, const STACK_OF(X509) *authorities) {
  for (int i = 0; i < sk_X509_num(authorities); i++) { /* NULL has -1 */
    if (X509_STORE_add_cert(store, sk_X509_value(authorities, i)) != 1) {
      return rfctls__openssl_fail(RFCTLS_E_INTERNAL, "an authority could not be added");
    }
  }
  return RFCTLS_OK;
}

/* OpenSSL takes a list of them in one string, between colons. */
rfctls_status rfctls__check_trust_dir(const char *path) {
  return strchr(path, ':') == NULL
             ? rfctls__file_check_folder(path)
             : rfctls__fail(RFCTLS_E_ARGUMENT, "%s has a colon in its name", path);
}

/* They are read lazily, as the system's is. */
static rfctls_status add_dirs(X509_STORE *store, const rfctls__list *dirs) {
  for (size_t i = 0; dirs != NULL && i < dirs->count; i++) {
    const char *path = (const char *)rfctls__list_at(dirs, i).data;
    X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
    if (lookup == NULL || X509_LOOKUP_add_dir(lookup, path, X509_FILETYPE_PEM) != 1) {
      return rfctls__openssl_fail(RFCTLS_E_INTERNAL, "the anchors in %s cannot be added", path);
    }
  }
  return RFCTLS_OK;
}

static int is_empty(const rfctls__list *list) {
  return list == NULL || list->count == 0;
}

/* ---- the one that is shared ---- */

static rfctls__static_lock shared_lock = RFCTLS__STATIC_LOCK;
static rfctls__trust *shared; /* one reference, or NULL; for as long as the process lives */
static sources shared_sources;
static uint64_t
    shared_process; /* a child makes its own: threads of its parent may have held locks of the store */

static rfctls_status open_shared(rfctls__trust **out) {
  sources now;
  rfctls_status status = RFCTLS_OK;
  rfctls__static_lock_take(&shared_lock);
  if (!look_at_sources(&now)) {
    status = rfctls__fail_memory();
    goto done;
  }
  if (shared == NULL || shared_process != rfctls__process() ||
      !same_place(&now.bundle, &shared_sources.bundle) ||
      !same_place(&now.directory, &shared_sources.directory)) {
    rfctls__trust *fresh = NULL;
    status = trust_new(1, &fresh);
    if (status != RFCTLS_OK) {
      goto done;
    }
    rfctls__trust_release(shared);
    forget_sources(&shared_sources);
    shared = fresh;
    shared_process = rfctls__process();
    shared_sources = now;
    memset(&now, 0, sizeof now);
  }
  rfctls__refcount_take(&shared->refs);
  *out = shared;
done:
  forget_sources(&now);
  rfctls__static_lock_drop(&shared_lock);
  return status;
}

void rfctls__trust_forget(void) {
  rfctls__trust_release(shared);
  forget_sources(&shared_sources);
  shared = NULL;
}

/* ---- what anchors were like ---- */

static rfctls_status put_place(const place *at, rfctls__buffer *out) {
  rfctls_status status = rfctls__buffer_append(out, at->path, strlen(at->path) + 1);
  return status == RFCTLS_OK ? rfctls__buffer_append(out, &at->stamp, sizeof at->stamp) : status;
}

static rfctls_status put_system(rfctls__buffer *out) {
  sources now;
  rfctls_status status = look_at_sources(&now) ? RFCTLS_OK : rfctls__fail_memory();
  if (status == RFCTLS_OK) {
    status = put_place(&now.bundle, out);
  }
  if (status == RFCTLS_OK) {
    status = put_place(&now.directory, out);
  }
  forget_sources(&now);
  return status;
}

rfctls_status rfctls__trust_state(int system, const rfctls__list *dirs, rfctls__buffer *out) {
  rfctls_status status = system ? put_system(out) : RFCTLS_OK;
  for (size_t i = 0; status == RFCTLS_OK && i < dirs->count; i++) {
    place each = {.path = (char *)rfctls__list_at(dirs, i).data};
    rfctls__file_look(each.path, &each.stamp);
    status = put_place(&each, out);
  }
  return status;
}

rfctls_status rfctls__trust_open(int system, const STACK_OF(X509) *authorities,
                                 const rfctls__list *dirs, const rfctls__list *crls,
                                 rfctls__trust **out) {
  rfctls__trust *own = NULL;
  if (system && sk_X509_num(authorities) <= 0 && is_empty(dirs) && is_empty(crls)) {
    return open_shared(out);
  }
  rfctls_status status = trust_new(system, &own);
  if (status == RFCTLS_OK) {
    status = add_authorities(own->store, authorities);
  }
  if (status == RFCTLS_OK) {
    status = add_dirs(own->store, dirs);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__crls_add(own->store, crls);
  }
  if (status == RFCTLS_OK) {
    *out = own;
  } else {
    rfctls__trust_release(own);
  }
  return status;
}

/* ---- using ---- */

X509_STORE *rfctls__trust_store(const rfctls__trust *trust) {
  return trust->store;
}

int rfctls__trust_is_partial(const rfctls__trust *trust) {
  return __atomic_load_n(&trust->partial, __ATOMIC_ACQUIRE);
}

/* Two threads may read the bundle at once: the store has a lock of its own, and drops doubles. */
void rfctls__trust_complete(rfctls__trust *trust) {
  if (!rfctls__trust_is_partial(trust)) {
    return;
  }
  (void)X509_LOOKUP_load_file(trust->bundle, NULL, X509_FILETYPE_DEFAULT);
  __atomic_store_n(&trust->partial, 0, __ATOMIC_RELEASE);
}
