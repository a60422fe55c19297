// Certificates as a forger makes them: whatever OpenSSL can be brought to encode, right or wrong.
#ifndef RFCTLS_TESTS_FORGE_HPP
#define RFCTLS_TESTS_FORGE_HPP

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace rfctls_test::forge {

template <typename T, void (*Free)(T *)>
struct Freer {
  void operator()(T *object) const {
    Free(object);
  }
};

using Key = std::shared_ptr<EVP_PKEY>;
using Cert = std::unique_ptr<X509, Freer<X509, X509_free>>;
using Subject = std::unique_ptr<X509_NAME, Freer<X509_NAME, X509_NAME_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION, X509_EXTENSION_free>>;

inline void check(bool done, const char *what) {
  if (!done) {
    throw std::runtime_error(std::string("forge: OpenSSL cannot make ") + what);
  }
}

inline Key own(EVP_PKEY *key) {
  check(key != nullptr, "a key");
  return Key(key, EVP_PKEY_free);
}

inline Key ec_key(const char *curve = "P-256") {
  return own(EVP_EC_gen(curve));
}

inline Key rsa_key(size_t bits) {
  return own(EVP_RSA_gen(bits));
}

// ---- DER ----

inline std::string tagged(unsigned tag, const std::string &content) {
  std::string size;
  for (size_t rest = content.size(); rest > 0; rest >>= 8) {
    size.insert(size.begin(), static_cast<char>(rest & 0xff));
  }
  if (content.size() < 0x80) {
    size.assign(1, static_cast<char>(content.size()));
  } else {
    size.insert(size.begin(), static_cast<char>(0x80 | size.size()));
  }
  return static_cast<char>(tag) + size + content;
}

// A value for Blueprint::extensions that is these bytes.
inline std::string raw(const std::string &der, bool critical = false) {
  static const char digits[] = "0123456789abcdef";
  std::string text = critical ? "critical,DER:" : "DER:";
  for (unsigned char byte : der) {
    text += {digits[byte >> 4], digits[byte & 15]};
  }
  return text;
}

// What a general name is by its tag (RFC 5280 section 4.2.1.6).
enum NameTag : unsigned { EMAIL = 0x81, DNS = 0x82, URI = 0x86, IP = 0x87 };

struct Name {
  NameTag tag;
  std::string value;  // an address as its bytes
};

inline std::string alternative_names(const std::vector<Name> &names) {
  std::string all;
  for (const Name &name : names) {
    all += tagged(name.tag, name.value);
  }
  return raw(tagged(0x30, all));
}

// ---- certificates ----

struct Blueprint {
  std::string subject;
  Key key;
  std::string issuer;  // "": the next one's subject
  Key signer;          // none: the next one's key
  std::vector<Name> names;
  // In the notation of openssl.cnf, by name or by OID, in this order.
  std::vector<std::pair<std::string, std::string>> extensions;
  int64_t not_before = -86400, not_after = 30 * 86400;  // seconds from now
  const EVP_MD *digest = EVP_sha256();
  int version = 3;
  bool damaged = false;  // the signature

  void set(const std::string &extension, const std::string &value) {
    remove(extension);
    extensions.emplace_back(extension, value);
  }
  void remove(const std::string &extension) {
    std::vector<std::pair<std::string, std::string>> kept;
    for (auto &item : extensions) {
      if (item.first != extension) {
        kept.push_back(item);
      }
    }
    extensions = kept;
  }
};

inline Subject name_of(const std::string &text) {
  const auto *bytes = reinterpret_cast<const unsigned char *>(text.data());
  Subject name(X509_NAME_new());
  check(name && X509_NAME_add_entry_by_txt(name.get(), "CN", MBSTRING_UTF8, bytes,
                                           static_cast<int>(text.size()), -1, 0) == 1,
        "a name");
  return name;
}

inline void add_extension(X509 *cert, const std::string &name, const std::string &value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, cert, cert, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  Extension extension(X509V3_EXT_nconf(nullptr, &context, name.c_str(), value.c_str()));
  check(extension && X509_add_ext(cert, extension.get(), -1) == 1, name.c_str());
}

// Signed again after the damage it would be whole, so the damage comes last.
inline void damage(X509 *cert) {
  const ASN1_BIT_STRING *signature;
  X509_get0_signature(&signature, nullptr, cert);
  const_cast<unsigned char *>(
      ASN1_STRING_get0_data(signature))[ASN1_STRING_length(signature) / 2] ^= 0x10;
}

// As it arrives at a peer: encoded and read again, for libcrypto keeps what it knew when it signed.
inline Cert arrived(const Cert &cert) {
  unsigned char *der = nullptr;
  int size = i2d_X509(cert.get(), &der);
  check(size > 0, "an encoding");
  const unsigned char *at = der;
  Cert copy(d2i_X509(nullptr, &at, size));
  OPENSSL_free(der);
  check(copy != nullptr, "a certificate that can be read");
  return copy;
}

// Ed25519 hashes by itself, and MD5 goes with RSA alone: then it is the next weak one.
inline const EVP_MD *digest_for(EVP_PKEY *signer, const EVP_MD *wanted) {
  if (EVP_PKEY_is_a(signer, "ED25519")) {
    return nullptr;
  }
  return wanted == EVP_md5() && !EVP_PKEY_is_a(signer, "RSA") ? EVP_sha1() : wanted;
}

// issuer may be the blueprint itself.
inline Cert make(const Blueprint &plan, const Blueprint &issuer) {
  static int64_t serial = 1000;
  Cert cert(X509_new());
  const std::string &issuer_name = plan.issuer.empty() ? issuer.subject : plan.issuer;
  EVP_PKEY *signer = (plan.signer ? plan.signer : issuer.key).get();
  check(cert && X509_set_version(cert.get(), plan.version - 1) == 1 &&
            ASN1_INTEGER_set_int64(X509_get_serialNumber(cert.get()), serial++) == 1 &&
            X509_gmtime_adj(X509_getm_notBefore(cert.get()), static_cast<long>(plan.not_before)) &&
            X509_gmtime_adj(X509_getm_notAfter(cert.get()), static_cast<long>(plan.not_after)) &&
            X509_set_pubkey(cert.get(), plan.key.get()) == 1 &&
            X509_set_subject_name(cert.get(), name_of(plan.subject).get()) == 1 &&
            X509_set_issuer_name(cert.get(), name_of(issuer_name).get()) == 1,
        "a certificate");
  if (!plan.names.empty()) {
    add_extension(cert.get(), "subjectAltName", alternative_names(plan.names));
  }
  for (const auto &extension : plan.extensions) {
    add_extension(cert.get(), extension.first, extension.second);
  }
  check(X509_sign(cert.get(), signer, digest_for(signer, plan.digest)) > 0, "a signature");
  if (plan.damaged) {
    damage(cert.get());
  }
  return arrived(cert);
}

}  // namespace rfctls_test::forge

#endif
