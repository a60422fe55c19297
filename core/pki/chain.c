/* A list of certificates that may grow until it is in use. */
#include "rfctls/chain.h"

#include "base/error.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/refcount.h"
#include "pki/pki.h"

struct rfctls_chain {
  rfctls__refcount refs;
  rfctls__lock lock; /* for what follows; certificates are only ever appended */
  rfctls_cert **certs;
  size_t count;
  size_t capacity;
  int frozen;
};

rfctls_status rfctls__chain_new(rfctls_chain **out) {
  rfctls_chain *chain = rfctls__alloc(sizeof *chain);
  if (chain == NULL) {
    return rfctls__fail_memory();
  }
  rfctls__refcount_init(&chain->refs);
  rfctls__lock_init(&chain->lock);
  *out = chain;
  return RFCTLS_OK;
}

rfctls_status rfctls_chain_new(rfctls_chain **out) {
  rfctls__enter(__func__);
  if (out == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no place for the chain");
  }
  *out = NULL;
  return rfctls__chain_new(out);
}

rfctls_chain *rfctls_chain_ref(rfctls_chain *chain) {
  if (chain != NULL) {
    rfctls__refcount_take(&chain->refs);
  }
  return chain;
}

void rfctls_chain_unref(rfctls_chain *chain) {
  if (chain == NULL || !rfctls__refcount_drop(&chain->refs)) {
    return;
  }
  for (size_t i = 0; i < chain->count; i++) {
    rfctls_cert_unref(chain->certs[i]);
  }
  rfctls__free(chain->certs);
  rfctls__lock_fini(&chain->lock);
  rfctls__free(chain);
}

/* ---- growing ---- */

static rfctls_status make_room(rfctls_chain *chain) {
  size_t capacity = chain->capacity == 0 ? 4 : 2 * chain->capacity;
  rfctls_cert **certs;
  if (chain->count < chain->capacity) {
    return RFCTLS_OK;
  }
  certs = rfctls__realloc(chain->certs, capacity * sizeof *certs);
  if (certs == NULL) {
    return rfctls__fail_memory();
  }
  chain->certs = certs;
  chain->capacity = capacity;
  return RFCTLS_OK;
}

static rfctls_status append(rfctls_chain *chain, rfctls_cert *cert) {
  rfctls_status status;
  rfctls__lock_take(&chain->lock);
  status = chain->frozen ? rfctls__fail(RFCTLS_E_STATE, "the chain is in use: it cannot grow")
                         : make_room(chain);
  if (status == RFCTLS_OK) {
    chain->certs[chain->count++] = rfctls_cert_ref(cert);
  }
  rfctls__lock_drop(&chain->lock);
  return status;
}

rfctls_status rfctls_chain_add(rfctls_chain *chain, rfctls_cert *cert) {
  rfctls__enter(__func__);
  if (chain == NULL || cert == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, chain == NULL ? "no chain" : "no certificate");
  }
  return append(chain, cert);
}

void rfctls__chain_freeze(rfctls_chain *chain) {
  rfctls__lock_take(&chain->lock);
  chain->frozen = 1;
  rfctls__lock_drop(&chain->lock);
}

/* ---- reading ---- */

/* Whether a chain still grows is no business of its readers: const is of the handle. */
static rfctls__lock *lock_of(const rfctls_chain *chain) {
  return &((rfctls_chain *)chain)->lock;
}

size_t rfctls_chain_count(const rfctls_chain *chain) {
  size_t count;
  if (chain == NULL) {
    return 0;
  }
  rfctls__lock_take(lock_of(chain));
  count = chain->count;
  rfctls__lock_drop(lock_of(chain));
  return count;
}

rfctls_cert *rfctls_chain_at(const rfctls_chain *chain, size_t index) {
  rfctls_cert *cert;
  if (chain == NULL) {
    return NULL;
  }
  rfctls__lock_take(lock_of(chain));
  cert = index < chain->count ? chain->certs[index] : NULL;
  rfctls__lock_drop(lock_of(chain));
  return cert;
}

/* ---- making one of bytes ---- */

