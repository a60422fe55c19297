// The test certificates that make_pki.py made: where they are, and loaded.
#ifndef RFCTLS_TESTS_PKI_HPP
#define RFCTLS_TESTS_PKI_HPP

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "support/handles.hpp"

namespace rfctls_test {

// The path of a file of the test PKI.
inline std::string pki_path(const std::string &name) {
  const char *folder = std::getenv("RFCTLS_TEST_PKI");
  if (folder == nullptr) {
    throw std::runtime_error("RFCTLS_TEST_PKI names no folder: run through ctest");
  }
  return std::string(folder) + "/" + name;
}

inline std::string read_file(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw std::runtime_error("cannot read " + path);
  }
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline std::string pki_file(const std::string &name) {
  return read_file(pki_path(name));
}

// Makes an error of the library one of the test.
inline void require(rfctls_status status, const std::string &what) {
  if (status != RFCTLS_OK) {
    throw std::runtime_error(what + ": " + rfctls_status_name(status) + ": " +
                             rfctls_error_message());
  }
}

inline Chain load_chain(const std::string &file) {
  Chain chain;
  require(rfctls_chain_from_file(pki_path(file).c_str(), nullptr, out(chain)), file);
  return chain;
}

inline Key load_key(const std::string &file) {
  Key key;
  require(rfctls_key_from_file(pki_path(file).c_str(), nullptr, out(key)), file);
  return key;
}

struct Identity {
  Chain chain;
  Key key;
};

// A server or client of the manifest.
inline Identity load_identity(const std::string &name) {
  return {load_chain(name + ".pem"), load_key(name + ".key")};
}

}  // namespace rfctls_test

#endif
