/* One private key: its PKCS#8, wiped with the last reference. */
#include "rfctls/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/refcount.h"
#include "pki/bag.h"
#include "pki/pbe.h"
#include "pki/pem.h"
#include "pki/pki.h"
#include "x509/der.h"

struct rfctls_key {
  rfctls__refcount refs;
  rfctls__buffer pkcs8;
  uint64_t fits; /* atomic: mark of the certificate that it was last found to fit, or 0 */
};

rfctls_status rfctls__key_new(rfctls__buffer *pkcs8, rfctls_key **out) {
  rfctls_key *key = rfctls__alloc(sizeof *key);
  if (key == NULL) {
    return rfctls__fail_memory();
  }
  rfctls__refcount_init(&key->refs);
  key->pkcs8 = *pkcs8;
  *pkcs8 = (rfctls__buffer){0};
  *out = key;
  return RFCTLS_OK;
}

rfctls_key *rfctls_key_ref(rfctls_key *key) {
  if (key != NULL) {
    rfctls__refcount_take(&key->refs);
  }
  return key;
}

void rfctls_key_unref(rfctls_key *key) {
  if (key != NULL && rfctls__refcount_drop(&key->refs)) {
    rfctls__buffer_wipe(&key->pkcs8);
    rfctls__free(key);
  }
}

rfctls__bytes rfctls__key_bytes(const rfctls_key *key) {
  return rfctls__buffer_bytes(&key->pkcs8);
}

/* 64 bits of its fingerprint: what one who wants them equal would gain, using a key with another's
 * certificate, the engine refuses later. */
static uint64_t mark_of(const rfctls_cert *cert) {
  char digits[17] = {0};
  memcpy(digits, rfctls_cert_fingerprint(cert), sizeof digits - 1);
  return strtoull(digits, NULL, 16) | 1;
}

/* Remembered, for the check costs more than a handshake, and a program may make a config a connection. */
rfctls_status rfctls__key_check(const rfctls_key *key, const rfctls_cert *cert) {
  uint64_t *fits = &((rfctls_key *)key)->fits, mark = mark_of(cert);
  rfctls_status status = RFCTLS_OK;
  if (__atomic_load_n(fits, __ATOMIC_RELAXED) != mark) {
    status = rfctls__engine_linked.check_key(rfctls__cert_bytes(cert), rfctls__key_bytes(key));
  }
  if (status == RFCTLS_OK) {
    __atomic_store_n(fits, mark, __ATOMIC_RELAXED);
  }
  return status;
}

/* ---- reading one ---- */

static rfctls_status from_plain(rfctls__bytes encoded, const char *passphrase, rfctls_key **out) {
  rfctls__buffer pkcs8 = {0};
  rfctls_status status = rfctls__engine_linked.read_key(encoded, passphrase, &pkcs8);
  if (status == RFCTLS_OK) {
    status = rfctls__key_new(&pkcs8, out);
  }
  rfctls__buffer_wipe(&pkcs8);
  return status;
}

/* EncryptedPrivateKeyInfo (RFC 5208 section 6) is known by having an algorithm first. */
static rfctls_status from_der(rfctls__bytes der, const char *passphrase, rfctls_key **out) {
  rfctls__bytes rest, octets;
  rfctls__der algorithm;
  rfctls__buffer plain = {0};
  rfctls_status status;
  if (!rfctls__der_only(der, RFCTLS__DER_SEQUENCE, &rest) || !rfctls__der_next(&rest, &algorithm) ||
      algorithm.tag != RFCTLS__DER_SEQUENCE ||
      !rfctls__der_only(rest, RFCTLS__DER_OCTETS, &octets)) {
    return from_plain(der, NULL, out);
  }
  status = rfctls__pbe_open("private key", algorithm.whole, passphrase, octets, &plain);
  if (status == RFCTLS_OK) {
    status = from_plain(rfctls__buffer_bytes(&plain), NULL, out);
  }
  rfctls__buffer_wipe(&plain);
  return status;
}

/* What is not DER inside (it has the headers of RFC 1421) goes to the engine as it stands. */
static rfctls_status from_text(rfctls__bytes text, const char *passphrase, rfctls_key **out) {
  rfctls__pem_block block;
  size_t offset = 0;
  rfctls__buffer der = {0};
  rfctls_status status = rfctls__pem_next(text, &offset, &block);
  if (status == RFCTLS_OK && rfctls__pem_has_headers(&block)) {
    return from_plain(block.text, passphrase, out);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__pem_decode(&block, &der);
  }
  if (status == RFCTLS_OK) {
    status = from_der(rfctls__buffer_bytes(&der), passphrase, out);
  }
  rfctls__buffer_wipe(&der);
  return status;
}

