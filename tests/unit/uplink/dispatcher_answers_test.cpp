// What the dispatcher does when it is not confirmed: waits, attempts, the circuit breaker.
#include "tests/unit/uplink/dispatching.h"

#include <array>

namespace sluice::uplink_tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array kOutages{Verdict::Retry, Verdict::Throttled, Verdict::Misconfigured,
                              Verdict::BadEncoding};
constexpr DeliveryOptions kMinuteAtMost{.retry = {seconds(1), seconds(60)}};

TEST_F(DispatcherTest, ConfirmsNothingThatTheDestinationDidNot) {
  for (const Verdict verdict : kOutages) {
    FakeBuffer buffer;
    Wire wire;
    int attempts = 0;
    wire.script = [&](const Block& /*block*/) {
      EXPECT_TRUE(buffer.confirmations.empty());
      return answer(++attempts <= 5 ? verdict : Verdict::Confirmed);
    };
    buffer.add(numbered_block(0, 1));
    Dispatcher sink(io_, {.name = "test", .feeds = {kFirstFeed}, .delivery = kAtOnce}, buffer,
                    buffer, std::make_unique<FakeTransport>(io_, wire));
    sink.start();
    run_until([&] { return !buffer.confirmations.empty(); });
    EXPECT_EQ(wire.sequences(), std::vector<std::uint64_t>(6, 1));
    EXPECT_EQ(buffer.splits, 0);
    EXPECT_EQ(sink.counts().answers.at(static_cast<std::size_t>(verdict)), 5U);
    EXPECT_EQ(sink.counts().answers.at(static_cast<std::size_t>(Verdict::Confirmed)), 1U);
  }
}

TEST_F(DispatcherTest, RetriesForEverAndAlwaysTheSameBytes) {
  constexpr std::size_t kAttempts = 5'000;
  wire_.script = [&](const Block& block) {
    const Verdict verdict = kOutages.at(wire_.sent.size() % kOutages.size());
    return answer(wire_.sent.size() < kAttempts || number(block.first) > 1 ? verdict
                                                                           : Verdict::Confirmed);
  };
  const BlockPtr first = numbered_block(0, 1);
  buffer_.add(first);
  buffer_.add(numbered_block(0, 11));
  const auto sink = dispatcher(wire_, {kFirstFeed});
  sink->start();
  run_until([&] { return wire_.sent.size() == kAttempts + 10; });
  for (std::size_t i = 0; i < kAttempts; ++i) {
    ASSERT_EQ(wire_.sent[i].block, first);
  }
  EXPECT_EQ(number(wire_.sent.back().block->first), 11U);
  EXPECT_EQ(buffer_.confirmations.size(), 1U);
}

TEST_F(DispatcherTest, WaitsAtLeastAsLongAsTheDestinationAsks) {
  wire_.script = [&](const Block& /*block*/) {
    return wire_.sent.size() == 1 ? answer(Verdict::Throttled, minutes(7))
                                  : answer(Verdict::Confirmed);
  };
  const auto sink = simulated(wire_, {kFirstFeed}, kMinuteAtMost);
  sink->start();
  buffer_.add(numbered_block(0, 1));
  pass(minutes(7) - milliseconds(1));
  EXPECT_EQ(wire_.sent.size(), 1U);
  EXPECT_EQ(sink->counts().waiting_for, Hold::Retry);
  ASSERT_TRUE(sink->counts().next_attempt);
  EXPECT_GE(*sink->counts().next_attempt, SimulatedTime::kNoon + minutes(7));
  pass(seconds(2));
  EXPECT_EQ(wire_.sent.size(), 2U);
  EXPECT_EQ(sink->counts().waiting_for, Hold::None);
  EXPECT_FALSE(sink->counts().next_attempt);
}

TEST_F(DispatcherTest, KeepsTheTurnOfABlockThatDidNotGetThrough) {
  wire_.script = [&](const Block& /*block*/) {
    return answer(wire_.sent.size() <= 3 ? Verdict::Retry : Verdict::Confirmed);
  };
  buffer_.add(numbered_block(0, 1));
  buffer_.add(numbered_block(1, 11));
  const auto sink = dispatcher(wire_, {kFirstFeed, kSecondFeed});
  sink->start();
  run_until([&] { return buffer_.confirmations.size() == 2; });
  EXPECT_EQ(wire_.sequences(), (std::vector<std::uint64_t>{1, 1, 1, 1, 11}));
}

