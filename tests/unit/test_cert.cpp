// Certificates: read from DER and PEM, refused when damaged, described without being cut or forged.
#include <gtest/gtest.h>
#include <openssl/x509.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "support/memory.hpp"
#include "support/pki.hpp"

using namespace rfctls_test;

namespace {

constexpr int64_t day = 24 * 60 * 60;

rfctls_status load(const std::string &data, Cert &cert) {
  return rfctls_cert_load(data.data(), data.size(), out(cert));
}

const char utf8_string = 0x0c, t61_string = 0x14;

// The server's certificate with another organisation of the same length: good for reading only.
std::string with_organisation(const std::string &value, char type) {
  const std::string usual = std::string(1, utf8_string) + "\x0flibrfctls tests";
  std::string der = pki_file("server.der");
  std::string other = usual.substr(0, 2) + value;
  other[0] = type;
  EXPECT_EQ(usual.size(), other.size()) << "choose a value of 15 bytes";
  for (size_t at = der.find(usual); at != std::string::npos; at = der.find(usual, at + 1)) {
    der.replace(at, usual.size(), other);
  }
  return der;
}

std::string subject_with(const std::string &organisation, char type = utf8_string) {
  Cert cert;
  require(load(with_organisation(organisation, type), cert), organisation);
  return rfctls_cert_subject(cert.get());
}

std::string hexadecimal(const std::string &bytes) {
  std::string text;
  for (unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string sha256(const std::string &data) {
  std::string digest(32, '\0');
  EVP_Digest(data.data(), data.size(), reinterpret_cast<unsigned char *>(digest.data()), nullptr,
             EVP_sha256(), nullptr);
  return digest;
}

std::string serial_of(const std::string &der) {
  const auto *at = reinterpret_cast<const unsigned char *>(der.data());
  X509 *x509 = d2i_X509(nullptr, &at, static_cast<long>(der.size()));
  const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
  std::string bytes(reinterpret_cast<const char *>(ASN1_STRING_get0_data(serial)),
                    static_cast<size_t>(ASN1_STRING_length(serial)));
  X509_free(x509);
  return bytes;
}

std::string with_crlf(const std::string &text) {
  std::string result;
  for (char c : text) {
    result += c == '\n' ? "\r\n" : std::string(1, c);
  }
  return result;
}

TEST(Cert, tells_its_names_and_dates) {
  Cert cert;
  const int64_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  ASSERT_EQ(RFCTLS_OK, load(pki_file("server.der"), cert));
  EXPECT_STREQ("CN=server.test,O=librfctls tests", rfctls_cert_subject(cert.get()));
  EXPECT_STREQ("CN=librfctls test intermediate,O=librfctls tests", rfctls_cert_issuer(cert.get()));
  EXPECT_LE(rfctls_cert_not_before(cert.get()), now - day);
  EXPECT_GE(rfctls_cert_not_before(cert.get()), now - 2 * day - day / 2);
  EXPECT_EQ(rfctls_cert_not_before(cert.get()) + 31 * day, rfctls_cert_not_after(cert.get()));
}

TEST(Cert, tells_its_alternative_names_hosts_first) {
  Cert cert;
  ASSERT_EQ(RFCTLS_OK, load(pki_file("server.der"), cert));
  const std::vector<std::pair<int, std::string>> expected = {{RFCTLS_NAME_DNS, "server.test"},
                                                             {RFCTLS_NAME_DNS, "localhost"},
                                                             {RFCTLS_NAME_DNS, "*.wild.test"},
                                                             {RFCTLS_NAME_IP, "127.0.0.1"},
                                                             {RFCTLS_NAME_IP, "::1"}};
  ASSERT_EQ(expected.size(), rfctls_cert_name_count(cert.get()));
  for (size_t i = 0; i < expected.size(); i++) {
    EXPECT_EQ(expected[i].first, static_cast<int>(rfctls_cert_name_kind(cert.get(), i)));
    EXPECT_EQ(expected[i].second, rfctls_cert_name(cert.get(), i));
  }
  EXPECT_EQ(0, static_cast<int>(rfctls_cert_name_kind(cert.get(), expected.size())));
  EXPECT_EQ(nullptr, rfctls_cert_name(cert.get(), expected.size()));
}

TEST(Cert, tells_its_serial_number_and_fingerprint) {
  const std::string der = pki_file("server.der");
  Cert cert;
  ASSERT_EQ(RFCTLS_OK, load(der, cert));
  EXPECT_EQ(hexadecimal(sha256(der)), rfctls_cert_fingerprint(cert.get()));
  EXPECT_EQ(hexadecimal(serial_of(der)), rfctls_cert_serial(cert.get()));
}

TEST(Cert, alternative_names_that_cannot_be_read_are_none) {
  std::string der = pki_file("server.der");
  const size_t at = der.find("\x82\x0bserver.test");
  ASSERT_NE(std::string::npos, at);
  der[at + 1] = '\x7f';
  Cert cert;
  ASSERT_EQ(RFCTLS_OK, load(der, cert));
  EXPECT_EQ(0u, rfctls_cert_name_count(cert.get()));
  EXPECT_EQ(0, rfctls_cert_matches_name(cert.get(), "server.test"));
}

TEST(Cert, gives_back_the_der_it_was_made_of) {
  const std::string der = pki_file("server.der");
  Cert cert;
  size_t size = 0;
  ASSERT_EQ(RFCTLS_OK, load(der, cert));
  const void *data = rfctls_cert_der(cert.get(), &size);
  EXPECT_EQ(der, std::string(static_cast<const char *>(data), size));
}

TEST(Cert, reads_the_first_block_of_a_pem_text) {
  Cert from_text, leaf;
  ASSERT_EQ(RFCTLS_OK, load(pki_file("server.der"), leaf));
  ASSERT_EQ(RFCTLS_OK, load("Bag Attributes\n" + with_crlf(pki_file("server.key")) +
                                with_crlf(pki_file("server.pem")),
                            from_text));
  EXPECT_STREQ(rfctls_cert_subject(leaf.get()), rfctls_cert_subject(from_text.get()));
}

TEST(Cert, refuses_der_that_other_bytes_follow) {
  Cert cert;
  EXPECT_EQ(RFCTLS_E_PARSE, load(pki_file("server.der") + "x", cert));
  EXPECT_EQ(nullptr, cert.get());
  EXPECT_STREQ("rfctls_cert_load", rfctls_error_origin());
}

TEST(Cert, refuses_every_beginning_of_der) {
  const std::string der = pki_file("server.der");
  for (size_t size = 0; size < der.size(); size++) {
    Cert cert;
    ASSERT_EQ(RFCTLS_E_PARSE, load(der.substr(0, size), cert)) << size;
  }
}

TEST(Cert, refuses_a_text_without_or_with_a_damaged_certificate) {
  Cert cert;
  EXPECT_EQ(RFCTLS_E_PARSE, load("", cert));
  EXPECT_EQ(RFCTLS_E_PARSE, load(pki_file("garbage.pem"), cert));
  EXPECT_EQ(RFCTLS_E_PARSE, load(pki_file("server.key"), cert));
  std::string pem = pki_file("server.pem");
  EXPECT_EQ(RFCTLS_E_PARSE, load(pem.substr(0, pem.find("-----END")), cert));
  pem[pem.find('\n') + 1] = '!';
  EXPECT_EQ(RFCTLS_E_PARSE, load(pem, cert));
}

TEST(Cert, refuses_null_arguments) {
  Cert cert;
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_cert_load("x", 1, nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_cert_load(nullptr, 1, out(cert)));
  EXPECT_EQ(RFCTLS_E_PARSE, rfctls_cert_load(nullptr, 0, out(cert)));
}

TEST(Cert, getters_take_null) {
  size_t size = 1;
  EXPECT_EQ(nullptr, rfctls_cert_der(nullptr, &size));
  EXPECT_EQ(0u, size);
  EXPECT_EQ(nullptr, rfctls_cert_subject(nullptr));
  EXPECT_EQ(nullptr, rfctls_cert_issuer(nullptr));
  EXPECT_EQ(0, rfctls_cert_not_before(nullptr));
  EXPECT_EQ(0, rfctls_cert_not_after(nullptr));
  EXPECT_EQ(nullptr, rfctls_cert_serial(nullptr));
  EXPECT_EQ(nullptr, rfctls_cert_fingerprint(nullptr));
  EXPECT_EQ(0u, rfctls_cert_name_count(nullptr));
  EXPECT_EQ(0, static_cast<int>(rfctls_cert_name_kind(nullptr, 0)));
  EXPECT_EQ(nullptr, rfctls_cert_name(nullptr, 0));
  EXPECT_EQ(nullptr, rfctls_cert_ref(nullptr));
  rfctls_cert_unref(nullptr);
}

TEST(Cert, lives_as_long_as_its_last_reference) {
  Cert first;
  ASSERT_EQ(RFCTLS_OK, load(pki_file("server.der"), first));
  Cert second(rfctls_cert_ref(first.get()));
  first.reset();
  EXPECT_STREQ("CN=server.test,O=librfctls tests", rfctls_cert_subject(second.get()));
}

TEST(Cert, a_nul_in_a_name_is_escaped_and_does_not_end_it) {
  EXPECT_EQ("CN=server.test,O=good.test\\00.evil",
            subject_with(std::string("good.test\0.evil", 15)));
}

TEST(Cert, special_characters_in_a_name_are_escaped) {
  EXPECT_EQ("CN=server.test,O=\\ a\\,b\\+c\\\"d\\\\e\\<f\\>g\\ ",
            subject_with(" a,b+c\"d\\e<f>g "));
  EXPECT_EQ("CN=server.test,O=\\#a\\0Ab\\0Dc\\09d\\1Befghij", subject_with("#a\nb\rc\td\x1b"
                                                                           "efghij"));
}

TEST(Cert, names_are_utf8) {
  EXPECT_EQ("CN=server.test,O=Z\xc3\xbcrich \xe6\x9d\xb1\xe4\xba\xac!",
            subject_with("Z\xc3\xbcrich \xe6\x9d\xb1\xe4\xba\xac!"));
}

TEST(Cert, names_in_older_character_sets_become_utf8) {
  EXPECT_EQ("CN=server.test,O=Z\xc3\xbcrich 12345678",
            subject_with("Z\xfcrich 12345678", t61_string));
}

TEST(Cert, a_name_that_is_not_what_its_type_says_is_refused) {
  Cert cert;
  EXPECT_EQ(RFCTLS_E_PARSE,
            load(with_organisation("bad \xff\xfe\xc0\x80 utf-8!", utf8_string), cert));
}

TEST(Cert, a_date_that_is_none_is_refused) {
  Cert cert;
  std::string der = pki_file("server.der");
  const size_t not_before = der.find("\x17\x0d"); /* a UTCTime of 13 bytes */
  ASSERT_NE(std::string::npos, not_before);
  der.replace(not_before + 2, 13, "2025-01-01   ");
  EXPECT_EQ(RFCTLS_E_PARSE, load(der, cert));
  EXPECT_STREQ("a date in the certificate cannot be read", rfctls_error_message());
}

TEST(Cert, running_out_of_memory_leaves_nothing_behind) {
  const std::string pem = pki_file("server.pem");
  for_each_failing_allocation([&] {
    Cert cert;
    rfctls_status status = load(pem, cert);
    EXPECT_EQ(status == RFCTLS_OK, cert != nullptr);
    return status;
  });
}

}  // namespace
