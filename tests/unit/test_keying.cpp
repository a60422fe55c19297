// Do both ends of a connection, and only they, get the same keys and bindings?
#include <gtest/gtest.h>

#include <algorithm>

#include "support/pair.hpp"

using namespace rfctls_test;

namespace {

// "" and the error record when it fails.
std::string exported(const Socket &socket, const char *label, const char *context = nullptr,
                     size_t size = 32) {
  std::string key(size, '\0');
  size_t received = 1;
  rfctls_status status =
      rfctls_socket_export_key(socket.get(), label, context, context ? strlen(context) : 0,
                               key.data(), key.size(), &received);
  EXPECT_EQ(status == RFCTLS_OK ? size : 0, received);
  return status == RFCTLS_OK ? key : "";
}

std::string binding(const Socket &socket, const char *type, size_t room = 64) {
  std::string bytes(room, '\0');
  size_t received = 1;
  rfctls_status status =
      rfctls_socket_channel_binding(socket.get(), type, bytes.data(), room, &received);
  EXPECT_EQ(status == RFCTLS_OK, received > 0);
  return bytes.substr(0, received);
}

class Binding : public testing::TestWithParam<rfctls_tls_version> {};

TEST_P(Binding, keys_are_the_same_at_both_ends_and_others_elsewhere) {
  Pair pair(GetParam()), other(GetParam());
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  ASSERT_EQ(RFCTLS_OK, other.shake());
  const std::string key = exported(pair.client, "EXPERIMENTAL one");
  EXPECT_EQ(32u, key.size());
  EXPECT_EQ(key, exported(pair.server, "EXPERIMENTAL one"));
  EXPECT_NE(key, exported(other.client, "EXPERIMENTAL one"));
  EXPECT_NE(key, exported(pair.client, "EXPERIMENTAL two"));
  EXPECT_NE(key, exported(pair.client, "EXPERIMENTAL one", "context"));
  EXPECT_EQ(exported(pair.client, "EXPERIMENTAL one", "context"),
            exported(pair.server, "EXPERIMENTAL one", "context"));
  // RFC 8446 section 7.5: a missing context and an empty one are the same; RFC 5705: they are not
  EXPECT_EQ(GetParam() == RFCTLS_TLS_1_3, key == exported(pair.client, "EXPERIMENTAL one", ""));
  EXPECT_EQ(8160u, exported(pair.client, "EXPERIMENTAL one", nullptr, 8160).size());
}

TEST_P(Binding, bindings_are_the_same_at_both_ends_also_after_close) {
  Pair pair(GetParam()), other(GetParam());
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  ASSERT_EQ(RFCTLS_OK, other.shake());
  const std::string exporter = binding(pair.client, "tls-exporter");
  EXPECT_EQ(32u, exporter.size());
  EXPECT_EQ(exporter, binding(pair.server, "tls-exporter"));
  EXPECT_EQ(exporter, exported(pair.client, "EXPORTER-Channel-Binding", ""));
  EXPECT_NE(exporter, binding(other.client, "tls-exporter"));
  const std::string end_point = binding(pair.client, "tls-server-end-point");
  EXPECT_EQ(32u, end_point.size());
  EXPECT_EQ(end_point, binding(pair.server, "tls-server-end-point"));
  EXPECT_EQ(end_point, binding(other.client, "tls-server-end-point"));
  ASSERT_EQ(RFCTLS_OK, rfctls_socket_close(pair.client.get()));
  EXPECT_EQ(exporter, binding(pair.client, "tls-exporter"));
}

TEST_P(Binding, what_cannot_be_asked_for_is_named) {
  Pair pair(GetParam());
  size_t received = 1;
  char bytes[64];
  EXPECT_EQ("", exported(pair.client, "EXPERIMENTAL early"));
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_error_status());
  EXPECT_EQ("", binding(pair.client, "tls-exporter"));
  EXPECT_EQ(RFCTLS_E_STATE, rfctls_error_status());
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  for (const std::string &label : {std::string(), std::string(250, 'x')}) {
    EXPECT_EQ("", exported(pair.client, label.c_str()));
    EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_error_status());
  }
  EXPECT_EQ(32u, exported(pair.client, std::string(249, 'x').c_str()).size());
  EXPECT_EQ("", exported(pair.client, "EXPERIMENTAL large", nullptr, 8161));
  EXPECT_STREQ("a key of 8161 bytes cannot be exported: 1 to 8160 can", rfctls_error_message());
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_export_key(pair.client.get(), "x", nullptr, 1, bytes,
                                                        sizeof bytes, &received));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_export_key(pair.client.get(), "x", nullptr, 0, nullptr,
                                                        sizeof bytes, &received));
  EXPECT_EQ(RFCTLS_E_ARGUMENT,
            rfctls_socket_export_key(nullptr, "x", nullptr, 0, bytes, sizeof bytes, &received));
  EXPECT_EQ("", binding(pair.client, "tls-other"));
  EXPECT_STREQ("\"tls-other\" is no type of channel binding", rfctls_error_message());
  EXPECT_EQ("", binding(pair.client, "tls-exporter", 31));
  EXPECT_STREQ("tls-exporter has 32 bytes, more than 31", rfctls_error_message());
}

INSTANTIATE_TEST_SUITE_P(Tls, Binding, testing::Values(RFCTLS_TLS_1_2, RFCTLS_TLS_1_3));

TEST(BindingUnique, is_of_tls_1_2_alone) {
  Pair old(RFCTLS_TLS_1_2), today(RFCTLS_TLS_1_3);
  ASSERT_EQ(RFCTLS_OK, old.shake());
  ASSERT_EQ(RFCTLS_OK, today.shake());
  EXPECT_EQ(12u, binding(old.client, "tls-unique").size());
  EXPECT_EQ(binding(old.client, "tls-unique"), binding(old.server, "tls-unique"));
  EXPECT_EQ("", binding(today.client, "tls-unique"));
  EXPECT_EQ(RFCTLS_E_UNSUPPORTED, rfctls_error_status());
}

}  // namespace
