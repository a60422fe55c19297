/* Addresses, and how names become addresses. */
#include "net/address.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/refcount.h"

struct rfctls_address {
  rfctls__refcount refs;
  rfctls__endpoint endpoint;
  rfctls_family family;
  uint16_t port;
  char ip[RFCTLS__IP_TEXT];
  char host[]; /* "": as ip */
};

struct rfctls_addresses {
  rfctls_address **items;
  size_t count;
};

/* ---- one address ---- */

rfctls_status rfctls__address_new(const rfctls__endpoint *endpoint, const char *host,
                                  rfctls_address **out) {
  const char *name = host != NULL ? host : rfctls__os_path(endpoint);
  size_t size = name != NULL ? strlen(name) : 0;
  rfctls_address *address = rfctls__alloc(sizeof *address + size + 1);
  *out = NULL;
  if (address == NULL) {
    return rfctls__fail_memory();
  }
  rfctls__refcount_init(&address->refs);
  address->endpoint = *endpoint;
  rfctls__os_describe(endpoint, address->ip, &address->port, &address->family);
  if (size > 0) {
    memcpy(address->host, name, size);
  }
  *out = address;
  return RFCTLS_OK;
}

const rfctls__endpoint *rfctls__address_endpoint(const rfctls_address *address) {
  return &address->endpoint;
}

void rfctls__address_text(const rfctls_address *address, char *text, size_t size) {
  const char *host = rfctls_address_host(address);
  if (address->family == RFCTLS_FAMILY_ANY) {
    (void)snprintf(text, size, "%s", host);
  } else if (strcmp(host, address->ip) == 0) {
    (void)snprintf(text, size, "%s port %u", host, (unsigned)address->port);
  } else {
    (void)snprintf(text, size, "%s (%s) port %u", host, address->ip, (unsigned)address->port);
  }
}

rfctls_address *rfctls_address_ref(rfctls_address *address) {
  if (address != NULL) {
    rfctls__refcount_take(&address->refs);
  }
  return address;
}

void rfctls_address_unref(rfctls_address *address) {
  if (address != NULL && rfctls__refcount_drop(&address->refs)) {
    rfctls__free(address);
  }
}

const char *rfctls_address_host(const rfctls_address *address) {
  if (address == NULL) {
    return NULL;
  }
  return address->host[0] != '\0' ? address->host : address->ip;
}

const char *rfctls_address_ip(const rfctls_address *address) {
  return address != NULL ? address->ip : NULL;
}

uint16_t rfctls_address_port(const rfctls_address *address) {
  return address != NULL ? address->port : 0;
}

rfctls_family rfctls_address_family(const rfctls_address *address) {
  return address != NULL ? address->family : RFCTLS_FAMILY_ANY;
}

/* ---- a list ---- */

/* Takes over the caller's reference, on failure too. */
static rfctls_status append(rfctls_addresses *addresses, rfctls_address *address) {
  rfctls_address **items =
      rfctls__realloc(addresses->items, (addresses->count + 1) * sizeof(rfctls_address *));
  if (items == NULL) {
    rfctls_address_unref(address);
    return rfctls__fail_memory();
  }
  addresses->items = items;
  addresses->items[addresses->count++] = address;
  return RFCTLS_OK;
}

void rfctls_addresses_unref(rfctls_addresses *addresses) {
  if (addresses == NULL) {
    return;
  }
  for (size_t i = 0; i < addresses->count; i++) {
    rfctls_address_unref(addresses->items[i]);
  }
  rfctls__free(addresses->items);
  rfctls__free(addresses);
}

size_t rfctls_addresses_count(const rfctls_addresses *addresses) {
  return addresses != NULL ? addresses->count : 0;
}

rfctls_address *rfctls_addresses_at(const rfctls_addresses *addresses, size_t index) {
  return index < rfctls_addresses_count(addresses) ? addresses->items[index] : NULL;
}

/* ---- resolving ---- */

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}

static int is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A port, or what may be a name: the resolver itself would take "-1" and " 80" for ports. */
static rfctls_status check_service(const char *service) {
  size_t digits = 0;
  unsigned long port = 0;
  if (service == NULL || service[0] == '\0') {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "service is empty");
  }
  if (!is_digit(service[0]) && !is_letter(service[0])) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "service \"%s\" is neither a port nor a name", service);
  }
  for (; is_digit(service[digits]) && port <= UINT16_MAX; digits++) {
    port = 10 * port + (unsigned long)(service[digits] - '0');
  }
  if (port > UINT16_MAX) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "port \"%s\" is not from 0 to 65535", service);
  }
  return RFCTLS_OK;
}

static rfctls_status check_node(const char *node) {
  if (node == NULL) {
    return RFCTLS_OK;
  }
  if (node[0] == '\0') {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "host is empty");
  }
  if (strpbrk(node, "[]") != NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "host \"%s\": an IPv6 address is given without brackets",
                        node);
  }
  return RFCTLS_OK;
}

static rfctls_status check_family(rfctls_family family) {
  switch (family) {
  case RFCTLS_FAMILY_ANY:
  case RFCTLS_FAMILY_IPV4:
  case RFCTLS_FAMILY_IPV6: return RFCTLS_OK;
  case RFCTLS_FAMILY_IS_INT: break;
  }
  return rfctls__fail(RFCTLS_E_ARGUMENT, "unknown address family %d", (int)family);
}

typedef struct collector {
  rfctls_addresses *addresses;
  const char *host;
} collector;

static rfctls_status collect(void *user, const rfctls__endpoint *endpoint) {
  collector *into = user;
  rfctls_address *address;
  rfctls_status status = rfctls__address_new(endpoint, into->host, &address);
  return status == RFCTLS_OK ? append(into->addresses, address) : status;
}

rfctls_status rfctls__addresses_resolve(const char *node, const char *service, rfctls_family family,
                                        int flags, rfctls_addresses **out) {
  collector into = {NULL, node};
  rfctls_status status = check_family(family);
  *out = NULL;
  if (status == RFCTLS_OK) {
    status = check_node(node);
  }
  if (status == RFCTLS_OK) {
    status = check_service(service);
  }
  if (status != RFCTLS_OK) {
    return status;
  }
  into.addresses = rfctls__alloc(sizeof *into.addresses);
  if (into.addresses == NULL) {
    return rfctls__fail_memory();
  }
  status = rfctls__os_resolve(node, service, family, flags, collect, &into);
  if (status == RFCTLS_OK) {
    *out = into.addresses;
  } else {
    rfctls_addresses_unref(into.addresses);
  }
  return status;
}

rfctls_status rfctls_addresses_resolve(const char *node, const char *service, rfctls_family family,
                                       int passive, rfctls_addresses **out) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__output(out, sizeof *out, "the addresses");
  return status == RFCTLS_OK
             ? rfctls__addresses_resolve(node, service, family, passive ? RFCTLS__PASSIVE : 0, out)
             : status;
}
