/* Reading certificates and keys of every form: see bag.h. */
#include "pki/bag.h"

#include "base/error.h"
#include "base/file.h"
#include "pki/pem.h"
#include "pki/pki.h"
#include "pki/uses.h"
#include "x509/ber.h"

/* ---- PEM ---- */

static rfctls_status add_decoded(rfctls__bytes der, rfctls__pem_kind kind, rfctls__bag *bag) {
  rfctls__bag_item *item;
  rfctls__bytes cert = der;
  unsigned distrusted = 0;
  rfctls_status status = RFCTLS_OK;
  if (kind == RFCTLS__PEM_PKCS7) {
    return rfctls__pkcs7_read(der, bag);
  }
  if (kind == RFCTLS__PEM_TRUSTED) {
    status = rfctls__uses_split(der, &cert, &distrusted);
  }
  return status == RFCTLS_OK ? rfctls__bag_add_cert(bag, cert, distrusted, &item) : status;
}

static rfctls_status add_block(const rfctls__pem_block *block, rfctls__pem_kind kind, size_t line,
                               rfctls__bag *bag) {
  rfctls__buffer der = {NULL, 0, 0, 0};
  rfctls__bag_item *item;
  rfctls_status status;
  if (kind == RFCTLS__PEM_KEY) { /* only who wants it needs to be able to read it */
    status = rfctls__bag_add_key(bag, block->text, &item);
    if (status == RFCTLS_OK) {
      item->line = line;
    }
    return status;
  }
  status = rfctls__pem_decode(block, &der);
  if (status == RFCTLS_OK) {
    status = add_decoded(rfctls__buffer_bytes(&der), kind, bag);
  }
  rfctls__buffer_release(&der);
  return status;
}

static rfctls_status read_text(rfctls__bytes text, rfctls__bag *bag) {
  static const unsigned wanted =
      RFCTLS__PEM_CERT | RFCTLS__PEM_TRUSTED | RFCTLS__PEM_PKCS7 | RFCTLS__PEM_KEY;
  rfctls__pem_block block;
  rfctls__pem_kind kind;
  rfctls__bytes ahead = text; /* from the last block on, so that no line is counted twice */
  size_t offset = 0, certs = 0, line = 1;
  for (;;) {
    rfctls_status status = rfctls__pem_find(text, &offset, wanted, &block, &kind);
    if (status != RFCTLS_OK || block.text.size == 0) {
      return status;
    }
    line += rfctls__pem_line(ahead, block.text.data) - 1;
    ahead.data = block.text.data;
    certs += kind != RFCTLS__PEM_KEY;
    status = add_block(&block, kind, line, bag);
    if (status != RFCTLS_OK) {
      return rfctls__fail_in("certificate %zu, on line %zu", certs, line);
    }
  }
}

/* ---- DER ---- */

/* What is first in a SEQUENCE, and the tag of what is second. 0: there is less. */
static int look_inside(rfctls__bytes der, rfctls__der *first, uint8_t *second) {
  rfctls__bytes inside;
  rfctls__der item;
  if (!rfctls__der_only(der, RFCTLS__DER_SEQUENCE, &inside) || !rfctls__der_next(&inside, first) ||
      !rfctls__der_next(&inside, &item)) {
    return 0;
  }
  *second = item.tag;
  return 1;
}

/* PKCS#7 begins with the type of its content, PKCS#12 with version 3, keys with a lower one or,
 * encrypted, with an algorithm and octets. Whatever else there is can only be a certificate. */
static rfctls_status read_der(rfctls__bytes data, rfctls__bytes der, rfctls__bag *bag) {
  rfctls__bag_item *item;
  rfctls__der first;
  uint8_t second = 0;
  if (!look_inside(der, &first, &second)) {
    return rfctls__fail(RFCTLS_E_PARSE, "neither a certificate nor a key, nor a store of them");
  }
  if (first.tag == RFCTLS__DER_OID) {
    return rfctls__pkcs7_read(der, bag);
  }
  if (first.tag == RFCTLS__DER_INTEGER && second == RFCTLS__DER_SEQUENCE &&
      RFCTLS__OID_IS(first.content, "\x03")) {
    return rfctls__pkcs12_read(der, bag);
  }
  return first.tag == RFCTLS__DER_INTEGER || second == RFCTLS__DER_OCTETS
             ? rfctls__bag_add_key(bag, data, &item)
             : rfctls__bag_add_cert(bag, data, 0, &item);
}

static rfctls_status read_binary(rfctls__bytes data, rfctls__bag *bag) {
  rfctls__buffer der = {NULL, 0, 0, 0};
  rfctls_status status = rfctls__ber_to_der(data, &der);
  if (status == RFCTLS_OK) {
    status = read_der(data, rfctls__buffer_bytes(&der), bag);
  } else if (status == RFCTLS_E_PARSE) {
    status = rfctls__fail(RFCTLS_E_PARSE, "neither PEM text nor whole in DER");
  }
  rfctls__buffer_wipe(&der);
  return status;
}

/* ---- both ---- */

static rfctls_status read(rfctls__bytes data, rfctls__bag *bag) {
  int text = 0;
  rfctls_status status = rfctls__pem_tell(&data, &text);
  if (status != RFCTLS_OK) {
    return status;
  }
  return text ? read_text(data, bag) : read_binary(data, bag);
}

rfctls_status rfctls__bag_read(const void *data, size_t size, const char *passphrase,
                               rfctls__bag *bag) {
  rfctls__bytes given;
  rfctls_status status = rfctls__bytes_given(data, size, &given);
  bag->passphrase = passphrase;
  return status == RFCTLS_OK ? read(given, bag) : status;
}

rfctls_status rfctls__bag_read_file(const char *path, const char *passphrase, rfctls__bag *bag) {
  rfctls__buffer file = {NULL, 0, 0, 0};
  rfctls_status status =
      path != NULL ? rfctls__file_read(path, &file) : rfctls__fail(RFCTLS_E_ARGUMENT, "no path");
  bag->passphrase = passphrase;
  if (status == RFCTLS_OK) {
    bag->path = path;
    status = read(rfctls__buffer_bytes(&file), bag);
  }
  rfctls__buffer_wipe(&file); /* it may hold a key */
  return status;
}
