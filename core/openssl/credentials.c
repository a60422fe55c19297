/* Identities: see credentials.h. */
#include "openssl/credentials.h"

#include "base/error.h"
#include "openssl/certificate.h"
#include "openssl/failure.h"
#include "openssl/key.h"

rfctls_status rfctls__credentials_init(rfctls__credentials *credentials,
                                       const rfctls__identity *identity) {
  rfctls_status status;
  if (identity->count == 0) {
    return rfctls__fail(RFCTLS_E_IDENTITY, "the certificate chain is empty");
  }
  status = rfctls__x509_parse(identity->chain[0], &credentials->leaf);
  if (status == RFCTLS_OK) {
    status =
        rfctls__x509_parse_all(identity->chain + 1, identity->count - 1, &credentials->issuers);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__pkey_parse(identity->key, &credentials->key);
  }
  if (status == RFCTLS_OK && X509_check_private_key(credentials->leaf, credentials->key) != 1) {
    status = rfctls__openssl_fail(RFCTLS_E_IDENTITY, "the key is not the certificate's");
  }
  return status;
}

void rfctls__credentials_fini(rfctls__credentials *credentials) {
  X509_free(credentials->leaf);
  rfctls__x509_free_all(credentials->issuers);
  EVP_PKEY_free(credentials->key);
}
