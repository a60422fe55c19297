// A client's socket over a scripted engine and a scripted platform, for the tests of its operations.
#ifndef RFCTLS_TESTS_SCRIPTED_SOCKET_HPP
#define RFCTLS_TESTS_SCRIPTED_SOCKET_HPP

#include <gtest/gtest.h>

#include <climits>
#include <cstring>
#include <functional>
#include <memory>
#include <string>

#include "../engine/script_engine.h"
#include "base/deadline.h"
#include "base/error.h"
#include "rfctls.h"
#include "script_os.hpp"

namespace scripted_socket {

using script_os::Poll;
using script_os::state;

inline std::string record(char kind, const std::string &payload = "") {
  std::string text(1, kind);
  text += static_cast<char>(payload.size() >> 8);
  text += static_cast<char>(payload.size() & 0xff);
  return text + payload;
}

inline const std::string hello = record('h', "server");

class Drive : public testing::Test {
 protected:
  void SetUp() override {
    state = script_os::State();
    script = script_engine();
    ASSERT_EQ(RFCTLS_OK, rfctls_config_new(RFCTLS_CLIENT, &config));
    ASSERT_EQ(RFCTLS_OK, rfctls_config_insecure_skip_name_check(config));
  }

  void TearDown() override {
    rfctls_socket_unref(socket);
    rfctls_config_unref(config);
    socket = nullptr;
    config = nullptr;
  }

  void wrap(int owned = 1) {
    rfctls_raw *raw = nullptr;
    ASSERT_EQ(RFCTLS_OK, rfctls_raw_adopt(7, owned, &raw));
    ASSERT_EQ(RFCTLS_OK, rfctls_socket_wrap(raw, config, &socket));
    rfctls_raw_unref(raw);
  }

  void establish(int owned = 1) {
    wrap(owned);
    give(hello);
    ASSERT_EQ(RFCTLS_OK, rfctls_socket_handshake(socket));
    state.sent.clear();
    state.poll_count = 0;
  }

  static void give(const std::string &bytes) {
    state.recvs.push_back({RFCTLS_OK, bytes});
  }
  static void end() {
    state.recvs.push_back({RFCTLS_OK, ""});
  }
  static void reset() {
    state.recvs.push_back({RFCTLS_E_RESET, ""});
  }
  static void block() {
    state.recvs.push_back({RFCTLS_WANT_READ, ""});
  }

  rfctls_status recv(size_t capacity = 100, uint32_t flags = 0) {
    std::string buffer(capacity, '\0');
    size_t received = 77;
    rfctls_status status = rfctls_socket_recv(socket, flags, buffer.data(), capacity, &received);
    got = buffer.substr(0, received);
    return status;
  }

  rfctls_status send(const std::string &text, uint32_t flags = 0) {
    sent = 77;
    return rfctls_socket_send(socket, flags, text.data(), text.size(), &sent);
  }

  rfctls_config *config = nullptr;
  rfctls_socket *socket = nullptr;
  std::string got;
  size_t sent = 0;
};

}  // namespace scripted_socket

#endif
