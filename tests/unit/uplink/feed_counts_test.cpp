// What a dispatcher counts for each flow, and what that says about the flow as a queue.
#include "metrics/queue_meter.h"
#include "tests/unit/uplink/dispatching.h"
#include "uplink/feed.h"

#include <limits>

namespace sluice::uplink_tests {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// A destination that takes its time, and blocks whose records have arrived at a known one.
class FeedCountsTest : public DispatcherTest {
 protected:
  FeedCountsTest() : keeper_(time_.keeper()), alarm_(keeper_->make_alarm()) {
    wire_.script = [this](const Block& /*block*/) {
      alarm_->set(service_time(), [this] {
        std::exchange(wire_.pending, nullptr)({.verdict = verdict_, .sent_bytes = 1});
      });
      return std::optional<Answer>();
    };
  }

  virtual milliseconds service_time() { return 400ms; }

  // Its records have arrived evenly during the last second.
  void add(std::uint64_t first, std::uint32_t count) {
    auto block = std::make_shared<Block>(*numbered_block(0, first, count));
    block->max_time = time_.clock().now();
    block->min_time = block->max_time - 1s;
    buffer_.add(block);
  }

  std::unique_ptr<Dispatcher> start(const DeliveryOptions& delivery = kAtOnce) {
    auto sink = simulated(wire_, {kFirstFeed}, delivery);
    sink->start();
    pass(0ms);
    return sink;
  }

  std::unique_ptr<Timekeeper> keeper_;
  std::unique_ptr<Alarm> alarm_;
  Verdict verdict_ = Verdict::Confirmed;
};

TEST_F(FeedCountsTest, ASinkIsBusyFromTheFirstBlockThatIsThereToTheLast) {
  const auto sink = start();
  pass(10s);
  EXPECT_EQ(sink->counts().feeds.at(0).busy, 0ms);
  add(1, 10);
  add(11, 10);
  pass(200ms);
  EXPECT_EQ(sink->counts().feeds.at(0).busy, 200ms) << "the stretch that has not ended counts";
  pass(10s);
  EXPECT_EQ(sink->counts().feeds.at(0).busy, 800ms);
  EXPECT_EQ(sink->counts().feeds.at(0).records, 20U);
  EXPECT_EQ(sink->counts().feeds.at(0).blocks, 2U);
}

TEST_F(FeedCountsTest, WhatWasThereBeforeTheStartKeepsItBusyFromTheStartOn) {
  add(1, 10);
  const auto sink = start();
  pass(300ms);
  EXPECT_EQ(sink->counts().feeds.at(0).busy, 300ms);
}

TEST_F(FeedCountsTest, WaitsBetweenAttemptsAreBusyTime) {
  verdict_ = Verdict::Retry;
  const auto sink = start({.retry = {5s, 5s}});
  add(1, 10);
  pass(4s);
  verdict_ = Verdict::Confirmed;
  pass(1h);
  EXPECT_EQ(sink->counts().feeds.at(0).records, 10U);
  EXPECT_GT(sink->counts().feeds.at(0).busy, 4s);
  EXPECT_LT(sink->counts().feeds.at(0).busy, 30s);
}

TEST_F(FeedCountsTest, MeasuresHowLongRecordsTookToBeConfirmed) {
  const auto sink = start();
  add(1, 10);
  pass(200ms);
  EXPECT_EQ(sink->counts().feeds.at(0).oldest, time_.clock().now() - 1'200ms);
  pass(10s);
  const FeedCounts counts = sink->counts().feeds.at(0);
  EXPECT_EQ(counts.oldest, std::nullopt);
  EXPECT_EQ(counts.seconds_to_confirm.count(), 10U);
  EXPECT_DOUBLE_EQ(counts.seconds_to_confirm.sum(), 9) << "half a second, and 400 ms";
}

TEST_F(FeedCountsTest, AWallClockThatWasSetBackMakesNoNegativeTimes) {
  const auto sink = start();
  add(1, 10);
  time_.clock().set_wall(time_.clock().now() - 24h);
  pass(10s);
  EXPECT_EQ(sink->counts().feeds.at(0).seconds_to_confirm.count(), 10U);
  EXPECT_EQ(sink->counts().feeds.at(0).seconds_to_confirm.sum(), 0);
}

TEST_F(FeedCountsTest, DeadLettersAreCountedByFlow) {
  verdict_ = Verdict::Refused;
  const auto sink = start();
  add(1, 1);
  pass(10s);
  EXPECT_EQ(sink->counts().feeds.at(0).buried, 1U);
  EXPECT_EQ(sink->counts().feeds.at(0).records, 0U);
  EXPECT_EQ(sink->counts().feeds.at(0).busy, 400ms);
}

TEST_F(FeedCountsTest, ABlockThatWasThereAllTheTimeHasKeptTheSinkBusyWhileItWasFetched) {
  Feed feed(kFirstFeed, "test", {}, *keeper_);
  const Instant start = time_.clock().elapsed();
  feed.begin(Sequence(10), start);
  EXPECT_EQ(feed.there_since(*numbered_block(0, 10), start + 3s), start);
  EXPECT_EQ(feed.there_since(*numbered_block(0, 11), start + 3s), start + 3s) << "a new one";
  feed.empty_handed(Sequence(20), start + 5s);
  EXPECT_EQ(feed.there_since(*numbered_block(0, 20), start + 6s), start + 5s);
  EXPECT_EQ(feed.there_since(*numbered_block(0, 30), start + 6s), start + 6s);
}

// 100 records a second come in, one block for each second. The destination needs 400 ms for a
// block, but of every 30 s it is away for 10.
class SteadyLoad : public FeedCountsTest {
 protected:
  static constexpr milliseconds kPeriod = 30s;

  milliseconds service_time() override {
    const auto into =
        std::chrono::floor<milliseconds>(time_.clock().now().time_since_epoch()) % kPeriod;
    return into < 10s ? 10s - into + 400ms : 400ms;
  }

  QueueReading reading(std::uint64_t arrived, const FeedCounts& feed) {
    return {.arrived = arrived,
            .held = arrived - feed.records,
            .stored_records = 1,
            .stored_bytes = 10,
            .free_bytes = 1'000'000,
            .services = {{.served = feed.records,
                          .busy = feed.busy,
                          .timed = feed.seconds_to_confirm.count(),
                          .seconds = feed.seconds_to_confirm.sum()}}};
  }
};

TEST_F(SteadyLoad, LittlesLawAgreesWithWhatIsMeasured) {
  const auto sink = start();
  QueueMeter meter;
  for (std::uint64_t second = 0; second < 120; ++second) {
    pass(500ms);
    meter.look(time_.clock().elapsed(), reading(second * 100 + 50, sink->counts().feeds.at(0)));
    pass(500ms);
    add(1 + second * 100, 100);
  }
  const QueueFigures figures = meter.figures();
  EXPECT_DOUBLE_EQ(figures.arrival_rate, 100);
  ASSERT_TRUE(figures.little_time && figures.slowest.time_in_system &&
              figures.slowest.service_rate && figures.slowest.utilization);
  const double measured = *figures.slowest.time_in_system;
  EXPECT_GT(measured, 2) << "they do wait";
  EXPECT_NEAR(*figures.little_time, measured, measured / 10);
  EXPECT_GT(*figures.slowest.service_rate, 100);
  EXPECT_LT(*figures.slowest.utilization, 1);
  EXPECT_EQ(figures.time_to_full, std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace sluice::uplink_tests
