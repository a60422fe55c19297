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

static int was_used; /* atomic: the engine has made something */

static struct {
  rfctls__static_lock lock;
  rfctls__frozen *items[RFCTLS__SHARED]; /* NULL: a free place; without a reference */
} table = {RFCTLS__STATIC_LOCK, {NULL}};

static void destroy(rfctls__frozen *frozen) {
  if (frozen == NULL) {
    return;
  }
  if (frozen->context != NULL) {
    rfctls__engine_linked.context_fini(frozen->context);
    rfctls__free(frozen->context);
  }
  rfctls__free(frozen);
}

/* ---- under the lock ---- */

/* The place of one, or of a free place, NULL; or NULL. */
static rfctls__frozen **place_of(const rfctls__frozen *frozen) {
  for (size_t i = 0; i < RFCTLS__SHARED; i++) {
    if (table.items[i] == frozen) {
      return &table.items[i];
    }
  }
  return NULL;
}

static rfctls__frozen *find(const uint8_t *digest) {
  for (size_t i = 0; i < RFCTLS__SHARED; i++) {
    rfctls__frozen *each = table.items[i];
    if (each != NULL && each->process == rfctls__process() &&
        memcmp(each->digest, digest, sizeof each->digest) == 0) {
      each->refs++;
      return each;
    }
  }
  return NULL;
}

/* The place of the one that was unused for the longest time, or NULL. */
static rfctls__frozen **oldest_unused(void) {
  rfctls__frozen **oldest = NULL;
  for (size_t i = 0; i < RFCTLS__SHARED; i++) {
    rfctls__frozen *each = table.items[i];
    if (each != NULL && each->refs == 0 &&
        (oldest == NULL || each->unused_since < (*oldest)->unused_since)) {
      oldest = &table.items[i];
    }
  }
  return oldest;
}

static rfctls__frozen *take_out(rfctls__frozen **place) {
  rfctls__frozen *frozen = *place;
  *place = NULL;
  return frozen;
}

/* One that was unused for too long, or NULL. */
static rfctls__frozen *take_stale(int64_t now) {
  rfctls__frozen *stale = NULL;
  rfctls__static_lock_take(&table.lock);
  for (size_t i = 0; stale == NULL && i < RFCTLS__SHARED; i++) {
    rfctls__frozen *each = table.items[i];
    if (each != NULL && each->refs == 0 &&
        (each->process != rfctls__process() || now - each->unused_since > RFCTLS__SHARED_IDLE)) {
      stale = take_out(&table.items[i]);
    }
  }
  rfctls__static_lock_drop(&table.lock);
  return stale;
}

/* ---- what freezing asks for ---- */

rfctls__frozen *rfctls__shared_find(const uint8_t digest[RFCTLS__DIGEST_SIZE]) {
  rfctls__frozen *found, *stale;
  int64_t now = rfctls__now();
  __atomic_store_n(&was_used, 1, __ATOMIC_RELEASE);
  rfctls__static_lock_take(&table.lock);
  found = find(digest);
  rfctls__static_lock_drop(&table.lock);
  while ((stale = take_stale(now)) != NULL) {
    destroy(stale);
  }
  return found;
}

rfctls__frozen *rfctls__shared_add(rfctls__frozen *made) {
  rfctls__frozen *found, *old = NULL;
  rfctls__static_lock_take(&table.lock);
  found = find(made->digest);
  if (found == NULL) {
    rfctls__frozen **place = place_of(NULL);
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

rfctls__frozen *rfctls__frozen_at(rfctls__frozen *const *place) {
  rfctls__frozen *found;
  rfctls__static_lock_take(&table.lock);
  found = *place != NULL && (*place)->process == rfctls__process() ? *place : NULL;
  if (found != NULL) {
    found->refs++;
  }
  rfctls__static_lock_drop(&table.lock);
  return found;
}

void rfctls__frozen_put(rfctls__frozen **place, rfctls__frozen *frozen) {
  rfctls__frozen *other = frozen;
  rfctls__static_lock_take(&table.lock);
  if (*place == NULL || (*place)->process != rfctls__process()) {
    other = *place; /* the parent's */
    __atomic_store_n(place, frozen, __ATOMIC_RELEASE);
  }
  rfctls__static_lock_drop(&table.lock);
  rfctls__frozen_unref(other);
}

void rfctls__frozen_unref(rfctls__frozen *frozen) {
  rfctls__frozen *over = NULL;
  if (frozen == NULL) {
    return;
  }
  rfctls__static_lock_take(&table.lock);
  if (--frozen->refs == 0) {
    rfctls__frozen **place = place_of(frozen);
    frozen->unused_since = rfctls__now();
    if (place == NULL) {
      over = frozen;
    } else if (!frozen->lasts) {
      over = take_out(place);
    }
  }
  rfctls__static_lock_drop(&table.lock);
  destroy(over);
}

/* ---- the end of the library ---- */

void rfctls__shared_forget(void) {
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
  rfctls__shared_forget();
  rfctls__sessions_forget();
  rfctls__wakers_forget();
  rfctls__buffers_forget();
}
