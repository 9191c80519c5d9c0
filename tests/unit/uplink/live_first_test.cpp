// Fresh data ahead of a backlog.
#include "tests/unit/uplink/dispatching.h"

#include <algorithm>

namespace sluice::uplink_tests {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint32_t kRecords = 10;  // per block
constexpr std::uint64_t kBlockBytes = 1'000;

class LiveFirstTest : public DispatcherTest {
 protected:
  static DeliveryOptions live_first(std::uint64_t bytes_per_second = 0) {
    return {.retry = {seconds(1), seconds(60)},
            .order = DeliveryOrder::LiveFirst,
            .rate_limit = {.bytes_per_second = bytes_per_second}};
  }
  std::uint64_t add_block() {
    const std::uint64_t first = next_;
    buffer_.add(numbered_block(0, first, kRecords, kBlockBytes / kRecords - 1));
    next_ += kRecords;
    return first;
  }
  void add_blocks(int count) {
    for (int i = 0; i < count; ++i) {
      add_block();
    }
  }
  [[nodiscard]] bool delivered(std::uint64_t first) const { return buffer_.has(0, 0, first); }
  // Among the attempts.
  [[nodiscard]] std::ptrdiff_t place_of(std::uint64_t first) const {
    const auto sequences = wire_.sequences();
    return std::ranges::find(sequences, first) - sequences.begin();
  }
  // Each record was sent exactly once.
  void expect_sent_once() {
    std::map<std::uint64_t, int> times;
    for (const Shipment& shipment : wire_.sent) {
      ++times[number(shipment.block->first)];
    }
    for (std::uint64_t first = 1; first < next_; first += kRecords) {
      EXPECT_EQ(times[first], 1) << first;
    }
  }

