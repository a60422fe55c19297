// Do we ever accept a certificate chain that OpenSSL's own X509_verify_cert refuses under the same
// anchors, name and purpose; and do we refuse what it accepts only for the reasons that we document?
//
// Thousands of chains, each with random faults, meet us in a real handshake over memory: shown by a
// server to our client, and by a client to our server. RFCTLS_TEST_SEED repeats a run.
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <random>
#include <sstream>

#include "interop/forge.hpp"
#include "support/pair.hpp"

namespace {

using namespace rfctls_test;
using forge::Blueprint;

const char *const asked_name = "host.server.test";
const std::string asked_ip("\x7f\0\0\1", 4);

using Random = std::mt19937_64;

size_t any(Random &random, size_t below) {
  return std::uniform_int_distribution<size_t>(0, below - 1)(random);
}

// ---- keys, made once ----

struct Keys {
  forge::Key root = forge::ec_key(), other_root = forge::ec_key(), impostor = forge::ec_key(),
             leaf = forge::ec_key(), weak_curve = forge::ec_key("P-192"),
             weak_rsa = forge::rsa_key(1024), rsa = forge::rsa_key(2048),
             ed25519 = forge::own(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  std::vector<forge::Key> issuers;

  Keys() {
    for (int i = 0; i < 12; i++) {
      issuers.push_back(forge::ec_key());
    }
  }
};

const Keys &keys() {
  static const Keys all;
  return all;
}

// ---- a chain in the making ----

const char *const purposes[] = {"", "serverAuth", "clientAuth"};

Blueprint root_plan(const std::string &subject, const forge::Key &key) {
  Blueprint plan;
  plan.subject = subject;
  plan.key = key;
  plan.set("basicConstraints", "critical,CA:TRUE");
  plan.set("keyUsage", "critical,keyCertSign,cRLSign");
  return plan;
}

struct Plan {
  rfctls_role judge;              // who sees the chain
  std::vector<Blueprint> path;    // leaf first, root last
  std::vector<Blueprint> beside;  // self-signed, sent as well
  size_t anchor = 0;              // the index in path that is trusted
  bool other_anchor = false;      // no: another root is
  bool by_ip = false;
  bool partial = true;  // any anchor ends a chain
  // What is done to the list that is sent: the certificates of path without the root, then those beside.
  std::vector<std::function<void(std::vector<X509 *> &)>> sending;
  bool root_too = false;

  Plan(rfctls_role role, Random &random) : judge(role) {
    size_t issuers = 1 + any(random, 3);
    Blueprint leaf;
    leaf.subject = "leaf";
    leaf.key = keys().leaf;
    leaf.names = {{forge::DNS, asked_name}};
    leaf.set("basicConstraints", "critical,CA:FALSE");
    leaf.set("keyUsage", "critical,digitalSignature");
    leaf.set("extendedKeyUsage", purposes[role]);
    path.push_back(leaf);
    for (size_t i = 0; i < issuers; i++) {
      path.push_back(root_plan("issuer " + std::to_string(i), keys().issuers[i]));
    }
    path.push_back(root_plan("root", keys().root));
    anchor = path.size() - 1;
  }

