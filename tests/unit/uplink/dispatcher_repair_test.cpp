// Blocks that a destination does not take as they are: cut, and what can never be delivered buried.
#include "tests/unit/uplink/dispatching.h"
#include "uplink/refusal_guard.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <random>

namespace sluice::uplink_tests {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr DeliveryOptions kMinuteAtMost{.retry = {seconds(1), seconds(60)}};

// A destination that refuses some records and every block with one of them.
class PickyWire : public Wire {
 public:
  PickyWire() {
    script = [this](const Block& block) {
      for (std::uint64_t each = number(block.first); each <= number(block.last()); ++each) {
        if (refuses(each)) {
          return Answer{.verdict = refusal,
                        .retry_after = {},
                        .detail = "422 bad value",
                        .words = "422 bad\nvalue"};
        }
      }
      for (std::uint64_t each = number(block.first); each <= number(block.last()); ++each) {
        ++accepted[each];
      }
      return Answer{.verdict = Verdict::Confirmed};
    };
  }

  Verdict refusal = Verdict::Refused;
  std::function<bool(std::uint64_t sequence)> refuses = [](std::uint64_t /*sequence*/) {
    return false;
  };
  std::map<std::uint64_t, int> accepted;  // how often
};

class RepairTest : public DispatcherTest {
 protected:
  void add_blocks(std::uint64_t records, std::uint32_t per_block) {
    for (std::uint64_t first = 1; first <= records; first += per_block) {
      buffer_.add(numbered_block(0, first, per_block));
    }
  }
  // Each record was either taken once or is a dead letter.
  void expect_all_accounted_for(std::uint64_t records) {
    std::set<std::uint64_t> buried;
    for (const FakeBuffer::Burial& burial : buffer_.burials) {
      EXPECT_TRUE(buried.insert(burial.sequence).second) << burial.sequence << " buried twice";
    }
    for (std::uint64_t each = 1; each <= records; ++each) {
      const auto taken = wire_.accepted.find(each);
      const int times = taken == wire_.accepted.end() ? 0 : taken->second;
      ASSERT_EQ(times, buried.contains(each) ? 0 : 1)
          << each << (buffer_.has(0, 0, each) ? " is lost" : " is still held");
      ASSERT_TRUE(buffer_.has(0, 0, each)) << each;
    }
  }

