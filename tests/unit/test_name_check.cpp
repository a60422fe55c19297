// Is a certificate for the names that OpenSSL says it is for, and for no other?
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "support/pki.hpp"

using namespace rfctls_test;

namespace {

struct Names {
  std::vector<std::string> hosts;
  std::vector<std::string> addresses;  // as bytes
};

std::string der_item(unsigned char tag, const std::string &value) {
  std::string size;
  if (value.size() < 128) {
    size = std::string(1, static_cast<char>(value.size()));
  } else {
    size = {'\x82', static_cast<char>(value.size() >> 8), static_cast<char>(value.size())};
  }
  return static_cast<char>(tag) + size + value;
}

std::string alternative_names(const Names &names) {
  std::string items;
  for (const std::string &host : names.hosts) {
    items += der_item(0x82, host);
  }
  for (const std::string &address : names.addresses) {
    items += der_item(0x87, address);
  }
  return der_item(0x30, items);
}

using X509Handle = std::unique_ptr<X509, decltype(&X509_free)>;

// The server's certificate with other alternative names: good for reading only.
X509Handle certificate(const std::string &names) {
  const std::string der = pki_file("server.der");
  const auto *at = reinterpret_cast<const unsigned char *>(der.data());
  X509Handle parsed(d2i_X509(nullptr, &at, static_cast<long>(der.size())), X509_free);
  int place = X509_get_ext_by_NID(parsed.get(), NID_subject_alt_name, -1);
  std::unique_ptr<ASN1_OCTET_STRING, decltype(&ASN1_OCTET_STRING_free)> value(
      ASN1_OCTET_STRING_new(), ASN1_OCTET_STRING_free);
  ASN1_OCTET_STRING_set(value.get(), reinterpret_cast<const unsigned char *>(names.data()),
                        static_cast<int>(names.size()));
  X509_EXTENSION *extension =
      X509_EXTENSION_create_by_NID(nullptr, NID_subject_alt_name, 0, value.get());
  X509_EXTENSION_free(X509_delete_ext(parsed.get(), place));
  X509_add_ext(parsed.get(), extension, place);
  X509_EXTENSION_free(extension);
  X509_set_serialNumber(parsed.get(), X509_get_serialNumber(parsed.get()));  // encode anew
  i2d_re_X509_tbs(parsed.get(), nullptr);
  unsigned char *encoded = nullptr;
  int size = i2d_X509(parsed.get(), &encoded);
  const unsigned char *end = encoded;
  X509Handle made(d2i_X509(nullptr, &end, size), X509_free);
  OPENSSL_free(encoded);
  return made;
}

Cert handle_of(X509 *x509) {
  unsigned char *encoded = nullptr;
  int size = i2d_X509(x509, &encoded);
  Cert cert;
  require(rfctls_cert_load(encoded, static_cast<size_t>(size), out(cert)), "certificate");
  OPENSSL_free(encoded);
  return cert;
}

Cert with(const Names &names) {
  return handle_of(certificate(alternative_names(names)).get());
}

bool ours(const Cert &cert, const std::string &name) {
  return rfctls_cert_matches_name(cert.get(), name.c_str()) == 1;
}

// As the handshake checks it: the trailing dot is taken off before.
bool theirs(X509 *x509, std::string name) {
  if (!name.empty() && name.back() == '.') {
    name.pop_back();
  }
  unsigned char ip[16];
  for (size_t size : {4, 16}) {
    if (inet_pton(size == 4 ? AF_INET : AF_INET6, name.c_str(), ip) == 1) {
      return X509_check_ip(x509, ip, size, 0) == 1;
    }
  }
  return !name.empty() &&
         X509_check_host(x509, name.data(), name.size(),
                         X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
                         nullptr) == 1;
}

TEST(Match, hosts_match_without_regard_to_case_and_the_trailing_dot) {
  Cert cert = with({{"Server.Test"}, {}});
  EXPECT_TRUE(ours(cert, "server.test"));
  EXPECT_TRUE(ours(cert, "SERVER.TEST."));
  for (const char *other : {"", ".", "server.test..", "server", "test", "xserver.test",
                            "server.testx", "a.server.test", ".server.test"}) {
    EXPECT_FALSE(ours(cert, other)) << other;
  }
}

TEST(Match, a_star_stands_for_one_whole_left_most_label) {
  Cert cert = with({{"*.wild.test"}, {}});
  EXPECT_TRUE(ours(cert, "a.wild.test"));
  EXPECT_TRUE(ours(cert, "XN--A-b9.WILD.test."));
  for (const char *underscored :
       {"my_host.wild.test", "_a.wild.test", "a_.wild.test", "_.wild.test"}) {
    EXPECT_TRUE(ours(cert, underscored)) << underscored;
  }
  EXPECT_TRUE(ours(with({{"*.my_zone.wild.test"}, {}}), "a.my_zone.wild.test"));
  for (const char *other : {"wild.test", ".wild.test", "a.b.wild.test", "a.wild.test.x",
                            "*.wild.test", "a_b.c.wild.test", "a!b.wild.test", "a.wildxtest"}) {
    EXPECT_FALSE(ours(cert, other)) << other;
  }
}

TEST(Match, other_stars_stand_for_nothing) {
  Cert cert = with({{"*", "*.*", "*.test", "f*.wild.test", "*f.wild.test", "a.*.test",
                     "**.wild.test", "*.*.test", ".wild.test", "*."},
                    {}});
  for (const char *name : {"test", "a.test", "foo.wild.test", "oof.wild.test", "a.b.test",
                           "wild.test", "x.y.z.test", "x.wild.test"}) {
    EXPECT_FALSE(ours(cert, name)) << name;
  }
}

TEST(Match, a_nul_does_not_end_a_name) {
  Cert cert =
      with({{std::string("server.test\0.evil.test", 22), std::string("*.wild.test\0x", 13)}, {}});
  EXPECT_FALSE(ours(cert, "server.test"));
  EXPECT_FALSE(ours(cert, "a.wild.test"));
  EXPECT_STREQ("server.test\\00.evil.test", rfctls_cert_name(cert.get(), 0));
}

TEST(Match, addresses_match_by_their_bytes_and_hosts_never_do) {
  const std::string loopback(15, '\0');
  Cert cert = with({{"127.0.0.2", "*.0.0.3"}, {std::string("\x7f\0\0\1", 4), loopback + '\1'}});
  EXPECT_TRUE(ours(cert, "127.0.0.1"));
  EXPECT_TRUE(ours(cert, "::1"));
  EXPECT_TRUE(ours(cert, "0:0:0:0::1"));
  EXPECT_TRUE(ours(cert, "::1%eth0"));
  for (const char *other :
       {"127.0.0.2", "127.0.0.3", "::ffff:127.0.0.1", "::2", "127.0.0.1.", "127.1"}) {
    EXPECT_FALSE(ours(cert, other)) << other;
  }
}

TEST(Match, the_subject_is_no_name) {
  EXPECT_FALSE(ours(with({{"other.test"}, {}}), "server.test"));
  EXPECT_FALSE(ours(handle_of(certificate("damaged").get()), "server.test"));
}

TEST(Match, null_matches_nothing) {
  Cert cert = with({{"server.test"}, {}});
  EXPECT_EQ(0, rfctls_cert_matches_name(nullptr, "server.test"));
  EXPECT_EQ(0, rfctls_cert_matches_name(cert.get(), nullptr));
}

// ---- against OpenSSL, over names that nearly fit ----

class Generator {
 public:
  std::string pattern() {
    std::string made = name();
    switch (random_() % 6) {
    case 0: made = "*." + made; break;
    case 1: made.insert(random_() % (made.size() + 1), "*"); break;
    case 2: made.insert(random_() % (made.size() + 1), 1, '\0'); break;
    case 3: made += "."; break;
    default: break;
    }
    return made;
  }
  std::string name() {
    static const char *const labels[] = {"a",  "B",  "test", "TEST", "xn--a", "a-b",
                                         "-a", "a-", "a_b",  "1",    ""};
    const size_t usual = 6, all = sizeof labels / sizeof *labels;
    std::string made;
    for (unsigned left = 1 + random_() % 4; left > 0; left--) {
      made += labels[random_() % (random_() % 4 == 0 ? all : usual)];
      made += left > 1 ? "." : "";
    }
    return made.empty() ? "a" : made;
  }
  std::string address() {
    std::string made(random_() % 5 == 0 ? 5 : random_() % 2 == 0 ? 4 : 16, '\0');
    made.back() = static_cast<char>(random_() % 3);
    return made;
  }
  std::string asked(const Names &names) {
    if (random_() % 4 == 0) {
      static const char *const addresses[] = {
          "0.0.0.0", "0.0.0.1", "0.0.0.2", "::", "::1", "::2", "::3"};
      return addresses[random_() % (sizeof addresses / sizeof *addresses)];
    }
    std::string made = name();
    const std::string &near = names.hosts[random_() % names.hosts.size()];
    if (random_() % 2 == 0 && near.find('\0') == std::string::npos) {
      made = near.substr(0, 2) == "*." ? made.substr(0, made.find('.')) + near.substr(1) : near;
    }
    std::transform(made.begin(), made.end(), made.begin(), [this](char c) {
      return random_() % 8 == 0 ? static_cast<char>(std::toupper(static_cast<unsigned char>(c)))
                                : c;
    });
    return random_() % 8 == 0 ? made + "." : made;
  }

