/* A throw-away identity: a new key by CNG, and a certificate (RFC 5280 section 4.1) written by hand. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "engine/operations.h"
#include "schannel/crypto.h"
#include "schannel/failure.h"
#include "x509/der.h"
#include "x509/ip.h"

enum {
  COORDINATE = 32, /* of P-256 */
  SERIAL_SIZE = 16,
  COMMON_NAME_LIMIT = 64,
  DAY = 24 * 60 * 60,
  TAG_DNS = RFCTLS__DER_TAGGED | 2,
  TAG_IP = RFCTLS__DER_TAGGED | 7,
  EXPLICIT_0 = 0xa0,
  EXPLICIT_1 = 0xa1,
  EXPLICIT_3 = 0xa3
};

#define BYTES(text) ((rfctls__bytes){(const uint8_t *)(text), sizeof(text) - 1})

/* Whole elements. */
#define KEY_ALGORITHM \
  BYTES("\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07")
#define SIGNATURE_ALGORITHM BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02")
#define VERSION_3 BYTES("\xa0\x03\x02\x01\x02")
/* Basic constraints: no authority; key usage: signatures; extended usage: servers and clients. */
#define USAGES                                                                           \
  BYTES(                                                                                 \
      "\x30\x0c\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x02\x30\x00"                         \
      "\x30\x0e\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x07\x80"                 \
      "\x30\x1d\x06\x03\x55\x1d\x25\x04\x16\x30\x14\x06\x08\x2b\x06\x01\x05\x05\x07\x03" \
      "\x01\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02")

/* ---- the key ---- */

typedef struct pair {
  BCRYPT_ALG_HANDLE provider;
  BCRYPT_KEY_HANDLE key;
  struct {
    BCRYPT_ECCKEY_BLOB header;
    uint8_t x[COORDINATE], y[COORDINATE], secret[COORDINATE];
  } blob;
} pair;

static rfctls_status open_pair(pair *made) {
  ULONG size = 0;
  NTSTATUS code =
      BCryptOpenAlgorithmProvider(&made->provider, BCRYPT_ECDSA_P256_ALGORITHM, NULL, 0);
  if (code == 0) {
    code = BCryptGenerateKeyPair(made->provider, &made->key, 8 * COORDINATE, 0);
  }
  if (code == 0) {
    code = BCryptFinalizeKeyPair(made->key, 0);
  }
  if (code == 0) {
    code = BCryptExportKey(made->key, NULL, BCRYPT_ECCPRIVATE_BLOB, (UCHAR *)&made->blob,
                           sizeof made->blob, &size, 0);
  }
  return code == 0 ? RFCTLS_OK
                   : rfctls__schannel_fail(RFCTLS_E_UNSUPPORTED, code, "no P-256 key can be made");
}

static void close_pair(pair *made) {
  if (made->key != NULL) {
    (void)BCryptDestroyKey(made->key);
  }
  if (made->provider != NULL) {
    (void)BCryptCloseAlgorithmProvider(made->provider, 0);
  }
  rfctls__wipe(&made->blob, sizeof made->blob);
}

/* ---- writing: each appends one element, and passes a failure on ---- */

static void put_bytes(rfctls_status *status, rfctls__buffer *out, rfctls__bytes bytes) {
  if (*status == RFCTLS_OK) {
    *status = rfctls__buffer_append(out, bytes.data, bytes.size);
  }
}

static void put(rfctls_status *status, rfctls__buffer *out, int tag, rfctls__bytes content) {
  if (*status == RFCTLS_OK) {
    *status = rfctls__der_put(out, tag, content);
  }
}

static void put_number(rfctls_status *status, rfctls__buffer *out, rfctls__bytes magnitude) {
  if (*status == RFCTLS_OK) {
    *status = rfctls__der_put_number(out, magnitude);
  }
}

static void wrap(rfctls_status *status, rfctls__buffer *out, size_t offset, int tag) {
  if (*status == RFCTLS_OK) {
    *status = rfctls__der_wrap(out, offset, tag);
  }
}

/* An uncompressed point as BIT STRING. */
static void put_point(rfctls_status *status, rfctls__buffer *out, const pair *made) {
  size_t offset = rfctls__buffer_size(out);
  put_bytes(status, out, BYTES("\x00\x04"));
  put_bytes(status, out, (rfctls__bytes){made->blob.x, COORDINATE});
  put_bytes(status, out, (rfctls__bytes){made->blob.y, COORDINATE});
  wrap(status, out, offset, RFCTLS__DER_BITS);
}

