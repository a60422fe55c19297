/* IP addresses: see ip.h. */
#include "x509/ip.h"

#include <stdio.h>
#include <string.h>

enum { GROUPS = 8, NO_GAP = RFCTLS__IPV6_SIZE + 1 };

/* ---- reading ---- */

/* Leading zeros are refused: some read them as octal. */
static int parse_v4(const char *text, uint8_t out[RFCTLS__IPV4_SIZE]) {
  for (int i = 0; i < RFCTLS__IPV4_SIZE; i++) {
    const char *begin = text;
    int value = 0;
    for (; *text >= '0' && *text <= '9' && value <= UINT8_MAX; text++) {
      value = value * 10 + (*text - '0');
    }
    if (text == begin || value > UINT8_MAX || (*begin == '0' && text - begin > 1) ||
        *text != (i + 1 < RFCTLS__IPV4_SIZE ? '.' : '\0')) {
      return 0;
    }
    out[i] = (uint8_t)value;
    text++;
  }
  return 1;
}

static int digit_of(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : (c >= 'A' && c <= 'F') ? c - 'A' + 10 : -1;
}

/* One to four hexadecimal digits, moved past; 0 if there are none, or more. */
static int parse_group(const char **text, uint8_t out[2]) {
  int value = 0, digits = 0;
  for (; digit_of(**text) >= 0 && digits <= 4; digits++) {
    value = (value << 4 | digit_of(*(*text)++)) & 0xfffff;
  }
  out[0] = (uint8_t)(value >> 8);
  out[1] = (uint8_t)value;
  return digits >= 1 && digits <= 4;
}

/* What follows a group: its colon, perhaps a second one, which is the gap; 0 if neither fits. */
static int pass_colon(const char **text, size_t used, size_t *gap) {
  if (**text == '\0') {
    return 1;
  }
  if (*(*text)++ != ':' || **text == '\0') {
    return 0;
  }
  if (**text == ':') {
    if (*gap != NO_GAP) {
      return 0;
    }
    *gap = used;
    (*text)++;
  }
  return 1;
}

static int parse_v6(const char *text, uint8_t out[RFCTLS__IPV6_SIZE]) {
  uint8_t bytes[RFCTLS__IPV6_SIZE] = {0};
  size_t used = 0, gap = NO_GAP, behind;
  if (strncmp(text, "::", 2) == 0) {
    gap = 0;
    text += 2;
  }
  while (*text != '\0' && used < sizeof bytes) {
    if (used + RFCTLS__IPV4_SIZE <= sizeof bytes && parse_v4(text, bytes + used)) {
      used += RFCTLS__IPV4_SIZE;
      text = "";
    } else if (!parse_group(&text, bytes + used) || !pass_colon(&text, used += 2, &gap)) {
      return 0;
    }
  }
  if (*text != '\0' || (gap == NO_GAP) != (used == sizeof bytes)) {
    return 0; /* too much, too little, or a gap that stands for nothing */
  }
  behind = gap == NO_GAP ? 0 : used - gap;
  memset(out, 0, sizeof bytes);
  memcpy(out, bytes, used - behind);
  memcpy(out + sizeof bytes - behind, bytes + used - behind, behind);
  return 1;
}

size_t rfctls__ip_parse(const char *text, uint8_t out[RFCTLS__IPV6_SIZE]) {
  if (parse_v4(text, out)) {
    return RFCTLS__IPV4_SIZE;
  }
  return parse_v6(text, out) ? RFCTLS__IPV6_SIZE : 0;
}

/* ---- writing ---- */

/* The first of the longest runs of zero groups, of two at least: it is left out. */
static void find_gap(const unsigned groups[GROUPS], int *begin, int *end) {
  *begin = *end = -1;
  for (int i = 0, run = 0; i < GROUPS; i++) {
    run = groups[i] == 0 ? run + 1 : 0;
    if (run >= 2 && run > *end - *begin) {
      *end = i + 1;
      *begin = *end - run;
    }
  }
}

static void write_v6(const uint8_t *bytes, char text[RFCTLS__IP_ROOM]) {
  unsigned groups[GROUPS];
  int begin, end, used = 0;
  for (size_t i = 0; i < GROUPS; i++) {
    groups[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
  }
  find_gap(groups, &begin, &end);
  for (int i = 0; i < GROUPS; i++) {
    if (i == begin) {
      used += snprintf(text + used, (size_t)(RFCTLS__IP_ROOM - used), "::");
      i = end - 1;
    } else {
      used += snprintf(text + used, (size_t)(RFCTLS__IP_ROOM - used), "%s%x",
                       i > 0 && i != end ? ":" : "", groups[i]);
    }
  }
}

void rfctls__ip_write(const uint8_t *bytes, size_t size, char text[RFCTLS__IP_ROOM]) {
  text[0] = '\0';
  if (size == RFCTLS__IPV4_SIZE) {
    (void)snprintf(text, RFCTLS__IP_ROOM, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
  } else if (size == RFCTLS__IPV6_SIZE) {
    write_v6(bytes, text);
  }
}
