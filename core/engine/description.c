/* What an engine tells of a certificate. */
#include "base/alloc.h"
#include "engine/engine.h"

void rfctls__description_release(rfctls__description *description) {
  rfctls__free(description->subject);
  rfctls__free(description->issuer);
  rfctls__free(description->serial);
  rfctls__list_release(&description->dns_names);
  rfctls__list_release(&description->ip_addresses);
}
