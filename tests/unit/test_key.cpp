// Private keys: every form gives the same key, every passphrase is given or missed in words, and
// nothing but a whole private key is one.
#include <gtest/gtest.h>
#include <openssl/err.h>

#include <string>

#include "pki/pki.h"
#include "support/memory.hpp"
#include "support/pki.hpp"

using namespace rfctls_test;

namespace {

rfctls_status load(const std::string &data, const char *passphrase, Key &key) {
  return rfctls_key_load(data.data(), data.size(), passphrase, out(key));
}

rfctls_status from_file(const std::string &name, const char *passphrase, Key &key) {
  return rfctls_key_from_file(pki_path(name).c_str(), passphrase, out(key));
}

std::string pkcs8_of(const Key &key) {
  rfctls__bytes bytes = rfctls__key_bytes(key.get());
  return {reinterpret_cast<const char *>(bytes.data), bytes.size};
}

// Whether it is the key of the leaf in a chain file.
bool fits(const Key &key, const std::string &chain_file) {
  Chain chain = load_chain(chain_file);
  return rfctls__engine_linked.check_key(rfctls__cert_bytes(rfctls_chain_at(chain.get(), 0)),
                                         rfctls__key_bytes(key.get())) == RFCTLS_OK;
}

bool message_has(const std::string &part) {
  return std::string(rfctls_error_message()).find(part) != std::string::npos;
}

std::string without(std::string text, char c) {
  std::string result;
  for (char each : text) {
    if (each != c) {
      result += each;
    }
  }
  return result;
}

TEST(Key, every_form_of_a_file_gives_the_same_key) {
  for (const char *name :
       {"server.key", "server.key.der", "server-encrypted.key", "server-encrypted.key.der",
        "server-traditional.key", "server-traditional.key.der", "server-traditional-encrypted.key",
        "both.pem"}) {
    Key key;
    ASSERT_EQ(RFCTLS_OK, from_file(name, "secret", key)) << name << rfctls_error_message();
    EXPECT_EQ(pkcs8_of(load_key("server.key")), pkcs8_of(key)) << name;
    EXPECT_TRUE(fits(key, "server.pem")) << name;
  }
}

TEST(Key, rsa_and_ed25519_are_read) {
  for (const char *name :
       {"server-rsa.key", "server-rsa-traditional.key", "server-rsa-traditional.key.der"}) {
    Key key;
    ASSERT_EQ(RFCTLS_OK, from_file(name, nullptr, key)) << name << rfctls_error_message();
    EXPECT_TRUE(fits(key, "server-rsa.pem")) << name;
  }
  EXPECT_TRUE(fits(load_key("server-ed25519.key"), "server-ed25519.pem"));
}

TEST(Key, der_is_read_from_memory) {
  for (const char *name :
       {"server.key.der", "server-traditional.key.der", "server-rsa-traditional.key.der"}) {
    Key key;
    EXPECT_EQ(RFCTLS_OK, load(pki_file(name), nullptr, key)) << name << rfctls_error_message();
  }
}

TEST(Key, a_key_of_another_pair_does_not_fit) {
  EXPECT_FALSE(fits(load_key("client.key"), "server.pem"));
  EXPECT_FALSE(fits(load_key("server-rsa.key"), "server.pem"));
}

TEST(Key, an_unneeded_passphrase_does_no_harm) {
  Key key;
  EXPECT_EQ(RFCTLS_OK, from_file("server.key", "whatever", key));
}

TEST(Key, a_missing_passphrase_is_an_error_that_says_so) {
  for (const char *name :
       {"server-encrypted.key", "server-encrypted.key.der", "server-traditional-encrypted.key"}) {
    Key key;
    EXPECT_EQ(RFCTLS_E_PARSE, from_file(name, nullptr, key)) << name;
    EXPECT_TRUE(message_has("passphrase is missing")) << name << ": " << rfctls_error_message();
    EXPECT_TRUE(message_has(name)) << rfctls_error_message();
    EXPECT_EQ(nullptr, key.get());
  }
}

TEST(Key, a_wrong_passphrase_is_an_error_that_says_so) {
  for (const char *name :
       {"server-encrypted.key", "server-encrypted.key.der", "server-traditional-encrypted.key"}) {
    for (const std::string &wrong : {std::string(), std::string("Secret"), std::string("secret "),
                                     "secret" + std::string(5000, 'x')}) {
      Key key;
      EXPECT_EQ(RFCTLS_E_PARSE, from_file(name, wrong.c_str(), key)) << name << wrong;
      EXPECT_TRUE(message_has("passphrase of the private key is wrong"))
          << name << wrong << ": " << rfctls_error_message();
    }
  }
}

TEST(Key, encrypted_der_from_memory_misses_its_passphrase) {
  Key key;
  EXPECT_EQ(RFCTLS_E_PARSE, load(pki_file("server-encrypted.key.der"), nullptr, key));
  EXPECT_TRUE(message_has("passphrase is missing")) << rfctls_error_message();
}

TEST(Key, a_pem_text_may_have_any_line_ends_and_lengths) {
  const std::string pem = pki_file("server.key");
  std::string crlf;
  for (char c : pem) {
    crlf += c == '\n' ? "\r\n" : std::string(1, c);
  }
  for (const std::string &text : {crlf, without(pem, '\n'), "one\ntwo" + pem + "three"}) {
    Key key;
    ASSERT_EQ(RFCTLS_OK, load(text, nullptr, key)) << text << rfctls_error_message();
    EXPECT_EQ(pkcs8_of(load_key("server.key")), pkcs8_of(key));
  }
}

TEST(Key, the_headers_of_an_encrypted_key_may_end_in_crlf) {
  std::string crlf;
  for (char c : pki_file("server-traditional-encrypted.key")) {
    crlf += c == '\n' ? "\r\n" : std::string(1, c);
  }
  Key key;
  EXPECT_EQ(RFCTLS_OK, load(crlf, "secret", key)) << rfctls_error_message();
}

TEST(Key, a_text_without_a_private_key_is_refused) {
  Key key;
  EXPECT_EQ(RFCTLS_E_PARSE, load("", nullptr, key));
  EXPECT_EQ(RFCTLS_E_PARSE, load(pki_file("server.pem"), nullptr, key));
  EXPECT_EQ(RFCTLS_E_PARSE, from_file("garbage.pem", nullptr, key));
  EXPECT_TRUE(message_has("garbage.pem")) << rfctls_error_message();
  EXPECT_EQ(nullptr, key.get());
}

TEST(Key, a_certificate_is_no_key_in_der_either) {
  Key key;
  EXPECT_EQ(RFCTLS_E_PARSE, load(pki_file("server.der"), nullptr, key));
  EXPECT_EQ(RFCTLS_E_PARSE, from_file("server.der", nullptr, key));
}

TEST(Key, a_public_key_is_refused) {
  const unsigned char spki[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21,
                                0,    1,    2,    3,    4,    5,    6,    7,    8,    9,    10,
                                11,   12,   13,   14,   15,   16,   17,   18,   19,   20,   21,
                                22,   23,   24,   25,   26,   27,   28,   29,   30,   31,   32};
  Key key;
  EXPECT_EQ(RFCTLS_E_PARSE, rfctls_key_load(spki, sizeof spki, nullptr, out(key)));
}

TEST(Key, damaged_keys_are_refused) {
  const std::string der = pki_file("server.key.der");
  for (size_t size = 0; size < der.size(); size += 7) {
    Key key;
    EXPECT_EQ(RFCTLS_E_PARSE, load(der.substr(0, size), nullptr, key)) << size;
  }
  Key key;
  std::string pem = pki_file("server.key");
  pem[pem.find('\n') + 10] = '*';
  EXPECT_EQ(RFCTLS_E_PARSE, load("\n" + pem, nullptr, key));
  EXPECT_STREQ("private key on line 2: PEM block PRIVATE KEY is not base64",
               rfctls_error_message());
}

TEST(Key, der_that_other_bytes_follow_is_refused) {
  Key key;
  for (const char *name :
       {"server.key.der", "server-traditional.key.der", "server-rsa-traditional.key.der"}) {
    EXPECT_EQ(RFCTLS_E_PARSE, load(pki_file(name) + "x", nullptr, key)) << name;
  }
}

TEST(Key, pem_where_a_path_is_due_is_refused_and_not_shown) {
  Key key;
  std::string pem = pki_file("server.key");
  EXPECT_EQ(rfctls_key_from_file(pem.c_str(), nullptr, out(key)), RFCTLS_E_ARGUMENT);
  EXPECT_TRUE(message_has("PEM text")) << rfctls_error_message();
  EXPECT_FALSE(message_has("BEGIN"));
  EXPECT_FALSE(message_has(pem.substr(60, 20)));
  EXPECT_EQ(key.get(), nullptr);
}

TEST(Key, null_is_an_argument_error) {
  Key key;
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_key_load("x", 1, nullptr, nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_key_load(nullptr, 1, nullptr, out(key)));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_key_from_file("x", nullptr, nullptr));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_key_from_file(nullptr, nullptr, out(key)));
  EXPECT_EQ(nullptr, rfctls_key_ref(nullptr));
  rfctls_key_unref(nullptr);
}

TEST(Key, lives_as_long_as_its_last_reference) {
  Key first = load_key("server.key");
  Key second(rfctls_key_ref(first.get()));
  first.reset();
  EXPECT_TRUE(fits(second, "server.pem"));
}

TEST(Key, the_callers_openssl_errors_are_left_as_they_were) {
  Key key;
  ERR_clear_error();
  ERR_raise(ERR_LIB_USER, 42);
  const unsigned long callers = ERR_peek_error();
  EXPECT_EQ(RFCTLS_E_PARSE, from_file("server-encrypted.key", "wrong", key));
  EXPECT_EQ(RFCTLS_OK, from_file("server-encrypted.key", "secret", key));
  EXPECT_EQ(callers, ERR_get_error());
  EXPECT_EQ(0u, ERR_get_error());
}

TEST(Key, running_out_of_memory_leaves_nothing_behind) {
  const std::string path = pki_path("server-encrypted.key");
  for_each_failing_allocation([&] {
    Key key;
    rfctls_status status = rfctls_key_from_file(path.c_str(), "secret", out(key));
    EXPECT_EQ(status == RFCTLS_OK, key != nullptr);
    return status;
  });
}

}  // namespace
