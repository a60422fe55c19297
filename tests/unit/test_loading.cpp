// Every file of tests/parity/loading.tsv: is what it says in it, read from bytes and from the file alike?
#include <gtest/gtest.h>
#if !defined(_WIN32)
#include <openssl/evp.h>
#include <openssl/provider.h>
#endif

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "support/pki.hpp"

using namespace rfctls_test;

namespace {

struct Row {
  std::string file, as, passphrase, alias, answer, count, words, needs;
};

std::vector<Row> rows() {
  std::istringstream lines(
      read_file(std::string(std::getenv("RFCTLS_SOURCE_DIR")) + "/tests/parity/loading.tsv"));
  std::vector<Row> all;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream cells(line);
    Row row;
    for (std::string *cell : {&row.file, &row.as, &row.passphrase, &row.alias, &row.answer,
                              &row.count, &row.words, &row.needs}) {
      std::getline(cells, *cell, '\t');
    }
    all.push_back(row);
  }
  return all;
}

const char *given(const std::string &cell) {
  return cell == "-" ? nullptr : cell.c_str();
}

// "E_PARSE", or "OK" and how many certificates there are.
std::string outcome(rfctls_status status, const Chain &chain) {
  std::string name = rfctls_status_name(status);
  return status == RFCTLS_OK && chain ? name + " " + std::to_string(rfctls_chain_count(chain.get()))
                                      : name;
}

std::string load(const Row &row, bool from_file) {
  const std::string path = pki_path(row.file), data = read_file(path);
  const char *passphrase = given(row.passphrase), *alias = given(row.alias);
  Chain chain;
  Key key;
  rfctls_status status;
  if (row.as == "chain") {
    status = from_file ? rfctls_chain_from_file(path.c_str(), passphrase, out(chain))
                       : rfctls_chain_load(data.data(), data.size(), passphrase, out(chain));
  } else if (row.as == "key") {
    status = from_file ? rfctls_key_from_file(path.c_str(), passphrase, out(key))
                       : rfctls_key_load(data.data(), data.size(), passphrase, out(key));
  } else {
    status = from_file
                 ? rfctls_identity_from_file(path.c_str(), passphrase, alias, out(chain), out(key))
                 : rfctls_identity_load(data.data(), data.size(), passphrase, alias, out(chain),
                                        out(key));
  }
  EXPECT_EQ(status == RFCTLS_OK && row.as != "key", chain != nullptr);
  EXPECT_EQ(status == RFCTLS_OK && row.as != "chain", key != nullptr);
  return outcome(status, chain);
}

// What an engine cannot do it says so, with the way out that there is.
std::string way_out(const std::string &needs) {
  return needs == "ml-dsa" ? "ML-DSA-44, which needs OpenSSL 3.5" : "openssl-provider-legacy";
}

bool is_refused_by_name(const Row &row, const std::string &got) {
  const bool openssl = std::string(rfctls__engine_linked.name) == "openssl";
  const std::string message = rfctls_error_message();
  return got == "E_UNSUPPORTED" && row.needs != "-" &&
         (!openssl || message.find(way_out(row.needs)) != std::string::npos);
}

TEST(Loading, every_file_is_read_as_the_table_says_from_bytes_and_by_its_name) {
  ASSERT_LT(60u, rows().size());
  for (const Row &row : rows()) {
    const std::string wanted = row.count == "-" ? row.answer : row.answer + " " + row.count;
    for (bool from_file : {false, true}) {
      const std::string got = load(row, from_file), message = rfctls_error_message();
      if (is_refused_by_name(row, got)) {
        continue;
      }
      EXPECT_EQ(wanted, got) << row.file << " as " << row.as << ": " << message;
      if (row.words != "-") {
        EXPECT_NE(std::string::npos, message.find(row.words)) << row.file << ": " << message;
      }
      EXPECT_EQ(from_file && row.answer != "OK", message.find(row.file) != std::string::npos)
          << message;
    }
  }
}

#if !defined(_WIN32)
// Old encryption with the provider out of reach: the passphrase is right, and nothing says otherwise.
TEST(Loading, without_the_legacy_provider_an_old_algorithm_is_named_and_the_way_out) {
  const char *before = std::getenv("OPENSSL_MODULES");
  const std::string kept = before != nullptr ? before : "";
  setenv("OPENSSL_MODULES", "/nowhere", 1);
  for (const auto &[file, algorithm] :
       std::vector<std::pair<std::string, std::string>>{{"rc2.p12", "RC2"},
                                                        {"rc4.p12", "RC4"},
                                                        {"MD5-DES.key", "MD5AndDES"},
                                                        {"pbes2-des.key.der", "des-cbc"},
                                                        {"rfc1421-des.key", "DES-CBC"}}) {
    Key key;
    EXPECT_EQ(RFCTLS_E_UNSUPPORTED,
              rfctls_key_from_file(pki_path(file).c_str(), "secret", out(key)));
    const std::string message = rfctls_error_message();
    EXPECT_NE(std::string::npos, message.find(algorithm)) << message;
    EXPECT_NE(std::string::npos, message.find("openssl-provider-legacy")) << message;
    EXPECT_EQ(std::string::npos, message.find("wrong")) << message;
  }
  before != nullptr ? setenv("OPENSSL_MODULES", kept.c_str(), 1) : unsetenv("OPENSSL_MODULES");
}

// It was loaded for us alone: the program's own OpenSSL has not got it now.
TEST(Loading, the_legacy_provider_is_kept_from_the_program) {
  Key key;
  rfctls_status status = rfctls_key_from_file(pki_path("MD5-DES.key").c_str(), "secret", out(key));
  if (status == RFCTLS_E_UNSUPPORTED) {
    GTEST_SKIP() << "the provider is not installed";
  }
  ASSERT_EQ(RFCTLS_OK, status) << rfctls_error_message();
  EVP_CIPHER *des = EVP_CIPHER_fetch(nullptr, "DES-CBC", nullptr);
  EXPECT_EQ(nullptr, des);
  EVP_CIPHER_free(des);
  EXPECT_EQ(0, OSSL_PROVIDER_available(nullptr, "legacy"));
}
#endif

}  // namespace