  Blueprint &leaf() {
    return path.front();
  }
  Blueprint &root() {
    return path.back();
  }
  size_t any_issuer_at(Random &random) const {
    return 1 + any(random, path.size() - 2);
  }
  Blueprint &any_issuer(Random &random) {
    return path[any_issuer_at(random)];
  }
  void insert(size_t at, const Blueprint &plan) {
    path.insert(path.begin() + static_cast<std::ptrdiff_t>(at), plan);
    anchor += anchor >= at;
  }
  // Issuers until there are so many; they get keys of their own.
  void lengthen(size_t issuers) {
    for (size_t i = path.size() - 2; i < issuers; i++) {
      insert(path.size() - 1, root_plan("issuer " + std::to_string(i), keys().issuers[i % 12]));
    }
  }
};

// ---- the kinds of faults ----

enum Roles { SERVERS = 1, CLIENTS = 2, BOTH = 3 };  // whose chains can have it

struct Kind {
  const char *name;
  const char *alone;  // when nothing else is done: "OK", or the rfctls_reason; "": that depends
  Roles roles;
  void (*apply)(Plan &plan, Random &random);
};

void constrain(Plan &plan, Random &random, const char *constraints) {
  plan.any_issuer(random).set("nameConstraints", std::string("critical,") + constraints);
}

void name_leaf(Plan &plan, const std::string &dns) {
  plan.leaf().names = {{forge::DNS, dns}};
}

using Certs = std::vector<X509 *>;

const std::vector<Kind> &kinds() {
  static const std::vector<Kind> all = {
      // ---- good ones, or such as change nothing
      {"nothing", "OK", BOTH, [](Plan &, Random &) {}},
      {"permitted name", "OK", BOTH,
       [](Plan &p, Random &r) { constrain(p, r, "permitted;DNS:server.test"); }},
      {"name not excluded", "OK", BOTH,
       [](Plan &p, Random &r) { constrain(p, r, "excluded;DNS:other.test"); }},
      {"path length that suffices", "OK", BOTH,
       [](Plan &p, Random &) { p.root().set("basicConstraints", "critical,CA:TRUE,pathlen:9"); }},
      {"path of nine issuers", "OK", BOTH, [](Plan &p, Random &) { p.lengthen(9); }},
      {"root sent as well", "OK", BOTH, [](Plan &p, Random &) { p.root_too = true; }},
      {"unrelated certificates beside", "OK", BOTH,
       [](Plan &p, Random &r) {
         for (size_t i = 0, count = 1 + any(r, 5); i < count; i++) {
           p.beside.push_back(root_plan("stranger " + std::to_string(i), keys().impostor));
         }
       }},
      {"issuers in any order", "OK", BOTH,
       [](Plan &p, Random &r) {
         uint64_t seed = r();
         p.sending.emplace_back([seed](Certs &c) {
           Random order(seed);
           std::shuffle(c.begin() + 1, c.end(), order);
         });
       }},
      {"all sent twice", "OK", BOTH,
       [](Plan &p, Random &) {
         p.sending.emplace_back([](Certs &c) {
           Certs copy = c;
           c.insert(c.end(), copy.begin(), copy.end());
         });
       }},
      {"an issuer is the anchor", "OK", BOTH,
       [](Plan &p, Random &r) { p.anchor = p.any_issuer_at(r); }},
      {"the leaf is the anchor", "OK", BOTH, [](Plan &p, Random &) { p.anchor = 0; }},
      {"the root is the anchor, and has to be one", "OK", BOTH,
       [](Plan &p, Random &) { p.partial = false; }},
      {"unknown extension", "OK", BOTH,
       [](Plan &p, Random &) { p.leaf().set("1.2.3.4.5", forge::raw("\x05\0")); }},
      {"RSA leaf", "OK", BOTH, [](Plan &p, Random &) { p.leaf().key = keys().rsa; }},
      {"Ed25519 leaf", "OK", BOTH, [](Plan &p, Random &) { p.leaf().key = keys().ed25519; }},
      {"wildcard", "OK", SERVERS, [](Plan &p, Random &) { name_leaf(p, "*.server.test"); }},
      {"name in capitals", "OK", SERVERS, [](Plan &p, Random &) { name_leaf(p, "HOST.Server.test"); }},
      {"leaf for both purposes", "OK", BOTH,
       [](Plan &p, Random &) { p.leaf().set("extendedKeyUsage", "serverAuth,clientAuth"); }},
      {"leaf for any purpose named", "OK", BOTH,
       [](Plan &p, Random &) { p.leaf().remove("extendedKeyUsage"); }},
      {"IP address", "OK", SERVERS,
       [](Plan &p, Random &) {
         p.by_ip = true;
         p.leaf().names = {{forge::IP, asked_ip}};
       }},
      // ---- time
      {"leaf expired", "EXPIRED", BOTH, [](Plan &p, Random &) { p.leaf().not_after = -60; }},
      {"leaf not yet valid", "NOT_YET_VALID", BOTH,
       [](Plan &p, Random &) { p.leaf().not_before = 3600; }},
      {"issuer expired", "EXPIRED", BOTH,
       [](Plan &p, Random &r) { p.any_issuer(r).not_after = -60; }},
      {"issuer not yet valid", "NOT_YET_VALID", BOTH,
       [](Plan &p, Random &r) { p.any_issuer(r).not_before = 3600; }},
      {"root expired", "EXPIRED", BOTH, [](Plan &p, Random &) { p.root().not_after = -60; }},
      // ---- who issued it
      {"other root", "ISSUER", BOTH, [](Plan &p, Random &) { p.other_anchor = true; }},
      {"an issuer is the anchor, not a root as it has to be", "ISSUER", BOTH,
       [](Plan &p, Random &r) {
         p.partial = false;
         p.anchor = p.any_issuer_at(r);
       }},
      {"the leaf is the anchor, not a root as it has to be", "ISSUER", BOTH,
       [](Plan &p, Random &) {
         p.partial = false;
         p.anchor = 0;
       }},
      {"other root, sent as well", "SELF_SIGNED", BOTH,
       [](Plan &p, Random &) { p.other_anchor = p.root_too = true; }},
      {"self-signed leaf", "SELF_SIGNED", BOTH,
       [](Plan &p, Random &) {
         p.leaf().issuer = p.leaf().subject;
         p.leaf().signer = p.leaf().key;
       }},
      {"root's name, another key", "", BOTH,
       [](Plan &p, Random &) { p.path[p.path.size() - 2].signer = keys().impostor; }},
      {"issuer's name, another key", "SIGNATURE", BOTH,
       [](Plan &p, Random &) { p.leaf().signer = keys().impostor; }},
      {"impostor root beside", "OK", BOTH,
       [](Plan &p, Random &) { p.beside.push_back(root_plan("root", keys().impostor)); }},
      {"leaf of an impostor root", "", BOTH,
       [](Plan &p, Random &) {
         p.leaf().issuer = "root";
         p.leaf().signer = keys().impostor;
         p.beside.push_back(root_plan("root", keys().impostor));
       }},
      {"issuer missing", "ISSUER", BOTH,
       [](Plan &p, Random &r) {
         size_t at = any(r, 16);
         p.sending.emplace_back([at](Certs &c) {
           if (c.size() > 1) {
             c.erase(c.begin() + 1 + static_cast<std::ptrdiff_t>(at % (c.size() - 1)));
           }
         });
       }},
      {"all issuers missing", "ISSUER", BOTH,
       [](Plan &p, Random &) { p.sending.emplace_back([](Certs &c) { c.resize(1); }); }},
      {"leaf's signature damaged", "SIGNATURE", BOTH,
       [](Plan &p, Random &) { p.leaf().damaged = true; }},
      {"issuer's signature damaged", "SIGNATURE", BOTH,
       [](Plan &p, Random &r) { p.any_issuer(r).damaged = true; }},
      {"issued by a leaf", "CONSTRAINT", BOTH,
       [](Plan &p, Random &) {
         Blueprint holder = p.leaf();
         holder.subject = "holder of a leaf";
         holder.key = keys().impostor;
         p.insert(1, holder);
       }},
      // ---- what issuers may do
      {"issuer without basic constraints", "CONSTRAINT", BOTH,
       [](Plan &p, Random &r) { p.any_issuer(r).remove("basicConstraints"); }},
      {"issuer that is no authority", "CONSTRAINT", BOTH,
       [](Plan &p, Random &r) { p.any_issuer(r).set("basicConstraints", "critical,CA:FALSE"); }},
      {"issuer of X.509 version 1", "CONSTRAINT", BOTH,
       [](Plan &p, Random &r) {
         Blueprint &issuer = p.any_issuer(r);
         issuer.version = 1;
         issuer.extensions.clear();
       }},
      {"issuer that may not sign certificates", "CONSTRAINT", BOTH,
       [](Plan &p, Random &r) { p.any_issuer(r).set("keyUsage", "critical,digitalSignature"); }},
      {"path length exceeded", "CONSTRAINT", BOTH,
       [](Plan &p, Random &r) {
         p.lengthen(2);
         p.path[2 + any(r, p.path.size() - 2)].set("basicConstraints", "critical,CA:TRUE,pathlen:0");
       }},
      {"issuer for another purpose", "PURPOSE", BOTH,
       [](Plan &p, Random &r) { p.any_issuer(r).set("extendedKeyUsage", "emailProtection"); }},
      // ---- what the leaf may do
      {"leaf for the other side", "PURPOSE", BOTH,
       [](Plan &p, Random &) { p.leaf().set("extendedKeyUsage", purposes[3 - p.judge]); }},
      {"leaf for mail", "PURPOSE", BOTH,
       [](Plan &p, Random &) { p.leaf().set("extendedKeyUsage", "emailProtection,codeSigning"); }},
      {"leaf that may not sign", "PURPOSE", BOTH,
       [](Plan &p, Random &) { p.leaf().set("keyUsage", "critical,cRLSign"); }},
      // ---- extensions
      {"leaf: unknown critical extension", "EXTENSION", BOTH,
       [](Plan &p, Random &) { p.leaf().set("1.2.3.4.6", forge::raw("\x05\0", true)); }},
      {"issuer: unknown critical extension", "EXTENSION", BOTH,
       [](Plan &p, Random &r) { p.any_issuer(r).set("1.2.3.4.6", forge::raw("\x05\0", true)); }},
      {"leaf: an extension twice", "EXTENSION", BOTH,
       [](Plan &p, Random &) {
         p.leaf().extensions.emplace_back("basicConstraints", "critical,CA:FALSE");
       }},
      {"issuer: unreadable basic constraints", "", BOTH,
       [](Plan &p, Random &r) {
         p.any_issuer(r).set("basicConstraints", forge::raw("\x30\x03\x01\x01", true));
       }},
      {"issuer: unreadable name constraints", "", BOTH,
       [](Plan &p, Random &r) {
         p.any_issuer(r).set("nameConstraints", forge::raw("\x30\x7f\x01", true));
       }},
      {"leaf: unreadable alternative names", "", BOTH,
       [](Plan &p, Random &) {
         p.leaf().names.clear();
         p.leaf().set("subjectAltName", forge::raw("\x30\x10\x82\x20host"));
       }},
      // ---- name constraints
      {"name not permitted", "CONSTRAINT", BOTH,
       [](Plan &p, Random &r) { constrain(p, r, "permitted;DNS:other.test"); }},
      {"name excluded", "CONSTRAINT", BOTH,
       [](Plan &p, Random &r) { constrain(p, r, "excluded;DNS:server.test"); }},
      {"permitted above, excluded below", "CONSTRAINT", BOTH,
       [](Plan &p, Random &) {
         p.lengthen(2);
         p.path[2].set("nameConstraints", "critical,permitted;DNS:server.test");
         p.path[1].set("nameConstraints", "critical,excluded;DNS:host.server.test");
       }},
      {"one name of two not permitted", "CONSTRAINT", BOTH,
       [](Plan &p, Random &r) {
         p.leaf().names.push_back({forge::DNS, "host.other.test"});
         constrain(p, r, "permitted;DNS:server.test");
       }},
      {"IP address excluded", "CONSTRAINT", BOTH,
       [](Plan &p, Random &r) {
         p.leaf().names.push_back({forge::IP, asked_ip});
         constrain(p, r, "excluded;IP:127.0.0.0/255.0.0.0");
       }},
      {"mail address not permitted", "CONSTRAINT", BOTH,
       [](Plan &p, Random &r) {
         p.leaf().names.push_back({forge::EMAIL, "root@server.test"});
         constrain(p, r, "permitted;email:other.test");
       }},
      {"URI excluded", "CONSTRAINT", BOTH,
       [](Plan &p, Random &r) {
         p.leaf().names.push_back({forge::URI, "https://host.server.test/"});
         constrain(p, r, "excluded;URI:host.server.test");
       }},
      {"constraint of a kind unknown", "CONSTRAINT", BOTH,
       [](Plan &p, Random &r) {
         p.leaf().names.push_back({forge::NameTag(0x88), "\x2a\x03\x04"});
         constrain(p, r, "permitted;RID:1.2.3.4");
       }},
      {"constraint with a minimum", "CONSTRAINT", BOTH,
       [](Plan &p, Random &r) {
         std::string subtree = forge::tagged(
             0x30, forge::tagged(forge::DNS, "server.test") + forge::tagged(0x80, "\x01"));
         p.any_issuer(r).set("nameConstraints",
                             forge::raw(forge::tagged(0x30, forge::tagged(0xa0, subtree)), true));
       }},
      // ---- strength
      {"leaf's key of RSA 1024", "WEAK", BOTH,
       [](Plan &p, Random &) { p.leaf().key = keys().weak_rsa; }},
      {"issuer's key of RSA 1024", "WEAK", BOTH,
       [](Plan &p, Random &r) { p.any_issuer(r).key = keys().weak_rsa; }},
      {"issuer's key on P-192", "WEAK", BOTH,
       [](Plan &p, Random &r) { p.any_issuer(r).key = keys().weak_curve; }},
      {"leaf signed with SHA-1", "WEAK", BOTH,
       [](Plan &p, Random &) { p.leaf().digest = EVP_sha1(); }},
      {"issuer signed with SHA-1", "WEAK", BOTH,
       [](Plan &p, Random &r) { p.any_issuer(r).digest = EVP_sha1(); }},
      {"leaf signed with MD5", "WEAK", BOTH,
       [](Plan &p, Random &) {
         p.path[1].key = keys().rsa;
         p.leaf().digest = EVP_md5();
       }},
      {"issuer signed with MD5", "WEAK", BOTH,
       [](Plan &p, Random &) {
         p.lengthen(2);
         p.path[2].key = keys().rsa;
         p.path[1].digest = EVP_md5();
       }},
      // ---- names
      {"wrong name", "NAME", SERVERS, [](Plan &p, Random &) { name_leaf(p, "other.test"); }},
      {"name in the subject alone", "NAME", SERVERS,
       [](Plan &p, Random &) {
         p.leaf().names.clear();
         p.leaf().subject = asked_name;
       }},
      {"name in subject, another beside", "NAME", SERVERS,
       [](Plan &p, Random &) {
         name_leaf(p, "other.test");
         p.leaf().subject = asked_name;
       }},
      {"part of a label wild", "NAME", SERVERS,
       [](Plan &p, Random &r) {
         static const char *const odd[] = {"ho*.server.test", "*st.server.test", "h*t.server.test"};
         name_leaf(p, odd[any(r, 3)]);
       }},
      {"wildcard where none may be", "NAME", SERVERS,
       [](Plan &p, Random &r) {
         static const char *const odd[] = {"*",
                                           "*.test",
                                           "*.*.test",
                                           "host.*.test",
                                           "**.server.test",
                                           "*.host.server.test",
                                           "host.server.*",
                                           "xn--*.server.test",
                                           "*.*",
                                           "*host.server.test"};
         name_leaf(p, odd[any(r, 10)]);
       }},
      {"dots where none may be", "NAME", SERVERS,
       [](Plan &p, Random &r) {
         static const char *const odd[] = {".server.test", "host.server.test.", "host..server.test",
                                           ".host.server.test", "."};
         name_leaf(p, odd[any(r, 5)]);
       }},
      {"NUL in the name", "NAME", SERVERS,
       [](Plan &p, Random &r) {
         std::string name(asked_name);
         name_leaf(p, name + (any(r, 2) == 0 ? std::string(1, '\0') : std::string("\0.evil.test", 11)));
       }},
      {"name as a mail address, a URI", "NAME", SERVERS,
       [](Plan &p, Random &) {
         p.leaf().names = {{forge::EMAIL, asked_name}, {forge::URI, asked_name}};
       }},
      {"IP address in letters", "NAME", SERVERS,
       [](Plan &p, Random &) {
         p.by_ip = true;
         p.leaf().names = {{forge::DNS, "127.0.0.1"}};
         p.leaf().subject = "127.0.0.1";
       }},
      {"IP address of another size", "NAME", SERVERS,
       [](Plan &p, Random &r) {
         p.by_ip = true;
         p.leaf().names = {{forge::IP, any(r, 2) == 0 ? asked_ip + asked_ip : asked_ip.substr(1)}};
       }},
  };
  return all;
}

// ---- a chain that is made, and the verdicts on it ----

struct Chain {
  std::vector<forge::Cert> certs;  // owns
  Certs sent;                      // leaf first
  X509 *anchor = nullptr;
  const Plan *plan;

