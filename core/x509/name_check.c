/* Whether a certificate is for a name (RFC 6125 section 6.4): see match.h. */
#include "x509/name_check.h"

#include <string.h>

#include "x509/ip.h"

static uint8_t lower(uint8_t c) {
  return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* As ASCII, without regard to case: no locale has a say here. */
static int same(const uint8_t *a, const uint8_t *b, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (lower(a[i]) != lower(b[i])) {
      return 0;
    }
  }
  return 1;
}

/* Hosts with underscores exist: DNS allows any octet (RFC 2181 section 11). */
static int is_word(uint8_t c) {
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
}

/* Letters, digits, underscores and inner hyphens. */
static int is_label(const uint8_t *data, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (!is_word(data[i]) && (data[i] != '-' || i == 0 || i + 1 == size)) {
      return 0;
    }
  }
  return size > 0;
}

/* How many labels a host name has; 0 if one of them is none. */
static size_t count_labels(rfctls__bytes host) {
  for (size_t labels = 1;; labels++) {
    const uint8_t *dot = memchr(host.data, '.', host.size);
    size_t size = dot != NULL ? (size_t)(dot - host.data) : host.size;
    if (!is_label(host.data, size)) {
      return 0;
    }
    if (dot == NULL) {
      return labels;
    }
    host = (rfctls__bytes){dot + 1, host.size - size - 1};
  }
}

/* The left-most label alone may be "*", and stands for one whole label; two labels at least follow
 * it, lest it stand for every name of a registry. */
static int matches_wildcard(rfctls__bytes pattern, rfctls__bytes host) {
  const uint8_t *dot = memchr(host.data, '.', host.size);
  rfctls__bytes rest = {pattern.data + 1, pattern.size - 1}, behind = {NULL, 0};
  if (dot == NULL || dot == host.data) {
    return 0;
  }
  behind.data = dot;
  behind.size = host.size - (size_t)(dot - host.data);
  for (const uint8_t *c = host.data; c < dot; c++) {
    if (!is_word(*c) && *c != '-') {
      return 0;
    }
  }
  return rest.size == behind.size && same(rest.data, behind.data, rest.size) &&
         count_labels((rfctls__bytes){rest.data + 1, rest.size - 1}) >= 2;
}

static int matches_host(rfctls__bytes pattern, rfctls__bytes host) {
  if (pattern.size > 2 && pattern.data[0] == '*' && pattern.data[1] == '.') {
    return matches_wildcard(pattern, host);
  }
  return pattern.size == host.size && same(pattern.data, host.data, host.size);
}

/* What no host is called is no name to match: a star, or an empty label. */
static int is_host(rfctls__bytes host) {
  for (size_t i = 0; i < host.size; i++) {
    if (host.data[i] == '*' ||
        (host.data[i] == '.' && (i == 0 || i + 1 == host.size || host.data[i + 1] == '.'))) {
      return 0;
    }
  }
  return host.size > 0;
}

static int any_host(const rfctls__list *patterns, const char *name) {
  rfctls__bytes host = {(const uint8_t *)name, strlen(name)};
  host.size -= host.size > 0 && name[host.size - 1] == '.'; /* the root's */
  if (!is_host(host)) {
    return 0;
  }
  for (size_t i = 0; i < patterns->count; i++) {
    if (matches_host(rfctls__list_at(patterns, i), host)) {
      return 1;
    }
  }
  return 0;
}

static int any_ip(const rfctls__list *addresses, const uint8_t *ip, size_t size) {
  for (size_t i = 0; i < addresses->count; i++) {
    rfctls__bytes address = rfctls__list_at(addresses, i);
    if (address.size == size && memcmp(address.data, ip, size) == 0) {
      return 1;
    }
  }
  return 0;
}

/* The address that name is, less its scope (fe80::1%eth0), which no certificate knows; 0: none. */
static size_t ip_of(const char *name, uint8_t ip[RFCTLS__IPV6_SIZE]) {
  char text[RFCTLS__IP_ROOM + 8]; /* an IPv4 address may stand at the end of an IPv6 one */
  size_t size = strcspn(name, "%");
  if (size >= sizeof text) {
    return 0;
  }
  memcpy(text, name, size);
  text[size] = '\0';
  return rfctls__ip_parse(text, ip);
}

int rfctls__names_match(const rfctls__list *dns_names, const rfctls__list *ip_addresses,
                        const char *name) {
  uint8_t ip[RFCTLS__IPV6_SIZE];
  size_t size = ip_of(name, ip);
  return size > 0 ? any_ip(ip_addresses, ip, size) : any_host(dns_names, name);
}
