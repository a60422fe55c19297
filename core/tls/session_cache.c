/* The sessions that the process keeps: see session_cache.h. A fork may happen at any instant of another thread: so
 * a place is filled and emptied by one store, and a child takes none of its parent's. */
#include "tls/session_cache.h"

#include "base/deadline.h"
#include "base/lock.h"

typedef struct kept {
  rfctls_session *session; /* one reference; NULL: a free place */
  uint64_t process;
  uint64_t order; /* the newer, the higher */
  int64_t since;
  int broke; /* the handshake that it was offered in */
} kept;

static struct {
  rfctls__static_lock lock;
  uint64_t last;
  kept items[RFCTLS__SESSIONS];
} cache = {RFCTLS__STATIC_LOCK, 0, {{NULL, 0, 0, 0, 0}}};

/* ---- under the lock; nothing else is locked meanwhile ---- */

static rfctls_session *take_out(kept *item) {
  rfctls_session *session = item->session;
  __atomic_store_n(&item->session, NULL, __ATOMIC_RELEASE);
  return session;
}

static int is_ours(const kept *item, const rfctls__session_key *key, const char *service) {
  return item->session != NULL && item->process == rfctls__process() &&
         rfctls__session_is_of(item->session, key, service);
}

static int is_stale(const kept *item, int64_t now) {
  return item->process != rfctls__process() || now - item->since > RFCTLS__SESSION_IDLE;
}

/* Where a new one goes: instead of the oldest of its key, if that has its share; a free place; else instead
 * of the oldest of all. */
static kept *make_room(const rfctls__session_key *key, const char *service) {
  kept *of_key = NULL, *of_all = &cache.items[0];
  size_t same = 0;
  for (kept *each = cache.items; each < cache.items + RFCTLS__SESSIONS; each++) {
    if (is_ours(each, key, service)) {
      same++;
      of_key = of_key == NULL || each->order < of_key->order ? each : of_key;
    }
    if (of_all->session != NULL && (each->session == NULL || each->order < of_all->order)) {
      of_all = each;
    }
  }
  return same >= RFCTLS__SESSIONS_OF_KEY ? of_key : of_all;
}

/* The newest one of a key and service, but one that broke a handshake before all; or NULL. */
static kept *newest_of(const rfctls__session_key *key, const char *service, int64_t now) {
  kept *newest = NULL;
  for (kept *each = cache.items; each < cache.items + RFCTLS__SESSIONS; each++) {
    if (!is_ours(each, key, service) || is_stale(each, now)) {
      continue;
    }
    if (each->broke) {
      return each;
    }
    newest = newest == NULL || each->order > newest->order ? each : newest;
  }
  return newest;
}

/* One that is too old, or the parent's; or NULL. */
static rfctls_session *take_stale(int64_t now) {
  rfctls_session *stale = NULL;
  rfctls__static_lock_take(&cache.lock);
  for (size_t i = 0; stale == NULL && i < RFCTLS__SESSIONS; i++) {
    if (cache.items[i].session != NULL && is_stale(&cache.items[i], now)) {
      stale = take_out(&cache.items[i]);
    }
  }
  rfctls__static_lock_drop(&cache.lock);
  return stale;
}

/* ---- outside ---- */

void rfctls__sessions_expire(void) {
  int64_t now = rfctls__now();
  rfctls_session *stale;
  while ((stale = take_stale(now)) != NULL) {
    rfctls_session_unref(stale);
  }
}

static void keep(rfctls_session *session, const rfctls__session_key *key, const char *service,
                 int broke) {
  rfctls_session *before = NULL;
  int64_t now = rfctls__now();
  kept *item;
  rfctls__static_lock_take(&cache.lock);
  item = newest_of(key, service, now);
  if (item == NULL || !item->broke) {
    item = make_room(key, service);
    before = take_out(item);
    item->process = rfctls__process();
    item->order = ++cache.last;
    item->since = now;
    item->broke = broke;
    __atomic_store_n(&item->session, rfctls_session_ref(session), __ATOMIC_RELEASE);
  }
  rfctls__static_lock_drop(&cache.lock);
  rfctls_session_unref(before);
}

void rfctls__session_keep(rfctls_session *session, const rfctls__session_key *key,
                          const char *service) {
  keep(session, key, service, 0);
}

void rfctls__session_broke(rfctls_session *session, const rfctls__session_key *key,
                           const char *service) {
  keep(session, key, service, 1);
}

rfctls_session *rfctls__session_take_kept(const rfctls__session_key *key, const char *service) {
  rfctls_session *session = NULL;
  int64_t now = rfctls__now();
  kept *newest;
  rfctls__static_lock_take(&cache.lock);
  newest = newest_of(key, service, now);
  if (newest != NULL && !newest->broke) {
    session = take_out(newest);
  }
  rfctls__static_lock_drop(&cache.lock);
  return session;
}

void rfctls__sessions_forget(void) {
  for (size_t i = 0; i < RFCTLS__SESSIONS; i++) {
    rfctls_session_unref(take_out(&cache.items[i]));
  }
}
