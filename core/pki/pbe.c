/* What a passphrase protects: see pbe.h. */
#include "pki/pbe.h"

#include <string.h>

#include "base/error.h"
#include "x509/ber.h"

enum { MOST_TRIALS = 2, COST_LIMIT = 10000000 };

/* What a passphrase may have been to who protected something by it. */
typedef struct trials {
  const char
      *texts[MOST_TRIALS]; /* NULL: no text, which to PKCS#12 is another one than an empty one */
  size_t count;
  rfctls__buffer own;
} trials;

static int is_ascii(const char *text) {
  while (*text != '\0' && (uint8_t)*text < 0x80) {
    text++;
  }
  return *text == '\0';
}

/* Some took each byte of UTF-8 for a character (OpenSSL did before 1.1). */
static rfctls_status put_bytewise(const char *text, rfctls__buffer *out) {
  uint8_t *room;
  size_t size = strlen(text), used = 0;
  rfctls_status status = rfctls__buffer_reserve(out, 2 * size + 1, &room);
  for (size_t i = 0; status == RFCTLS_OK && i <= size; i++) {
    uint8_t c = (uint8_t)text[i];
    if (c >= 0x80) {
      room[used++] = (uint8_t)(0xc0 | c >> 6);
      c = (uint8_t)(0x80 | (c & 0x3f));
    }
    room[used++] = c;
  }
  if (status == RFCTLS_OK) {
    rfctls__buffer_commit(out, used);
  }
  return status;
}

static rfctls_status list_trials(const char *passphrase, trials *out) {
  rfctls_status status = RFCTLS_OK;
  *out = (trials){{passphrase != NULL ? passphrase : "", NULL}, 1, {NULL, 0, 0, 0}};
  if (*out->texts[0] == '\0') {
    out->count = 2;
  } else if (!is_ascii(passphrase)) {
    status = put_bytewise(passphrase, &out->own);
    out->texts[1] = (const char *)rfctls__buffer_bytes(&out->own).data;
    out->count = 2;
  }
  return status;
}

/* The verdict on the last trial. */
static rfctls_status finish(const char *what, const char *passphrase, rfctls_status status,
                            trials *used) {
  rfctls__buffer_wipe(&used->own);
  if (status == RFCTLS_OK) {
    rfctls__error_clear(); /* of trials that failed */
  } else if (status == RFCTLS_E_PARSE) {
    return passphrase == NULL
               ? rfctls__fail(RFCTLS_E_PARSE, "%s is encrypted and its passphrase is missing", what)
               : rfctls__fail(RFCTLS_E_PARSE, "passphrase of the %s is wrong, or it is damaged",
                              what);
  }
  return status;
}

/* ---- how much work is asked for ---- */

static int is_large(rfctls__bytes number) {
  uint64_t value = 0;
  for (size_t i = 0; i < number.size && value <= COST_LIMIT; i++) {
    value = value << 8 | number.data[i];
  }
  return value > COST_LIMIT;
}

/* Of so many iterations only an attacker makes more. They are the only large number that an
 * algorithm has. */
static int is_costly(rfctls__bytes algorithm, int depth) {
  rfctls__der item;
  while (rfctls__der_next(&algorithm, &item)) {
    if (item.tag == RFCTLS__DER_INTEGER
            ? is_large(item.content)
            : item.tag == RFCTLS__DER_SEQUENCE && depth < 8 && is_costly(item.content, depth + 1)) {
      return 1;
    }
  }
  return 0;
}

static rfctls_status check_cost(const char *what, int costly) {
  return costly ? rfctls__fail(RFCTLS_E_UNSUPPORTED, "%s asks for more than %d iterations", what,
                               COST_LIMIT)
                : RFCTLS_OK;
}

/* ---- decrypting ---- */

static rfctls_status open_once(rfctls__bytes algorithm, const char *text, rfctls__bytes data,
                               rfctls__buffer *out) {
  rfctls__buffer plain = {NULL, 0, 0, 0};
  rfctls__bytes inside;
  rfctls_status status = rfctls__engine_linked.pbe_decrypt(algorithm, text, data, &plain);
  if (status == RFCTLS_OK) {
    status = rfctls__ber_to_der(rfctls__buffer_bytes(&plain), out);
  }
  if (status == RFCTLS_OK &&
      !rfctls__der_only(rfctls__buffer_bytes(out), RFCTLS__DER_SEQUENCE, &inside)) {
    status = RFCTLS_E_PARSE;
  }
  if (status != RFCTLS_OK) {
    rfctls__buffer_wipe(out);
  }
  rfctls__buffer_wipe(&plain);
  return status;
}

rfctls_status rfctls__pbe_open(const char *what, rfctls__bytes algorithm, const char *passphrase,
                               rfctls__bytes data, rfctls__buffer *out) {
  trials all;
  rfctls_status status = check_cost(what, is_costly(algorithm, 0));
  if (status == RFCTLS_OK) {
    status = list_trials(passphrase, &all);
  }
  if (status != RFCTLS_OK) {
    return status;
  }
  status = RFCTLS_E_PARSE;
  for (size_t i = 0; status == RFCTLS_E_PARSE && i < all.count; i++) {
    status = open_once(algorithm, all.texts[i], data, out);
  }
  return finish(what, passphrase, status, &all);
}

rfctls_status rfctls__pbe_check(const char *what, const rfctls__mac *mac, const char *passphrase,
                                rfctls__bytes data) {
  trials all;
  rfctls_status status =
      check_cost(what, mac->iterations > COST_LIMIT || is_costly(mac->algorithm, 0));
  if (status == RFCTLS_OK) {
    status = list_trials(passphrase, &all);
  }
  if (status != RFCTLS_OK) {
    return status;
  }
  status = RFCTLS_E_PARSE;
  for (size_t i = 0; status == RFCTLS_E_PARSE && i < all.count; i++) {
    status = rfctls__engine_linked.pbe_check(mac, all.texts[i], data);
  }
  return finish(what, passphrase, status, &all);
}
