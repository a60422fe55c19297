/* One private key: its PKCS#8, wiped with the last reference. */
#include "rfctls/key.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/refcount.h"
#include "pki/pki.h"

struct rfctls_key {
  rfctls__refcount refs;
  rfctls__buffer pkcs8;
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

/* ---- making one of bytes ---- */

static rfctls_status from_encoded(rfctls__bytes encoded, const char *passphrase, rfctls_key **out) {
  rfctls__buffer pkcs8 = {0};
  rfctls_status status = rfctls__engine_linked.read_key(encoded, passphrase, &pkcs8);
  if (status == RFCTLS_OK) {
    status = rfctls__key_new(&pkcs8, out);
  }
  rfctls__buffer_wipe(&pkcs8);
  return status;
}

/* What is not DER inside (it has the headers of RFC 1421) goes to the engine as it stands. */
static rfctls_status from_block(const rfctls__pem_block *block, const char *passphrase,
                                rfctls_key **out) {
  rfctls_status status;
  rfctls__buffer der = {0};
  if (rfctls__pem_has_headers(block)) {
    return from_encoded(block->text, passphrase, out);
  }
  status = rfctls__pem_decode(block, &der);
  if (status == RFCTLS_OK) {
    status = from_encoded(rfctls__buffer_bytes(&der), passphrase, out);
  }
  rfctls__buffer_wipe(&der);
  return status;
}

rfctls_status rfctls__key_from_text(rfctls__bytes text, const char *passphrase, rfctls_key **out) {
  rfctls__pem_block block;
  size_t offset = 0;
  rfctls_status status = rfctls__pem_find(text, &offset, rfctls__pem_is_key, &block);
  if (status == RFCTLS_OK && block.text.size > 0) {
    status = from_block(&block, passphrase, out);
    if (status != RFCTLS_OK) {
      status = rfctls__fail_in("private key on line %zu", rfctls__pem_line(text, block.text.data));
    }
  }
  return status;
}

static rfctls_status from_pem(rfctls__bytes text, const char *passphrase, rfctls_key **out) {
  rfctls_status status = rfctls__key_from_text(text, passphrase, out);
  if (status == RFCTLS_OK && *out == NULL) {
    status = rfctls__fail(RFCTLS_E_PARSE, "no PEM block PRIVATE KEY in the text");
  }
  return status;
}

rfctls_status rfctls_key_from_der(const void *data, size_t size, rfctls_key **out) {
  rfctls_status status;
  rfctls__bytes der;
  rfctls__enter(__func__);
  if (out == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no place for the key");
  }
  *out = NULL;
  status = rfctls__bytes_given(data, size, &der);
  if (status == RFCTLS_OK && rfctls__pem_is_text(der)) {
    status = rfctls__fail(RFCTLS_E_PARSE, "the key is not DER, but text");
  }
  return status == RFCTLS_OK ? from_encoded(der, NULL, out) : status;
}

rfctls_status rfctls_key_from_pem(const void *data, size_t size, const char *passphrase,
                                  rfctls_key **out) {
  rfctls_status status;
  rfctls__bytes text;
  rfctls__enter(__func__);
  if (out == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no place for the key");
  }
  *out = NULL;
  status = rfctls__bytes_given(data, size, &text);
  return status == RFCTLS_OK ? from_pem(text, passphrase, out) : status;
}

rfctls_status rfctls_key_from_file(const char *path, const char *passphrase, rfctls_key **out) {
  rfctls_status status;
  rfctls__bytes content;
  rfctls__buffer file = {0};
  rfctls__enter(__func__);
  status = rfctls__output(out, sizeof *out, "the key");
  if (status == RFCTLS_OK && path == NULL) {
    status = rfctls__fail(RFCTLS_E_ARGUMENT, "no path");
  }
  if (status == RFCTLS_OK) {
    status = rfctls__file_read(path, &file);
  }
  if (status == RFCTLS_OK) {
    content = rfctls__buffer_bytes(&file);
    status = rfctls__pem_is_text(content) ? from_pem(content, passphrase, out)
                                          : from_encoded(content, passphrase, out);
    status = status == RFCTLS_OK ? status : rfctls__fail_in("%s", path);
  }
  rfctls__buffer_wipe(&file);
  return status;
}
