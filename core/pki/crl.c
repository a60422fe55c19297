/* Revocation lists, as they come in files: PEM with any number of them, or one in DER. */
#include "base/error.h"
#include "engine/engine.h"
#include "pki/pem.h"
#include "pki/pki.h"

static rfctls_status add(rfctls__list *list, rfctls__bytes der) {
  rfctls_status status = rfctls__engine_linked.check_crl(der);
  return status == RFCTLS_OK ? rfctls__list_add(list, der.data, der.size) : status;
}

static rfctls_status add_block(rfctls__list *list, const rfctls__pem_block *block) {
  rfctls__buffer der = {0};
  rfctls_status status = rfctls__pem_decode(block, &der);
  if (status == RFCTLS_OK) {
    status = add(list, rfctls__buffer_bytes(&der));
  }
  rfctls__buffer_release(&der);
  return status;
}

static rfctls_status from_text(rfctls__bytes text, rfctls__list *list) {
  rfctls__pem_block block;
  rfctls__pem_kind kind;
  size_t offset = 0;
  for (;;) {
    rfctls_status status = rfctls__pem_find(text, &offset, RFCTLS__PEM_CRL, &block, &kind);
    if (status != RFCTLS_OK || block.text.size == 0) {
      return status != RFCTLS_OK || list->count > 0
                 ? status
                 : rfctls__fail(RFCTLS_E_PARSE, "no PEM block X509 CRL in the text");
    }
    status = add_block(list, &block);
    if (status != RFCTLS_OK) {
      return rfctls__fail_in("revocation list %zu, on line %zu", list->count + 1,
                             rfctls__pem_line(text, block.text.data));
    }
  }
}

rfctls_status rfctls__crls_from(rfctls__bytes content, rfctls__list *list) {
  int text = 0;
  rfctls_status status;
  if (rfctls__engine_linked.check_crl == NULL) {
    return rfctls__fail(RFCTLS_E_UNSUPPORTED, "%s takes no revocation lists",
                        rfctls__engine_linked.name);
  }
  status = rfctls__pem_tell(&content, &text);
  if (status != RFCTLS_OK) {
    return status;
  }
  return text ? from_text(content, list) : add(list, content);
}
