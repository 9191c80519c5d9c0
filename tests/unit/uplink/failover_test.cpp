#include "uplink/failover.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using std::chrono::seconds;

constexpr seconds kFailback{60};
constexpr Instant kStart{std::chrono::hours(1)};

TEST(Failover, ChangesAfterThreeFailuresInARow) {
  Failover failover(2, kFailback);
  EXPECT_FALSE(failover.failed(kStart, false));
  EXPECT_FALSE(failover.failed(kStart, false));
  failover.worked();
  EXPECT_FALSE(failover.failed(kStart, false));
  EXPECT_FALSE(failover.failed(kStart, false));
  EXPECT_EQ(failover.current(), 0U);
  EXPECT_TRUE(failover.failed(kStart, false));
  EXPECT_EQ(failover.current(), 1U);
}

TEST(Failover, ChangesAtOnceIfTheFailureWillLast) {
  Failover failover(2, kFailback);
  EXPECT_TRUE(failover.failed(kStart, true));
  EXPECT_EQ(failover.current(), 1U);
}

TEST(Failover, GoesRoundWhenAllOfThemFail) {
  Failover failover(3, kFailback);
  for (const std::size_t next : {1U, 2U, 0U, 1U}) {
    failover.failed(kStart, false);
    failover.failed(kStart, false);
    EXPECT_TRUE(failover.failed(kStart, false));
    EXPECT_EQ(failover.current(), next);
  }
}

TEST(Failover, HasNowhereToGoWithOneUrl) {
  Failover failover(1, kFailback);
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(failover.failed(kStart, true));
  }
  EXPECT_EQ(failover.current(), 0U);
  EXPECT_FALSE(failover.should_try_first(kStart + std::chrono::hours(9)));
}

TEST(Failover, TriesTheFirstOneAgainAfterAWhile) {
  Failover failover(2, kFailback);
  EXPECT_FALSE(failover.should_try_first(kStart + std::chrono::hours(9)));
  failover.failed(kStart, true);
  EXPECT_FALSE(failover.should_try_first(kStart + kFailback - seconds(1)));
  EXPECT_TRUE(failover.should_try_first(kStart + kFailback));
  failover.first_is_away(kStart + kFailback);
  EXPECT_FALSE(failover.should_try_first(kStart + 2 * kFailback - seconds(1)));
  EXPECT_TRUE(failover.should_try_first(kStart + 2 * kFailback));
  failover.first_worked();
  EXPECT_EQ(failover.current(), 0U);
  EXPECT_FALSE(failover.should_try_first(kStart + std::chrono::hours(9)));
}

TEST(Failover, WaitsLongerAndLongerForOneThatAnswersAndTakesNothing) {
  Failover failover(2, kFailback);
  failover.failed(kStart, true);
  Instant now = kStart;
  for (const int times : {1, 2, 4, 8, 16, 16, 16}) {
    EXPECT_FALSE(failover.should_try_first(now + times * kFailback - seconds(1))) << times;
    now += times * kFailback;
    EXPECT_TRUE(failover.should_try_first(now)) << times;
    failover.first_failed(now);
  }
  failover.first_worked();
  failover.failed(now, true);
  EXPECT_TRUE(failover.should_try_first(now + kFailback)) << "a new outage begins anew";
}

}  // namespace
}  // namespace sluice
