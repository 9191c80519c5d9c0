// The parts that decide whether a link may be used, each by itself.
#include "tests/unit/uplink/dispatching.h"
#include "uplink/allowance.h"
#include "uplink/metered_batch.h"
#include "uplink/quota.h"
#include "uplink/token_bucket.h"

#include <random>

namespace sluice::uplink_tests {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(TokenBucket, IsPaidAfterwardsAndLetsNothingThroughUntilItIs) {
  Instant now{};
  TokenBucket bucket(1'000, 0, now);
  EXPECT_EQ(bucket.wait(now), milliseconds(0));
  bucket.spend(2'500, now);
  EXPECT_EQ(bucket.wait(now), milliseconds(2'500));
  now += seconds(2);
  EXPECT_EQ(bucket.wait(now), milliseconds(500));
  now += milliseconds(500);
  EXPECT_EQ(bucket.wait(now), milliseconds(0));
}

TEST(TokenBucket, SavesUpOneBurstAndNoMore) {
  Instant now{};
  TokenBucket bucket(1'000, 5'000, now);
  now += hours(1);
  bucket.spend(5'000, now);
  EXPECT_EQ(bucket.wait(now), milliseconds(0));
  bucket.spend(1, now);
  EXPECT_EQ(bucket.wait(now), milliseconds(1));
}

TEST(TokenBucket, KeepsTheRateHoweverLargeTheRequestsAre) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  constexpr std::uint64_t kRate = 64UL * 1024;
  Instant now{};
  TokenBucket bucket(kRate, 0, now);
  std::uint64_t sent = 0;
  while (now < Instant(seconds(600))) {
    const std::uint64_t bytes = random() % 30'000;
    bucket.spend(bytes, now);
    sent += bytes;
    now += bucket.wait(now);
  }
  EXPECT_NEAR(static_cast<double>(sent), 600.0 * kRate, 0.01 * 600 * kRate);
}

TEST(DailyWindow, MayGoPastMidnight) {
  const DailyWindow night{hours(22), hours(6)};
  for (const auto& [time, open] :
       {std::pair{minutes(hours(21)) + minutes(59), false}, std::pair{minutes(hours(22)), true},
        std::pair{minutes(0), true}, std::pair{minutes(hours(6)) - minutes(1), true},
        std::pair{minutes(hours(6)), false}}) {
    EXPECT_EQ(is_open(night, time), open) << time.count();
  }
  const DailyWindow day{hours(6), hours(22)};
  EXPECT_FALSE(is_open(day, minutes(0)));
  EXPECT_TRUE(is_open(day, hours(6)));
  EXPECT_FALSE(is_open(day, hours(22)));
}

TEST(Quota, BeginsAgainWithEachDayAndMonth) {
  Quota quota;
  quota.see(20251130);
  quota.add(10);
  quota.see(20251130);
  EXPECT_EQ(quota.today(), 10U);
  quota.see(20251201);
  EXPECT_EQ(quota.today(), 0U);
  EXPECT_EQ(quota.this_month(), 0U);
  quota.add(5);
  quota.see(20251202);
  EXPECT_EQ(quota.today(), 0U);
  EXPECT_EQ(quota.this_month(), 5U);
}

TEST(Quota, SurvivesAsText) {
  Quota quota;
  quota.see(20251121);
  quota.add(7);
  quota.see(20251122);
  quota.add(8);
  Quota again(quota.text());
  again.see(20251122);
  EXPECT_EQ(again.today(), 8U);
  EXPECT_EQ(again.this_month(), 15U);
}

TEST(Quota, BeginsWithNothingIfTheTextIsNotItsOwn) {
  for (const char* text : {"", "x", "20251121", "20251121 7", "20251121 7 x", "-1 7 7",
                           "99999999999999999999 1 1", "123456789 7 7"}) {
    EXPECT_EQ(Quota(text).today(), 0U) << text;
    EXPECT_EQ(Quota(text).this_month(), 0U) << text;
  }
}

TEST(Quota, IsNotRefilledBySettingTheClockBackOrByAClockThatIsNotSet) {
  Quota quota("20251121 100 900");
  quota.see(19700101);
  EXPECT_EQ(quota.today(), 100U);
  quota.see(20251121);
  EXPECT_EQ(quota.today(), 100U);
  quota.see(20251120);
  EXPECT_EQ(quota.today(), 100U);
  EXPECT_EQ(quota.this_month(), 900U);
}

TEST(Quota, FindsBackFromAClockThatWasTenYearsAhead) {
  Quota quota("20251121 100 900");
  quota.see(20351121);
  quota.add(50);
  quota.see(20251122);
  EXPECT_EQ(quota.today(), 50U);
  quota.see(20251123);
  EXPECT_EQ(quota.today(), 0U) << "and not only in ten years";
}

TEST(MeteredBatch, WaitsForEnoughOrForLongEnough) {
  MeteredBatch batch;
  Instant now{};
  EXPECT_EQ(batch.wait(100, now), MeteredBatch::kLook);
  now += minutes(15) - seconds(3);
  EXPECT_EQ(batch.wait(100, now), seconds(3));
  now += seconds(3);
  EXPECT_EQ(batch.wait(100, now), milliseconds(0));
  EXPECT_EQ(batch.wait(100, now), MeteredBatch::kLook) << "the next batch";
  EXPECT_EQ(batch.wait(MeteredBatch::kEnoughBytes, now), milliseconds(0));
}

// The dispatcher with limits, in simulated time.

DeliveryOptions limited(const RateLimitOptions& limit) {
  return {.retry = {seconds(1), seconds(60)}, .rate_limit = limit};
}

class LimitsTest : public DispatcherTest {
 protected:
  // Each of about a kilobyte.
  void add_blocks(std::uint64_t blocks) {
    for (std::uint64_t i = 0; i < blocks; ++i, next_ += 10) {
      buffer_.add(numbered_block(0, next_, 10, 99));
    }
  }
  std::uint64_t next_ = 1;
};

TEST_F(LimitsTest, SendsAtTheRateThatIsAllowedHeadersIncluded) {
  constexpr std::uint64_t kRate = 16UL * 1024;
  wire_.head_bytes = 400;
  const auto sink = simulated(wire_, {kFirstFeed}, limited({.bytes_per_second = kRate}));
  sink->start();
  pass(seconds(0));
  add_blocks(5'000);
  pass(seconds(60));
  const auto sent = static_cast<double>(sink->counts().sent_bytes);
  EXPECT_NEAR(sent, 60.0 * kRate, 0.05 * 60 * kRate);
  EXPECT_EQ(sent, static_cast<double>(wire_.sent.size()) * 1'400);
  EXPECT_EQ(sink->counts().waiting_for, Hold::RateLimit);
}

TEST_F(LimitsTest, CountsFailedAttemptsTowardsTheRate) {
  wire_.script = [&](const Block& /*block*/) {
    return answer(wire_.sent.size() % 2 == 0 ? Verdict::Confirmed : Verdict::TooLarge);
  };
  const auto sink = simulated(wire_, {kFirstFeed}, limited({.bytes_per_second = 1'000}));
  sink->start();
  pass(seconds(0));
  add_blocks(200);
  pass(seconds(100));
  EXPECT_NEAR(static_cast<double>(sink->counts().sent_bytes), 100'000, 5'000);
}

TEST_F(LimitsTest, SendsOnlyInItsPartOfTheDay) {
  const auto sink =
      simulated(wire_, {kFirstFeed}, limited({.schedule = DailyWindow{hours(22), hours(6)}}));
  sink->start();
  pass(seconds(0));
  add_blocks(1);
  pass(hours(10) - milliseconds(1));  // it was noon
  EXPECT_TRUE(wire_.sent.empty());
  EXPECT_EQ(sink->counts().waiting_for, Hold::Schedule);
  pass(milliseconds(1));
  EXPECT_EQ(wire_.sent.size(), 1U);
  pass(hours(8) - milliseconds(1));
  add_blocks(1);
  pass(milliseconds(0));
  EXPECT_EQ(wire_.sent.size(), 2U) << "just in time";
  pass(milliseconds(1));
  add_blocks(1);
  pass(hours(1));
  EXPECT_EQ(wire_.sent.size(), 2U) << "until the evening";
}

TEST_F(LimitsTest, SpendsNoMoreThanADaysWorthAlsoAcrossARestart) {
  const RateLimitOptions limit{.daily = 10'000};
  add_blocks(100);
  {
    const auto sink = simulated(wire_, {kFirstFeed}, limited(limit));
    sink->start();
    pass(seconds(10));
    EXPECT_EQ(wire_.sent.size(), 10U);
    EXPECT_EQ(sink->counts().waiting_for, Hold::DailyLimit);
    EXPECT_EQ(sink->counts().sent_today, 10'000U);
  }
  run_until_idle();
  const auto sink = simulated(wire_, {kFirstFeed}, limited(limit));
  sink->start();
  pass(hours(11));
  EXPECT_EQ(wire_.sent.size(), 10U) << "the day has been spent";
  EXPECT_EQ(sink->counts().waiting_for, Hold::DailyLimit);
  pass(hours(2));  // past midnight
  EXPECT_EQ(wire_.sent.size(), 20U);
}

TEST_F(LimitsTest, SpendsNoMoreThanAMonthsWorth) {
  add_blocks(100);
  const auto sink = simulated(wire_, {kFirstFeed}, limited({.daily = 10'000, .monthly = 25'000}));
  sink->start();
  pass(hours(24 * 9));  // up to noon of the 30th
  EXPECT_EQ(wire_.sent.size(), 25U);
  EXPECT_EQ(sink->counts().waiting_for, Hold::MonthlyLimit);
  EXPECT_EQ(sink->counts().sent_this_month, 25'000U);
  pass(hours(24));
  EXPECT_EQ(wire_.sent.size(), 35U);
}

TEST_F(LimitsTest, UsesAMeteredLinkNowAndThenForMany) {
  const auto sink = simulated(wire_, {kFirstFeed}, limited({.metered = true}));
  sink->start();
  pass(seconds(0));
  std::set<std::int64_t> minutes_of_use;
  wire_.script = [&](const Block& /*block*/) {
    minutes_of_use.insert(
        std::chrono::floor<minutes>(time_.clock().now() - SimulatedTime::kNoon).count());
    return answer(Verdict::Confirmed);
  };
  for (int minute = 0; minute < 60; ++minute) {
    add_blocks(1);
    pass(minutes(1));
  }
  EXPECT_LE(minutes_of_use.size(), 4U) << "every quarter of an hour";
  EXPECT_GE(wire_.sent.size(), 45U);
  pass(minutes(15));
  add_blocks(1);
  pass(seconds(1));
  EXPECT_EQ(sink->counts().waiting_for, Hold::Batch);
  const std::size_t before = wire_.sent.size();
  add_blocks(70);
  pass(MeteredBatch::kLook);
  EXPECT_GE(wire_.sent.size(), before + 70) << "64 KiB are worth it at once";
}

TEST_F(LimitsTest, SendsABacklogOverAMeteredLinkWithoutWaitingForFreshData) {
  add_blocks(100);
  DeliveryOptions delivery = limited({.metered = true});
  delivery.order = DeliveryOrder::LiveFirst;
  const auto sink = simulated(wire_, {kFirstFeed}, delivery);
  sink->start();
  pass(minutes(1));
  EXPECT_EQ(buffer_.held(0, 0), 0U);
}

}  // namespace
}  // namespace sluice::uplink_tests