  explicit Chain(const Plan &of) : plan(&of) {
    for (size_t i = 0; i < of.path.size(); i++) {
      certs.push_back(forge::make(of.path[i], of.path[std::min(i + 1, of.path.size() - 1)]));
    }
    for (size_t i = 0; i + 1 < certs.size() || (of.root_too && i < certs.size()); i++) {
      sent.push_back(certs[i].get());
    }
    anchor = certs[of.anchor].get();
    for (const Blueprint &other : of.beside) {
      certs.push_back(forge::make(other, other));
      sent.push_back(certs.back().get());
    }
    if (of.other_anchor) {
      Blueprint other = root_plan("other root", keys().other_root);
      certs.push_back(forge::make(other, other));
      anchor = certs.back().get();
    }
    for (const auto &change : of.sending) {
      change(sent);
    }
  }
};

// What X509_verify_cert says when it is told who is trusted, who was asked for, and what for. documented:
// and held to what the documentation of rfctls_config promises beyond that.
int reference_verdict(const Chain &chain, bool documented) {
  X509_STORE *store = X509_STORE_new();
  X509_STORE_CTX *ctx = X509_STORE_CTX_new();
  STACK_OF(X509) *sent = sk_X509_new_null();
  for (X509 *cert : chain.sent) {
    sk_X509_push(sent, cert);
  }
  bool of_server = chain.plan->judge == RFCTLS_CLIENT;
  forge::check(X509_STORE_add_cert(store, chain.anchor) == 1 &&
                   X509_STORE_CTX_init(ctx, store, chain.sent.front(), sent) == 1 &&
                   X509_STORE_CTX_set_default(ctx, of_server ? "ssl_server" : "ssl_client") == 1,
               "a verification");
  X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
  if (chain.plan->partial) {  // an anchor need not be a root
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
  }
  if (documented) {
    X509_VERIFY_PARAM_set_auth_level(param, 2);
  }
  if (documented && of_server && !chain.plan->by_ip) {
    X509_VERIFY_PARAM_set_hostflags(
        param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  }
  if (of_server) {
    chain.plan->by_ip
        ? X509_VERIFY_PARAM_set1_ip(param, reinterpret_cast<const unsigned char *>(asked_ip.data()),
                                    asked_ip.size())
        : X509_VERIFY_PARAM_set1_host(param, asked_name, 0);
  }
  int code = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
  sk_X509_free(sent);
  X509_STORE_CTX_free(ctx);
  X509_STORE_free(store);
  ERR_clear_error();
  return code;
}

// The other end, by OpenSSL alone: shows any chain, and takes any.
class Shower {
 public:
  Shower(const Chain &chain, rfctls_tls_version version) {
    bool is_server = chain.plan->judge == RFCTLS_CLIENT;
    ssl_.reset(SSL_new(context(is_server)));
    SSL *ssl = ssl_.get();
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    STACK_OF(X509) *issuers = sk_X509_new_null();
    for (size_t i = 1; i < chain.sent.size(); i++) {
      sk_X509_push(issuers, chain.sent[i]);
    }
    forge::check(SSL_set_min_proto_version(ssl, static_cast<int>(version)) == 1 &&
                     SSL_set_max_proto_version(ssl, static_cast<int>(version)) == 1 &&
                     SSL_use_cert_and_key(ssl, chain.sent.front(), chain.plan->path[0].key.get(),
                                          issuers, 1) == 1,
                 "a peer");
    sk_X509_free(issuers);
    is_server ? SSL_set_accept_state(ssl) : SSL_set_connect_state(ssl);
  }

  // What it answers to these bytes.
  std::string answer(const std::string &bytes) {
    BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
    SSL_do_handshake(ssl_.get());
    ERR_clear_error();
    char *data;
    long size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &data);
    std::string out(data, static_cast<size_t>(size));
    (void)BIO_reset(SSL_get_wbio(ssl_.get()));
    return out;
  }

 private:
  using Context = std::unique_ptr<SSL_CTX, forge::Freer<SSL_CTX, SSL_CTX_free>>;

  static SSL_CTX *context(bool is_server) {
    static const Context contexts[] = {lax(TLS_client_method()), lax(TLS_server_method())};
    return contexts[is_server].get();
  }
  static Context lax(const SSL_METHOD *method) {
    Context context(SSL_CTX_new(method));
    SSL_CTX_set_security_level(context.get(), 0);
    SSL_CTX_set_mode(context.get(), SSL_MODE_NO_AUTO_CHAIN);
    return context;
  }

  std::unique_ptr<SSL, forge::Freer<SSL, SSL_free>> ssl_;
};

Cert library_cert(X509 *cert) {
  Cert made;
  unsigned char *der = nullptr;
  int size = i2d_X509(cert, &der);
  rfctls_status status = rfctls_cert_load(der, static_cast<size_t>(size), out(made));
  OPENSSL_free(der);
  require(status, "anchor");
  return made;
}

using Setting = std::function<void(rfctls_config *)>;

Config judging_config(const Chain &chain, rfctls_tls_version version, const Setting &also) {
  static const Identity own = load_identity("server");
  Config config;
  require(rfctls_config_new(chain.plan->judge, out(config)), "config");
  if (chain.plan->judge == RFCTLS_CLIENT) {
    require(rfctls_config_set_system_trust(config.get(), 0), "system trust");
    require(
        rfctls_config_set_server_name(config.get(), chain.plan->by_ip ? "127.0.0.1" : asked_name),
        "server name");
  } else {
    require(rfctls_config_set_identity(config.get(), own.chain.get(), own.key.get()), "identity");
    require(rfctls_config_set_peer_cert(config.get(), RFCTLS_PEER_CERT_REQUIRED), "demand");
  }
  require(rfctls_config_add_authority(config.get(), library_cert(chain.anchor).get()), "anchor");
  require(rfctls_config_set_partial_chain(config.get(), chain.plan->partial), "partial chain");
  require(rfctls_config_set_versions(config.get(), version, version), "version");
  if (also) {
    also(config.get());
  }
  return config;
}

struct Outcome {
  rfctls_status status;
  std::string reason, message;
  size_t fed;  // bytes that had come when it was known
};

std::string drain(const Raw &raw) {
  std::string all, buffer(16384, '\0');
  size_t received = 0;
  while (rfctls_raw_drain(raw.get(), buffer.data(), buffer.size(), &received) == RFCTLS_OK &&
         received > 0) {
    all.append(buffer, 0, received);
  }
  return all;
}

Outcome our_verdict(const Chain &chain, rfctls_tls_version version, const Setting &also = {}) {
  Raw raw;
  Socket socket;
  Config config = judging_config(chain, version, also);
  Shower shower(chain, version);
  require(rfctls_raw_memory(out(raw)), "memory");
  require(rfctls_socket_wrap(raw.get(), config.get(), out(socket)), "wrap");
  Outcome outcome = {rfctls_socket_handshake(socket.get()), "", "", 0};
  for (int round = 0; outcome.status > 0 && round < 10; round++) {
    std::string bytes = shower.answer(drain(raw));
    for (size_t at = 0; at < bytes.size() && outcome.status > 0; at += 16384) {
      std::string part = bytes.substr(at, 16384);
      require(rfctls_raw_feed(raw.get(), part.data(), part.size()), "feed");
      outcome.fed += part.size();
      outcome.status = rfctls_socket_handshake(socket.get());
    }
  }
  if (outcome.status < 0) {
    outcome.reason = rfctls_reason_name(rfctls_error_verify_reason());
    outcome.message = rfctls_error_message();
  }
  return outcome;
}

// ---- one trial ----

struct Trial {
  rfctls_role judge;
  rfctls_tls_version version;
  std::vector<const Kind *> faults;

