// Are names checked before they reach the wire?
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "support/pair.hpp"

using namespace rfctls_test;

namespace {

rfctls_status set(const std::string &name) {
  Config config;
  require(rfctls_config_new(RFCTLS_CLIENT, out(config)), "config");
  return rfctls_config_set_server_name(config.get(), name.c_str());
}

std::string label(size_t size) {
  return std::string(size, 'a');
}

TEST(Name, hosts_and_addresses_are_names) {
  for (const char *name : {"server.test", "server.test.", "localhost", "xn--bcher-kva.test",
                           "a_b.test", "127.0.0.1", "::1", "fe80::1%eth0", "3com.test"}) {
    EXPECT_EQ(RFCTLS_OK, set(name)) << name;
  }
}

TEST(Name, what_is_no_name_is_refused) {
  for (const std::string &name :
       {std::string(""), std::string("."), std::string("a..b"), std::string(".a"),
        std::string("a b"), std::string("a\nb"), std::string("*.test"), std::string("a/b"),
        label(64) + ".test", label(300), std::string("a%b"), std::string("[::1]")}) {
    EXPECT_EQ(RFCTLS_E_ARGUMENT, set(name)) << name;
  }
}

TEST(Name, lengths_end_where_dns_ends) {
  std::string name = label(63) + "." + label(63) + "." + label(63) + "." + label(61);
  ASSERT_EQ(253u, name.size());
  EXPECT_EQ(RFCTLS_OK, set(name));
  EXPECT_EQ(RFCTLS_OK, set(name + "."));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, set(name + "a"));
}

TEST(Name, raw_utf8_is_told_about_a_labels) {
  EXPECT_EQ(RFCTLS_E_ARGUMENT, set("b\xc3\xbc"
                                   "cher.test"));
  EXPECT_NE(nullptr, strstr(rfctls_error_message(), "A-label"));
}

TEST(Name, the_name_is_checked_before_connecting) {
  Config config = client_config();
  Socket socket;
  Config plain;
  require(rfctls_config_new(RFCTLS_CLIENT, out(plain)), "config");
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_connect("a b", "443", plain.get(), out(socket)));
  EXPECT_EQ(RFCTLS_E_ARGUMENT, rfctls_socket_connect("", "443", plain.get(), out(socket)));
}

TEST(Name, what_is_sent_and_checked_has_no_trailing_dot) {
  Config of_client;
  require(rfctls_config_new(RFCTLS_CLIENT, out(of_client)), "config");
  trust(of_client, "ca.pem");
  require(rfctls_config_set_server_name(of_client.get(), "server.test."), "name");
  Pair pair(of_client, server_config());
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  EXPECT_STREQ("server.test", rfctls_socket_server_name(pair.server.get()));
}

TEST(Name, an_address_is_checked_and_never_sent) {
  Config of_client;
  require(rfctls_config_new(RFCTLS_CLIENT, out(of_client)), "config");
  trust(of_client, "ca.pem");
  Pair pair(of_client, server_config());
  ASSERT_EQ(RFCTLS_OK, pair.shake());
  EXPECT_STREQ("127.0.0.1", rfctls_socket_server_name(pair.client.get()));
  EXPECT_EQ(nullptr, rfctls_socket_server_name(pair.server.get()));
}

TEST(Name, of_a_version_is_what_everybody_calls_it) {
  EXPECT_STREQ("TLSv1", rfctls_tls_version_name(RFCTLS_TLS_1_0));
  EXPECT_STREQ("TLSv1.1", rfctls_tls_version_name(RFCTLS_TLS_1_1));
  EXPECT_STREQ("TLSv1.2", rfctls_tls_version_name(RFCTLS_TLS_1_2));
  EXPECT_STREQ("TLSv1.3", rfctls_tls_version_name(RFCTLS_TLS_1_3));
  for (int other : {0, 1, 0x0300, 0x0305, -1}) {
    EXPECT_EQ(nullptr, rfctls_tls_version_name(static_cast<rfctls_tls_version>(other))) << other;
  }
}

}  // namespace
