/* Which Windows this is: see system.h. */
#include "schannel/system.h"

int rfctls__is_wine(void) {
  HMODULE system = GetModuleHandleW(L"ntdll.dll");
  return system != NULL && GetProcAddress(system, "wine_get_version") != NULL;
}

/* Wine tells nothing of it: its GnuTLS offers TLS 1.3 where a priority file of the system is named. */
static BOOL CALLBACK look_for_tls13(INIT_ONCE *once, void *unused, void **found) {
  SecPkgCred_SupportedProtocols protocols = {0};
  SCH_CREDENTIALS wanted = {.dwVersion = SCH_CREDENTIALS_VERSION};
  CredHandle handle;
  int has = 0;
  (void)once;
  (void)unused;
  if (rfctls__is_wine()) {
    has = getenv("GNUTLS_SYSTEM_PRIORITY_FILE") != NULL;
  } else if (AcquireCredentialsHandleW(NULL, (wchar_t *)UNISP_NAME_W, SECPKG_CRED_OUTBOUND, NULL,
                                       &wanted, NULL, NULL, &handle, NULL) == SEC_E_OK) {
    has = QueryCredentialsAttributesW(&handle, SECPKG_ATTR_SUPPORTED_PROTOCOLS, &protocols) ==
              SEC_E_OK &&
          (protocols.grbitProtocol & SP_PROT_TLS1_3_CLIENT) != 0;
    (void)FreeCredentialsHandle(&handle);
  }
  *found = (void *)((uintptr_t)has << INIT_ONCE_CTX_RESERVED_BITS);
  return TRUE;
}

int rfctls__has_tls13(void) {
  static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
  void *found = NULL;
  (void)InitOnceExecuteOnce(&once, look_for_tls13, NULL, &found);
  return found != NULL;
}
