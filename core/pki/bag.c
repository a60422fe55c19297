/* What was read: certificates and keys, see bag.h. */
#include "pki/bag.h"

#include "base/alloc.h"
#include "base/error.h"
#include "pki/pki.h"

rfctls_status rfctls__bag_close(rfctls__bag *bag, rfctls_status status) {
  const char *path = bag->path;
  for (size_t i = 0; i < bag->count; i++) {
    rfctls_cert_unref(bag->items[i].cert);
    rfctls__buffer_wipe(&bag->items[i].key);
    rfctls__free(bag->items[i].alias);
    rfctls__buffer_release(&bag->items[i].link);
  }
  rfctls__free(bag->items);
  *bag = (rfctls__bag){NULL, 0, 0, NULL, NULL};
  return status == RFCTLS_OK || path == NULL ? status : rfctls__fail_in("%s", path);
}

/* One more item, which is empty; NULL without memory. */
static rfctls__bag_item *add(rfctls__bag *bag) {
  rfctls__bag_item *items = rfctls__realloc(bag->items, (bag->count + 1) * sizeof *items);
  if (items == NULL) {
    return NULL;
  }
  bag->items = items;
  items[bag->count] = (rfctls__bag_item){NULL, {NULL, 0, 0, 0}, NULL, {NULL, 0, 0, 0}, 0};
  return &items[bag->count++];
}

rfctls_status rfctls__bag_add_cert(rfctls__bag *bag, rfctls__bytes der, unsigned distrusted,
                                   rfctls__bag_item **item) {
  rfctls_cert *cert = NULL;
  rfctls__bag_item *made;
  rfctls_status status = rfctls__cert_new(der, distrusted, &cert);
  if (status != RFCTLS_OK) {
    return status;
  }
  made = add(bag);
  if (made == NULL) {
    rfctls_cert_unref(cert);
    return rfctls__fail_memory();
  }
  made->cert = cert;
  *item = made;
  return RFCTLS_OK;
}

rfctls_status rfctls__bag_add_key(rfctls__bag *bag, rfctls__bytes encoded,
                                  rfctls__bag_item **item) {
  rfctls__bag_item *made = add(bag);
  if (made == NULL) {
    return rfctls__fail_memory();
  }
  *item = made;
  return rfctls__buffer_append(&made->key, encoded.data, encoded.size);
}