/* Ends a maker: hands the chain over, or drops what there is of it. */
static rfctls_status finish(rfctls_status status, rfctls_chain *chain, rfctls_chain **out) {
  if (status == RFCTLS_OK) {
    *out = chain;
  } else {
    rfctls_chain_unref(chain);
  }
  return status;
}

/* Appends a certificate whose reference is given away. */
static rfctls_status append_new(rfctls_chain *chain, rfctls_cert *cert) {
  rfctls_status status = append(chain, cert);
  rfctls_cert_unref(cert);
  return status;
}

static rfctls_status append_der(rfctls_chain *chain, rfctls__bytes der) {
  rfctls_cert *cert;
  rfctls_status status = rfctls__cert_new(der, &cert);
  return status == RFCTLS_OK ? append_new(chain, cert) : status;
}

static rfctls_status append_block(rfctls_chain *chain, const rfctls__pem_block *block) {
  rfctls_cert *cert;
  rfctls_status status = rfctls__cert_from_block(block, &cert);
  return status == RFCTLS_OK ? append_new(chain, cert) : status;
}

rfctls_status rfctls__chain_from_list(const rfctls__list *list, rfctls_chain **out) {
  rfctls_chain *chain = NULL;
  rfctls_status status = rfctls__chain_new(&chain);
  for (size_t i = 0; status == RFCTLS_OK && i < list->count; i++) {
    status = append_der(chain, rfctls__list_at(list, i));
  }
  return finish(status, chain, out);
}

rfctls_status rfctls__chain_from_text(rfctls__bytes text, rfctls_chain **out) {
  rfctls__pem_block block;
  size_t offset = 0;
  rfctls_chain *chain = NULL;
  rfctls_status status = rfctls__chain_new(&chain);
  while (status == RFCTLS_OK) {
    status = rfctls__pem_find(text, &offset, rfctls__pem_is_certificate, &block);
    if (status != RFCTLS_OK || block.text.size == 0) {
      break;
    }
    status = append_block(chain, &block);
    if (status != RFCTLS_OK) {
      status = rfctls__fail_in("certificate %zu, on line %zu", rfctls_chain_count(chain) + 1,
                               rfctls__pem_line(text, block.text.data));
    }
  }
  return finish(status, chain, out);
}

static rfctls_status from_pem(rfctls__bytes text, rfctls_chain **out) {
  rfctls_chain *chain = NULL;
  rfctls_status status = rfctls__chain_from_text(text, &chain);
  if (status == RFCTLS_OK && chain->count == 0) {
    status = rfctls__fail(RFCTLS_E_PARSE, "no PEM block CERTIFICATE in the text");
  }
  return finish(status, chain, out);
}

static rfctls_status from_der(rfctls__bytes der, rfctls_chain **out) {
  rfctls_chain *chain = NULL;
  rfctls_status status = rfctls__chain_new(&chain);
  if (status == RFCTLS_OK) {
    status = append_der(chain, der);
  }
  return finish(status, chain, out);
}

rfctls_status rfctls_chain_from_pem(const void *data, size_t size, rfctls_chain **out) {
  rfctls_status status;
  rfctls__bytes text;
  rfctls__enter(__func__);
  if (out == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no place for the chain");
  }
  *out = NULL;
  status = rfctls__bytes_given(data, size, &text);
  return status == RFCTLS_OK ? from_pem(text, out) : status;
}

rfctls_status rfctls__chain_from_file(const char *path, rfctls_chain **out) {
  rfctls__bytes content;
  rfctls__buffer file = {0};
  rfctls_status status = rfctls__file_read(path, &file);
  if (status == RFCTLS_OK) {
    content = rfctls__buffer_bytes(&file);
    status = rfctls__pem_is_text(content) ? from_pem(content, out) : from_der(content, out);
    status = status == RFCTLS_OK ? status : rfctls__fail_in("%s", path);
  }
  rfctls__buffer_wipe(&file); /* a key may stand beside the chain */
  return status;
}

rfctls_status rfctls_chain_from_file(const char *path, rfctls_chain **out) {
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__output(out, sizeof *out, "the chain");
  if (status == RFCTLS_OK && path == NULL) {
    status = rfctls__fail(RFCTLS_E_ARGUMENT, "no path");
  }
  return status == RFCTLS_OK ? rfctls__chain_from_file(path, out) : status;
}
