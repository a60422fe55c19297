/* What SSPI authenticates us by: see credentials.h. */
#include "schannel/credentials.h"

#include "base/error.h"
#include "engine/operations.h"
#include "schannel/certificate.h"
#include "schannel/context.h"
#include "schannel/failure.h"
#include "x509/strength.h"

typedef struct version_bits {
  rfctls_tls_version version;
  DWORD client;
  DWORD server;
} version_bits;

static const version_bits versions[] = {
    {RFCTLS_TLS_1_0, SP_PROT_TLS1_0_CLIENT, SP_PROT_TLS1_0_SERVER},
    {RFCTLS_TLS_1_1, SP_PROT_TLS1_1_CLIENT, SP_PROT_TLS1_1_SERVER},
    {RFCTLS_TLS_1_2, SP_PROT_TLS1_2_CLIENT, SP_PROT_TLS1_2_SERVER},
    {RFCTLS_TLS_1_3, SP_PROT_TLS1_3_CLIENT, SP_PROT_TLS1_3_SERVER},
};

static DWORD bits_of(const rfctls__context *context) {
  DWORD bits = 0;
  for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
    if (versions[i].version >= context->min_version &&
        versions[i].version <= context->max_version) {
      bits |= context->role == RFCTLS_CLIENT ? versions[i].client : versions[i].server;
    }
  }
  return bits;
}

typedef struct acquisition {
  const rfctls__context *context;
  rfctls__credentials *credentials;
  DWORD flags;
} acquisition;

static SECURITY_STATUS acquire(const acquisition *a, void *wanted) {
  unsigned long use =
      a->context->role == RFCTLS_CLIENT ? SECPKG_CRED_OUTBOUND : SECPKG_CRED_INBOUND;
  return AcquireCredentialsHandleW(NULL, (wchar_t *)UNISP_NAME_W, use, NULL, wanted, NULL, NULL,
                                   &a->credentials->handle, NULL);
}

/* The only way to TLS 1.3. */
static SECURITY_STATUS acquire_new(const acquisition *a) {
  TLS_PARAMETERS parameters = {.grbitDisabledProtocols = ~bits_of(a->context)};
  SCH_CREDENTIALS wanted = {
      .dwVersion = SCH_CREDENTIALS_VERSION,
      .cCreds = a->credentials->leaf != NULL,
      .paCred = &a->credentials->leaf,
      .hRootStore = a->context->role == RFCTLS_SERVER ? a->context->authorities : NULL,
      .dwFlags = a->flags,
      .cTlsParameters = 1,
      .pTlsParameters = &parameters};
  return acquire(a, &wanted);
}

/* What every Windows has; and Wine keeps to versions only here. */
static SECURITY_STATUS acquire_old(const acquisition *a) {
  SCHANNEL_CRED wanted = {
      .dwVersion = SCHANNEL_CRED_VERSION,
      .cCreds = a->credentials->leaf != NULL,
      .paCred = &a->credentials->leaf,
      .hRootStore = a->context->role == RFCTLS_SERVER ? a->context->authorities : NULL,
      .grbitEnabledProtocols = bits_of(a->context),
      .dwFlags = a->flags};
  return acquire(a, &wanted);
}

static rfctls_status acquire_any(const acquisition *a) {
  SECURITY_STATUS code = SEC_E_UNSUPPORTED_FUNCTION;
  if (a->context->max_version >= RFCTLS_TLS_1_3) {
    code = acquire_new(a);
  }
  if (code != SEC_E_OK && a->context->min_version < RFCTLS_TLS_1_3) {
    code = acquire_old(a);
  }
  a->credentials->open = code == SEC_E_OK;
  return code == SEC_E_OK
             ? RFCTLS_OK
             : rfctls__schannel_fail(
                   a->credentials->leaf != NULL ? RFCTLS_E_IDENTITY : RFCTLS_E_UNSUPPORTED, code,
                   "SChannel gives no credentials");
}

static rfctls_status fail_last(const char *what) {
  return rfctls__schannel_fail(RFCTLS_E_PARSE, (long)GetLastError(), "%s", what);
}

/* The issuers lie beside the leaf in its store, where Windows looks for what it sends. */
static rfctls_status put_chain(HCERTSTORE store, const rfctls__identity *identity,
                               PCCERT_CONTEXT *leaf) {
  for (size_t i = 0; i < identity->count; i++) {
    if (!CertAddEncodedCertificateToStore(store, X509_ASN_ENCODING, identity->chain[i].data,
                                          (DWORD)identity->chain[i].size, CERT_STORE_ADD_ALWAYS,
                                          i == 0 ? leaf : NULL)) {
      return fail_last("Windows does not read the certificate");
    }
  }
  return RFCTLS_OK;
}

static rfctls_status check_strength(const rfctls__identity *identity) {
  rfctls__x509 x509;
  rfctls_status status = rfctls__x509_read(identity->chain[0], &x509);
  if (status == RFCTLS_OK && !rfctls__key_is_strong(x509.public_key)) {
    status = rfctls__fail(RFCTLS_E_IDENTITY, "the certificate's key is too weak");
  }
  return status;
}

static rfctls_status open_identity(rfctls__credentials *credentials,
                                   const rfctls__identity *identity) {
  rfctls_status status = rfctls__engine_check_key(identity->chain[0], identity->key);
  HCERTSTORE store = NULL;
  if (status == RFCTLS_OK) {
    status = check_strength(identity);
  }
  if (status != RFCTLS_OK) {
    return status;
  }
  store = CertOpenStore(CERT_STORE_PROV_MEMORY, 0, 0, CERT_STORE_CREATE_NEW_FLAG, NULL);
  if (store == NULL) {
    return rfctls__fail_memory();
  }
  status = put_chain(store, identity, &credentials->leaf);
  (void)CertCloseStore(store, 0); /* it lives as long as the leaf */
  return status == RFCTLS_OK
             ? rfctls__container_open(&credentials->container, identity->key, credentials->leaf)
             : status;
}

rfctls_status rfctls__credentials_open(rfctls__credentials *credentials,
                                       const rfctls__context *context,
                                       const rfctls__identity *identity) {
  acquisition a = {context, credentials, SCH_USE_STRONG_CRYPTO};
  rfctls_status status = RFCTLS_OK;
  if (context->min_version < RFCTLS_TLS_1_2) {
    a.flags = 0; /* below 1.2 all rests on SHA-1 */
  }
  a.flags |= context->role == RFCTLS_CLIENT
                 ? SCH_CRED_MANUAL_CRED_VALIDATION | SCH_CRED_NO_DEFAULT_CREDS
                 : SCH_CRED_NO_SYSTEM_MAPPER | SCH_CRED_MANUAL_CRED_VALIDATION;
  if (identity->count > 0) {
    status = open_identity(credentials, identity);
  }
  return status == RFCTLS_OK ? acquire_any(&a) : status;
}

void rfctls__credentials_close(rfctls__credentials *credentials) {
  if (credentials->open) {
    (void)FreeCredentialsHandle(&credentials->handle);
  }
  if (credentials->leaf != NULL) {
    (void)CertFreeCertificateContext(credentials->leaf);
  }
  rfctls__container_close(&credentials->container);
  credentials->open = 0;
  credentials->leaf = NULL;
}