static void put_pkcs8(rfctls_status *status, rfctls__buffer *out, const pair *made) {
  size_t offset = rfctls__buffer_size(out), inner, point;
  put_number(status, out, BYTES("\x00"));
  put_bytes(status, out, KEY_ALGORITHM);
  inner = rfctls__buffer_size(out);
  put_number(status, out, BYTES("\x01"));
  put(status, out, RFCTLS__DER_OCTETS, (rfctls__bytes){made->blob.secret, COORDINATE});
  point = rfctls__buffer_size(out);
  put_point(status, out, made);
  wrap(status, out, point, EXPLICIT_1);
  wrap(status, out, inner, RFCTLS__DER_SEQUENCE);
  wrap(status, out, inner, RFCTLS__DER_OCTETS);
  wrap(status, out, offset, RFCTLS__DER_SEQUENCE);
}

/* ---- the certificate ---- */

static rfctls__bytes text(const char *chars) {
  return (rfctls__bytes){(const uint8_t *)chars, strlen(chars)};
}

/* The subject is for people; what counts is the alternative name, which has no such limit. */
static void put_name(rfctls_status *status, rfctls__buffer *out, const char *name) {
  size_t offset = rfctls__buffer_size(out);
  put_bytes(status, out, BYTES("\x06\x03\x55\x04\x03"));
  put(status, out, RFCTLS__DER_UTF8,
      text(strlen(name) <= COMMON_NAME_LIMIT ? name : "throw-away identity"));
  wrap(status, out, offset, RFCTLS__DER_SEQUENCE);
  wrap(status, out, offset, RFCTLS__DER_SET);
  wrap(status, out, offset, RFCTLS__DER_SEQUENCE);
}

/* RFC 5280 section 4.1.2.5: from 2050 on with four digits of the year. */
static void put_date(rfctls_status *status, rfctls__buffer *out, time_t when) {
  struct tm date;
  char chars[32];
  if (gmtime_s(&date, &when) != 0) {
    *status = rfctls__fail(RFCTLS_E_INTERNAL, "the clock tells no date");
    return;
  }
  int whole = date.tm_year >= 150;
  (void)strftime(chars, sizeof chars, whole ? "%Y%m%d%H%M%SZ" : "%y%m%d%H%M%SZ", &date);
  put(status, out, whole ? RFCTLS__DER_TIME : RFCTLS__DER_UTC_TIME, text(chars));
}

static void put_validity(rfctls_status *status, rfctls__buffer *out) {
  size_t offset = rfctls__buffer_size(out);
  time_t now = time(NULL);
  put_date(status, out, now - DAY);
  put_date(status, out, now + 29 * DAY);
  wrap(status, out, offset, RFCTLS__DER_SEQUENCE);
}

static void put_alternative_name(rfctls_status *status, rfctls__buffer *out, const char *name) {
  uint8_t ip[RFCTLS__IPV6_SIZE];
  size_t ip_size = rfctls__ip_parse(name, ip), offset = rfctls__buffer_size(out), content;
  put_bytes(status, out, BYTES("\x06\x03\x55\x1d\x11"));
  content = rfctls__buffer_size(out);
  if (ip_size > 0) {
    put(status, out, TAG_IP, (rfctls__bytes){ip, ip_size});
  } else {
    put(status, out, TAG_DNS, text(name));
  }
  wrap(status, out, content, RFCTLS__DER_SEQUENCE);
  wrap(status, out, content, RFCTLS__DER_OCTETS);
  wrap(status, out, offset, RFCTLS__DER_SEQUENCE);
}

static void put_extensions(rfctls_status *status, rfctls__buffer *out, const char *name) {
  size_t offset = rfctls__buffer_size(out);
  put_alternative_name(status, out, name);
  put_bytes(status, out, USAGES);
  wrap(status, out, offset, RFCTLS__DER_SEQUENCE);
  wrap(status, out, offset, EXPLICIT_3);
}