  std::uint64_t next_ = 1;
};

TEST_F(LiveFirstTest, DeliversTheNewestBlockFirstAndMarksTheBacklog) {
  add_blocks(24 * 60);  // a day's worth, one a minute
  const std::uint64_t newest = next_ - kRecords;
  const auto sink = simulated(wire_, {kFirstFeed}, live_first());
  sink->start();
  pass(minutes(1));
  EXPECT_LE(place_of(newest), 1);
  EXPECT_EQ(buffer_.held(0, 0), 0U);
  expect_sent_once();
  for (const Shipment& shipment : wire_.sent) {
    EXPECT_EQ(shipment.backfill, number(shipment.block->first) != newest);
  }
  const DispatcherCounts counts = sink->counts();
  EXPECT_EQ(counts.backfill_records, (24 * 60 - 1) * kRecords);
  EXPECT_EQ(counts.flows_with_backlog, 0U);
}

TEST_F(LiveFirstTest, LetsEveryFreshBlockArriveWithinTwoSecondsWhileADayOfBacklogDrains) {
  add_blocks(24 * 60);
  // Fresh data needs a quarter of the line.
  const auto sink = simulated(wire_, {kFirstFeed}, live_first(4 * kBlockBytes));
  sink->start();
  pass(milliseconds(0));
  int second = 0;
  for (; buffer_.held(0, 0) > 1; ++second) {
    ASSERT_LT(second, 3'600);
    const std::uint64_t fresh = add_block();
    pass(seconds(1));
    if (second > 1) {
      EXPECT_TRUE(delivered(fresh)) << second;
    }
  }
  EXPECT_GT(second, 24 * 60 / 4) << "the backlog took its time";
  EXPECT_LT(second, 24 * 60 / 2) << "but had what was left of the line";
  EXPECT_EQ(sink->counts().flows_with_backlog, 0U);
}

TEST_F(LiveFirstTest, SharesTheLineWhenFreshDataWouldFillIt) {
  add_blocks(1'000);
  const auto sink = simulated(wire_, {kFirstFeed}, live_first(10 * kBlockBytes));
  sink->start();
  pass(milliseconds(0));
  for (int i = 0; i < 12 * 60; ++i) {  // twelve in a second, of which ten would fill the line
    add_block();
    pass(milliseconds(83));
  }
  const auto backfill =
      std::ranges::count_if(wire_.sent, [](const Shipment& shipment) { return shipment.backfill; });
  EXPECT_NEAR(static_cast<double>(backfill) / static_cast<double>(wire_.sent.size()), 0.2, 0.05);
  EXPECT_EQ(sink->counts().flows_with_backlog, 1U);
}

TEST_F(LiveFirstTest, GoesOnWithTheNewestAfterAnOutage) {
  bool away = false;
  wire_.script = [&](const Block& /*block*/) {
    return answer(away ? Verdict::Retry : Verdict::Confirmed);
  };
  const auto sink = simulated(wire_, {kFirstFeed}, live_first());
  sink->start();
  for (int i = 0; i < 10; ++i) {
    add_block();
    pass(seconds(1));
  }
  EXPECT_EQ(buffer_.held(0, 0), 0U);
  away = true;
  for (int i = 0; i < 3'600; ++i) {
    add_block();
    pass(seconds(1));
  }
  EXPECT_GE(buffer_.held(0, 0), 3'600U);
  away = false;
  const std::size_t before = wire_.sent.size();
  pass(seconds(61));
  ASSERT_GT(wire_.sent.size(), before + 1);
  const std::uint64_t newest = next_ - kRecords;
  EXPECT_TRUE(number(wire_.sent[before].block->first) == newest ||
              number(wire_.sent[before + 1].block->first) == newest);
  EXPECT_EQ(buffer_.held(0, 0), 0U);
  EXPECT_EQ(sink->counts().records, 3'610U * kRecords) << "nothing is delivered twice";
}

TEST_F(LiveFirstTest, IsInOrderAndUnmarkedAsLongAsItKeepsUp) {
  const auto sink = simulated(wire_, {kFirstFeed}, live_first());
  sink->start();
  pass(milliseconds(0));
  for (int i = 0; i < 100; ++i) {
    add_blocks(3);
    pass(milliseconds(700));
  }
  const auto sequences = wire_.sequences();
  EXPECT_TRUE(std::ranges::is_sorted(sequences));
  EXPECT_EQ(sequences.size(), 300U);
  EXPECT_TRUE(std::ranges::none_of(wire_.sent, &Shipment::backfill));
}

TEST_F(LiveFirstTest, ConfirmsRangesThatGrowTogether) {
  add_blocks(100);
  const auto sink = simulated(wire_, {kFirstFeed}, live_first());
  sink->start();
  pass(seconds(2));
  for (const FakeBuffer::Confirmation& each : buffer_.confirmations) {
    EXPECT_TRUE(each.after == 0 || each.after % kRecords == 0)
        << "ends and begins where blocks do: " << each.after;
  }
  EXPECT_EQ(buffer_.held(0, 0), 0U);
}

TEST_F(LiveFirstTest, CutsAndBuriesInBothLanes) {
  add_blocks(100);
  std::set<std::uint64_t> bad{5, 501, 991, 1'003, 1'010};
  wire_.script = [&](const Block& block) {
    const bool good = std::ranges::none_of(bad, [&](std::uint64_t each) {
      return each >= number(block.first) && each <= number(block.last());
    });
    return answer(good ? Verdict::Confirmed : Verdict::Refused);
  };
  const auto sink = simulated(wire_, {kFirstFeed}, live_first());
  sink->start();
  pass(seconds(2));
  add_blocks(2);
  pass(seconds(2));
  EXPECT_EQ(buffer_.held(0, 0), 0U);
  EXPECT_EQ(buffer_.burials.size(), bad.size());
  EXPECT_EQ(sink->counts().records, 1'020U - bad.size());
}

TEST_F(LiveFirstTest, ServesTheFreshDataOfAllFlowsBeforeAnyBacklog) {
  for (std::uint64_t first = 1; first < 2'001; first += 20) {
    buffer_.add(numbered_block(0, first));
    buffer_.add(numbered_block(1, first + 10));
  }
  const auto sink = simulated(wire_, {kFirstFeed, kSecondFeed}, live_first(50));
  sink->start();
  pass(minutes(1));
  std::vector<std::uint64_t> newest{1'981, 1'991};
  for (const std::uint64_t each : newest) {
    EXPECT_LE(place_of(each), 3);
  }
  EXPECT_GT(buffer_.held(0, 0), 0U);
  pass(hours(1));
  EXPECT_EQ(buffer_.held(0, 0) + buffer_.held(1, 3), 0U);
}

}  // namespace
}  // namespace sluice::uplink_tests
