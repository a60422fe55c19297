/* PKCS#12: see pkcs12.h. */
#include "schannel/pkcs12.h"

#include "base/der.h"
#include "base/error.h"
#include "schannel/key.h"
#include "schannel/pbe.h"
#include "schannel/x509.h"

#define OID_DATA "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
#define OID_ENCRYPTED "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06"
#define OID_KEY_BAG "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01"
#define OID_SHROUDED_BAG "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02"
#define OID_CERT_BAG "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x03"
#define OID_X509 "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01"

enum { EXPLICIT_0 = 0xa0, IMPLICIT_0 = 0x80, VERSION = 3 };

typedef struct contents {
  const char *passphrase;
  rfctls__list certs; /* in any order */
  rfctls__buffer key; /* PKCS#8, or empty */
} contents;

static rfctls_status fail(void) {
  return rfctls__fail(RFCTLS_E_PARSE, "PKCS#12 cannot be read");
}

/* ---- bags ---- */

static rfctls_status add_cert(rfctls__bytes value, contents *out) {
  rfctls__bytes rest, oid, explicit, der;
  rfctls__x509 x509;
  rfctls_status status;
  if (!rfctls__der_only(value, RFCTLS__DER_SEQUENCE, &rest) ||
      !rfctls__der_take(&rest, RFCTLS__DER_OID, &oid) ||
      !rfctls__der_only(rest, EXPLICIT_0, &explicit) ||
      !rfctls__der_only(explicit, RFCTLS__DER_OCTETS, &der)) {
    return fail();
  }
  if (!RFCTLS__OID_IS(oid, OID_X509)) {
    return RFCTLS_OK;
  }
  status = rfctls__x509_read(der, &x509);
  return status == RFCTLS_OK ? rfctls__list_add(&out->certs, der.data, der.size) : status;
}

static rfctls_status add_shrouded(rfctls__bytes value, contents *out) {
  rfctls__buffer plain = {NULL, 0, 0, 0};
  rfctls_status status = rfctls__pkcs8_decrypt(value, out->passphrase, &plain);
  if (status == RFCTLS_OK) {
    status = rfctls__pkcs8_put(rfctls__buffer_bytes(&plain), &out->key);
  }
  rfctls__buffer_wipe(&plain);
  return status;
}

/* Attributes (friendly names, key identifiers) tell us nothing: which certificate is the key's is seen by
 * comparing. Of several keys the first one counts. */
static rfctls_status add_bag(rfctls__bytes bag, contents *out) {
  rfctls__bytes oid, value;
  if (!rfctls__der_take(&bag, RFCTLS__DER_OID, &oid) ||
      !rfctls__der_take(&bag, EXPLICIT_0, &value)) {
    return fail();
  }
  if (RFCTLS__OID_IS(oid, OID_CERT_BAG)) {
    return add_cert(value, out);
  }
  if (rfctls__buffer_size(&out->key) > 0) {
    return RFCTLS_OK;
  }
  if (RFCTLS__OID_IS(oid, OID_KEY_BAG)) {
    return rfctls__pkcs8_put(value, &out->key);
  }
  return RFCTLS__OID_IS(oid, OID_SHROUDED_BAG) ? add_shrouded(value, out) : RFCTLS_OK;
}

static rfctls_status add_bags(rfctls__bytes safe, contents *out) {
  rfctls__bytes bags, bag;
  rfctls_status status = RFCTLS_OK;
  if (!rfctls__der_only(safe, RFCTLS__DER_SEQUENCE, &bags)) {
    return fail();
  }
  while (status == RFCTLS_OK && bags.size > 0) {
    status = rfctls__der_take(&bags, RFCTLS__DER_SEQUENCE, &bag) ? add_bag(bag, out) : fail();
  }
  return status;
}

/* ---- safes ---- */

/* EncryptedData (RFC 5652 section 8) of data. */
static rfctls_status add_encrypted(rfctls__bytes value, contents *out) {
  rfctls__bytes rest, version, info, oid, algorithm, sealed;
  rfctls__buffer plain = {NULL, 0, 0, 0};
  rfctls_status status;
  if (!rfctls__der_only(value, RFCTLS__DER_SEQUENCE, &rest) ||
      !rfctls__der_take(&rest, RFCTLS__DER_INTEGER, &version) ||
      !rfctls__der_take(&rest, RFCTLS__DER_SEQUENCE, &info) ||
      !rfctls__der_take(&info, RFCTLS__DER_OID, &oid) ||
      !rfctls__der_take(&info, RFCTLS__DER_SEQUENCE, &algorithm) ||
      !rfctls__der_only(info, IMPLICIT_0, &sealed)) {
    return fail();
  }
  status = rfctls__pbe_decrypt(algorithm, out->passphrase, sealed, &plain);
  if (status == RFCTLS_OK) {
    status = add_bags(rfctls__buffer_bytes(&plain), out);
  }
  rfctls__buffer_wipe(&plain);
  return status;
}

static rfctls_status add_safe(rfctls__bytes info, contents *out) {
  rfctls__bytes oid, value, octets;
  if (!rfctls__der_take(&info, RFCTLS__DER_OID, &oid) ||
      !rfctls__der_only(info, EXPLICIT_0, &value)) {
    return fail();
  }
  if (RFCTLS__OID_IS(oid, OID_ENCRYPTED)) {
    return add_encrypted(value, out);
  }
  if (!RFCTLS__OID_IS(oid, OID_DATA)) {
    return rfctls__fail(RFCTLS_E_UNSUPPORTED,
                        "PKCS#12 has a part that is protected by a public key");
  }
  return rfctls__der_only(value, RFCTLS__DER_OCTETS, &octets) ? add_bags(octets, out) : fail();
}

