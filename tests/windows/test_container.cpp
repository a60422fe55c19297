// A private key that SChannel needs in a container is there no longer than its credentials.
#include <gtest/gtest.h>

#include <string>

#include "base/alloc.h"
#include "pki/pki.h"
#include "schannel/container.h"
#include "support/pki.hpp"

namespace {

using namespace rfctls_test;

bool in_cryptoapi(const wchar_t *name) {
  HCRYPTPROV provider = 0;
  bool found =
      CryptAcquireContextW(&provider, name, MS_ENH_RSA_AES_PROV_W, PROV_RSA_AES, CRYPT_SILENT) != 0;
  if (found) {
    CryptReleaseContext(provider, 0);
  }
  return found;
}

bool in_cng(const wchar_t *name) {
  NCRYPT_PROV_HANDLE provider = 0;
  NCRYPT_KEY_HANDLE key = 0;
  if (NCryptOpenStorageProvider(&provider, MS_KEY_STORAGE_PROVIDER, 0) != 0) {
    return false;
  }
  bool found = NCryptOpenKey(provider, &key, name, 0, NCRYPT_SILENT_FLAG) == 0;
  if (found) {
    NCryptFreeObject(key);
  }
  NCryptFreeObject(provider);
  return found;
}

bool is_stored(const std::wstring &name) {
  return in_cryptoapi(name.c_str()) || in_cng(name.c_str());
}

// An identity of the tests, and its key in a container.
class Stored {
 public:
  explicit Stored(const std::string &name) : own_(load_identity(name)) {
    rfctls__bytes *views = nullptr;
    rfctls__identity identity{};
    require(rfctls__identity_view(own_.chain.get(), own_.key.get(), &views, &identity), name);
    cert_ = CertCreateCertificateContext(X509_ASN_ENCODING, identity.chain[0].data,
                                         static_cast<DWORD>(identity.chain[0].size));
    status = rfctls__container_open(&container, identity.key, cert_);
    rfctls__free(views);
  }
  ~Stored() {
    rfctls__container_close(&container);
    CertFreeCertificateContext(cert_);
  }
  Stored(const Stored &) = delete;
  Stored &operator=(const Stored &) = delete;

  rfctls__container container{};
  rfctls_status status;

 private:
  Identity own_;
  PCCERT_CONTEXT cert_;
};

TEST(Container, holds_a_key_until_it_is_closed) {
  Stored stored("server-rsa-direct");
  ASSERT_EQ(stored.status, RFCTLS_OK) << rfctls_error_message();
  const std::wstring name = stored.container.name;
  EXPECT_TRUE(is_stored(name));
  rfctls__container_close(&stored.container);
  EXPECT_FALSE(is_stored(name));
}

TEST(Container, each_key_has_its_own) {
  Stored one("server-rsa-direct"), another("client-rsa-direct");
  ASSERT_EQ(one.status, RFCTLS_OK) << rfctls_error_message();
  ASSERT_EQ(another.status, RFCTLS_OK) << rfctls_error_message();
  const std::wstring kept = another.container.name;
  rfctls__container_close(&one.container);
  EXPECT_TRUE(is_stored(kept));
}

TEST(Container, keeps_nothing_of_a_key_that_cannot_be_stored) {
  Stored stored("server");
  if (stored.status == RFCTLS_OK) {
    GTEST_SKIP() << "this Windows stores EC keys";
  }
  EXPECT_EQ(stored.status, RFCTLS_E_UNSUPPORTED);
  const std::wstring name = stored.container.name;
  rfctls__container_close(&stored.container);
  EXPECT_FALSE(is_stored(name));
}

}  // namespace
