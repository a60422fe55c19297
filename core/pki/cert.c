/* One certificate: its DER, and what the engine's parser tells of it. */
#include "rfctls/cert.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/refcount.h"
#include "pki/pki.h"
#include "x509/ip.h"

struct rfctls_cert {
  rfctls__refcount refs;
  rfctls__buffer der;
  rfctls__description description;
  rfctls__list names; /* as text, each with its NUL: host names, then addresses */
  char fingerprint[2 * RFCTLS__DIGEST_SIZE + 1];
  unsigned distrusted; /* bits of rfctls__use */
};

static void destroy(rfctls_cert *cert) {
  rfctls__buffer_release(&cert->der);
  rfctls__description_release(&cert->description);
  rfctls__list_release(&cert->names);
  rfctls__free(cert);
}

/* ---- what is made for readers ---- */

static rfctls_status add_dns_name(rfctls__list *names, rfctls__bytes name) {
  rfctls_status status;
  rfctls__buffer text = {0};
  uint8_t *room;
  status = rfctls__buffer_reserve(&text, 3 * name.size + 1, &room);
  if (status == RFCTLS_OK) {
    char *end = (char *)room;
    for (size_t i = 0; i < name.size; i++) {
      uint8_t c = name.data[i];
      if (c > ' ' && c < 0x7f && c != '\\') {
        *end++ = (char)c;
      } else {
        end += snprintf(end, 4, "\\%02x", c); /* its NUL is written over, or the last one */
      }
    }
    *end = '\0';
    status = rfctls__list_add(names, room, (size_t)(end - (char *)room) + 1);
  }
  rfctls__buffer_release(&text);
  return status;
}

static rfctls_status add_ip_address(rfctls__list *names, rfctls__bytes address) {
  char text[RFCTLS__IP_ROOM];
  rfctls__ip_write(address.data, address.size, text);
  return rfctls__list_add(names, text, strlen(text) + 1);
}

static rfctls_status make_names(rfctls_cert *cert) {
  rfctls_status status = RFCTLS_OK;
  const rfctls__list *hosts = &cert->description.dns_names;
  const rfctls__list *addresses = &cert->description.ip_addresses;
  for (size_t i = 0; status == RFCTLS_OK && i < hosts->count; i++) {
    status = add_dns_name(&cert->names, rfctls__list_at(hosts, i));
  }
  for (size_t i = 0; status == RFCTLS_OK && i < addresses->count; i++) {
    status = add_ip_address(&cert->names, rfctls__list_at(addresses, i));
  }
  return status;
}

static rfctls_status make_fingerprint(rfctls_cert *cert) {
  uint8_t digest[RFCTLS__DIGEST_SIZE];
  rfctls_status status = rfctls__engine_linked.digest(rfctls__buffer_bytes(&cert->der), digest);
  for (size_t i = 0; status == RFCTLS_OK && i < sizeof digest; i++) {
    (void)snprintf(cert->fingerprint + 2 * i, 3, "%02x", digest[i]);
  }
  return status;
}

/* ---- life ---- */

rfctls_status rfctls__cert_new(rfctls__bytes der, unsigned distrusted, rfctls_cert **out) {
  rfctls_status status;
  rfctls_cert *cert = rfctls__alloc(sizeof *cert);
  if (cert == NULL) {
    return rfctls__fail_memory();
  }
  rfctls__refcount_init(&cert->refs);
  cert->distrusted = distrusted;
  status = rfctls__engine_linked.describe(der, &cert->description);
  if (status == RFCTLS_OK) {
    status = rfctls__buffer_append(&cert->der, der.data, der.size);
  }
  if (status == RFCTLS_OK) {
    status = make_names(cert);
  }
  if (status == RFCTLS_OK) {
    status = make_fingerprint(cert);
  }
  if (status != RFCTLS_OK) {
    destroy(cert);
    return status;
  }
  *out = cert;
  return RFCTLS_OK;
}

rfctls_cert *rfctls_cert_ref(rfctls_cert *cert) {
  if (cert != NULL) {
    rfctls__refcount_take(&cert->refs);
  }
  return cert;
}

void rfctls_cert_unref(rfctls_cert *cert) {
  if (cert != NULL && rfctls__refcount_drop(&cert->refs)) {
    destroy(cert);
  }
}

/* ---- reading ---- */

rfctls__bytes rfctls__cert_bytes(const rfctls_cert *cert) {
  return rfctls__buffer_bytes(&cert->der);
}

unsigned rfctls__cert_distrusted(const rfctls_cert *cert) {
  return cert->distrusted;
}

const void *rfctls_cert_der(const rfctls_cert *cert, size_t *size) {
  rfctls__bytes der = {NULL, 0};
  if (cert != NULL) {
    der = rfctls__cert_bytes(cert);
  }
  if (size != NULL) {
    *size = der.size;
  }
  return der.data;
}

const char *rfctls_cert_subject(const rfctls_cert *cert) {
  return cert != NULL ? cert->description.subject : NULL;
}

const char *rfctls_cert_issuer(const rfctls_cert *cert) {
  return cert != NULL ? cert->description.issuer : NULL;
}

int64_t rfctls_cert_not_before(const rfctls_cert *cert) {
  return cert != NULL ? cert->description.not_before : 0;
}

int64_t rfctls_cert_not_after(const rfctls_cert *cert) {
  return cert != NULL ? cert->description.not_after : 0;
}

const char *rfctls_cert_serial(const rfctls_cert *cert) {
  return cert != NULL ? cert->description.serial : NULL;
}

const char *rfctls_cert_fingerprint(const rfctls_cert *cert) {
  return cert != NULL ? cert->fingerprint : NULL;
}

size_t rfctls_cert_name_count(const rfctls_cert *cert) {
  return cert != NULL ? cert->names.count : 0;
}

rfctls_name_kind rfctls_cert_name_kind(const rfctls_cert *cert, size_t index) {
  if (index >= rfctls_cert_name_count(cert)) {
    return (rfctls_name_kind)0;
  }
  return index < cert->description.dns_names.count ? RFCTLS_NAME_DNS : RFCTLS_NAME_IP;
}

const char *rfctls_cert_name(const rfctls_cert *cert, size_t index) {
  return index < rfctls_cert_name_count(cert)
             ? (const char *)rfctls__list_at(&cert->names, index).data
             : NULL;
}

int rfctls_cert_matches_name(const rfctls_cert *cert, const char *name) {
  return cert != NULL && name != NULL &&
         rfctls__names_match(&cert->description.dns_names, &cert->description.ip_addresses, name);
}