  PickyWire wire_;
};

TEST_F(RepairTest, FindsTheOneRecordOfTenThousandThatIsRefused) {
  add_blocks(10'000, 1'000);
  wire_.refuses = [](std::uint64_t sequence) { return sequence == 4'567; };
  const auto sink = dispatcher(wire_, {kFirstFeed});
  sink->start();
  run_until([&] { return buffer_.held(0, 0) == 0; });
  EXPECT_EQ(buffer_.burials,
            (std::vector<FakeBuffer::Burial>{{4'567, "refused", "422 bad\nvalue"}}));
  expect_all_accounted_for(10'000);
  EXPECT_LE(buffer_.splits, 10) << "each halves a block of a thousand";
  const DispatcherCounts counts = sink->counts();
  EXPECT_EQ(counts.records, 9'999U);
  EXPECT_EQ(counts.buried_refused, 1U);
  EXPECT_EQ(counts.splits, static_cast<std::uint64_t>(buffer_.splits));
}

TEST_F(RepairTest, FindsEveryBadRecordWhereverItIs) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::set<std::uint64_t> bad;
  for (int i = 0; i < 100; ++i) {
    bad.insert(random() % 5'000 + 1);
  }
  add_blocks(5'000, 250);
  wire_.refuses = [&](std::uint64_t sequence) { return bad.contains(sequence); };
  const auto sink = dispatcher(wire_, {kFirstFeed});
  sink->start();
  run_until([&] { return buffer_.held(0, 0) == 0; });
  EXPECT_EQ(buffer_.burials.size(), bad.size());
  expect_all_accounted_for(5'000);
}

TEST_F(RepairTest, SendsWhatIsTooLargeInSmallerPieces) {
  add_blocks(1'000, 500);
  wire_.script = [&](const Block& block) {
    return answer(block.count > 100 ? Verdict::TooLarge : Verdict::Confirmed);
  };
  const auto sink = dispatcher(wire_, {kFirstFeed});
  sink->start();
  run_until([&] { return buffer_.held(0, 0) == 0; });
  EXPECT_EQ(sink->counts().records, 1'000U);
  EXPECT_EQ(sink->counts().answers.at(static_cast<std::size_t>(Verdict::TooLarge)), 14U);
  EXPECT_TRUE(buffer_.burials.empty());
}

TEST_F(RepairTest, BuriesASingleRecordThatIsTooLarge) {
  add_blocks(8, 8);
  wire_.refusal = Verdict::TooLarge;
  wire_.refuses = [](std::uint64_t sequence) { return sequence == 8; };
  const auto sink = dispatcher(wire_, {kFirstFeed});
  sink->start();
  run_until([&] { return buffer_.held(0, 0) == 0; });
  ASSERT_EQ(buffer_.burials.size(), 1U);
  EXPECT_EQ(buffer_.burials[0].reason, "too_large");
  EXPECT_EQ(sink->counts().buried_too_large, 1U);
}

TEST_F(RepairTest, BisectsABlockOfWhichAPartWasTaken) {
  add_blocks(64, 64);
  wire_.refusal = Verdict::Partial;
  wire_.refuses = [](std::uint64_t sequence) { return sequence == 30; };
  const auto sink = dispatcher(wire_, {kFirstFeed});
  sink->start();
  run_until([&] { return buffer_.held(0, 0) == 0; });
  ASSERT_EQ(buffer_.burials.size(), 1U);
  EXPECT_EQ(buffer_.burials[0].sequence, 30U);
  EXPECT_EQ(buffer_.burials[0].reason, "refused");
}

TEST_F(RepairTest, DeliversOtherFlowsMeanwhile) {
  add_blocks(1'000, 1'000);
  for (std::uint64_t first = 1'001; first < 2'001; first += 10) {
    buffer_.add(numbered_block(1, first));
  }
  wire_.refuses = [](std::uint64_t sequence) { return sequence <= 1'000; };
  const auto sink = simulated(wire_, {kFirstFeed, kSecondFeed}, kMinuteAtMost);
  sink->start();
  pass(seconds(2));
  EXPECT_EQ(buffer_.held(1, 3), 0U);
}

TEST_F(RepairTest, TriesAgainWhenTheBufferCannotCutAtTheMoment) {
  add_blocks(8, 8);
  wire_.refuses = [](std::uint64_t sequence) { return sequence == 3; };
  buffer_.split_error = Error{Reaction::Full, "no room"};
  const auto sink = simulated(wire_, {kFirstFeed}, kMinuteAtMost);
  sink->start();
  pass(seconds(30));
  EXPECT_EQ(buffer_.splits, 1);
  pass(minutes(1));
  EXPECT_EQ(buffer_.held(0, 0), 0U);
  expect_all_accounted_for(8);
}

TEST_F(RepairTest, StopsWhileTheBufferCuts) {
  add_blocks(8, 8);
  wire_.refuses = [](std::uint64_t /*sequence*/) { return true; };
  buffer_.split_error = Error{Reaction::Closed, "stopping"};
  const auto sink = simulated(wire_, {kFirstFeed}, kMinuteAtMost);
  sink->start();
  pass(hours(1));
  EXPECT_EQ(wire_.sent.size(), 1U);
}

TEST_F(RepairTest, BuriesNoMoreThanAFewWhenEverythingIsRefused) {
  add_blocks(1'000, 100);
  bool repaired = false;
  wire_.refuses = [&](std::uint64_t /*sequence*/) { return !repaired; };
  const auto sink = simulated(wire_, {kFirstFeed}, kMinuteAtMost);
  sink->start();
  pass(hours(24));
  EXPECT_EQ(buffer_.burials.size(), RefusalGuard::kPatience);
  EXPECT_EQ(sink->counts().flows_refused, 1U);
  EXPECT_LE(wire_.sent.size(), 24 * 120U) << "slow probes";
  repaired = true;
  pass(minutes(2));
  EXPECT_EQ(buffer_.held(0, 0), 0U);
  EXPECT_EQ(sink->counts().flows_refused, 0U);
  expect_all_accounted_for(1'000);
}

TEST_F(RepairTest, KeepsWhatIsRefusedAsLongAsNothingElseIsAccepted) {
  add_blocks(1'000, 100);
  wire_.refuses = [](std::uint64_t sequence) { return sequence > 900 && sequence <= 1'000; };
  const auto sink = simulated(wire_, {kFirstFeed}, kMinuteAtMost);
  sink->start();
  pass(hours(24));
  EXPECT_EQ(buffer_.burials.size(), RefusalGuard::kPatience) << "nobody knows who is to blame";
  buffer_.add(numbered_block(0, 1'001, 100));
  pass(hours(1));
  expect_all_accounted_for(1'100);
}

TEST_F(RepairTest, IsNotMisledByALongStretchOfBadRecords) {
  add_blocks(4'000, 500);
  wire_.refuses = [](std::uint64_t sequence) { return sequence > 1'000 && sequence <= 2'000; };
  const auto sink = simulated(wire_, {kFirstFeed}, kMinuteAtMost);
  sink->start();
  pass(hours(6));
  EXPECT_EQ(buffer_.held(0, 0), 0U);
  EXPECT_EQ(buffer_.burials.size(), 1'000U);
  expect_all_accounted_for(4'000);
}

TEST_F(RepairTest, GoesOnWithABadRecordInEveryBlockOnceTheDestinationIsRepaired) {
  add_blocks(1'000, 100);
  bool repaired = false;
  wire_.refuses = [&](std::uint64_t sequence) { return !repaired || sequence % 5 == 0; };
  const auto sink = simulated(wire_, {kFirstFeed}, kMinuteAtMost);
  sink->start();
  pass(hours(3));
  repaired = true;
  pass(hours(1));
  EXPECT_EQ(buffer_.held(0, 0), 0U);
  expect_all_accounted_for(1'000);
}

TEST_F(RepairTest, SendsADeadLetterOnceMoreThatWasGivenBack) {
  for (const DeliveryOrder order : {DeliveryOrder::OldestFirst, DeliveryOrder::LiveFirst}) {
    buffer_ = FakeBuffer();
    wire_.accepted.clear();
    bool repaired = false;
    wire_.refuses = [&](std::uint64_t sequence) { return !repaired && sequence == 33; };
    DeliveryOptions delivery = kMinuteAtMost;
    delivery.order = order;
    const auto sink = simulated(wire_, {kFirstFeed}, delivery);
    sink->start();
    pass(seconds(0));
    add_blocks(100, 10);
    pass(hours(1));
    ASSERT_EQ(buffer_.burials.size(), 1U);
    repaired = true;
    buffer_.give_back(0, 0, 33);
    pass(minutes(1));
    EXPECT_EQ(wire_.accepted[33], 1);
    buffer_.burials.clear();
    expect_all_accounted_for(100);
  }
}

TEST_F(RepairTest, JudgesEachFlowByItself) {
  buffer_.add(numbered_block(0, 1, 100));
  for (std::uint64_t first = 101; first < 2'101; first += 10) {
    buffer_.add(numbered_block(1, first));
  }
  wire_.refuses = [](std::uint64_t sequence) { return sequence <= 100; };
  const auto sink = simulated(wire_, {kFirstFeed, kSecondFeed}, kMinuteAtMost);
  sink->start();
  pass(hours(1));
  EXPECT_EQ(buffer_.burials.size(), RefusalGuard::kPatience)
      << "that another flow is accepted says nothing about this one";
  EXPECT_EQ(buffer_.held(1, 3), 0U);
}

TEST_F(RepairTest, AccountsForEveryRecordWhateverTheDestinationDoes) {
  constexpr std::uint64_t kRecords = 3'000;
  for (int round = 0; round < 20; ++round) {
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE("round " + std::to_string(round) + ", seed " + std::to_string(seed));
    std::mt19937 random(seed);
    buffer_ = FakeBuffer();
    wire_.accepted.clear();
    const std::uint64_t bad = random() % kRecords;
    const std::uint64_t length = random() % 200;
    const PickyWire::Script judge = wire_.script;
    wire_.refuses = [&](std::uint64_t each) { return each >= bad && each < bad + length; };
    Wire moody;
    moody.script = [&](const Block& block) -> std::optional<Answer> {
      constexpr std::array kMoods{Verdict::Retry, Verdict::Throttled, Verdict::TooLarge};
      return random() % 4 == 0 && block.count > 1 ? answer(kMoods.at(random() % kMoods.size()))
                                                  : judge(block);
    };
    DeliveryOptions delivery = kMinuteAtMost;
    delivery.order = round % 2 == 0 ? DeliveryOrder::OldestFirst : DeliveryOrder::LiveFirst;
    const auto sink = simulated(moody, {kFirstFeed}, delivery);
    sink->start();
    for (std::uint64_t first = 1; first <= kRecords; first += 100) {
      buffer_.add(numbered_block(0, first, 100));
      pass(milliseconds(random() % 3'000));
    }
    for (std::uint64_t hour = 0; hour < 240; ++hour) {
      buffer_.add(numbered_block(0, kRecords + 1 + hour * 10));
      pass(hours(1));
    }
    expect_all_accounted_for(kRecords);
  }
}

}  // namespace
}  // namespace sluice::uplink_tests
