/* Credentials and trust made from settings: see context.h. */
#include "schannel/context.h"

#include <stdlib.h>

#include "base/error.h"
#include "schannel/failure.h"

/* ---- versions ---- */

static rfctls_tls_version newest(void) {
  return rfctls__has_tls13() ? RFCTLS_TLS_1_3 : RFCTLS_TLS_1_2;
}

static rfctls_tls_version least_of(rfctls_tls_version min, rfctls_tls_version max) {
  if (min != RFCTLS_TLS_ANY) {
    return min;
  }
  return max != RFCTLS_TLS_ANY && max < RFCTLS_TLS_1_2 ? max : RFCTLS_TLS_1_2;
}

static rfctls_tls_version most_of(rfctls_tls_version max) {
  return max == RFCTLS_TLS_ANY || max > newest() ? newest() : max;
}

rfctls_status rfctls__check_versions(rfctls_tls_version min, rfctls_tls_version max) {
  if (least_of(min, max) > most_of(max) || least_of(min, max) < RFCTLS_TLS_1_0 ||
      (max != RFCTLS_TLS_ANY && max > RFCTLS_TLS_1_3)) {
    return rfctls__fail(RFCTLS_E_UNSUPPORTED, "this Windows does not speak these TLS versions");
  }
  return RFCTLS_OK;
}

/* ---- trust ---- */

/* With the flag an authority need not be a root (Windows 8 and newer; Wine knows the shorter form only:
 * there verify.c finds such anchors by itself). */
static int open_engine(const rfctls__context *context, HCERTCHAINENGINE *out) {
  CERT_CHAIN_ENGINE_CONFIG config = {
      .cbSize = sizeof config,
      .hExclusiveRoot = context->authorities,
      .dwExclusiveFlags = context->partial_chain ? CERT_CHAIN_EXCLUSIVE_ENABLE_CA_FLAG : 0};
  if (CertCreateCertificateChainEngine(&config, out)) {
    return 1;
  }
  config.cbSize = offsetof(CERT_CHAIN_ENGINE_CONFIG, dwExclusiveFlags);
  return CertCreateCertificateChainEngine(&config, out);
}

static rfctls_status set_trust(rfctls__context *context, const rfctls__settings *settings) {
  if (settings->distrusted_count > 0) {
    return rfctls__fail(
        RFCTLS_E_UNSUPPORTED,
        "an authority's source does not trust it for this, and Windows' trust cannot be "
        "narrowed so: leave it out");
  }
  context->system_trust = settings->system_trust;
  context->partial_chain = settings->partial_chain;
  context->authority_count = settings->authority_count;
  context->authorities =
      CertOpenStore(CERT_STORE_PROV_MEMORY, 0, 0, CERT_STORE_CREATE_NEW_FLAG, NULL);
  if (context->authorities == NULL) {
    return rfctls__fail_memory();
  }
  for (size_t i = 0; i < settings->authority_count; i++) {
    if (!CertAddEncodedCertificateToStore(
            context->authorities, X509_ASN_ENCODING, settings->authorities[i].data,
            (DWORD)settings->authorities[i].size, CERT_STORE_ADD_USE_EXISTING, NULL)) {
      return rfctls__schannel_fail(RFCTLS_E_PARSE, (long)GetLastError(),
                                   "Windows does not read an authority");
    }
  }
  return open_engine(context, &context->anchored)
             ? RFCTLS_OK
             : rfctls__schannel_fail(RFCTLS_E_PARSE, (long)GetLastError(),
                                     "Windows makes no chain engine");
}

/* ---- the engine's operations ---- */

rfctls_status rfctls__context_init(rfctls__context *context, const rfctls__settings *settings) {
  rfctls_status status = rfctls__check_versions(settings->min_version, settings->max_version);
  context->role = settings->role;
  context->peer_cert = settings->peer_cert;
  context->skip_verify = settings->skip_verify;
  context->min_version = least_of(settings->min_version, settings->max_version);
  context->max_version = most_of(settings->max_version);
  if (status == RFCTLS_OK) {
    status = set_trust(context, settings);
  }
  if (status == RFCTLS_OK && (context->role == RFCTLS_CLIENT || settings->identity.count > 0)) {
    status = rfctls__credentials_open(&context->own, context, &settings->identity);
  }
  return status;
}

void rfctls__context_fini(rfctls__context *context) {
  rfctls__credentials_close(&context->own);
  if (context->anchored != NULL) {
    CertFreeCertificateChainEngine(context->anchored);
  }
  if (context->authorities != NULL) {
    (void)CertCloseStore(context->authorities, 0);
  }
}