  std::string label() const {
    std::string text = judge == RFCTLS_CLIENT ? "server's chain" : "client's chain";
    text += version == RFCTLS_TLS_1_2 ? ", TLS 1.2" : ", TLS 1.3";
    for (const Kind *kind : faults) {
      text += std::string(", ") + kind->name;
    }
    return text;
  }
  bool fits(const Kind &kind) const {
    return (kind.roles & (judge == RFCTLS_CLIENT ? SERVERS : CLIENTS)) != 0;
  }
};

struct Verdicts {
  Outcome ours;
  int plain, documented;
};

Verdicts judge(const Trial &trial, Random &random, const Setting &also = {}) {
  Plan plan(trial.judge, random);
  for (const Kind *kind : trial.faults) {
    kind->apply(plan, random);
  }
  Chain chain(plan);
  Outcome ours = our_verdict(chain, trial.version, also);
  if (ours.status ==
      RFCTLS_E_ALERT) {  // there are leaves that OpenSSL's servers of 1.2 do not show
    ours = our_verdict(chain, RFCTLS_TLS_1_3, also);
  }
  return {ours, reference_verdict(chain, false), reference_verdict(chain, true)};
}

uint64_t seed() {
  static const uint64_t value = [] {
    const char *given = std::getenv("RFCTLS_TEST_SEED");
    uint64_t chosen = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::cout << "RFCTLS_TEST_SEED=" << chosen << std::endl;
    return chosen;
  }();
  return value;
}

const rfctls_role roles[] = {RFCTLS_CLIENT, RFCTLS_SERVER};
const rfctls_tls_version versions[] = {RFCTLS_TLS_1_2, RFCTLS_TLS_1_3};

// ---- tests ----

TEST(HostileChains, EachFaultAloneIsRefusedForItsReason) {
  Random random(seed());
  for (rfctls_role role : roles) {
    for (const Kind &kind : kinds()) {
      for (int again = 0; again < 2; again++) {
        Trial trial = {role, versions[again], {&kind}};
        if (!trial.fits(kind)) {
          continue;
        }
        SCOPED_TRACE(trial.label());
        Verdicts verdicts = judge(trial, random);
        bool good = verdicts.ours.status == RFCTLS_OK;
        EXPECT_EQ(good, std::string(kind.alone) == "OK") << verdicts.ours.message;
        EXPECT_EQ(good, verdicts.documented == X509_V_OK)
            << X509_verify_cert_error_string(verdicts.documented);
        if (!good) {
          EXPECT_EQ(verdicts.ours.status, RFCTLS_E_VERIFY) << verdicts.ours.message;
          EXPECT_FALSE(verdicts.ours.message.empty());
        }
        if (!good && *kind.alone != '\0') {
          EXPECT_EQ(verdicts.ours.reason, kind.alone) << verdicts.ours.message;
        }
      }
    }
  }
}

struct Count {
  int chains = 0, accepted = 0, refused = 0, stricter = 0, laxer = 0;

