/* Host names (RFC 1123, RFC 6066 section 3) and protocol names (RFC 7301), checked. */
#include "tls/name.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "net/os.h"

enum { NAME_LIMIT = 253, LABEL_LIMIT = 63, PROTOCOL_LIMIT = 255, LIST_LIMIT = 65535 };

static int is_host_character(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

static rfctls_status check_host(const char *name, size_t size) {
  size_t label = 0;
  if (size > NAME_LIMIT) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "server name of %zu bytes is longer than %d", size,
                        NAME_LIMIT);
  }
  for (size_t i = 0; i <= size; i++) {
    unsigned char c = i < size ? (unsigned char)name[i] : '.';
    if (c >= 0x80) {
      return rfctls__fail(RFCTLS_E_ARGUMENT,
                          "server name \"%s\" is not ASCII: give its A-labels (xn--...)", name);
    }
    if (c != '.' && !is_host_character(c)) {
      return rfctls__fail(RFCTLS_E_ARGUMENT, "server name \"%s\" has a bad character", name);
    }
    label = c == '.' ? label : label + 1;
    if (c == '.' && (label == 0 || label > LABEL_LIMIT)) {
      return rfctls__fail(RFCTLS_E_ARGUMENT, "server name \"%.60s\" has a label of %zu bytes", name,
                          label);
    }
    label = c == '.' ? 0 : label;
  }
  return RFCTLS_OK;
}

rfctls_status rfctls__server_name(const char *name, char **out, int *is_ip) {
  rfctls_status status = RFCTLS_OK;
  char *copy = NULL;
  size_t size = name != NULL ? strlen(name) : 0;
  if (size == 0) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "server name is empty");
  }
  copy = rfctls__strndup(name, strcspn(name, "%")); /* without the scope of an IPv6 address */
  if (copy == NULL) {
    return rfctls__fail_memory();
  }
  *is_ip = rfctls__os_is_ip(copy);
  if (!*is_ip) {
    size -= name[size - 1] == '.' && size > 1;
    status = check_host(name, size);
    if (status == RFCTLS_OK) {
      copy[size] = '\0'; /* no scope was cut off: '%' is a bad character */
    }
  }
  if (status != RFCTLS_OK) {
    rfctls__free(copy);
    return status;
  }
  *out = copy;
  return RFCTLS_OK;
}

rfctls_status rfctls__protocol_append(rfctls__buffer *list, const char *name) {
  rfctls_status status;
  uint8_t *room;
  size_t size = name != NULL ? strlen(name) : 0;
  if (size == 0 || size > PROTOCOL_LIMIT) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "protocol name has %zu bytes, not 1 to %d", size,
                        PROTOCOL_LIMIT);
  }
  if (rfctls__buffer_size(list) + size + 1 > LIST_LIMIT) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "protocol names together are longer than %d bytes",
                        LIST_LIMIT);
  }
  status = rfctls__buffer_reserve(list, size + 1, &room);
  if (status == RFCTLS_OK) {
    room[0] = (uint8_t)size;
    memcpy(room + 1, name, size);
    rfctls__buffer_commit(list, size + 1);
  }
  return status;
}
