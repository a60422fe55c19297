// Deadlines: never early, never round the end of the numbers.
#include <gtest/gtest.h>

#include <cstdint>

#include "base/deadline.h"

namespace {

constexpr int64_t kMillisecond = 1000000;

TEST(Clock, OnlyGoesForward) {
  int64_t last = rfctls__now();
  for (int i = 0; i < 10000; i++) {
    int64_t now = rfctls__now();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(Deadline, LiesThatFarAhead) {
  int64_t before = rfctls__now();
  rfctls__deadline deadline = rfctls__deadline_in(60000);
  int64_t after = rfctls__now();
  EXPECT_GE(deadline, before + 60000 * kMillisecond);
  EXPECT_LE(deadline, after + 60000 * kMillisecond);
  EXPECT_FALSE(rfctls__deadline_passed(deadline));
  EXPECT_GT(rfctls__deadline_left(deadline), 0);
  EXPECT_LE(rfctls__deadline_left(deadline), 60000 * kMillisecond);
}

TEST(Deadline, OfZeroHasPassed) {
  rfctls__deadline deadline = rfctls__deadline_in(0);
  EXPECT_TRUE(rfctls__deadline_passed(deadline));
  EXPECT_EQ(rfctls__deadline_left(deadline), 0);
}

TEST(Deadline, ThatIsNegativeNeverComes) {
  EXPECT_EQ(rfctls__deadline_in(-1), RFCTLS__NEVER);
  EXPECT_EQ(rfctls__deadline_in(INT64_MIN), RFCTLS__NEVER);
  EXPECT_FALSE(rfctls__deadline_passed(RFCTLS__NEVER));
  EXPECT_EQ(rfctls__deadline_left(RFCTLS__NEVER), -1);
}

TEST(Deadline, ThatIsTooFarNeverComes) {
  EXPECT_EQ(rfctls__deadline_in(INT64_MAX), RFCTLS__NEVER);
  EXPECT_EQ(rfctls__deadline_in(INT64_MAX / kMillisecond), RFCTLS__NEVER);
  int64_t most = (INT64_MAX - rfctls__now()) / kMillisecond - 1000;
  EXPECT_LT(rfctls__deadline_in(most), RFCTLS__NEVER);
  EXPECT_FALSE(rfctls__deadline_passed(rfctls__deadline_in(most)));
}

TEST(Deadline, OfTwoTheEarlierCounts) {
  EXPECT_EQ(rfctls__deadline_earlier(1, 2), 1);
  EXPECT_EQ(rfctls__deadline_earlier(RFCTLS__NEVER, 2), 2);
  EXPECT_EQ(rfctls__deadline_earlier(RFCTLS__NEVER, RFCTLS__NEVER), RFCTLS__NEVER);
}

}  // namespace
