/* The contexts of the process: see shared_context.h.
 *
 * A context with a private key goes with its last config. Others are kept for a while: a program may well
 * make a config a connection, and making a context costs as much as a fifth of a handshake.
 * A fork may happen at any instant of another thread: so a place in the table is filled and emptied by one
 * store, and what the parent made is nothing to the child, whoever held which lock of OpenSSL's. */
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/deadline.h"
#include "base/lock.h"
#include "net/wait.h"
#include "tls/session_cache.h"
#include "tls/shared_context.h"

static int was_used; /* atomic: a config was frozen, so the engine may have made something */

static struct {
  rfctls__static_lock lock;
  rfctls__shared_context *items[RFCTLS__SHARED]; /* NULL: a free place; without a reference */
} table = {RFCTLS__STATIC_LOCK, {NULL}};

static void destroy(rfctls__shared_context *shared) {
  if (shared == NULL) {
    return;
  }
  if (shared->context != NULL) {
    rfctls__engine_linked.context_fini(shared->context);
    rfctls__free(shared->context);
  }
  rfctls__free(shared);
}

/* ---- under the lock ---- */

/* The place of one, or of a free place, NULL; or NULL. */
static rfctls__shared_context **place_of(const rfctls__shared_context *shared) {
  for (size_t i = 0; i < RFCTLS__SHARED; i++) {
    if (table.items[i] == shared) {
      return &table.items[i];
    }
  }
  return NULL;
}

static rfctls__shared_context *find(const uint8_t *digest) {
  for (size_t i = 0; i < RFCTLS__SHARED; i++) {
    rfctls__shared_context *each = table.items[i];
    if (each != NULL && each->process == rfctls__process() &&
        memcmp(each->digest, digest, sizeof each->digest) == 0) {
      each->refs++;
      return each;
    }
  }
  return NULL;
}

/* The place of the one that was unused for the longest time, or NULL. */
static rfctls__shared_context **oldest_unused(void) {
  rfctls__shared_context **oldest = NULL;
  for (size_t i = 0; i < RFCTLS__SHARED; i++) {
    rfctls__shared_context *each = table.items[i];
    if (each != NULL && each->refs == 0 &&
        (oldest == NULL || each->unused_since < (*oldest)->unused_since)) {
      oldest = &table.items[i];
    }
  }
  return oldest;
}

static rfctls__shared_context *take_out(rfctls__shared_context **place) {
  rfctls__shared_context *shared = *place;
  *place = NULL;
  return shared;
}

/* One that was unused for too long, or NULL. */
static rfctls__shared_context *take_stale(int64_t now) {
  rfctls__shared_context *stale = NULL;
  rfctls__static_lock_take(&table.lock);
  for (size_t i = 0; stale == NULL && i < RFCTLS__SHARED; i++) {
    rfctls__shared_context *each = table.items[i];
    if (each != NULL && each->refs == 0 &&
        (each->process != rfctls__process() || now - each->unused_since > RFCTLS__SHARED_IDLE)) {
      stale = take_out(&table.items[i]);
    }
  }
  rfctls__static_lock_drop(&table.lock);
  return stale;
}

/* ---- what freezing asks for ---- */

rfctls__shared_context *rfctls__shared_context_find(const uint8_t digest[RFCTLS__DIGEST_SIZE]) {
  rfctls__shared_context *found, *stale;
  int64_t now = rfctls__now();
  rfctls__static_lock_take(&table.lock);
  found = find(digest);
  rfctls__static_lock_drop(&table.lock);
  while ((stale = take_stale(now)) != NULL) {
    destroy(stale);
  }
  return found;
}

rfctls__shared_context *rfctls__shared_context_add(rfctls__shared_context *made) {
  rfctls__shared_context *found, *old = NULL;
  rfctls__static_lock_take(&table.lock);
  found = find(made->digest);
  if (found == NULL) {
    rfctls__shared_context **place = place_of(NULL);
    if (place == NULL) {
      place = oldest_unused();
      old = place != NULL ? *place : NULL;
    }
    if (place != NULL) { /* else all are in use: this one is its config's alone */
      *place = made;
    }
  }
  rfctls__static_lock_drop(&table.lock);
  destroy(found != NULL ? made : old);
  return found != NULL ? found : made;
}

rfctls__shared_context *rfctls__shared_context_at(rfctls__shared_context *const *place) {
  rfctls__shared_context *found;
  __atomic_store_n(&was_used, 1, __ATOMIC_RELEASE);
  rfctls__static_lock_take(&table.lock);
  found = *place != NULL && (*place)->process == rfctls__process() ? *place : NULL;
  if (found != NULL) {
    found->refs++;
  }
  rfctls__static_lock_drop(&table.lock);
  return found;
}

void rfctls__shared_context_put(rfctls__shared_context **place, rfctls__shared_context *shared) {
  rfctls__shared_context *other = shared;
  rfctls__static_lock_take(&table.lock);
  if (*place == NULL || (*place)->process != rfctls__process()) {
    other = *place; /* the parent's */
    __atomic_store_n(place, shared, __ATOMIC_RELEASE);
  }
  rfctls__static_lock_drop(&table.lock);
  rfctls__shared_context_unref(other);
}

void rfctls__shared_context_unref(rfctls__shared_context *shared) {
  rfctls__shared_context *over = NULL;
  if (shared == NULL) {
    return;
  }
  rfctls__static_lock_take(&table.lock);
  if (--shared->refs == 0) {
    rfctls__shared_context **place = place_of(shared);
    shared->unused_since = rfctls__now();
    if (place == NULL) {
      over = shared;
    } else if (!shared->lasts) {
      over = take_out(place);
    }
  }
  rfctls__static_lock_drop(&table.lock);
  destroy(over);
}

/* ---- the end of the library ---- */

void rfctls__shared_contexts_forget(void) {
  for (size_t i = 0; i < RFCTLS__SHARED; i++) {
    if (table.items[i] != NULL && table.items[i]->refs == 0) {
      destroy(take_out(&table.items[i]));
    }
  }
}

/* Nobody is inside any more when the library is unloaded. At the end of the process the system takes all
 * back; threads may still run then, and the engine's library may be gone already. */
__attribute__((destructor)) static void unload(void) {
  if (!__atomic_load_n(&was_used, __ATOMIC_ACQUIRE) || rfctls__engine_linked.unload == NULL ||
      !rfctls__engine_linked.unload()) {
    return;
  }
  rfctls__shared_contexts_forget();
  rfctls__sessions_forget();
  rfctls__wakers_forget();
  rfctls__buffers_forget();
}
