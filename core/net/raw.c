/* The transport: a connected or listening socket, made here or adopted, or memory. */
#include "net/raw.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/refcount.h"
#include "net/address.h"
#include "net/memory.h"
#include "net/wait.h"

/* Immutable but for the descriptor. The ends are learned when it is made, because the system
 * forgets them when the connection breaks. */
struct rfctls_raw {
  rfctls__refcount refs;
  intptr_t fd; /* RFCTLS__NO_FD after close; read by other threads: atomic */
  rfctls__memory *memory; /* NULL: over a descriptor */
  int owned;
  int listens;
  rfctls_address *connected_to; /* NULL: see peer                     */
  rfctls__endpoint local;       /* size 0: not known then; ask again  */
  rfctls__endpoint peer;
};

/* ---- made ---- */

static void learn_ends(rfctls_raw *raw) {
  int connected = raw->connected_to != NULL ||
                  (!raw->listens && rfctls__os_peer_endpoint(raw->fd, &raw->peer) == RFCTLS_OK);
  if (raw->listens || connected) {
    (void)rfctls__os_local_endpoint(raw->fd, &raw->local);
  }
  rfctls__error_clear();
}

static rfctls_status make(intptr_t fd, int owned, int listens, const rfctls_address *connected_to,
                          rfctls_raw **out) {
  rfctls_raw *raw = rfctls__alloc(sizeof *raw);
  *out = NULL;
  if (raw == NULL) {
    return rfctls__fail_memory();
  }
  rfctls__refcount_init(&raw->refs);
  raw->fd = fd;
  raw->owned = owned;
  raw->listens = listens;
  raw->connected_to = rfctls_address_ref((rfctls_address *)connected_to);
  learn_ends(raw);
  *out = raw;
  return RFCTLS_OK;
}

rfctls_status rfctls__raw_new(intptr_t fd, const rfctls_address *peer, rfctls_raw **out) {
  return make(fd, 1, 0, peer, out);
}

rfctls_status rfctls__raw_over_memory(rfctls__memory *memory, rfctls_raw **out) {
  rfctls_raw *raw = rfctls__alloc(sizeof *raw);
  if (raw == NULL) {
    return rfctls__fail_memory();
  }
  rfctls__refcount_init(&raw->refs);
  raw->fd = RFCTLS__NO_FD;
  raw->memory = memory;
  *out = raw;
  return RFCTLS_OK;
}

rfctls_status rfctls_raw_adopt(intptr_t fd, int owned, rfctls_raw **out) {
  int listens = 0;
  rfctls_status status;
  rfctls__enter(__func__);
  if (out == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no place for the transport");
  }
  *out = NULL;
  status = rfctls__os_inspect(fd, &listens);
  if (status == RFCTLS_OK) {
    status = make(fd, owned != 0, listens, NULL, out);
  }
  if (status == RFCTLS_OK && owned) {
    rfctls__os_claim(fd);
  }
  return status;
}

static rfctls_status connect_until(rfctls__connector *connector, rfctls__deadline deadline,
                                   rfctls_raw **out) {
  rfctls_status status;
  while ((status = rfctls__connector_try(connector, out)) == RFCTLS_WANT_WRITE) {
    status = rfctls__wait(rfctls__connector_fd(connector), RFCTLS__POLL_WRITE, NULL, deadline, 0);
    if (status != RFCTLS_OK) {
      return status;
    }
  }
  return status;
}

rfctls_status rfctls_raw_connect(const rfctls_address *address, int64_t timeout_ms,
                                 rfctls_raw **out) {
  rfctls__deadline deadline;
  rfctls_addresses *addresses = NULL;
  rfctls__connector *connector = NULL;
  rfctls_status status;
  rfctls__enter(__func__);
  if (out != NULL) {
    *out = NULL;
  }
  if (address == NULL || out == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no address, or no place for the transport");
  }
  deadline = rfctls__deadline_in(timeout_ms);
  status = rfctls__addresses_of(address, &addresses);
  if (status == RFCTLS_OK) {
    status = rfctls__connector_new(addresses, &connector);
  }
  if (status == RFCTLS_OK) {
    status = connect_until(connector, deadline, out);
  }
  if (status == RFCTLS_E_TIMEOUT) {
    char text[RFCTLS__MESSAGE_SIZE];
    rfctls__address_text(address, text, sizeof text);
    (void)rfctls__fail(status, "%s did not accept the connection in time", text);
  }
  rfctls__connector_free(connector);
  rfctls_addresses_unref(addresses);
  return status;
}

