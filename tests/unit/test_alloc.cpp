// Allocation: zeroed, copied with a NUL, failing on demand, wiped.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

#include "base/alloc.h"

namespace {

int always() {
  return 1;
}

TEST(Memory, IsZeroed) {
  auto *bytes = static_cast<unsigned char *>(rfctls__alloc(4096));
  ASSERT_NE(bytes, nullptr);
  for (size_t i = 0; i < 4096; i++) {
    ASSERT_EQ(bytes[i], 0);
  }
  rfctls__free(bytes);
}

TEST(Memory, OfNoSizeMayBeFreed) {
  void *empty = rfctls__alloc(0);
  EXPECT_NE(empty, nullptr);
  empty = rfctls__realloc(empty, 0);
  EXPECT_NE(empty, nullptr);
  rfctls__free(empty);
  rfctls__free(nullptr);
}

TEST(Memory, CopiesStrings) {
  char *copy = rfctls__strdup("text");
  EXPECT_STREQ(copy, "text");
  rfctls__free(copy);
  copy = rfctls__strndup("te\0xt", 5);
  EXPECT_EQ(std::memcmp(copy, "te\0xt", 6), 0);
  rfctls__free(copy);
  EXPECT_EQ(rfctls__strdup(nullptr), nullptr);
  EXPECT_EQ(rfctls__strndup(nullptr, 3), nullptr);
  EXPECT_EQ(rfctls__strndup("x", SIZE_MAX), nullptr);
}

TEST(Memory, FailsWhenATestSaysSo) {
  rfctls__set_alloc_hook(always);
  EXPECT_EQ(rfctls__alloc(1), nullptr);
  EXPECT_EQ(rfctls__realloc(nullptr, 1), nullptr);
  EXPECT_EQ(rfctls__strdup("x"), nullptr);
  rfctls__set_alloc_hook(nullptr);
  void *memory = rfctls__alloc(1);
  EXPECT_NE(memory, nullptr);
  rfctls__free(memory);
}

TEST(Memory, IsWiped) {
  unsigned char secret[] = {1, 2, 3, 4};
  rfctls__wipe(secret + 1, 2);
  EXPECT_EQ(secret[0], 1);
  EXPECT_EQ(secret[1], 0);
  EXPECT_EQ(secret[2], 0);
  EXPECT_EQ(secret[3], 4);
  rfctls__wipe(nullptr, 0);
}

}  // namespace
