// What goes when there is no room, or when it is too old, and that every record of it is counted.
#include "buffers/store_file.h"
#include "tests/support/stepped_buffer.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using namespace std::chrono_literals;
using testing_support::firsts;
using testing_support::make_block;
using testing_support::SteppedBuffer;
using testing_support::TempDirectory;

using Numbers = std::vector<std::uint64_t>;

constexpr std::uint64_t kMiB = 1024UL * 1024;
constexpr std::uint64_t kNoLimit = 1024 * kMiB;

Route route(const std::string& name, std::uint64_t max_size, WhenFull when_full,
            Priority priority = Priority::Normal) {
  return {.flow = name,
          .sinks = {"x"},
          .max_size = max_size,
          .when_full = when_full,
          .priority = priority};
}

std::string data(std::size_t size = 40'000) {
  return std::string(size, 'x');
}

class RetentionTest : public testing::Test {
 protected:
  SqliteBufferOptions options(std::vector<Route> routes, std::uint64_t max_size = kNoLimit) {
    return {.directory = directory_.path(), .max_size = max_size, .routes = std::move(routes)};
  }

  // Of a closed buffer. Checks that it balances.
  Ledger ledger(const std::string& flow) {
    Result<StoreFile> file = StoreFile::open(
        {.path = directory_.file("buffer.db"), .max_size = kNoLimit, .may_create = false});
    EXPECT_TRUE(file);
    const auto flows = file->catalogue.flows();
    auto ledgers = file->catalogue.ledger();
    auto counted = file->blocks.count();
    const FlowId id = flows->at(flow);
    Ledger figures = (*ledgers)[id];
    const Usage held = counted->flows[id].usage;
    const auto said = file->held.said();
    EXPECT_TRUE(said && said->at(id) == held) << "what the file says is wrong";
    EXPECT_EQ(imbalance_of(figures, held.records), 0) << "it does not balance";
    return figures;
  }

  const TempDirectory directory_;
};

