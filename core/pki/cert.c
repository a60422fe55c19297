/* One certificate: its DER, and what the engine's parser tells of it. */
#include "rfctls/cert.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/refcount.h"
#include "pki/pki.h"

struct rfctls_cert {
  rfctls__refcount refs;
  rfctls__buffer der;
  rfctls__description description;
};

static void destroy(rfctls_cert *cert) {
  rfctls__buffer_release(&cert->der);
  rfctls__free(cert->description.subject);
  rfctls__free(cert->description.issuer);
  rfctls__free(cert);
}

rfctls_status rfctls__cert_new(rfctls__bytes der, rfctls_cert **out) {
  rfctls_status status;
  rfctls_cert *cert = rfctls__alloc(sizeof *cert);
  if (cert == NULL) {
    return rfctls__fail_memory();
  }
  rfctls__refcount_init(&cert->refs);
  status = rfctls__engine_linked.describe(der, &cert->description);
  if (status == RFCTLS_OK) {
    status = rfctls__buffer_append(&cert->der, der.data, der.size);
  }
  if (status != RFCTLS_OK) {
    destroy(cert);
    return status;
  }
  *out = cert;
  return RFCTLS_OK;
}

rfctls_status rfctls_cert_from_der(const void *data, size_t size, rfctls_cert **out) {
  rfctls_status status;
  rfctls__bytes der;
  rfctls__enter(__func__);
  if (out == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no place for the certificate");
  }
  *out = NULL;
  status = rfctls__bytes_given(data, size, &der);
  return status == RFCTLS_OK ? rfctls__cert_new(der, out) : status;
}

rfctls_status rfctls__cert_from_block(const rfctls__pem_block *block, rfctls_cert **out) {
  rfctls__buffer der = {0};
  rfctls_status status = rfctls__pem_decode(block, &der);
  if (status == RFCTLS_OK) {
    status = rfctls__cert_new(rfctls__buffer_bytes(&der), out);
  }
  rfctls__buffer_release(&der);
  return status;
}

rfctls_status rfctls_cert_from_pem(const void *data, size_t size, rfctls_cert **out) {
  rfctls_status status;
  rfctls__bytes text;
  rfctls__pem_block block;
  size_t offset = 0;
  rfctls__enter(__func__);
  if (out == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no place for the certificate");
  }
  *out = NULL;
  status = rfctls__bytes_given(data, size, &text);
  if (status == RFCTLS_OK) {
    status = rfctls__pem_find(text, &offset, rfctls__pem_is_certificate, &block);
  }
  if (status != RFCTLS_OK) {
    return status;
  }
  if (block.text.size == 0) {
    return rfctls__fail(RFCTLS_E_PARSE, "no PEM block CERTIFICATE in the text");
  }
  return rfctls__cert_from_block(&block, out);
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

rfctls__bytes rfctls__cert_bytes(const rfctls_cert *cert) {
  return rfctls__buffer_bytes(&cert->der);
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
