// Identities: chain and key loaded together from whatever form they come in, found to fit, or made.
#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <memory>
#include <string>

#include "pki/pki.h"
#include "support/memory.hpp"
#include "support/pki.hpp"

using namespace rfctls_test;

namespace {

constexpr int64_t day = 24 * 60 * 60;

rfctls_status load(const std::string &data, const char *passphrase, Identity &identity,
                   const char *alias = nullptr) {
  return rfctls_identity_load(data.data(), data.size(), passphrase, alias, out(identity.chain),
                              out(identity.key));
}

rfctls_status load_file(const std::string &name, const char *passphrase, Identity &identity) {
  return rfctls_identity_from_file(pki_path(name).c_str(), passphrase, nullptr, out(identity.chain),
                                   out(identity.key));
}

rfctls_status self_signed(const std::string &name, Identity &identity) {
  return rfctls_identity_self_signed(name.c_str(), out(identity.chain), out(identity.key));
}

bool is_empty(const Identity &identity) {
  return identity.chain == nullptr && identity.key == nullptr;
}

std::string subject(const Identity &identity, size_t index) {
  const char *text = rfctls_cert_subject(rfctls_chain_at(identity.chain.get(), index));
  return text != nullptr ? text : "";
}

bool message_has(const std::string &part) {
  return std::string(rfctls_error_message()).find(part) != std::string::npos;
}

// The leaf, as OpenSSL itself reads it.
std::unique_ptr<X509, decltype(&X509_free)> leaf(const Identity &identity) {
  size_t size = 0;
  const void *data = rfctls_cert_der(rfctls_chain_at(identity.chain.get(), 0), &size);
  auto at = static_cast<const unsigned char *>(data);
  return {d2i_X509(nullptr, &at, static_cast<long>(size)), X509_free};
}

const char *const server = "CN=server.test,O=librfctls tests";
const char *const intermediate = "CN=librfctls test intermediate,O=librfctls tests";
const char *const root = "CN=librfctls test root,O=librfctls tests";

TEST(Identity, is_loaded_from_a_pem_text_with_both) {
  Identity identity;
  ASSERT_EQ(RFCTLS_OK, load(pki_file("both.pem"), nullptr, identity)) << rfctls_error_message();
  EXPECT_EQ(2u, rfctls_chain_count(identity.chain.get()));
  EXPECT_EQ(server, subject(identity, 0));
  EXPECT_NE(nullptr, identity.key);
}

TEST(Identity, the_key_may_stand_first_and_be_encrypted) {
  Identity identity;
  const std::string text = pki_file("server-encrypted.key") + pki_file("server.pem");
  EXPECT_EQ(RFCTLS_OK, load(text, "secret", identity)) << rfctls_error_message();
  EXPECT_EQ(RFCTLS_E_PARSE, load(text, nullptr, identity));
  EXPECT_TRUE(message_has("passphrase is missing")) << rfctls_error_message();
  EXPECT_TRUE(is_empty(identity));
}

TEST(Identity, is_loaded_from_pkcs12) {
  for (const char *name : {"server.p12", "server-nopass.p12"}) {
    Identity identity;
    const char *passphrase = std::string(name) == "server.p12" ? "secret" : nullptr;
    ASSERT_EQ(RFCTLS_OK, load_file(name, passphrase, identity)) << rfctls_error_message();
    EXPECT_EQ(2u, rfctls_chain_count(identity.chain.get()));
    EXPECT_EQ(server, subject(identity, 0));
    EXPECT_EQ(intermediate, subject(identity, 1));
  }
}

TEST(Identity, the_issuers_in_a_pkcs12_are_put_in_order) {
  Identity identity;
  ASSERT_EQ(RFCTLS_OK, load_file("server-shuffled.p12", nullptr, identity))
      << rfctls_error_message();
  EXPECT_EQ(server, subject(identity, 0));
  EXPECT_EQ(intermediate, subject(identity, 1));
  EXPECT_EQ(root, subject(identity, 2));
  EXPECT_EQ(3u, rfctls_chain_count(identity.chain.get()));
}

TEST(Identity, the_passphrase_of_a_pkcs12_is_missing_or_wrong) {
  Identity identity;
  EXPECT_EQ(RFCTLS_E_PARSE, load_file("server.p12", nullptr, identity));
  EXPECT_TRUE(message_has("passphrase is missing")) << rfctls_error_message();
  EXPECT_TRUE(message_has("server.p12")) << rfctls_error_message();
  EXPECT_EQ(RFCTLS_E_PARSE, load_file("server.p12", "Secret", identity));
  EXPECT_TRUE(message_has("passphrase of the PKCS#12 is wrong")) << rfctls_error_message();
  EXPECT_EQ(RFCTLS_E_PARSE, load_file("server.p12", "", identity));
  EXPECT_TRUE(message_has("passphrase of the PKCS#12 is wrong")) << rfctls_error_message();
  EXPECT_TRUE(is_empty(identity));
}

TEST(Identity, a_damaged_pkcs12_is_refused) {
  const std::string whole = pki_file("server-nopass.p12");
  for (size_t size = 1; size < whole.size(); size += 101) {
    Identity identity;
    EXPECT_EQ(RFCTLS_E_PARSE, load(whole.substr(0, size), nullptr, identity)) << size;
  }
  Identity identity;
  EXPECT_EQ(RFCTLS_E_PARSE, load(whole + "x", nullptr, identity));
}

TEST(Identity, what_is_neither_pem_nor_pkcs12_is_refused) {
  Identity identity;
  EXPECT_EQ(RFCTLS_E_PARSE, load("", nullptr, identity));
  EXPECT_EQ(RFCTLS_E_PARSE, load(pki_file("garbage.pem"), nullptr, identity));
  EXPECT_EQ(RFCTLS_E_PARSE, load(pki_file("truncated.pem"), nullptr, identity));
  EXPECT_EQ(RFCTLS_E_PARSE,
            load(pki_file("one-bad-ca.pem") + pki_file("server.key"), nullptr, identity));
  EXPECT_TRUE(is_empty(identity));
}

TEST(Identity, a_missing_half_is_named) {
  Identity identity;
  for (const char *name : {"server.pem", "server.der"}) {
    EXPECT_EQ(RFCTLS_E_IDENTITY, load(pki_file(name), nullptr, identity));
    EXPECT_TRUE(message_has("no private key")) << rfctls_error_message();
  }
  for (const char *name : {"server.key", "server.key.der"}) {
    EXPECT_EQ(RFCTLS_E_IDENTITY, load(pki_file(name), nullptr, identity));
    EXPECT_TRUE(message_has("without a certificate")) << rfctls_error_message();
  }
  EXPECT_TRUE(is_empty(identity));
}

TEST(Identity, chain_and_key_that_do_not_belong_together_are_refused) {
  Identity identity;
  EXPECT_EQ(RFCTLS_E_IDENTITY,
            load(pki_file("server.pem") + pki_file("client.key"), nullptr, identity));
  EXPECT_TRUE(message_has(server)) << rfctls_error_message();
  EXPECT_EQ(RFCTLS_E_IDENTITY,
            load(pki_file("server.pem") + pki_file("server-rsa.key"), nullptr, identity));
  EXPECT_TRUE(is_empty(identity));
}

TEST(Identity, a_file_that_cannot_be_opened_is_named) {
  Identity identity;
  EXPECT_EQ(RFCTLS_E_SYSTEM, load_file("no-such-file.p12", nullptr, identity));
  EXPECT_TRUE(message_has("no-such-file.p12")) << rfctls_error_message();
}

TEST(Identity, null_is_an_argument_error) {
  Identity identity;
  EXPECT_EQ(RFCTLS_E_ARGUMENT,
            rfctls_identity_load("x", 1, nullptr, nullptr, nullptr, out(identity.key)));
  EXPECT_EQ(RFCTLS_E_ARGUMENT,
            rfctls_identity_load("x", 1, nullptr, nullptr, out(identity.chain), nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_identity_load(nullptr, 1, nullptr, nullptr,
                                                    out(identity.chain), out(identity.key)));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_identity_from_file(nullptr, nullptr, nullptr,
                                                         out(identity.chain), out(identity.key)));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_identity_self_signed("x", nullptr, nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT,
            rfctls_identity_self_signed(nullptr, out(identity.chain), out(identity.key)));
}

TEST(Identity, a_view_borrows_the_bytes_of_chain_and_key) {
  Identity identity = load_identity("server");
  rfctls__bytes *views = nullptr;
  rfctls__identity view;
  ASSERT_EQ(RFCTLS_OK,
            rfctls__identity_view(identity.chain.get(), identity.key.get(), &views, &view));
  ASSERT_EQ(2u, view.count);
  for (size_t i = 0; i < view.count; i++) {
    EXPECT_EQ(rfctls__cert_bytes(rfctls_chain_at(identity.chain.get(), i)).data, views[i].data);
    EXPECT_EQ(views[i].data, view.chain[i].data);
  }
  EXPECT_EQ(rfctls__key_bytes(identity.key.get()).data, view.key.data);
  EXPECT_EQ(RFCTLS_E_STATE,
            rfctls_chain_add(identity.chain.get(), rfctls_chain_at(identity.chain.get(), 0)));
  rfctls__free(views);
}

TEST(Identity, a_refused_view_leaves_the_chain_free_to_grow) {
  Chain chain;
  Identity identity = load_identity("server");
  rfctls__bytes *views = nullptr;
  rfctls__identity view;
  ASSERT_EQ(RFCTLS_OK, rfctls_chain_new(out(chain)));
  EXPECT_EQ(RFCTLS_E_IDENTITY,
            rfctls__identity_view(chain.get(), identity.key.get(), &views, &view));
  EXPECT_EQ(nullptr, views);
  EXPECT_EQ(RFCTLS_OK, rfctls_chain_add(chain.get(), rfctls_chain_at(identity.chain.get(), 0)));
  Key other = load_key("client.key");
  EXPECT_EQ(RFCTLS_E_IDENTITY, rfctls__identity_view(chain.get(), other.get(), &views, &view));
}

TEST(Identity, a_self_signed_one_is_for_its_host_name) {
  Identity identity;
  ASSERT_EQ(RFCTLS_OK, self_signed("throw-away.test", identity)) << rfctls_error_message();
  ASSERT_EQ(1u, rfctls_chain_count(identity.chain.get()));
  EXPECT_EQ("CN=throw-away.test", subject(identity, 0));
  auto x509 = leaf(identity);
  EXPECT_EQ(1, X509_check_host(x509.get(), "throw-away.test", 0,
                               X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr));
  EXPECT_EQ(0, X509_check_host(x509.get(), "other.test", 0, 0, nullptr));
  EXPECT_EQ(1, X509_check_purpose(x509.get(), X509_PURPOSE_SSL_SERVER, 0));
  EXPECT_EQ(1, X509_check_purpose(x509.get(), X509_PURPOSE_SSL_CLIENT, 0));
  EXPECT_EQ(0, X509_check_purpose(x509.get(), X509_PURPOSE_SSL_SERVER, 1));
  EXPECT_EQ(1, X509_verify(x509.get(), X509_get0_pubkey(x509.get())));
}

TEST(Identity, a_self_signed_one_may_be_for_an_ip_address) {
  for (const char *ip : {"127.0.0.1", "::1", "2001:db8::7"}) {
    Identity identity;
    ASSERT_EQ(RFCTLS_OK, self_signed(ip, identity)) << rfctls_error_message();
    auto x509 = leaf(identity);
    EXPECT_EQ(1, X509_check_ip_asc(x509.get(), ip, 0)) << ip;
    EXPECT_EQ(0, X509_check_host(x509.get(), ip, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr));
  }
}

TEST(Identity, a_self_signed_one_is_valid_for_thirty_days_from_yesterday) {
  Identity identity;
  const int64_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  ASSERT_EQ(RFCTLS_OK, self_signed("localhost", identity));
  const rfctls_cert *cert = rfctls_chain_at(identity.chain.get(), 0);
  EXPECT_NEAR(static_cast<double>(now - day), static_cast<double>(rfctls_cert_not_before(cert)),
              60);
  EXPECT_NEAR(static_cast<double>(30 * day),
              static_cast<double>(rfctls_cert_not_after(cert) - rfctls_cert_not_before(cert)), 2);
}

TEST(Identity, no_two_self_signed_ones_are_the_same) {
  Identity first, second;
  ASSERT_EQ(RFCTLS_OK, self_signed("localhost", first));
  ASSERT_EQ(RFCTLS_OK, self_signed("localhost", second));
  auto a = leaf(first), b = leaf(second);
  EXPECT_NE(0, ASN1_INTEGER_cmp(X509_get0_serialNumber(a.get()), X509_get0_serialNumber(b.get())));
  EXPECT_NE(1, EVP_PKEY_eq(X509_get0_pubkey(a.get()), X509_get0_pubkey(b.get())));
}

TEST(Identity, a_self_signed_one_may_have_a_name_of_253_bytes) {
  const std::string longest = std::string(63, 'a') + "." + std::string(63, 'b') + "." +
                              std::string(63, 'c') + "." + std::string(61, 'd');
  Identity identity;
  ASSERT_EQ(253u, longest.size());
  ASSERT_EQ(RFCTLS_OK, self_signed(longest, identity)) << rfctls_error_message();
  EXPECT_EQ(1, X509_check_host(leaf(identity).get(), longest.c_str(), 0, 0, nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, self_signed(longest + "d", identity));
}

TEST(Identity, a_self_signed_one_needs_a_name_that_can_be_one) {
  for (const char *name : {"", " ", "a b", "caf\xc3\xa9.test", "new\nline", "\x7f", "a:b", "::g"}) {
    Identity identity;
    EXPECT_EQ(RFCTLS_E_ARGUMENT, self_signed(name, identity)) << name;
    EXPECT_TRUE(is_empty(identity));
  }
}

TEST(Identity, running_out_of_memory_while_loading_leaves_nothing_behind) {
  for (const char *name : {"both.pem", "server-nopass.p12", "ber.p12", "trusted-identity.pem"}) {
    const std::string path = pki_path(name);
    const char *passphrase = std::string(name) == "ber.p12" ? "secret" : nullptr;
    for_each_failing_allocation([&] {
      Identity identity;
      rfctls_status status = rfctls_identity_from_file(path.c_str(), passphrase, nullptr,
                                                       out(identity.chain), out(identity.key));
      EXPECT_TRUE(status == RFCTLS_OK || is_empty(identity));
      return status;
    });
  }
}

TEST(Identity, running_out_of_memory_while_making_leaves_nothing_behind) {
  for_each_failing_allocation([&] {
    Identity identity;
    rfctls_status status = self_signed("localhost", identity);
    EXPECT_TRUE(status == RFCTLS_OK || is_empty(identity));
    return status;
  });
}

}  // namespace
