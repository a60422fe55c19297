/* Making transports: connecting, listening, adopting a descriptor. */
#include "net/open.h"

#include "base/error.h"
#include "net/address.h"
#include "net/transport_io.h"
#include "net/transport_os.h"
#include "net/transport_state.h"

/* ---- adopted ---- */

rfctls_status rfctls_raw_adopt(intptr_t fd, int owned, rfctls_raw **out) {
  int listens = 0;
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__output(out, sizeof *out, "the transport");
  if (status == RFCTLS_OK) {
    status = rfctls__os_inspect(fd, &listens);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__raw_over_fd(fd, owned != 0, listens, out);
  }
  if (status == RFCTLS_OK && owned) {
    rfctls__os_claim(fd);
  }
  return status;
}

/* ---- that connect ---- */

rfctls_status rfctls__raw_connect(const char *node, const char *service, rfctls_family family,
                                  int64_t timeout_ms, rfctls_raw **out) {
  rfctls__connector *connector;
  rfctls_status status = rfctls__connector_new(node, service, family, timeout_ms, &connector);
  return status == RFCTLS_OK ? rfctls__raw_over_connector(connector, out) : status;
}

/* Blocking: until it is connected; else as far as it goes. */
static rfctls_status drive_connect(int blocking, rfctls_raw **out) {
  rfctls_status status;
  (*out)->blocking = blocking != 0;
  status = rfctls__raw_finish_connect(*out);
  if (status < 0) {
    rfctls_raw_unref(*out);
    *out = NULL;
    return status;
  }
  return RFCTLS_OK;
}

/* What makers check first. */
static rfctls_status check_made(const void *from, rfctls_raw **out) {
  if (out != NULL) {
    *out = NULL;
  }
  return from != NULL && out != NULL
             ? RFCTLS_OK
             : rfctls__fail(RFCTLS_E_ARGUMENT, "no address, or no place for the transport");
}

rfctls_status rfctls_raw_connect(const char *node, const char *service, rfctls_family family,
                                 int blocking, int64_t timeout_ms, rfctls_raw **out) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = check_made(node, out);
  if (status == RFCTLS_OK) {
    status = rfctls__check_timer(RFCTLS_TIMER_CONNECT, timeout_ms);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__raw_connect(node, service, family, timeout_ms, out);
  }
  return status == RFCTLS_OK ? drive_connect(blocking, out) : status;
}

/* ---- that listen ---- */

static rfctls_status listen_on(const rfctls_address *address, int backlog, int both,
                               rfctls_raw **out) {
  intptr_t fd = RFCTLS__NO_FD;
  rfctls_status status = rfctls__os_listen(rfctls__address_endpoint(address), backlog, both, &fd);
  if (status != RFCTLS_OK) {
    char text[RFCTLS__MESSAGE_SIZE];
    rfctls__address_text(address, text, sizeof text);
    return rfctls__fail_system(status, rfctls_error_system_code(), "cannot listen on %s", text);
  }
  status = rfctls__raw_over_fd(fd, 1, 1, out);
  if (status != RFCTLS_OK) {
    rfctls__os_close(fd);
  }
  return status;
}

static rfctls_status check_backlog(int backlog) {
  return backlog >= 0 ? RFCTLS_OK
                      : rfctls__fail(RFCTLS_E_ARGUMENT, "backlog %d is negative", backlog);
}

rfctls_status rfctls_raw_listen(const rfctls_address *address, int backlog, rfctls_raw **out) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = check_made(address, out);
  if (status == RFCTLS_OK) {
    status = check_backlog(backlog);
  }
  return status == RFCTLS_OK ? listen_on(address, backlog, 0, out) : status;
}

/* The address of the Unix-domain socket at a path. */
static rfctls_status address_at(const char *path, rfctls_address **out) {
  rfctls__endpoint endpoint;
  rfctls_status status = path[0] != '\0' ? rfctls__os_unix(path, &endpoint)
                                         : rfctls__fail(RFCTLS_E_ARGUMENT, "path is empty");
  return status == RFCTLS_OK ? rfctls__address_new(&endpoint, NULL, out) : status;
}

rfctls_status rfctls_raw_connect_unix(const char *path, int64_t timeout_ms, rfctls_raw **out) {
  rfctls_address *address = NULL;
  rfctls__connector *connector;
  rfctls_status status;
  rfctls__enter(__func__);
  status = check_made(path, out);
  if (status == RFCTLS_OK) {
    status = rfctls__check_timer(RFCTLS_TIMER_CONNECT, timeout_ms);
  }
  if (status == RFCTLS_OK) {
    status = address_at(path, &address);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__connector_to(address, timeout_ms, &connector);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__raw_over_connector(connector, out);
  }
  rfctls_address_unref(address);
  return status == RFCTLS_OK ? drive_connect(1, out) : status;
}

rfctls_status rfctls_raw_listen_unix(const char *path, int backlog, rfctls_raw **out) {
  rfctls_address *address = NULL;
  rfctls_status status;
  rfctls__enter(__func__);
  status = check_made(path, out);
  if (status == RFCTLS_OK) {
    status = check_backlog(backlog);
  }
  if (status == RFCTLS_OK) {
    status = address_at(path, &address);
  }
  if (status == RFCTLS_OK) {
    status = listen_on(address, backlog, 0, out);
  }
  rfctls_address_unref(address);
  return status;
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