rfctls_status rfctls__key_from_item(const rfctls__bag *bag, const rfctls__bag_item *item,
                                    rfctls_key **out) {
  rfctls__bytes encoded = rfctls__buffer_bytes(&item->key);
  rfctls_status status;
  if (item->line == 0) {
    return from_der(encoded, bag->passphrase, out);
  }
  status = from_text(encoded, bag->passphrase, out);
  return status == RFCTLS_OK ? RFCTLS_OK : rfctls__fail_in("private key on line %zu", item->line);
}

/* ---- choosing one ---- */

/* The next of a key's names behind *at, which moves: its own, and its certificate's, for which
 * Windows has another one. NULL: it has no more. */
static const char *next_alias(const rfctls__bag *bag, const rfctls__bag_item *key, size_t *at) {
  rfctls__bytes link = rfctls__buffer_bytes(&key->link);
  for (; *at < bag->count; (*at)++) {
    const rfctls__bag_item *each = &bag->items[*at];
    int same = each == key || (each->cert != NULL && link.size > 0 &&
                               rfctls__bytes_equal(link, rfctls__buffer_bytes(&each->link)));
    if (same && each->alias != NULL) {
      (*at)++;
      return each->alias;
    }
  }
  return NULL;
}

static int has_alias(const rfctls__bag *bag, const rfctls__bag_item *key, const char *alias) {
  size_t at = 0;
  const char *found = next_alias(bag, key, &at);
  while (found != NULL && strcmp(found, alias) != 0) {
    found = next_alias(bag, key, &at);
  }
  return found != NULL;
}

/* For a message: the name of each key, the first that it has. */
static void list_aliases(const rfctls__bag *bag, char *out, size_t size) {
  size_t used = 0;
  out[0] = '\0';
  for (size_t i = 0; i < bag->count; i++) {
    size_t at = 0;
    const char *alias = bag->items[i].cert == NULL ? next_alias(bag, &bag->items[i], &at) : NULL;
    if (alias != NULL && used < size) {
      int more = snprintf(out + used, size - used, "%s\"%s\"", used > 0 ? ", " : "", alias);
      used += more > 0 ? (size_t)more : 0;
    }
  }
}

static rfctls_status fail_choice(const rfctls__bag *bag, const char *alias, size_t keys) {
  char list[RFCTLS__MESSAGE_SIZE];
  list_aliases(bag, list, sizeof list);
  if (alias != NULL) {
    return rfctls__fail(RFCTLS_E_IDENTITY, "no private key has the alias \"%s\"; those in it: %s",
                        alias, list[0] != '\0' ? list : "none");
  }
  return rfctls__fail(RFCTLS_E_IDENTITY, "%zu private keys are in it: choose one by its alias, %s",
                      keys, list);
}

rfctls_status rfctls__key_choose(const rfctls__bag *bag, const char *alias,
                                 const rfctls__bag_item **out) {
  size_t keys = 0;
  for (size_t i = bag->count; i-- > 0;) {
    const rfctls__bag_item *each = &bag->items[i];
    if (each->cert == NULL) {
      keys++;
      *out = alias == NULL || has_alias(bag, each, alias) ? each : *out;
    }
  }
  return (alias != NULL && *out == NULL) || (alias == NULL && bag->unordered && keys > 1)
             ? fail_choice(bag, alias, keys)
             : RFCTLS_OK;
}

/* ---- loading ---- */

/* Ends with the bag, too. */
static rfctls_status from_bag(rfctls_status status, rfctls__bag *bag, rfctls_key **out) {
  const rfctls__bag_item *item = NULL;
  if (status == RFCTLS_OK) {
    status = rfctls__key_choose(bag, NULL, &item);
  }
  if (status == RFCTLS_OK) {
    status = item != NULL ? rfctls__key_from_item(bag, item, out)
                          : rfctls__fail(RFCTLS_E_PARSE, "no private key is in it");
  }
  return rfctls__bag_close(bag, status);
}

rfctls_status rfctls_key_load(const void *data, size_t size, const char *passphrase,
                              rfctls_key **out) {
  rfctls__bag bag = {0};
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__output(out, sizeof *out, "the key");
  if (status == RFCTLS_OK) {
    status = from_bag(rfctls__bag_read(data, size, passphrase, &bag), &bag, out);
  }
  return status;
}

rfctls_status rfctls_key_from_file(const char *path, const char *passphrase, rfctls_key **out) {
  rfctls__bag bag = {0};
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__output(out, sizeof *out, "the key");
  if (status == RFCTLS_OK) {
    status = from_bag(rfctls__bag_read_file(path, passphrase, &bag), &bag, out);
  }
  return status;
}
