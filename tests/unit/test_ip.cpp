// Do IP addresses become bytes and text as the system's own functions make them?
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>

#include "support/inet.hpp"
#include "x509/ip.h"

namespace {

std::string parsed(const std::string &text) {
  uint8_t bytes[RFCTLS__IPV6_SIZE];
  return {reinterpret_cast<char *>(bytes), rfctls__ip_parse(text.c_str(), bytes)};
}

std::string parsed_by_system(const std::string &text) {
  char bytes[16];
  if (inet_pton(AF_INET, text.c_str(), bytes) == 1) {
    return {bytes, 4};
  }
  return inet_pton(AF_INET6, text.c_str(), bytes) == 1 ? std::string(bytes, 16) : "";
}

std::string written(const std::string &bytes) {
  char text[RFCTLS__IP_ROOM];
  rfctls__ip_write(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size(), text);
  return text;
}

TEST(Ip, is_read_as_the_system_reads_it) {
  for (const char *text : {"0.0.0.0",
                           "127.0.0.1",
                           "255.255.255.255",
                           "256.0.0.1",
                           "1.2.3",
                           "1.2.3.4.5",
                           "01.2.3.4",
                           "1..2.3",
                           "1.2.3.4 ",
                           " 1.2.3.4",
                           "",
                           ".",
                           "1.2.3.",
                           "0x1.2.3.4",
                           "99999999999.1.1.1",
                           "::",
                           "::1",
                           "1::",
                           "1::8",
                           "1:2:3:4:5:6:7:8",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1:2:3:4:5:6:7::",
                           "::2:3:4:5:6:7:8",
                           "1:2:3:4::5:6:7:8",
                           "1::2::3",
                           ":::",
                           ":",
                           "1:",
                           ":1",
                           "12345::",
                           "g::",
                           "::ffff:1.2.3.4",
                           "1:2:3:4:5:6:1.2.3.4",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "::1.2.3",
                           "1.2.3.4::",
                           "::1.2.3.4:5",
                           "fe80::1%eth0",
                           "[::1]",
                           "ABCD:ef01::",
                           "::00001",
                           "1:2:3:4:5:6:7:8:",
                           "1:::2"}) {
    EXPECT_EQ(parsed_by_system(text), parsed(text)) << text;
  }
}

// Texts near the grammar, so that many are addresses and many just are not.
TEST(Ip, of_generated_texts_the_same_are_addresses) {
  static const char *const pieces[] = {":", "::", ":",   ".",   "0",    "1",
                                       "f", "12", "255", "256", "abcd", "00"};
  std::mt19937 random(1);
  size_t addresses = 0;
  for (int i = 0; i < 400000; i++) {
    std::string text;
    for (unsigned left = 1 + random() % 16; left > 0; left--) {
      text += pieces[random() % (sizeof pieces / sizeof *pieces)];
    }
    const std::string expected = parsed_by_system(text);
    ASSERT_EQ(expected, parsed(text)) << text;
    addresses += !expected.empty();
  }
  EXPECT_GT(addresses, 1000u);
}

TEST(Ip, is_written_so_that_it_is_read_again_and_as_short_as_the_system_does) {
  std::mt19937 random(2);
  for (int i = 0; i < 20000; i++) {
    std::string bytes(i % 2 == 0 ? 4 : 16, '\0');
    for (size_t at = 0; at < bytes.size(); at += 2) {
      if (random() % 2 == 0) {
        bytes[at] = static_cast<char>(random());
        bytes[at + 1] = static_cast<char>(random());
      }
    }
    char system[INET6_ADDRSTRLEN];
    ASSERT_NE(nullptr, inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), system,
                                 sizeof system));
    EXPECT_EQ(bytes, parsed_by_system(written(bytes)));
    if (bytes.size() == 4 || std::strchr(system, '.') == nullptr) {
      EXPECT_EQ(system, written(bytes));
    }
  }
}

TEST(Ip, of_another_size_has_no_text) {
  EXPECT_EQ("", written(""));
  EXPECT_EQ("", written("12345"));
}

}  // namespace