TEST_F(DispatcherTest, SurvivesADayOfWrongCredentialsWithoutARestart) {
  bool repaired = false;
  wire_.script = [&](const Block& /*block*/) {
    return answer(repaired ? Verdict::Confirmed : Verdict::Misconfigured);
  };
  const auto sink = simulated(wire_, {kFirstFeed}, kMinuteAtMost);
  sink->start();
  for (std::uint64_t hour = 0; hour < 24; ++hour) {
    buffer_.add(numbered_block(0, 1 + hour * 10));
    pass(std::chrono::hours(1));
  }
  EXPECT_LE(wire_.sent.size(), 24 * 60 + 1U) << "one slow probe a minute";
  EXPECT_EQ(sink->counts().breaker, BreakerState::Open);
  EXPECT_EQ(buffer_.held(0, 0), 24U);
  repaired = true;
  pass(seconds(61));
  EXPECT_EQ(buffer_.held(0, 0), 0U);
  EXPECT_EQ(sink->counts().records, 240U);
  EXPECT_EQ(sink->counts().breaker, BreakerState::Closed);
}

TEST_F(DispatcherTest, OpensTheCircuitAfterFiveFailuresInARowAndFindsOutWithOneBlock) {
  bool away = true;
  std::vector<BreakerState> at_attempt;
  std::unique_ptr<Dispatcher> sink;
  wire_.script = [&](const Block& /*block*/) {
    at_attempt.push_back(sink->counts().breaker);
    return answer(away ? Verdict::Retry : Verdict::Confirmed);
  };
  sink = simulated(wire_, {kFirstFeed, kSecondFeed}, kMinuteAtMost);
  sink->start();
  for (std::uint64_t first = 1; first < 101; first += 20) {
    buffer_.add(numbered_block(0, first));
    buffer_.add(numbered_block(1, first + 10));
  }
  while (sink->counts().retries < 4) {
    pass(milliseconds(100));
  }
  EXPECT_EQ(sink->counts().breaker, BreakerState::Closed);
  while (sink->counts().retries < 8) {
    pass(milliseconds(100));
    const std::uint64_t retries = sink->counts().retries;
    EXPECT_EQ(sink->counts().breaker, retries < 5 ? BreakerState::Closed : BreakerState::Open);
  }
  EXPECT_EQ(wire_.sent.size(), 8U) << "one block with each attempt";
  EXPECT_EQ(at_attempt.back(), BreakerState::HalfOpen);
  EXPECT_EQ(sink->counts().last_error, "because");
  away = false;
  pass(seconds(61));
  EXPECT_EQ(sink->counts().breaker, BreakerState::Closed);
  EXPECT_EQ(sink->counts().blocks, 10U);
}

TEST_F(DispatcherTest, OpensTheCircuitAtOnceWhereOnlySomebodyCanHelp) {
  wire_.script = [](const Block& /*block*/) { return answer(Verdict::Misconfigured); };
  const auto sink = simulated(wire_, {kFirstFeed}, kMinuteAtMost);
  sink->start();
  pass(milliseconds(0));
  buffer_.add(numbered_block(0, 1));
  pass(milliseconds(0));
  EXPECT_EQ(sink->counts().breaker, BreakerState::Open);
}

TEST_F(DispatcherTest, LetsAFleetThatWasSwitchedOnTogetherStartOneByOne) {
  std::set<std::int64_t> starts;
  for (int agent = 0; agent < 50; ++agent) {
    FakeBuffer buffer;
    Wire wire;
    SimulatedTime time;
    std::optional<Instant> first;
    wire.script = [&](const Block& /*block*/) {
      first = first.value_or(time.clock().elapsed());
      return answer(Verdict::Confirmed);
    };
    buffer.add(numbered_block(0, 1));
    boost::asio::io_context io;
    Dispatcher sink(io, {.name = "test", .feeds = {kFirstFeed}, .delivery = kMinuteAtMost}, buffer,
                    buffer, std::make_unique<FakeTransport>(io, wire), time.keeper());
    const Instant begin = time.clock().elapsed();
    sink.start();
    time.pass(io, seconds(1));
    ASSERT_TRUE(first) << "never longer than the first wait between attempts";
    starts.insert(std::chrono::floor<milliseconds>(*first - begin).count());
  }
  EXPECT_GT(starts.size(), 10U) << "spread over a second";
}

TEST_F(DispatcherTest, DoesNotMakeFreshDataWaitForTheFleet) {
  const auto sink = simulated(wire_, {kFirstFeed}, kMinuteAtMost);
  sink->start();
  pass(milliseconds(0));
  buffer_.add(numbered_block(0, 1));
  pass(milliseconds(0));
  EXPECT_EQ(buffer_.confirmations.size(), 1U);
}

}  // namespace
}  // namespace sluice::uplink_tests