TEST_F(RetentionTest, DropOldestMakesRoomForTheNewest) {
  SteppedBuffer buffer(options({route("a", 100'000, WhenFull::DropOldest)}));
  ASSERT_TRUE(buffer.open());
  for (std::uint64_t first = 1; first <= 41; first += 10) {
    buffer.submit(make_block(0, first, 10, data()));
    buffer.tick();
  }
  EXPECT_EQ(buffer.settled(), (Numbers{1, 11, 21, 31, 41}));
  EXPECT_EQ(firsts(buffer.drain(0, 0)), (Numbers{31, 41}));
  EXPECT_EQ(buffer.counts().dropped_full, 30U);
  EXPECT_EQ(buffer.counts().held_records, 20U);
  EXPECT_EQ(buffer.counts().trouble, "");
  buffer.close();
  EXPECT_EQ(ledger("a")["dropped_full"], 30U);
}

TEST_F(RetentionTest, DropNewestKeepsWhatIsThereAndSettlesWhatIsNot) {
  SteppedBuffer buffer(options({route("a", 100'000, WhenFull::DropNewest)}));
  ASSERT_TRUE(buffer.open());
  for (std::uint64_t first = 1; first <= 41; first += 10) {
    SealedBlock block = make_block(0, first, 10, data());
    block.state = {{"key", std::to_string(first)}};
    buffer.submit(std::move(block));
    buffer.tick();
  }
  EXPECT_EQ(buffer.settled(), (Numbers{1, 11, 21, 31, 41}));
  EXPECT_EQ(firsts(buffer.drain(0, 0)), (Numbers{1, 11}));
  EXPECT_EQ(buffer.counts().dropped_full, 30U);
  EXPECT_EQ(buffer.counts().waiting_bytes, 0U);
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(buffer.loop().inbox().load("key"), "41") << "the state of a dropped block is lost";
  EXPECT_GE(buffer.loop().last(), Sequence(20));
  buffer.close();
  EXPECT_EQ(ledger("a")["dropped_full"], 30U);
}

TEST_F(RetentionTest, DropOldestSparesWhatASinkIsBeingSent) {
  SteppedBuffer buffer(options({route("a", 100'000, WhenFull::DropOldest)}));
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, data()));
  buffer.submit(make_block(0, 2, 1, data()));
  buffer.tick();
  ASSERT_EQ(buffer.fetch(0, 0, 0)->first, Sequence(1));
  buffer.submit(make_block(0, 3, 1, data()));
  buffer.tick();
  EXPECT_EQ(firsts(buffer.drain(0, 0)), (Numbers{1, 3}));
  buffer.confirm(0, 0, 0, 1);
  buffer.tick();
  EXPECT_EQ(buffer.counts().held_blocks, 1U);
}

TEST_F(RetentionTest, WhatASinkIsBeingSentGoesIfThereIsNothingElse) {
  SteppedBuffer buffer(options({route("a", 50'000, WhenFull::DropOldest)}));
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, data()));
  buffer.tick();
  ASSERT_NE(buffer.fetch(0, 0, 0), nullptr);
  buffer.submit(make_block(0, 2, 1, data()));
  buffer.tick();
  EXPECT_EQ(firsts(buffer.drain(0, 0)), Numbers{2});
  buffer.confirm(0, 0, 0, 1);  // it arrived all the same
  buffer.tick();
  EXPECT_EQ(buffer.counts().held_blocks, 1U);
  buffer.close();
  EXPECT_EQ(ledger("a")["dropped_full"], 1U);
}

TEST_F(RetentionTest, ConfirmedBlocksAreDeliveredAndNotDropped) {
  SteppedBuffer buffer(options({route("a", 100'000, WhenFull::DropOldest)}));
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, data()));
  buffer.submit(make_block(0, 2, 1, data()));
  buffer.tick();
  buffer.confirm(0, 0, 0, 2);
  buffer.submit(make_block(0, 3, 1, data()));
  buffer.tick();
  EXPECT_EQ(buffer.counts().dropped_full, 0U);
  buffer.close();
  EXPECT_EQ(ledger("a")["delivered"], 2U);
}

TEST_F(RetentionTest, TheWholeFileIsLimitedToo) {
  SteppedBuffer buffer(options({route("a", kNoLimit, WhenFull::DropOldest)}, kMiB));
  ASSERT_TRUE(buffer.open());
  for (std::uint64_t first = 1; first <= 100; ++first) {
    buffer.submit(make_block(0, first, 1, data(1'000 * (first % 50))));
    buffer.tick();
  }
  EXPECT_EQ(buffer.settled().size(), 100U);
  const Numbers left = firsts(buffer.drain(0, 0));
  EXPECT_EQ(left.back(), 100U);
  EXPECT_EQ(left.size() + buffer.counts().dropped_full, 100U);
  EXPECT_GT(buffer.counts().held_bytes, kMiB * 3 / 4) << "more was dropped than needed";
}

TEST_F(RetentionTest, SmallBlocksThatShareTheirPagesMakeRoomToo) {
  SteppedBuffer buffer(options({route("a", kNoLimit, WhenFull::DropOldest)}, 200'000));
  ASSERT_TRUE(buffer.open());
  for (std::uint64_t first = 1; first <= 600; ++first) {
    buffer.submit(make_block(0, first, 1, data(300)));
    buffer.tick();
  }
  EXPECT_EQ(buffer.settled().size(), 600U);
  EXPECT_GT(buffer.counts().dropped_full, 0U);
  EXPECT_GT(buffer.counts().held_blocks, 150U) << "more was dropped than needed";
}

TEST_F(RetentionTest, AHigherPriorityTakesTheRoomOfALowerOneThatDropsItsOldest) {
  SteppedBuffer buffer(options({route("low", kNoLimit, WhenFull::DropOldest, Priority::Low),
                                route("high", kNoLimit, WhenFull::Block, Priority::High),
                                route("kept", kNoLimit, WhenFull::Block, Priority::Low)},
                               400'000));
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(2, 1, 1, data()));
  for (std::uint64_t first = 2; first <= 6; ++first) {
    buffer.submit(make_block(0, first, 1, data()));
  }
  buffer.tick();
  ASSERT_EQ(buffer.counts().held_blocks, 6U);
  for (std::uint64_t first = 7; first <= 15; ++first) {
    buffer.submit(make_block(1, first, 1, data()));
    buffer.tick();
  }
  EXPECT_EQ(firsts(buffer.drain(0, 0)), Numbers{});
  EXPECT_EQ(firsts(buffer.drain(1, 0)), (Numbers{7, 8, 9, 10, 11, 12, 13}));
  EXPECT_EQ(firsts(buffer.drain(2, 0)), Numbers{1});
  EXPECT_EQ(buffer.counts().dropped_full, 5U);
  EXPECT_NE(buffer.counts().trouble, "") << "the rest has to wait, and that must be told";
  buffer.close();
  EXPECT_EQ(ledger("low")["dropped_full"], 5U);
}

TEST_F(RetentionTest, WhatBecomesFreeIsForTheHighestPriorityThatWaits) {
  SteppedBuffer buffer(options({route("low", kNoLimit, WhenFull::Block, Priority::Low),
                                route("high", kNoLimit, WhenFull::Block, Priority::High)},
                               250'000));
  ASSERT_TRUE(buffer.open());
  for (std::uint64_t first = 1; first <= 5; ++first) {
    buffer.submit(make_block(0, first, 1, data()));
    buffer.tick();
  }
  ASSERT_EQ(buffer.settled(), (Numbers{1, 2, 3, 4}));
  buffer.submit(make_block(1, 6, 1, data(70'000)));  // needs two of the others to go
  buffer.tick();
  buffer.confirm(0, 0, 0, 1);
  buffer.tick();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2, 3, 4})) << "the low one took the room";
  buffer.confirm(0, 0, 0, 2);
  buffer.tick();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2, 3, 4, 6}));
}

TEST_F(RetentionTest, AFlowThatMayDropNeverWaitsForTheOthers) {
  SteppedBuffer buffer(
      options({route("a", kNoLimit, WhenFull::Block), route("b", kNoLimit, WhenFull::DropOldest)},
              200'000));
  ASSERT_TRUE(buffer.open());
  for (std::uint64_t first = 1; first <= 4; ++first) {
    buffer.submit(make_block(0, first, 1, data()));
    buffer.tick();
  }
  const std::size_t before = buffer.settled().size();
  buffer.submit(make_block(1, 5, 1, data()));
  buffer.tick();
  EXPECT_EQ(buffer.settled().size(), before + 1);
  EXPECT_EQ(buffer.counts().dropped_full, 1U);
}

TEST_F(RetentionTest, APolicyTakesEffectBeforeTheDiskIsFull) {
  VolumeSpace space{.total = kNoLimit, .free = kNoLimit / 2};
  SqliteBufferOptions watched = options({route("waits", kNoLimit, WhenFull::Block),
                                         route("oldest", kNoLimit, WhenFull::DropOldest),
                                         route("newest", kNoLimit, WhenFull::DropNewest)});
  watched.volume = [&space] { return space; };
  SteppedBuffer buffer(watched);
  ASSERT_TRUE(buffer.open());
  for (std::uint64_t first = 1; first <= 3; ++first) {
    buffer.submit(make_block(first - 1, first, 1, data()));
  }
  buffer.tick();
  ASSERT_EQ(buffer.settled().size(), 3U);
  space.free = 10 * kMiB;  // somebody else has filled it
  for (std::uint64_t first = 4; first <= 6; ++first) {
    buffer.submit(make_block(first - 4, first, 1, data()));
  }
  buffer.tick();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2, 3, 5, 6}));
  EXPECT_EQ(firsts(buffer.drain(1, 0)), Numbers{5});
  EXPECT_EQ(firsts(buffer.drain(2, 0)), Numbers{3});
  EXPECT_EQ(buffer.counts().dropped_disk, 2U);
  EXPECT_NE(buffer.counts().trouble.find("nearly full"), std::string::npos)
      << buffer.counts().trouble;
  space.free = kNoLimit / 2;
  buffer.tick();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2, 3, 5, 6, 4}));
  EXPECT_EQ(buffer.counts().trouble, "");
  buffer.close();
  EXPECT_EQ(ledger("oldest")["dropped_disk"], 1U);
  EXPECT_EQ(ledger("newest")["dropped_disk"], 1U);
}

class AgeTest : public RetentionTest {
 protected:
  SqliteBufferOptions aging(std::chrono::milliseconds max_age = 64h) {
    Route limited = route("a", kNoLimit, WhenFull::Block);
    limited.max_age = max_age;
    return options({limited, route("b", kNoLimit, WhenFull::Block)});
  }
};

TEST_F(AgeTest, ABlockIsDroppedWhenItHasBeenStoredForTooLong) {
  SteppedBuffer buffer(aging());
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 3, "old"));
  buffer.submit(make_block(1, 4, 1, "of a flow without a limit"));
  buffer.tick();
  buffer.clock().advance(32h);
  buffer.submit(make_block(0, 5, 1, "young"));
  buffer.tick();
  buffer.clock().advance(31h);
  buffer.tick();
  EXPECT_EQ(buffer.counts().dropped_age, 0U);
  buffer.clock().advance(1h);
  buffer.tick();
  EXPECT_EQ(buffer.counts().dropped_age, 3U);
  EXPECT_EQ(firsts(buffer.drain(0, 0)), Numbers{5});
  EXPECT_EQ(firsts(buffer.drain(1, 0)), Numbers{4});
  buffer.close();
  EXPECT_EQ(ledger("a")["dropped_age"], 3U);
}

TEST_F(AgeTest, AJumpOfTheWallClockDropsNothingAndDelaysNothing) {
  SteppedBuffer buffer(aging());
  ASSERT_TRUE(buffer.open());
  const Timestamp now = buffer.clock().now();
  for (const auto jump : {std::chrono::hours(10 * 365 * 24), std::chrono::hours(-24)}) {
    SCOPED_TRACE(jump.count());
    const std::uint64_t first = number(buffer.loop().last()) + 1;
    const std::uint64_t before = buffer.counts().dropped_age;
    buffer.submit(make_block(0, first, 1, "data"));
    buffer.tick();
    buffer.clock().set_wall(now + jump);
    buffer.tick();
    EXPECT_EQ(buffer.counts().dropped_age, before);
    ASSERT_TRUE(buffer.open());  // and while it is off
    buffer.tick();
    EXPECT_EQ(buffer.counts().held_blocks, 1U);
    buffer.clock().advance(65h);
    buffer.tick();
    EXPECT_EQ(buffer.counts().held_blocks, 0U);
  }
}

TEST_F(AgeTest, TheAgeGoesOnAfterARestart) {
  SteppedBuffer buffer(aging());
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, "data"));
  buffer.tick();
  buffer.clock().advance(30h);
  buffer.stop();
  buffer.clock().advance(20h);  // counts: it is less than a day
  ASSERT_TRUE(buffer.open());
  buffer.tick();
  buffer.clock().advance(13h);
  buffer.tick();
  EXPECT_EQ(buffer.counts().held_blocks, 1U);
  buffer.clock().advance(2h);
  buffer.tick();
  EXPECT_EQ(buffer.counts().held_blocks, 0U);
}

TEST_F(AgeTest, ABlockThatASinkIsBeingSentIsKept) {
  SteppedBuffer buffer(aging());
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, "data"));
  buffer.submit(make_block(0, 2, 1, "data"));
  buffer.tick();
  ASSERT_EQ(buffer.fetch(0, 0, 0)->first, Sequence(1));
  buffer.clock().advance(65h);
  buffer.tick();
  EXPECT_EQ(firsts(buffer.drain(0, 0)), Numbers{1});
  EXPECT_EQ(buffer.counts().dropped_age, 1U);
  const std::uint64_t commits = buffer.counts().commits;
  buffer.tick();
  buffer.tick();
  EXPECT_EQ(buffer.counts().commits, commits) << "it tries again and again";
}

TEST_F(AgeTest, BlocksFromBeforeTheLimitAgeFromItsIntroductionOn) {
  {
    SteppedBuffer buffer(options({route("a", kNoLimit, WhenFull::Block)}));
    ASSERT_TRUE(buffer.open());
    buffer.submit(make_block(0, 1, 1, "data"));
    buffer.tick();
  }
  SteppedBuffer buffer(aging());
  ASSERT_TRUE(buffer.open());
  buffer.tick();
  EXPECT_EQ(buffer.counts().held_blocks, 1U);
  buffer.clock().advance(65h);
  buffer.tick();
  EXPECT_EQ(buffer.counts().held_blocks, 0U);
}

}  // namespace
}  // namespace sluice