static rfctls_status add_safes(rfctls__bytes authentic, contents *out) {
  rfctls__bytes safes, info;
  rfctls_status status = RFCTLS_OK;
  if (!rfctls__der_only(authentic, RFCTLS__DER_SEQUENCE, &safes)) {
    return fail();
  }
  while (status == RFCTLS_OK && safes.size > 0) {
    status = rfctls__der_take(&safes, RFCTLS__DER_SEQUENCE, &info) ? add_safe(info, out) : fail();
  }
  return status;
}

/* ---- the whole ---- */

typedef struct package {
  rfctls__bytes authentic; /* AuthenticatedSafe, whole */
  rfctls__bytes mac;       /* MacData's content; empty: none */
} package;

static int read_package(rfctls__bytes data, package *out) {
  rfctls__bytes rest, version, info, oid, explicit;
  out->mac = (rfctls__bytes){NULL, 0};
  if (!rfctls__der_only(data, RFCTLS__DER_SEQUENCE, &rest) ||
      !rfctls__der_take(&rest, RFCTLS__DER_INTEGER, &version) || version.size != 1 ||
      version.data[0] != VERSION || !rfctls__der_take(&rest, RFCTLS__DER_SEQUENCE, &info) ||
      !rfctls__der_take(&info, RFCTLS__DER_OID, &oid) || !RFCTLS__OID_IS(oid, OID_DATA) ||
      !rfctls__der_only(info, EXPLICIT_0, &explicit) ||
      !rfctls__der_only(explicit, RFCTLS__DER_OCTETS, &out->authentic)) {
    return 0;
  }
  return rest.size == 0 || rfctls__der_only(rest, RFCTLS__DER_SEQUENCE, &out->mac);
}

/* Where there is no passphrase, makers disagree whether it is an empty text or no text at all. */
static rfctls_status check_mac(const package *whole, const char *passphrase) {
  int empty = passphrase == NULL || *passphrase == '\0';
  rfctls_status status;
  if (whole->mac.size == 0) {
    return RFCTLS_OK;
  }
  status = rfctls__pbe_check_mac(whole->mac, empty ? "" : passphrase, whole->authentic);
  if (status == RFCTLS_E_PARSE && empty) {
    status = rfctls__pbe_check_mac(whole->mac, NULL, whole->authentic);
  }
  if (status == RFCTLS_OK) {
    rfctls__error_clear();
  } else if (status == RFCTLS_E_PARSE && passphrase == NULL) {
    status = rfctls__fail(RFCTLS_E_PARSE, "PKCS#12 is encrypted and its passphrase is missing");
  }
  return status;
}

/* ---- the order of a chain ---- */

static int is_of_key(rfctls__bytes cert, rfctls__bytes pkcs8) {
  int fits = pkcs8.size > 0 && rfctls__schannel_check_key(cert, pkcs8) == RFCTLS_OK;
  rfctls__error_clear();
  return fits;
}

static int is_issuer_of(rfctls__bytes issuer, rfctls__bytes cert) {
  rfctls__x509 above, below;
  return rfctls__x509_read(issuer, &above) == RFCTLS_OK &&
         rfctls__x509_read(cert, &below) == RFCTLS_OK &&
         rfctls__bytes_equal(above.subject, below.issuer);
}

static void swap(rfctls__list *list, size_t a, size_t b) {
  rfctls__buffer other = list->items[a];
  list->items[a] = list->items[b];
  list->items[b] = other;
}

/* The key's certificate first, each issuer behind what it issued, as TLS 1.2 sends it. What issued none
 * of them goes to the end. */
static void sort(rfctls__list *certs, rfctls__bytes pkcs8) {
  size_t at = 0;
  while (at < certs->count && !is_of_key(rfctls__list_at(certs, at), pkcs8)) {
    at++;
  }
  for (size_t next = 0; at < certs->count; next++) {
    swap(certs, at, next);
    at = next + 1;
    while (at < certs->count &&
           !is_issuer_of(rfctls__list_at(certs, at), rfctls__list_at(certs, next))) {
      at++;
    }
  }
}

rfctls_status rfctls__schannel_open_pkcs12(rfctls__bytes data, const char *passphrase,
                                           rfctls__list *chain, rfctls__buffer *pkcs8) {
  contents found = {passphrase != NULL ? passphrase : "", {NULL, 0}, {NULL, 0, 0, 0}};
  package whole;
  rfctls__bytes key;
  rfctls_status status = read_package(data, &whole) ? check_mac(&whole, passphrase) : fail();
  if (status == RFCTLS_OK) {
    status = add_safes(whole.authentic, &found);
  }
  key = rfctls__buffer_bytes(&found.key);
  if (status == RFCTLS_OK) {
    sort(&found.certs, key);
    status = rfctls__buffer_append(pkcs8, key.data, key.size);
  }
  if (status == RFCTLS_OK) {
    *chain = found.certs;
  } else {
    rfctls__list_release(&found.certs);
  }
  rfctls__buffer_wipe(&found.key);
  return status;
}
