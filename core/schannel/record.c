/* TLS from outside: see record.h. */
#include "schannel/record.h"

#include <string.h>

#include "base/error.h"

enum { MAJOR = 3, FIRST_TYPE = 20, LAST_TYPE = 23, LENGTH_LIMIT = 16384 + 2048, ALERT_SIZE = 2 };
enum {
  CLIENT_HELLO = 1,
  SERVER_HELLO = 2,
  SERVER_KEY_EXCHANGE = 12,
  RANDOM_SIZE = 32,
  NAMED_CURVE = 3
};
enum {
  EXTENSION_NAME = 0,
  EXTENSION_PROTOCOLS = 16,
  EXTENSION_VERSIONS = 43,
  EXTENSION_KEY_SHARE = 51
};

/* ---- records ---- */

rfctls_status rfctls__record_next(rfctls__bytes in, rfctls__bytes *record) {
  size_t length;
  if (in.size < RFCTLS__RECORD_HEADER) {
    return RFCTLS_WANT_READ;
  }
  length = (size_t)in.data[3] << 8 | in.data[4];
  if (in.data[0] < FIRST_TYPE || in.data[0] > LAST_TYPE || in.data[1] != MAJOR ||
      length > LENGTH_LIMIT) {
    return rfctls__fail_engine(RFCTLS_E_PROTOCOL, -1, -1, "what the peer sent is not TLS");
  }
  if (in.size - RFCTLS__RECORD_HEADER < length) {
    return RFCTLS_WANT_READ;
  }
  *record = (rfctls__bytes){in.data, RFCTLS__RECORD_HEADER + length};
  return RFCTLS_OK;
}

int rfctls__record_alert(rfctls__bytes record, int *level, int *alert) {
  if (record.data[0] != RFCTLS__RECORD_ALERT || record.size != RFCTLS__RECORD_HEADER + ALERT_SIZE) {
    return 0;
  }
  *level = record.data[RFCTLS__RECORD_HEADER];
  *alert = record.data[RFCTLS__RECORD_HEADER + 1];
  return 1;
}

rfctls_status rfctls__record_put_alert(rfctls__buffer *out, int alert) {
  uint8_t record[] = {RFCTLS__RECORD_ALERT, MAJOR,         MAJOR, 0, ALERT_SIZE,
                      RFCTLS__ALERT_FATAL,  (uint8_t)alert};
  return rfctls__buffer_append(out, record, sizeof record);
}

/* ---- vectors (RFC 8446 section 3.4) ---- */

/* Takes size bytes; 0: there are not so many. */
static int take(rfctls__bytes *rest, size_t size, rfctls__bytes *out) {
  if (size > rest->size) {
    return 0;
  }
  *out = (rfctls__bytes){rest->data, size};
  *rest = (rfctls__bytes){rest->data + size, rest->size - size};
  return 1;
}

static int take_number(rfctls__bytes *rest, size_t octets, size_t *out) {
  rfctls__bytes bytes;
  if (!take(rest, octets, &bytes)) {
    return 0;
  }
  *out = 0;
  for (size_t i = 0; i < octets; i++) {
    *out = *out << 8 | bytes.data[i];
  }
  return 1;
}

/* A vector whose length takes so many octets. */
static int take_vector(rfctls__bytes *rest, size_t octets, rfctls__bytes *out) {
  size_t size;
  return take_number(rest, octets, &size) && take(rest, size, out);
}

/* The message of this type at the head of a record. */
static int open_message(rfctls__bytes record, size_t wanted, rfctls__bytes *body) {
  size_t type;
  rfctls__bytes header;
  return record.size > 0 && record.data[0] == RFCTLS__RECORD_HANDSHAKE &&
         take(&record, RFCTLS__RECORD_HEADER, &header) && take_number(&record, 1, &type) &&
         type == wanted && take_vector(&record, 3, body);
}

/* Version, random and session of either hello. */
static int skip_begin(rfctls__bytes *body, size_t *version) {
  rfctls__bytes unused;
  return take_number(body, 2, version) && take(body, RANDOM_SIZE, &unused) &&
         take_vector(body, 1, &unused);
}

static int find_extension(rfctls__bytes list, size_t wanted, rfctls__bytes *content) {
  size_t type;
  while (take_number(&list, 2, &type) && take_vector(&list, 2, content)) {
    if (type == wanted) {
      return 1;
    }
  }
  return 0;
}

/* ---- ServerHello ---- */

static void see_server_hello(rfctls__bytes body, rfctls__agreed *out) {
  size_t version, suite, method;
  rfctls__bytes list, content;
  size_t group = 0;
  if (!skip_begin(&body, &version) || !take_number(&body, 2, &suite) ||
      !take_number(&body, 1, &method)) {
    return;
  }
  if (take_vector(&body, 2, &list)) {
    if (find_extension(list, EXTENSION_VERSIONS, &content)) {
      (void)take_number(&content, 2, &version);
    }
    if (find_extension(list, EXTENSION_KEY_SHARE, &content)) {
      (void)take_number(&content, 2, &group);
    }
  }
  out->version = (rfctls_tls_version)version;
  out->suite = (unsigned)suite;
  out->group = (unsigned)group;
}