static rfctls_status listen_on(const rfctls_address *address, int backlog, int both,
                               rfctls_raw **out) {
  intptr_t fd = RFCTLS__NO_FD;
  rfctls_status status = rfctls__os_listen(rfctls__address_endpoint(address), backlog, both, &fd);
  if (status != RFCTLS_OK) {
    char text[RFCTLS__MESSAGE_SIZE];
    rfctls__address_text(address, text, sizeof text);
    return rfctls__fail_system(status, rfctls_error_system_code(), "cannot listen on %s", text);
  }
  status = make(fd, 1, 1, NULL, out);
  if (status != RFCTLS_OK) {
    rfctls__os_close(fd);
  }
  return status;
}

rfctls_status rfctls_raw_listen(const rfctls_address *address, int backlog, rfctls_raw **out) {
  rfctls__enter(__func__);
  if (out != NULL) {
    *out = NULL;
  }
  if (address == NULL || out == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no address, or no place for the transport");
  }
  if (backlog < 0) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "backlog %d is negative", backlog);
  }
  return listen_on(address, backlog, 0, out);
}

rfctls_status rfctls__raw_listen_any(const rfctls_addresses *addresses, int both,
                                     rfctls_raw **out) {
  rfctls_status status = RFCTLS_E_ARGUMENT;
  int rounds = both ? 2 : 1;
  for (int round = 0; round < rounds; round++) {
    for (size_t i = 0; i < rfctls_addresses_count(addresses); i++) {
      const rfctls_address *address = rfctls_addresses_at(addresses, i);
      int ipv6 = rfctls_address_family(address) == RFCTLS_FAMILY_IPV6;
      if (both && ipv6 != (round == 0)) {
        continue;
      }
      status = listen_on(address, 0, both, out);
      if (status == RFCTLS_OK) {
        rfctls__error_clear(); /* of those before */
        return status;
      }
    }
  }
  return status;
}

/* ---- owned ---- */

rfctls_raw *rfctls_raw_ref(rfctls_raw *raw) {
  if (raw != NULL) {
    rfctls__refcount_take(&raw->refs);
  }
  return raw;
}

void rfctls_raw_unref(rfctls_raw *raw) {
  if (raw == NULL || !rfctls__refcount_drop(&raw->refs)) {
    return;
  }
  rfctls__raw_close(raw);
  rfctls__memory_free(raw->memory);
  rfctls_address_unref(raw->connected_to);
  rfctls__free(raw);
}

void rfctls__raw_close(rfctls_raw *raw) {
  intptr_t fd = __atomic_exchange_n(&raw->fd, RFCTLS__NO_FD, __ATOMIC_ACQ_REL);
  if (raw->owned && fd != RFCTLS__NO_FD) {
    rfctls__os_close(fd);
  }
  if (raw->memory != NULL) {
    rfctls__memory_close(raw->memory);
  }
}

/* ---- told ---- */

intptr_t rfctls_raw_fd(const rfctls_raw *raw) {
  return raw != NULL ? __atomic_load_n(&raw->fd, __ATOMIC_ACQUIRE) : RFCTLS__NO_FD;
}

rfctls__memory *rfctls__raw_memory(const rfctls_raw *raw) {
  return raw->memory;
}

int rfctls__raw_is_open(const rfctls_raw *raw) {
  return raw->memory != NULL ? !rfctls__memory_is_closed(raw->memory)
                             : rfctls_raw_fd(raw) != RFCTLS__NO_FD;
}

uint32_t rfctls__raw_ready(const rfctls_raw *raw) {
  return raw->memory != NULL ? rfctls__memory_ready(raw->memory) : 0;
}

