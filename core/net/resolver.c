/* A look-up is shared by who asked and by the thread that asks the system. They have no lock: what the thread
 * finds is there before `done` says so. */
#include "net/resolver.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/lock.h"
#include "base/refcount.h"
#include "base/thread.h"
#include "net/address.h"

struct rfctls__lookup {
  rfctls__refcount refs;
  uint64_t process;
  rfctls__os_waker waker; /* signalled once, and never drained */
  rfctls_family family;
  const char *service; /* behind the node, which may be NULL */
  const char *node;
  int done;                    /* atomic */
  rfctls_addresses *addresses; /* NULL: `failure` says why */
  rfctls__error failure;
  char names[];
};

static void destroy(rfctls__lookup *lookup) {
  rfctls__os_waker_close(&lookup->waker);
  rfctls_addresses_unref(lookup->addresses);
  rfctls__free(lookup);
}

static void drop(rfctls__lookup *lookup) {
  if (rfctls__refcount_drop(&lookup->refs)) {
    destroy(lookup);
  }
}

void rfctls__lookup_free(rfctls__lookup *lookup) {
  if (lookup == NULL) {
    return;
  }
  if (lookup->process == rfctls__process()) {
    drop(lookup);
    return;
  }
  if (!__atomic_load_n(&lookup->done, __ATOMIC_ACQUIRE)) {
    lookup->addresses = NULL; /* the parent's thread may have been in the middle of it */
  }
  destroy(lookup);
}

/* ---- the thread ---- */

static void look_up(void *argument) {
  rfctls__lookup *lookup = argument;
  rfctls_addresses *addresses = NULL;
  rfctls__enter("");
  if (rfctls__addresses_resolve(lookup->node, lookup->service, lookup->family, 0, &addresses) !=
      RFCTLS_OK) {
    rfctls__error_save(&lookup->failure);
  }
  lookup->addresses = addresses;
  __atomic_store_n(&lookup->done, 1, __ATOMIC_RELEASE);
  rfctls__os_waker_signal(&lookup->waker);
  drop(lookup);
}

static rfctls_status start(rfctls__lookup *lookup) {
  rfctls_status status = rfctls__os_waker_open_socket(&lookup->waker);
  if (status != RFCTLS_OK) {
    return status;
  }
  rfctls__refcount_take(&lookup->refs);
  status = rfctls__thread_start(look_up, lookup);
  if (status != RFCTLS_OK) {
    rfctls__os_waker_close(&lookup->waker);
  }
  return status;
}

/* ---- who asks ---- */

rfctls_status rfctls__lookup_begin(const char *node, const char *service, rfctls_family family,
                                   rfctls_addresses **addresses, rfctls__lookup **out) {
  size_t node_size, service_size;
  rfctls__lookup *lookup;
  rfctls_status status =
      rfctls__addresses_resolve(node, service, family, RFCTLS__NUMERIC, addresses);
  *out = NULL;
  if (status != RFCTLS_WANT_READ) {
    return status;
  }
  node_size = node != NULL ? strlen(node) + 1 : 0;
  service_size = strlen(service) + 1;
  lookup = rfctls__alloc(sizeof *lookup + node_size + service_size);
  if (lookup == NULL) {
    return rfctls__fail_memory();
  }
  rfctls__refcount_init(&lookup->refs);
  lookup->process = rfctls__process();
  lookup->family = family;
  if (node != NULL) {
    lookup->node = memcpy(lookup->names, node, node_size);
  }
  lookup->service = memcpy(lookup->names + node_size, service, service_size);
  status = start(lookup);
  if (status != RFCTLS_OK) {
    rfctls__free(lookup);
    return status;
  }
  *out = lookup;
  return RFCTLS_WANT_READ;
}

rfctls_status rfctls__lookup_try(const rfctls__lookup *lookup, const rfctls_addresses **addresses) {
  if (!__atomic_load_n(&lookup->done, __ATOMIC_ACQUIRE)) {
    return RFCTLS_WANT_READ;
  }
  *addresses = lookup->addresses;
  return *addresses != NULL ? RFCTLS_OK : rfctls__error_restore(&lookup->failure);
}

intptr_t rfctls__lookup_fd(const rfctls__lookup *lookup) {
  return lookup->waker.read_fd;
}