  void add(const Verdicts &verdicts) {
    bool ours = verdicts.ours.status == RFCTLS_OK, theirs = verdicts.plain == X509_V_OK;
    chains++;
    accepted += ours && theirs;
    refused += !ours && !theirs;
    stricter += !ours && theirs;
    laxer += ours && !theirs;
  }
  void print(const std::string &name) const {
    std::cout << std::left << std::setw(40) << name << std::right << std::setw(8) << chains
              << std::setw(10) << accepted << std::setw(10) << refused << std::setw(10) << stricter
              << std::setw(10) << laxer << '\n';
  }
};

struct Tally {
  Count all;
  std::map<rfctls_role, Count> of_role;
  std::map<const Kind *, Count> of_kind;
  std::map<std::string, int> stricter_for;

  void add(const Trial &trial, const Verdicts &verdicts) {
    all.add(verdicts);
    of_role[trial.judge].add(verdicts);
    for (const Kind *kind : trial.faults) {
      of_kind[kind].add(verdicts);
    }
    if (verdicts.ours.status != RFCTLS_OK && verdicts.plain == X509_V_OK) {
      stricter_for[verdicts.ours.reason]++;
    }
  }
  void print() const {
    std::cout << "\nby us, by X509_verify_cert:\n"
              << std::left << std::setw(40) << "fault, perhaps with others"
              << "  chains  both yes   both no   no, yes   yes, no\n";
    for (const Kind &kind : kinds()) {
      auto found = of_kind.find(&kind);
      if (found != of_kind.end()) {
        found->second.print(kind.name);
      }
    }
    of_role.at(RFCTLS_CLIENT).print("all, shown by servers");
    of_role.at(RFCTLS_SERVER).print("all, shown by clients");
    all.print("all");
    std::cout << "stricter than X509_verify_cert, by reason:";
    for (const auto &reason : stricter_for) {
      std::cout << ' ' << reason.first << ' ' << reason.second;
    }
    std::cout << "\naccepted by us though X509_verify_cert refuses: " << all.laxer << std::endl;
  }
};

Trial any_trial(Random &random, size_t number) {
  Trial trial = {roles[number % 2], versions[number / 2 % 2], {}};
  for (size_t count = 1 + any(random, 3); trial.faults.size() < count;) {
    const Kind &kind = kinds()[any(random, kinds().size())];
    if (trial.fits(kind)) {
      trial.faults.push_back(&kind);
    }
  }
  return trial;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t CHAINS = 500;
#else
constexpr size_t CHAINS = 2100;
#endif

const Kind *kind_called(const std::string &title) {
  for (const Kind &kind : kinds()) {
    if (title == kind.name) {
      return &kind;
    }
  }
  return nullptr;
}

TEST(HostileChains, ASubjectObeysConstraintsAlsoWhereAnAddressIsAskedFor) {
  Random random(seed());
  Trial trial = {RFCTLS_CLIENT, RFCTLS_TLS_1_3, {}};
  for (const char *title :
       {"IP address in letters", "IP address", "permitted above, excluded below"}) {
    trial.faults.push_back(kind_called(title));
    ASSERT_NE(nullptr, trial.faults.back()) << title;
  }
  Verdicts verdicts = judge(trial, random);
  EXPECT_EQ(X509_V_ERR_PERMITTED_VIOLATION, verdicts.plain);
  EXPECT_EQ("CONSTRAINT", verdicts.ours.reason) << verdicts.ours.message;
}

TEST(HostileChains, AWrongNameIsToldThoughAnExtensionStandsTwice) {
  Random random(seed());
  Trial trial = {RFCTLS_CLIENT, RFCTLS_TLS_1_3, {}};
  for (const char *title :
       {"leaf: an extension twice", "the leaf is the anchor", "name in the subject alone"}) {
    trial.faults.push_back(kind_called(title));
    ASSERT_NE(nullptr, trial.faults.back()) << title;
  }
  Verdicts verdicts = judge(trial, random);
  EXPECT_EQ(X509_V_OK, verdicts.plain);
  EXPECT_EQ(X509_V_ERR_HOSTNAME_MISMATCH, verdicts.documented);
  EXPECT_EQ("NAME", verdicts.ours.reason) << verdicts.ours.message;
}

TEST(HostileChains, OfTwoProblemsTheFirstInOrderIsToldWhereverItIs) {
  struct {
    const char *first, *second, *told;
  } const pairs[] = {{"wrong name", "other root", "NAME"},
                     {"wrong name", "leaf's signature damaged", "NAME"},
                     {"other root", "leaf: unknown critical extension", "ISSUER"},
                     {"other root", "leaf expired", "ISSUER"},
                     {"leaf's signature damaged", "leaf for mail", "SIGNATURE"},
                     {"leaf's signature damaged", "name not permitted", "SIGNATURE"},
                     {"issuer's signature damaged", "leaf expired", "SIGNATURE"},
                     {"issuer: unknown critical extension", "leaf for mail", "EXTENSION"},
                     {"name not permitted", "leaf expired", "CONSTRAINT"},
                     {"name excluded", "leaf for mail", "CONSTRAINT"},
                     {"name excluded", "leaf signed with SHA-1", "CONSTRAINT"},
                     {"leaf for mail", "issuer signed with SHA-1", "PURPOSE"},
                     {"leaf for mail", "issuer expired", "PURPOSE"},
                     {"leaf signed with SHA-1", "issuer expired", "WEAK"},
                     {"issuer not yet valid", "leaf expired", "NOT_YET_VALID"},
                     {"leaf not yet valid", "issuer expired", "NOT_YET_VALID"}};
  Random random(seed());
  for (rfctls_role role : roles) {
    for (const auto &pair : pairs) {
      Trial trial = {role, RFCTLS_TLS_1_3, {kind_called(pair.first), kind_called(pair.second)}};
      ASSERT_NE(nullptr, trial.faults[0]);
      ASSERT_NE(nullptr, trial.faults[1]);
      if (trial.fits(*trial.faults[0])) {
        SCOPED_TRACE(trial.label());
        Outcome ours = judge(trial, random).ours;
        EXPECT_EQ(pair.told, ours.reason) << ours.message;
      }
    }
  }
}

TEST(HostileChains, NoneIsAcceptedThatX509VerifyCertRefuses) {
  Tally tally;
  for (size_t number = 0; number < CHAINS; number++) {
    Random random(seed() + number);
    Trial trial = any_trial(random, number);
    SCOPED_TRACE(trial.label() + ", number " + std::to_string(number));
    Verdicts verdicts = judge(trial, random);
    tally.add(trial, verdicts);
    bool ours = verdicts.ours.status == RFCTLS_OK;
    EXPECT_FALSE(ours && verdicts.plain != X509_V_OK)
        << X509_verify_cert_error_string(verdicts.plain);
    // What rfctls_config documents beyond X509_verify_cert explains every other difference.
    EXPECT_EQ(ours, verdicts.documented == X509_V_OK)
        << verdicts.ours.message
        << "; X509_verify_cert: " << X509_verify_cert_error_string(verdicts.documented);
    EXPECT_TRUE(ours || verdicts.ours.status == RFCTLS_E_VERIFY) << verdicts.ours.message;
  }
  tally.print();
  for (const auto &reason : tally.stricter_for) {
    EXPECT_TRUE(reason.first == "WEAK" || reason.first == "NAME") << reason.first;
  }
  EXPECT_GT(tally.all.accepted, static_cast<int>(CHAINS / 20));
  EXPECT_GT(tally.all.refused, static_cast<int>(CHAINS / 2));
}

// The judge is judged: a library that checks less is found out, by every fault that it overlooks.
TEST(HostileChains, ALibraryThatSkipsChecksIsCaught) {
  const Setting nothing_checked = [](rfctls_config *config) {
    require(rfctls_config_insecure_skip_verify(config), "skip");
  };
  const Setting no_name_checked = [](rfctls_config *config) {
    require(rfctls_config_insecure_skip_name_check(config), "skip");
  };
  Random random(seed());
  Count all, names;
  for (const Kind &kind : kinds()) {
    Trial trial = {RFCTLS_CLIENT, RFCTLS_TLS_1_3, {&kind}};
    if (trial.fits(kind)) {
      all.add(judge(trial, random, nothing_checked));
      names.add(judge(trial, random, no_name_checked));
    }
  }
  EXPECT_GT(all.laxer, 40);
  EXPECT_GE(names.laxer, 7);
}

// ---- size and time ----

TEST(HostileChains, OfAMegabyteIsTooMuchAndNotWaitedFor) {
  Random random(seed());
  for (rfctls_role role : roles) {
    for (rfctls_tls_version version : versions) {
      Plan many(role, random), large(role, random);
      many.sending.emplace_back([](Certs &certs) { certs.resize(4000, certs.back()); });
      large.leaf().set("1.2.3.4.5", forge::raw(std::string(1 << 20, '\0')));
      for (const Plan *plan : {&many, &large}) {
        Chain chain(*plan);
        size_t size = 0;
        for (X509 *cert : chain.sent) {
          size += static_cast<size_t>(i2d_X509(cert, nullptr));
        }
        ASSERT_GE(size, 1u << 20);
        Outcome outcome = our_verdict(chain, version);
        EXPECT_EQ(outcome.status, RFCTLS_E_LIMIT) << outcome.message;
        EXPECT_NE(outcome.message.find("huge certificate chain"), std::string::npos);
        EXPECT_LE(outcome.fed, 64u * 1024) << "all that was ever kept of it";
      }
    }
  }
}

// Each name against each constraint of each issuer, as many as the limit of a chain's size lets.
TEST(HostileChains, WithAHundredThousandNamesAndConstraintsCostLittle) {
  const std::clock_t begin = std::clock();  // others may use the machine, too
  Random random(seed());
  size_t refused = 0;
  std::string permitted = "critical";
  Plan plan(RFCTLS_CLIENT, random);
  plan.lengthen(3);
  for (int i = 0; i < 1200; i++) {
    permitted += ",permitted;DNS:" + std::to_string(i) + ".test";
    plan.leaf().names.push_back({forge::DNS, std::to_string(i) + ".server.test"});
  }
  for (size_t i = 1; i <= 3; i++) {
    plan.path[i].set("nameConstraints", permitted);
  }
  for (int i = 0; i < 100; i++) {
    Trial trial = {RFCTLS_CLIENT, versions[i % 2], {}};
    Chain chain(plan);
    Outcome outcome = our_verdict(chain, trial.version);
    EXPECT_EQ(outcome.status, RFCTLS_E_VERIFY) << outcome.message;
    EXPECT_NE(reference_verdict(chain, false), X509_V_OK);
    refused += outcome.status == RFCTLS_E_VERIFY;
  }
  double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  std::cout << refused << " of 100 refused in " << took << " s\n";
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(took, 5);
#endif
}

}  // namespace