int rfctls__raw_is_listener(const rfctls_raw *raw) {
  return raw->listens;
}

int rfctls__raw_is_owned(const rfctls_raw *raw) {
  return raw->owned;
}

typedef rfctls_status (*ask_system)(intptr_t fd, rfctls__endpoint *out);

static rfctls_status tell_end(const rfctls_raw *raw, const rfctls__endpoint *known, ask_system ask,
                              rfctls_address **out) {
  rfctls__endpoint asked = {{0}, 0};
  rfctls_status status = RFCTLS_OK;
  if (known->size == 0 && raw->memory == NULL) {
    intptr_t fd = rfctls_raw_fd(raw);
    status = fd != RFCTLS__NO_FD ? ask(fd, &asked)
                                 : rfctls__fail(RFCTLS_E_CLOSED, "the transport is closed");
    known = &asked;
  }
  return status == RFCTLS_OK ? rfctls__address_new(known, NULL, out) : status;
}

rfctls_status rfctls__raw_local_address(const rfctls_raw *raw, rfctls_address **out) {
  *out = NULL;
  return tell_end(raw, &raw->local, rfctls__os_local_endpoint, out);
}

rfctls_status rfctls__raw_peer_address(const rfctls_raw *raw, rfctls_address **out) {
  *out = NULL;
  if (raw->listens) {
    return rfctls__fail(RFCTLS_E_STATE, "a listener has no peer");
  }
  if (raw->connected_to != NULL) {
    *out = rfctls_address_ref(raw->connected_to);
    return RFCTLS_OK;
  }
  return tell_end(raw, &raw->peer, rfctls__os_peer_endpoint, out);
}

static rfctls_status check(const rfctls_raw *raw, rfctls_address **out) {
  if (out != NULL) {
    *out = NULL;
  }
  return raw != NULL && out != NULL
             ? RFCTLS_OK
             : rfctls__fail(RFCTLS_E_ARGUMENT, "no transport, or no place for the address");
}

rfctls_status rfctls_raw_local_address(const rfctls_raw *raw, rfctls_address **out) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = check(raw, out);
  return status == RFCTLS_OK ? rfctls__raw_local_address(raw, out) : status;
}

rfctls_status rfctls_raw_peer_address(const rfctls_raw *raw, rfctls_address **out) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = check(raw, out);
  return status == RFCTLS_OK ? rfctls__raw_peer_address(raw, out) : status;
}

/* ---- driven ---- */

rfctls_status rfctls__raw_try_accept(rfctls_raw *listener, rfctls_raw **out) {
  intptr_t fd = RFCTLS__NO_FD;
  rfctls_status status = rfctls__os_accept(rfctls_raw_fd(listener), &fd);
  *out = NULL;
  if (status != RFCTLS_OK) {
    return status;
  }
  status = rfctls__raw_new(fd, NULL, out);
  if (status != RFCTLS_OK) {
    rfctls__os_close(fd);
  }
  return status;
}

rfctls_status rfctls__raw_try_send(rfctls_raw *raw, const void *data, size_t size, size_t *sent) {
  return raw->memory != NULL ? rfctls__memory_send(raw->memory, data, size, sent)
                             : rfctls__os_send(rfctls_raw_fd(raw), data, size, sent);
}

rfctls_status rfctls__raw_try_recv(rfctls_raw *raw, void *buffer, size_t room, size_t *received) {
  return raw->memory != NULL ? rfctls__memory_recv(raw->memory, buffer, room, received)
                             : rfctls__os_recv(rfctls_raw_fd(raw), buffer, room, received);
}

void rfctls__raw_finish(rfctls_raw *raw) {
  if (raw->memory != NULL) {
    rfctls__memory_finish(raw->memory);
  } else if (raw->owned) {
    rfctls__os_finish(rfctls_raw_fd(raw));
  }
}

int64_t rfctls__raw_unacknowledged(const rfctls_raw *raw) {
  return rfctls__os_unacknowledged(rfctls_raw_fd(raw));
}
