/* Connecting to whichever address of a name accepts, in the order of the list. */
#include "base/error.h"
#include "base/memory.h"
#include "net/address.h"
#include "net/raw.h"

struct rfctls__connector {
  rfctls_address **addresses;
  size_t count;
  size_t current;        /* the one that is tried; count: none is left */
  intptr_t fd;           /* of the try, or RFCTLS__NO_FD               */
  rfctls__error refusal; /* how the last try ended                    */
};

rfctls_status rfctls__connector_new(const rfctls_addresses *addresses, rfctls__connector **out) {
  size_t count = rfctls_addresses_count(addresses);
  rfctls__connector *connector = rfctls__alloc(sizeof *connector);
  *out = NULL;
  if (connector == NULL) {
    return rfctls__fail_memory();
  }
  connector->fd = RFCTLS__NO_FD;
  connector->addresses = rfctls__alloc(count * sizeof(rfctls_address *));
  if (connector->addresses == NULL) {
    rfctls__connector_free(connector);
    return rfctls__fail_memory();
  }
  for (; connector->count < count; connector->count++) {
    connector->addresses[connector->count] =
        rfctls_address_ref(rfctls_addresses_at(addresses, connector->count));
  }
  *out = connector;
  return RFCTLS_OK;
}

static void give_up(rfctls__connector *connector) {
  if (connector->fd != RFCTLS__NO_FD) {
    rfctls__os_close(connector->fd);
    connector->fd = RFCTLS__NO_FD;
  }
}

void rfctls__connector_free(rfctls__connector *connector) {
  if (connector == NULL) {
    return;
  }
  give_up(connector);
  for (size_t i = 0; i < connector->count; i++) {
    rfctls_address_unref(connector->addresses[i]);
  }
  rfctls__free(connector->addresses);
  rfctls__free(connector);
}

intptr_t rfctls__connector_fd(const rfctls__connector *connector) {
  return connector->fd;
}

static rfctls_status go_on(rfctls__connector *connector) {
  const rfctls_address *to = connector->addresses[connector->current];
  return connector->fd == RFCTLS__NO_FD
             ? rfctls__os_connect(rfctls__address_endpoint(to), &connector->fd)
             : rfctls__os_connected(connector->fd);
}

/* The address refused: the failure gets its name, and the next one has its turn. */
static void pass_on(rfctls__connector *connector) {
  char text[RFCTLS__MESSAGE_SIZE];
  rfctls__address_text(connector->addresses[connector->current], text, sizeof text);
  (void)rfctls__fail_system(RFCTLS_E_CONNECT, rfctls_error_system_code(), "cannot connect to %s",
                            text);
  rfctls__error_save(&connector->refusal);
  rfctls__error_clear();
  give_up(connector);
  connector->current++;
}

rfctls_status rfctls__connector_try(rfctls__connector *connector, rfctls_raw **out) {
  *out = NULL;
  while (connector->current < connector->count) {
    rfctls_status status = go_on(connector);
    if (status == RFCTLS_OK) {
      status = rfctls__raw_new(connector->fd, connector->addresses[connector->current], out);
      if (status == RFCTLS_OK) {
        connector->fd = RFCTLS__NO_FD;
      }
    }
    if (status != RFCTLS_E_CONNECT) {
      return status;
    }
    pass_on(connector);
  }
  return rfctls__error_restore(&connector->refusal);
}
