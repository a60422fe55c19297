// BER made DER: every way to write an element gives the one, and what is cut or endless gives none.
#include <gtest/gtest.h>

#include <string>

#include "support/pki.hpp"
#include "x509/ber.h"

using namespace rfctls_test;

namespace {

// The DER, or "!".
std::string converted(const std::string &ber) {
  rfctls__buffer out = {};
  std::string made = "!";
  rfctls__bytes bytes = {reinterpret_cast<const uint8_t *>(ber.data()), ber.size()};
  if (rfctls__ber_to_der(bytes, &out) == RFCTLS_OK) {
    rfctls__bytes der = rfctls__buffer_bytes(&out);
    made.assign(reinterpret_cast<const char *>(der.data), der.size);
  }
  rfctls__buffer_release(&out);
  return made;
}

template <size_t N>
std::string bytes(const char (&text)[N]) {
  return {text, N - 1};
}

TEST(Ber, der_stays_as_it_is) {
  for (const char *name : {"server.der", "server.key.der", "server.p12", "chain.p7b.der"}) {
    EXPECT_EQ(pki_file(name), converted(pki_file(name))) << name;
  }
}

TEST(Ber, indefinite_lengths_become_definite) {
  EXPECT_EQ(bytes("\x30\x03\x02\x01\x05"), converted(bytes("\x30\x80\x02\x01\x05\0\0")));
  EXPECT_EQ(bytes("\x30\x02\x31\0"), converted(bytes("\x30\x80\x31\x80\0\0\0\0")));
  EXPECT_EQ(pki_file("chain.p7b.der"), converted(pki_file("ber.p7b.der")));
}

TEST(Ber, lengths_become_as_short_as_they_can) {
  EXPECT_EQ(bytes("\x02\x01\x05"), converted(bytes("\x02\x81\x01\x05")));
  EXPECT_EQ(bytes("\x02\x01\x05"), converted(bytes("\x02\x88\0\0\0\0\0\0\0\x01\x05")));
}

TEST(Ber, octet_strings_in_pieces_become_one) {
  EXPECT_EQ(bytes("\x04\x03"
                  "abc"),
            converted(bytes("\x24\x80\x04\x01"
                            "a\x24\x80\x04\x01"
                            "b\x04\x01"
                            "c\0\0\0\0")));
  EXPECT_EQ(bytes("\x04\x02"
                  "ab"),
            converted(bytes("\x24\x06\x04\x01"
                            "a\x04\x01"
                            "b")));
  EXPECT_EQ("!", converted(bytes("\x24\x03\x02\x01"
                                 "a")))
      << "a piece of another type";
}

TEST(Ber, what_is_not_one_whole_element_is_refused) {
  for (const std::string &bad :
       {bytes(""), bytes("\x30"), bytes("\x30\x01"), bytes("\x30\x80"), bytes("\x30\x80\0"),
        bytes("\x02\x80\x05\0\0"), bytes("\x02\x01\x05\x05"), bytes("\x30\x84\xff\xff\xff\xff"),
        bytes("\x30\x89\0\0\0\0\0\0\0\0\0"), bytes("\x1f\x01\0"), bytes("\x30\x02\x02\x01")}) {
    EXPECT_EQ("!", converted(bad));
  }
  const std::string whole = pki_file("ber.p12");
  for (size_t size = 0; size < whole.size(); size += 13) {
    EXPECT_EQ("!", converted(whole.substr(0, size))) << size;
  }
}

TEST(Ber, depth_has_a_limit) {
  std::string deep;
  for (int i = 0; i < 100000; i++) {
    deep += "\x30\x80";
  }
  EXPECT_EQ("!", converted(deep));
}

}  // namespace
