/* Keys in containers: see container.h. CNG takes keys of all kinds, and TLS 1.3 wants it; Wine stores keys
 * only by the older CryptoAPI, which knows RSA alone. */
#include "schannel/container.h"

#include <stdio.h>
#include <wchar.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schannel/crypto.h"
#include "schannel/failure.h"
#include "schannel/key.h"

enum { NAME_OCTETS = 16 };

static rfctls_status make_name(rfctls__container *container) {
  uint8_t random[NAME_OCTETS];
  wchar_t *end = container->name;
  rfctls_status status = rfctls__crypto_random(random, sizeof random);
  if (status != RFCTLS_OK) {
    return status;
  }
  end += swprintf(end, 8, L"rfctls-");
  for (size_t i = 0; i < sizeof random; i++) {
    end += swprintf(end, 3, L"%02x", random[i]);
  }
  return RFCTLS_OK;
}

static rfctls_status tell(const rfctls__container *container, PCCERT_CONTEXT cert,
                          const wchar_t *provider, DWORD type) {
  CRYPT_KEY_PROV_INFO info = {
      (wchar_t *)container->name,    (wchar_t *)(uintptr_t)provider, type, 0, 0, NULL,
      type == 0 ? 0 : AT_KEYEXCHANGE};
  return CertSetCertificateContextProperty(cert, CERT_KEY_PROV_INFO_PROP_ID, 0, &info)
             ? RFCTLS_OK
             : rfctls__schannel_fail(RFCTLS_E_INTERNAL, (long)GetLastError(),
                                     "the certificate does not take its key");
}

/* ---- CNG ---- */

/* 0: it is done. */
static SECURITY_STATUS store_by_cng(rfctls__container *container, rfctls__bytes pkcs8) {
  NCRYPT_PROV_HANDLE provider = 0;
  BCryptBuffer name = {sizeof container->name, NCRYPTBUFFER_PKCS_KEY_NAME, container->name};
  BCryptBufferDesc names = {BCRYPTBUFFER_VERSION, 1, &name};
  SECURITY_STATUS code = NCryptOpenStorageProvider(&provider, MS_KEY_STORAGE_PROVIDER, 0);
  if (code != 0) {
    return code;
  }
  code = NCryptImportKey(provider, 0, NCRYPT_PKCS8_PRIVATE_KEY_BLOB, &names, &container->key,
                         (BYTE *)pkcs8.data, (DWORD)pkcs8.size, NCRYPT_SILENT_FLAG);
  (void)NCryptFreeObject(provider);
  return code;
}

/* ---- CryptoAPI ---- */

static rfctls_status fail_last(void) {
  return rfctls__schannel_fail(RFCTLS_E_UNSUPPORTED, (long)GetLastError(),
                               "Windows cannot store the private key");
}

static rfctls_status import(const rfctls__container *container, const BYTE *blob, DWORD size) {
  HCRYPTPROV provider = 0;
  HCRYPTKEY key = 0;
  rfctls_status status = RFCTLS_OK;
  if (!CryptAcquireContextW(&provider, container->name, MS_ENH_RSA_AES_PROV_W, PROV_RSA_AES,
                            CRYPT_NEWKEYSET | CRYPT_SILENT)) {
    return fail_last();
  }
  if (!CryptImportKey(provider, blob, size, 0, 0, &key)) {
    status = fail_last();
  } else {
    (void)CryptDestroyKey(key); /* the handle, not the key */
  }
  (void)CryptReleaseContext(provider, 0);
  return status;
}

static rfctls_status store_by_cryptoapi(const rfctls__container *container, rfctls__bytes rsa) {
  DWORD size = 0;
  BYTE *blob;
  rfctls_status status;
  if (!CryptDecodeObjectEx(X509_ASN_ENCODING, PKCS_RSA_PRIVATE_KEY, rsa.data, (DWORD)rsa.size, 0,
                           NULL, NULL, &size)) {
    return fail_last();
  }
  blob = rfctls__alloc(size);
  if (blob == NULL) {
    return rfctls__fail_memory();
  }
  status = CryptDecodeObjectEx(X509_ASN_ENCODING, PKCS_RSA_PRIVATE_KEY, rsa.data, (DWORD)rsa.size,
                               0, NULL, blob, &size)
               ? import(container, blob, size)
               : fail_last();
  rfctls__wipe(blob, size);
  rfctls__free(blob);
  return status;
}

/* ---- life ---- */

rfctls_status rfctls__container_open(rfctls__container *container, rfctls__bytes pkcs8,
                                     PCCERT_CONTEXT cert) {
  rfctls__pkcs8 key;
  SECURITY_STATUS code;
  rfctls_status status = rfctls__pkcs8_read(pkcs8, &key);
  if (status == RFCTLS_OK) {
    status = make_name(container);
  }
  if (status != RFCTLS_OK) {
    return status;
  }
  code = store_by_cng(container, pkcs8);
  if (code == 0) {
    return tell(container, cert, MS_KEY_STORAGE_PROVIDER, 0);
  }
  container->key = 0;
  if (key.kind != RFCTLS__KEY_RSA) {
    return rfctls__schannel_fail(RFCTLS_E_UNSUPPORTED, code,
                                 "this Windows cannot store a private key that is not RSA");
  }
  status = store_by_cryptoapi(container, key.key);
  return status == RFCTLS_OK ? tell(container, cert, MS_ENH_RSA_AES_PROV_W, PROV_RSA_AES) : status;
}

void rfctls__container_close(rfctls__container *container) {
  HCRYPTPROV unused = 0;
  if (container->key != 0) {
    (void)NCryptDeleteKey(container->key, NCRYPT_SILENT_FLAG);
  } else if (container->name[0] != L'\0') {
    (void)CryptAcquireContextW(&unused, container->name, MS_ENH_RSA_AES_PROV_W, PROV_RSA_AES,
                               CRYPT_DELETEKEYSET | CRYPT_SILENT);
  }
  *container = (rfctls__container){L"", 0};
}
