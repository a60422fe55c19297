/* What only the two ends of a connection can know, for protocols above: keys and channel bindings. */
#include <string.h>

#include "base/alloc.h"
#include "tls/socket_state.h"

static const rfctls__engine *const engine = &rfctls__engine_linked;

/* RFC 8446 section 7.1 adds "tls13 " to a label of at most 255 bytes; RFC 5869 section 2.3 ends at 255
 * hashes. */
enum { LABEL_LIMIT = 249, BINDING_SIZE = 32 };

/* OK: the connection is there, and locked. */
static rfctls_status begin(const rfctls_socket *socket, const void *buffer, size_t capacity,
                           size_t *received, const char *call) {
  rfctls_status status;
  rfctls__enter(call);
  status = rfctls__count(received, buffer, capacity);
  if (status == RFCTLS_OK) {
    status = rfctls__enter_socket(socket);
  }
  if (status != RFCTLS_OK) {
    return status;
  }
  if (rfctls__socket_lock(socket)->phase != RFCTLS__ESTABLISHED) {
    rfctls__socket_unlock(socket);
    return rfctls__fail(RFCTLS_E_STATE, "it is known after the handshake");
  }
  return RFCTLS_OK;
}

/* ---- keys ---- */

static rfctls_status check_request(const char *label, const void *context, size_t context_size,
                                   size_t capacity) {
  size_t size = label != NULL ? strlen(label) : 0;
  if (size == 0 || size > LABEL_LIMIT) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "label has %zu bytes, not 1 to %d", size, LABEL_LIMIT);
  }
  if (context == NULL && context_size > 0) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no context of %zu bytes", context_size);
  }
  if (context_size > UINT16_MAX) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "context of %zu bytes is larger than %d", context_size,
                        UINT16_MAX);
  }
  if (capacity == 0 || capacity > RFCTLS_LIMIT_KEY) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "a key of %zu bytes cannot be exported: 1 to %d can",
                        capacity, RFCTLS_LIMIT_KEY);
  }
  return RFCTLS_OK;
}

rfctls_status rfctls_socket_export_key(const rfctls_socket *socket, const char *label,
                                       const void *context, size_t context_size, void *buffer,
                                       size_t capacity, size_t *received) {
  rfctls_status status = begin(socket, buffer, capacity, received, __func__);
  if (status != RFCTLS_OK) {
    return status;
  }
  status = check_request(label, context, context_size, capacity);
  if (status == RFCTLS_OK) {
    status = engine->export_key(socket->conn, label, (rfctls__bytes){context, context_size}, buffer,
                                capacity);
  }
  if (status == RFCTLS_OK) {
    *received = capacity;
  }
  rfctls__socket_unlock(socket);
  return status;
}

/* ---- channel bindings ---- */

/* RFC 9266. */
static rfctls_status bind_exporter(const rfctls__conn *conn, rfctls__buffer *out) {
  uint8_t *room;
  rfctls_status status = rfctls__buffer_reserve(out, BINDING_SIZE, &room);
  if (status == RFCTLS_OK) {
    status = engine->export_key(conn, "EXPORTER-Channel-Binding",
                                (rfctls__bytes){(const uint8_t *)"", 0}, room, BINDING_SIZE);
  }
  if (status == RFCTLS_OK) {
    rfctls__buffer_commit(out, BINDING_SIZE);
  }
  return status;
}

static rfctls_status bind(const rfctls__conn *conn, const char *type, rfctls__buffer *out) {
  if (type == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no type of channel binding");
  }
  if (strcmp(type, "tls-exporter") == 0) {
    return bind_exporter(conn, out);
  }
  if (strcmp(type, "tls-server-end-point") == 0) {
    return engine->bind_end_point(conn, out);
  }
  if (strcmp(type, "tls-unique") == 0) {
    return engine->bind_unique(conn, out);
  }
  return rfctls__fail(RFCTLS_E_ARGUMENT, "\"%s\" is no type of channel binding", type);
}

rfctls_status rfctls_socket_channel_binding(const rfctls_socket *socket, const char *type,
                                            void *buffer, size_t capacity, size_t *received) {
  rfctls__buffer out = {0};
  rfctls_status status = begin(socket, buffer, capacity, received, __func__);
  if (status != RFCTLS_OK) {
    return status;
  }
  status = bind(socket->conn, type, &out);
  if (status == RFCTLS_OK && rfctls__buffer_size(&out) > capacity) {
    status = rfctls__fail(RFCTLS_E_ARGUMENT, "%s has %zu bytes, more than %zu", type,
                          rfctls__buffer_size(&out), capacity);
  }
  if (status == RFCTLS_OK) {
    *received = rfctls__buffer_take(&out, buffer, capacity);
  }
  rfctls__socket_unlock(socket);
  rfctls__buffer_wipe(&out);
  return status;
}
