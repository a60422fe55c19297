/* What this library is, and what the engine that is linked with it can do. */
#include "rfctls/version.h"

#include "engine/engine.h"

/* The top CMakeLists.txt says the same. */
#define MAJOR 0
#define MINOR 1
#define PATCH 0

#define TEXT_OF(number) #number
#define DOTTED(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *rfctls_version(void) {
  return DOTTED(MAJOR, MINOR, PATCH);
}

uint32_t rfctls_version_number(void) {
  return MAJOR << 16 | MINOR << 8 | PATCH;
}

const char *rfctls_engine_name(void) {
  return rfctls__engine_linked.name;
}

const char *rfctls_engine_version(void) {
  return rfctls__engine_linked.version();
}

int rfctls_engine_supports(rfctls_feature feature) {
  switch (feature) {
  case RFCTLS_FEATURE_TLS13:
  case RFCTLS_FEATURE_ALPN:
  case RFCTLS_FEATURE_PEM_PASSPHRASE: return rfctls__engine_linked.supports(feature);
  case RFCTLS_FEATURE_IS_INT: break;
  }
  return 0;
}