 private:
  std::mt19937 random_{7};
};

// What no host is called: a star, or an empty label. We never match it.
bool is_host(std::string name) {
  if (!name.empty() && name.back() == '.') {
    name.pop_back();
  }
  return !name.empty() && name.front() != '.' && name.back() != '.' &&
         name.find("..") == std::string::npos && name.find('*') == std::string::npos;
}

// OpenSSL lets a star stand for no underscore, which is a letter to us.
std::string without_underscores(std::string text) {
  std::replace(text.begin(), text.end(), '_', 'q');
  return text;
}

TEST(Match, agrees_with_openssl_on_generated_names) {
  Generator generate;
  size_t matches = 0, cases = 0;
  for (int i = 0; i < 4000; i++) {
    Names names{{generate.pattern(), generate.pattern()}, {generate.address()}};
    X509Handle x509 = certificate(without_underscores(alternative_names(names)));
    ASSERT_NE(nullptr, x509);
    Cert cert = with(names);
    for (int j = 0; j < 25; j++, cases++) {
      const std::string name = generate.asked(names);
      const bool expected = is_host(name) && theirs(x509.get(), without_underscores(name));
      matches += expected;
      ASSERT_EQ(expected, ours(cert, name))
          << name << " in " << names.hosts[0] << ", " << names.hosts[1];
    }
  }
  EXPECT_GT(matches, cases / 20);
  EXPECT_LT(matches, cases - cases / 20);
}

}  // namespace
