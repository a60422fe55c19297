// The byte queue gives back what was put in, in order, and moves only in reserve.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/error.h"

namespace {

int always() {
  return 1;
}

std::string text_of(rfctls__bytes bytes) {
  return bytes.size > 0 ? std::string(reinterpret_cast<const char *>(bytes.data), bytes.size) : "";
}

class Buffer : public testing::Test {
 protected:
  void TearDown() override {
    rfctls__set_alloc_hook(nullptr);
    rfctls__buffer_release(&buffer);
  }
  void append(const std::string &text) {
    ASSERT_EQ(rfctls__buffer_append(&buffer, text.data(), text.size()), RFCTLS_OK);
  }
  std::string text() const {
    return text_of(rfctls__buffer_bytes(&buffer));
  }

  rfctls__buffer buffer = {};
};

TEST_F(Buffer, IsEmptyAtFirst) {
  EXPECT_EQ(rfctls__buffer_bytes(&buffer).data, nullptr);
  EXPECT_EQ(rfctls__buffer_size(&buffer), 0u);
  EXPECT_EQ(rfctls__buffer_room(&buffer), 0u);
  EXPECT_EQ(rfctls__buffer_take(&buffer, nullptr, 5), 0u);
  rfctls__buffer_consume(&buffer, 5);
  EXPECT_EQ(rfctls__buffer_append(&buffer, nullptr, 0), RFCTLS_OK);
  EXPECT_EQ(buffer.data, nullptr);
}

TEST_F(Buffer, GivesBackWhatWasPutInForAnyMixOfCalls) {
  std::mt19937 random(7);
  std::string model;
  char next = 0;
  for (int i = 0; i < 20000; i++) {
    size_t size = random() % (random() % 16 == 0 ? 3000 : 60);
    if (random() % 2 == 0) {
      std::string piece;
      for (size_t k = 0; k < size; k++) {
        piece += next++;
      }
      append(piece);
      model += piece;
    } else if (random() % 2 == 0) {
      rfctls__buffer_consume(&buffer, size);
      model.erase(0, std::min(size, model.size()));
    } else {
      std::string out(size, '\0');
      out.resize(rfctls__buffer_take(&buffer, &out[0], size));
      ASSERT_EQ(out, model.substr(0, size));
      model.erase(0, out.size());
    }
    ASSERT_EQ(rfctls__buffer_size(&buffer), model.size());
    ASSERT_EQ(text(), model);
    ASSERT_LE(buffer.tail, buffer.capacity);
  }
}

TEST_F(Buffer, ReserveGivesRoomThatCommitFills) {
  uint8_t *room = nullptr;
  append("head");
  ASSERT_EQ(rfctls__buffer_reserve(&buffer, 1000, &room), RFCTLS_OK);
  ASSERT_GE(rfctls__buffer_room(&buffer), 1000u);
  EXPECT_EQ(text(), "head") << "reserved is not stored";
  std::memcpy(room, "tail", 4);
  rfctls__buffer_commit(&buffer, 4);
  EXPECT_EQ(text(), "headtail");
}

TEST_F(Buffer, DoesNotMoveWhileThereIsRoom) {
  uint8_t *room = nullptr;
  ASSERT_EQ(rfctls__buffer_reserve(&buffer, 4096, &room), RFCTLS_OK);
  const uint8_t *before = buffer.data;
  for (size_t room_left = rfctls__buffer_room(&buffer); room_left > 0; room_left--) {
    append("x");
  }
  EXPECT_EQ(buffer.data, before);
  rfctls__buffer_consume(&buffer, 100);
  EXPECT_EQ(rfctls__buffer_bytes(&buffer).data, before + 100) << "consume moves nothing";
}

TEST_F(Buffer, AQueueInSteadyUseStopsGrowing) {
  std::string piece(1000, 'x');
  append(piece);
  for (int i = 0; i < 10000; i++) {
    append(piece);
    rfctls__buffer_consume(&buffer, piece.size());
  }
  EXPECT_LE(buffer.capacity, 8 * piece.size());
}

TEST_F(Buffer, WithoutMemoryKeepsWhatItHas) {
  uint8_t *room = &buffer.data[0];
  append("kept");
  rfctls__set_alloc_hook(always);
  EXPECT_EQ(rfctls__buffer_reserve(&buffer, 1 << 20, &room), RFCTLS_E_MEMORY);
  EXPECT_EQ(room, nullptr);
  EXPECT_EQ(rfctls_error_status(), RFCTLS_E_MEMORY);
  std::string much(1 << 20, 'x');
  EXPECT_EQ(rfctls__buffer_append(&buffer, much.data(), much.size()), RFCTLS_E_MEMORY);
  EXPECT_EQ(text(), "kept");
}

TEST_F(Buffer, ASizeThatNoMemoryHasIsRefused) {
  uint8_t *room = nullptr;
  append("kept");
  EXPECT_EQ(rfctls__buffer_reserve(&buffer, SIZE_MAX, &room), RFCTLS_E_MEMORY);
  EXPECT_EQ(rfctls__buffer_reserve(&buffer, SIZE_MAX - 2, &room), RFCTLS_E_MEMORY);
  EXPECT_EQ(text(), "kept");
}

TEST_F(Buffer, StartsAnewAfterRelease) {
  append("first");
  rfctls__buffer_release(&buffer);
  EXPECT_EQ(buffer.data, nullptr);
  EXPECT_EQ(rfctls__buffer_size(&buffer), 0u);
  append("second");
  EXPECT_EQ(text(), "second");
  rfctls__buffer_wipe(&buffer);
  EXPECT_EQ(buffer.data, nullptr);
}

TEST_F(Buffer, MemoryOfAStepServesTheNextOneToo) {
  uint8_t *room = nullptr;
  ASSERT_EQ(rfctls__buffer_reserve(&buffer, 64 * 1024, &room), RFCTLS_OK);
  const uint8_t *before = buffer.data;
  std::memset(room, 'x', 64 * 1024);
  rfctls__buffer_release(&buffer);
  rfctls__set_alloc_hook(always);  // no memory is needed
  ASSERT_EQ(rfctls__buffer_reserve(&buffer, 60 * 1024, &room), RFCTLS_OK);
  EXPECT_EQ(buffer.data, before);
  EXPECT_EQ(rfctls__buffer_size(&buffer), 0u);
  EXPECT_GE(rfctls__buffer_room(&buffer), 60u * 1024);
}

TEST(Buffers, ThatAreUsedAtOnceShareNoMemory) {
  std::vector<rfctls__buffer> buffers(40);  // more than are kept
  for (int round = 0; round < 3; round++) {
    for (size_t i = 0; i < buffers.size(); i++) {
      std::string text(30000, static_cast<char>('0' + i));
      ASSERT_EQ(rfctls__buffer_append(&buffers[i], text.data(), text.size()), RFCTLS_OK);
    }
    for (size_t i = 0; i < buffers.size(); i++) {
      EXPECT_EQ(text_of(rfctls__buffer_bytes(&buffers[i])),
                std::string(30000, static_cast<char>('0' + i)));
      rfctls__buffer_release(&buffers[i]);
    }
  }
}

TEST(List, KeepsCopiesInOrder) {
  rfctls__list list = {};
  for (int i = 0; i < 20; i++) {
    std::string text = "item " + std::to_string(i);
    ASSERT_EQ(rfctls__list_add(&list, text.data(), text.size()), RFCTLS_OK);
  }
  ASSERT_EQ(rfctls__list_add(&list, nullptr, 0), RFCTLS_OK);
  EXPECT_EQ(list.count, 21u);
  EXPECT_EQ(text_of(rfctls__list_at(&list, 0)), "item 0");
  EXPECT_EQ(text_of(rfctls__list_at(&list, 19)), "item 19");
  EXPECT_EQ(rfctls__list_at(&list, 20).size, 0u);
  EXPECT_EQ(rfctls__list_at(&list, 21).data, nullptr);
  rfctls__list_release(&list);
  EXPECT_EQ(list.count, 0u);
}

int allowed;
int after_allowed() {
  return allowed-- <= 0;
}

TEST(List, WithoutMemoryKeepsWhatItHas) {
  rfctls__list list = {};
  ASSERT_EQ(rfctls__list_add(&list, "one", 3), RFCTLS_OK);
  for (int n = 0; n < 2; n++) {
    allowed = n;
    rfctls__set_alloc_hook(after_allowed);
    EXPECT_EQ(rfctls__list_add(&list, "two", 3), RFCTLS_E_MEMORY);
    rfctls__set_alloc_hook(nullptr);
    EXPECT_EQ(list.count, 1u);
    EXPECT_EQ(text_of(rfctls__list_at(&list, 0)), "one");
  }
  rfctls__list_release(&list);
}

}  // namespace
