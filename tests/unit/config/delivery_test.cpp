// How blocks are brought to a sink, and what its answers mean.
#include "tests/unit/config/loading.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace sluice {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): this is a test
using namespace std::chrono_literals;
using List = std::vector<std::string>;

DeliveryOptions delivery(const std::string& line) {
  const LoadedConfig loaded = load(with_sink(line));
  EXPECT_TRUE(loaded.ok()) << report(loaded);
  return loaded.ok() ? loaded.config.sinks.at(0).delivery : DeliveryOptions{};
}

TEST(RateLimit, HasNoLimitsUnlessTheyAreGiven) {
  for (const char* line : {"compression: zstd", "rate_limit: {}"}) {
    const RateLimitOptions limit = delivery(line).rate_limit;
    EXPECT_EQ(limit.bytes_per_second, 0U);
    EXPECT_EQ(limit.burst, 0U);
    EXPECT_FALSE(limit.schedule);
    EXPECT_EQ(limit.daily, 0U);
    EXPECT_EQ(limit.monthly, 0U);
    EXPECT_FALSE(limit.metered);
  }
}

TEST(RateLimit, GoesToItsPlace) {
  const RateLimitOptions limit =
      delivery(
          "rate_limit: {bytes_per_second: 64KiB, burst: 1MiB, schedule: \"22:00-06:30\", "
          "daily: 100MB, monthly: 2GB, metered: true}")
          .rate_limit;
  EXPECT_EQ(limit.bytes_per_second, 64U * 1024);
  EXPECT_EQ(limit.burst, 1024U * 1024);
  ASSERT_TRUE(limit.schedule);
  EXPECT_EQ(limit.schedule->from, 22h);
  EXPECT_EQ(limit.schedule->to, 6h + 30min);
  EXPECT_EQ(limit.daily, 100'000'000U);
  EXPECT_EQ(limit.monthly, 2'000'000'000U);
  EXPECT_TRUE(limit.metered);
}

TEST(RateLimit, RefusesWhatIsNotAPartOfADay) {
  for (const char* text : {"22:00", "22-6", "22:00-24:00", "22:60-06:00", "6:00-22:00",
                           "22:00-06:00 ", "-1:00-02:00", "22:00-22:00", "", "22:00–06:00"}) {
    EXPECT_EQ(findings(with_sink(std::string("rate_limit: {schedule: \"") + text + "\"}")),
              List{"4:28 error sinks.cloud.rate_limit.schedule"})
        << text;
  }
}

TEST(RateLimit, RefusesSizesThatMakeNoSense) {
  EXPECT_EQ(findings(with_sink("rate_limit: {bytes_per_second: 0B}")),
            List{"4:36 error sinks.cloud.rate_limit.bytes_per_second"});
  EXPECT_EQ(findings(with_sink("rate_limit: {daily: 2GiB, monthly: 1GiB}")),
            List{"4:25 error sinks.cloud.rate_limit.daily"});
  EXPECT_EQ(findings(with_sink("rate_limit: {burst: 1MiB}")),
            List{"4:25 warning sinks.cloud.rate_limit.burst"});
}

TEST(Order, IsOldestFirstUnlessSomebodyWantsFreshDataFirst) {
  EXPECT_EQ(delivery("timeout: 1s").order, DeliveryOrder::OldestFirst);
  EXPECT_EQ(delivery("order: oldest_first").order, DeliveryOrder::OldestFirst);
  const DeliveryOptions live = delivery("order: live_first");
  EXPECT_EQ(live.order, DeliveryOrder::LiveFirst);
  EXPECT_EQ(live.live_share_percent, 80U);
  const DeliveryOptions shared = delivery("order: live_first\n    live_share: 55");
  EXPECT_EQ(shared.live_share_percent, 55U);
}

TEST(Order, WarnsAboutAShareThatHasNoEffect) {
  EXPECT_EQ(findings(with_sink("live_share: 55")), List{"4:17 warning sinks.cloud.live_share"});
  EXPECT_EQ(findings(with_sink("order: live_first\n    live_share: 100")),
            List{"5:17 error sinks.cloud.live_share"});
}

TEST(Responses, SayWhatAStatusMeansHere) {
  const LoadedConfig loaded = load(with_sink(
      "responses: {409: confirm, 500: reject, 418: retry, 420: throttle, 200: misconfigured, "
      "507: too_large, 202: partial}"));
  ASSERT_TRUE(loaded.ok()) << report(loaded);
  EXPECT_EQ(loaded.config.sinks.at(0).http.responses, (ResponseRules{{409, Verdict::Confirmed},
                                                                     {500, Verdict::Refused},
                                                                     {418, Verdict::Retry},
                                                                     {420, Verdict::Throttled},
                                                                     {200, Verdict::Misconfigured},
                                                                     {507, Verdict::TooLarge},
                                                                     {202, Verdict::Partial}}));
}

TEST(Responses, RefuseWhatIsNotAStatusOrNotAMeaning) {
  for (const char* line :
       {"responses: {100: confirm}", "responses: {600: confirm}", "responses: {x: confirm}",
        "responses: {409: confirmed}", "responses: {4 09: confirm}", "responses: {409: 1}"}) {
    const List found = findings(with_sink(line));
    ASSERT_EQ(found.size(), 1U) << line;
    EXPECT_NE(found[0].find(" error sinks.cloud.responses"), std::string::npos) << found[0];
  }
}

}  // namespace
}  // namespace sluice
