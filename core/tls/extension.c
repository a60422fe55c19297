/* Hello extensions as they go on the wire: see extension.h. */
#include "tls/extension.h"

#include <string.h>

#include "base/error.h"
#include "engine/engine.h"

enum { HEADER = 4, LIST_LIMIT = 32768 };

static unsigned two_bytes(const uint8_t *data) {
  return (unsigned)data[0] << 8 | data[1];
}

static int has(const rfctls__buffer *list, uint16_t type) {
  rfctls__bytes all = rfctls__buffer_bytes(list);
  for (size_t at = 0; at < all.size; at += HEADER + two_bytes(all.data + at + 2)) {
    if (two_bytes(all.data + at) == type) {
      return 1;
    }
  }
  return 0;
}

static rfctls_status append(rfctls__buffer *list, uint16_t type, const void *data, size_t size) {
  uint8_t *room;
  rfctls_status status = rfctls__buffer_reserve(list, HEADER + size, &room);
  if (status == RFCTLS_OK) {
    room[0] = (uint8_t)(type >> 8);
    room[1] = (uint8_t)type;
    room[2] = (uint8_t)(size >> 8);
    room[3] = (uint8_t)size;
    if (size > 0) {
      memcpy(room + HEADER, data, size);
    }
    rfctls__buffer_commit(list, HEADER + size);
  }
  return status;
}

rfctls_status rfctls__extension_append(rfctls__buffer *list, rfctls_role role, uint16_t type,
                                       const void *data, size_t size) {
  rfctls_status status;
  if (role != RFCTLS_CLIENT) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "only a client's hello takes extensions");
  }
  if (data == NULL && size > 0) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no data for hello extension %u", (unsigned)type);
  }
  status = rfctls__engine_linked.check_extension(type);
  if (status != RFCTLS_OK) {
    return status;
  }
  if (has(list, type)) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "hello extension %u is there already", (unsigned)type);
  }
  if (size > LIST_LIMIT || rfctls__buffer_size(list) + HEADER + size > LIST_LIMIT) {
    return rfctls__fail(RFCTLS_E_ARGUMENT,
                        "with hello extension %u they are together larger than %d bytes",
                        (unsigned)type, LIST_LIMIT);
  }
  return append(list, type, data, size);
}