static void put_public_key(rfctls_status *status, rfctls__buffer *out, const pair *made) {
  size_t offset = rfctls__buffer_size(out);
  put_bytes(status, out, KEY_ALGORITHM);
  put_point(status, out, made);
  wrap(status, out, offset, RFCTLS__DER_SEQUENCE);
}

static void put_signed(rfctls_status *status, rfctls__buffer *out, const char *name,
                       const pair *made) {
  uint8_t serial[SERIAL_SIZE];
  size_t offset = rfctls__buffer_size(out);
  *status = rfctls__crypto_random(serial, sizeof serial);
  serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40); /* positive, and of one length */
  put_bytes(status, out, VERSION_3);
  put_number(status, out, (rfctls__bytes){serial, sizeof serial});
  put_bytes(status, out, SIGNATURE_ALGORITHM);
  put_name(status, out, name);
  put_validity(status, out);
  put_name(status, out, name);
  put_public_key(status, out, made);
  put_extensions(status, out, name);
  wrap(status, out, offset, RFCTLS__DER_SEQUENCE);
}

/* r and s, as RFC 3279 section 2.2.3 wants them. */
static void put_signature(rfctls_status *status, rfctls__buffer *out, const uint8_t *numbers) {
  size_t offset = rfctls__buffer_size(out);
  put_bytes(status, out, BYTES("\x00"));
  size_t content = rfctls__buffer_size(out);
  put_number(status, out, (rfctls__bytes){numbers, COORDINATE});
  put_number(status, out, (rfctls__bytes){numbers + COORDINATE, COORDINATE});
  wrap(status, out, content, RFCTLS__DER_SEQUENCE);
  wrap(status, out, offset, RFCTLS__DER_BITS);
}

static rfctls_status sign(const pair *made, rfctls__bytes data, uint8_t numbers[2 * COORDINATE]) {
  uint8_t digest[RFCTLS__DIGEST_SIZE];
  ULONG size = 0;
  NTSTATUS code;
  rfctls_status status =
      rfctls__crypto_hash(BCRYPT_SHA256_ALGORITHM, NULL, data, digest, sizeof digest);
  if (status != RFCTLS_OK) {
    return status;
  }
  code = BCryptSignHash(made->key, NULL, digest, sizeof digest, numbers, 2 * COORDINATE, &size, 0);
  return code == 0
             ? RFCTLS_OK
             : rfctls__schannel_fail(RFCTLS_E_UNSUPPORTED, code, "no certificate can be signed");
}

static rfctls_status put_cert(rfctls__buffer *out, const char *name, const pair *made) {
  uint8_t numbers[2 * COORDINATE] = {0};
  size_t offset = rfctls__buffer_size(out);
  rfctls_status status = RFCTLS_OK;
  put_signed(&status, out, name, made);
  if (status == RFCTLS_OK) {
    rfctls__bytes all = rfctls__buffer_bytes(out);
    status = sign(made, (rfctls__bytes){all.data + offset, all.size - offset}, numbers);
  }
  put_bytes(&status, out, SIGNATURE_ALGORITHM);
  put_signature(&status, out, numbers);
  wrap(&status, out, offset, RFCTLS__DER_SEQUENCE);
  return status;
}

static rfctls_status append(rfctls__buffer *out, const rfctls__buffer *made) {
  rfctls__bytes bytes = rfctls__buffer_bytes(made);
  return rfctls__buffer_append(out, bytes.data, bytes.size);
}

rfctls_status rfctls__engine_make_identity(const char *name, rfctls__buffer *cert,
                                           rfctls__buffer *pkcs8) {
  pair made = {0};
  rfctls__buffer der = {NULL, 0, 0, 0}, key = {NULL, 0, 0, 0};
  uint8_t ip[RFCTLS__IPV6_SIZE];
  rfctls_status status;
  if (strchr(name, ':') != NULL && rfctls__ip_parse(name, ip) == 0) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "\"%s\" is neither a host name nor an IP address", name);
  }
  status = open_pair(&made);
  if (status == RFCTLS_OK) {
    status = put_cert(&der, name, &made);
  }
  put_pkcs8(&status, &key, &made);
  if (status == RFCTLS_OK) {
    status = append(cert, &der);
  }
  if (status == RFCTLS_OK) {
    status = append(pkcs8, &key);
  }
  close_pair(&made);
  rfctls__buffer_release(&der);
  rfctls__buffer_wipe(&key);
  return status;
}