/* RFC 8422 section 5.4; of finite fields it names none. */
static void see_key_exchange(rfctls__bytes body, rfctls__agreed *out) {
  size_t type, group;
  if (take_number(&body, 1, &type) && type == NAMED_CURVE && take_number(&body, 2, &group)) {
    out->group = (unsigned)group;
  }
}

static int next_message(rfctls__bytes *rest, size_t *type, rfctls__bytes *body) {
  return take_number(rest, 1, type) && take_vector(rest, 3, body);
}

static void see_messages(rfctls__bytes content, rfctls__agreed *out) {
  rfctls__bytes body;
  size_t type;
  while (next_message(&content, &type, &body)) {
    if (type == SERVER_HELLO) {
      see_server_hello(body, out);
    } else if (type == SERVER_KEY_EXCHANGE) {
      see_key_exchange(body, out);
    }
  }
}

void rfctls__record_see_agreed(rfctls__bytes records, rfctls__agreed *out) {
  rfctls__bytes header, content;
  while (take(&records, RFCTLS__RECORD_HEADER, &header) &&
         take(&records, (size_t)header.data[3] << 8 | header.data[4], &content)) {
    if (header.data[0] == RFCTLS__RECORD_HANDSHAKE) {
      see_messages(content, out);
    }
  }
}

typedef struct numbered {
  unsigned number;
  const char *name;
} numbered;

/* Of https://www.iana.org/assignments/tls-parameters, what Windows and Wine speak. */
static const numbered suites[] = {
    {0x1301, "TLS_AES_128_GCM_SHA256"},
    {0x1302, "TLS_AES_256_GCM_SHA384"},
    {0x1303, "TLS_CHACHA20_POLY1305_SHA256"},
    {0x1304, "TLS_AES_128_CCM_SHA256"},
    {0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
    {0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
    {0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
    {0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
    {0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"},
    {0xc0ad, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM"},
    {0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"},
    {0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"},
    {0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"},
    {0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"},
    {0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"},
    {0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"},
    {0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"},
    {0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"},
    {0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256"},
    {0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384"},
    {0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"},
    {0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"},
    {0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256"},
    {0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256"},
    {0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"},
    {0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"},
    {0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"},
    {0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"},
    {0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"},
    {0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"},
};

static const numbered groups[] = {
    {23, "secp256r1"},  {24, "secp384r1"},  {25, "secp521r1"},
    {29, "x25519"},     {30, "x448"},       {256, "ffdhe2048"},
    {257, "ffdhe3072"}, {258, "ffdhe4096"}, {4588, "X25519MLKEM768"},
};

static const char *name_of(const numbered *list, size_t count, unsigned number) {
  for (size_t i = 0; i < count; i++) {
    if (list[i].number == number) {
      return list[i].name;
    }
  }
  return NULL;
}

const char *rfctls__suite_name(unsigned suite) {
  return name_of(suites, sizeof suites / sizeof *suites, suite);
}

const char *rfctls__group_name(unsigned group) {
  return name_of(groups, sizeof groups / sizeof *groups, group);
}

/* ---- ClientHello ---- */

/* RFC 6066 section 3: of its list only host names (0) are in use. */
static void see_name(rfctls__bytes content, rfctls__bytes *out) {
  rfctls__bytes list, name;
  size_t type;
  if (take_vector(&content, 2, &list) && take_number(&list, 1, &type) && type == 0 &&
      take_vector(&list, 2, &name)) {
    *out = name;
  }
}

void rfctls__record_see_asked(rfctls__bytes record, rfctls__asked *out) {
  rfctls__bytes body, list, content, unused;
  size_t version;
  *out = (rfctls__asked){{NULL, 0}, {NULL, 0}};
  if (!open_message(record, CLIENT_HELLO, &body) || !skip_begin(&body, &version) ||
      !take_vector(&body, 2, &unused) || !take_vector(&body, 1, &unused) ||
      !take_vector(&body, 2, &list)) {
    return;
  }
  if (find_extension(list, EXTENSION_NAME, &content)) {
    see_name(content, &out->server_name);
  }
  if (find_extension(list, EXTENSION_PROTOCOLS, &content)) {
    (void)take_vector(&content, 2, &out->protocols);
  }
}

int rfctls__protocols_meet(rfctls__bytes ours, rfctls__bytes theirs) {
  rfctls__bytes one, other;
  while (take_vector(&ours, 1, &one)) {
    rfctls__bytes left = theirs;
    while (take_vector(&left, 1, &other)) {
      if (one.size == other.size && memcmp(one.data, other.data, one.size) == 0) {
        return 1;
      }
    }
  }
  return 0;
}
