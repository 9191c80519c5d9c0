// What is written and when, if blocks may be delivered before they are stored.
#include "buffers/spill.h"

#include "tests/support/stepped_buffer.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
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

constexpr std::chrono::milliseconds kSpillAfter = 5s;

class SpillTest : public testing::Test {
 protected:
  SqliteBufferOptions options(std::vector<Route> routes = {{"a", {"x"}}}) {
    return {
        .directory = directory_.path(), .spill_after = kSpillAfter, .routes = std::move(routes)};
  }

  static SealedBlock block_with_state(std::uint64_t first) {
    SealedBlock block = make_block(0, first, 1, "data");
    block.state = {{"key", std::to_string(first)}};
    return block;
  }

  // The first block makes the buffer reserve sequences: the only transaction a healthy flow needs.
  static void deliver_first(SteppedBuffer& buffer) {
    buffer.submit(make_block(0, 1, 1, "data"));
    ASSERT_NE(buffer.fetch(0, 0, 0), nullptr);
    buffer.confirm(0, 0, 1);
    buffer.step();
    ASSERT_EQ(buffer.settled(), Numbers{1});
    ASSERT_EQ(buffer.counts().commits, 1U);
  }

  const TempDirectory directory_;
};

TEST_F(SpillTest, ADeliveredBlockIsSettledAtOnceAndNeverWritten) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  deliver_first(buffer);
  for (std::uint64_t first = 2; first <= 100; ++first) {
    buffer.submit(make_block(0, first, 1, "data"));
    const BlockPtr block = buffer.fetch(0, 0, first - 1);
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(block->first, Sequence(first));
    buffer.confirm(0, 0, first);
    buffer.tick();
    EXPECT_EQ(buffer.settled().size(), first);
  }
  EXPECT_EQ(buffer.counts().commits, 1U);
  EXPECT_EQ(buffer.counts().stored_bytes, 0U);
  EXPECT_EQ(buffer.counts().waiting_bytes, 0U);
}

TEST_F(SpillTest, AWaitingFetchGetsTheBlockAsSoonAsItIsSubmitted) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(buffer.fetch(0, 0, 0), nullptr);
  buffer.submit(make_block(0, 1, 1, "data"));
  EXPECT_NE(buffer.fetch(0, 0, 0), nullptr);
  EXPECT_EQ(buffer.counts().held_blocks, 0U);
}

TEST_F(SpillTest, ABlockThatIsNotDeliveredInTimeIsStoredAtItsDeadline) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, "data"));
  buffer.step();
  buffer.clock().advance(kSpillAfter - 1ms);
  buffer.step();
  EXPECT_EQ(buffer.settled(), Numbers{});
  buffer.clock().advance(1ms);
  buffer.step();
  EXPECT_EQ(buffer.settled(), Numbers{1});
  EXPECT_EQ(buffer.counts().held_blocks, 1U);
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(firsts(buffer.drain(0, 0)), Numbers{1});
}

TEST_F(SpillTest, WhatHasHadHalfOfItsTimeIsStoredWithWhatHasHadAll) {
  SteppedBuffer buffer(options({{"a", {"x"}}, {"b", {"x"}}}));
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, "data"));
  buffer.step();
  buffer.clock().advance(kSpillAfter / 2);
  buffer.submit(make_block(1, 2, 1, "data"));
  buffer.step();
  buffer.clock().advance(1ms);
  buffer.submit(make_block(1, 3, 1, "data"));
  buffer.step();
  buffer.clock().advance(kSpillAfter / 2 - 1ms);
  buffer.step();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2}));
}

TEST_F(SpillTest, EverySinkHasToConfirmBeforeTheDeadline) {
  SteppedBuffer buffer(options({{"a", {"x", "y"}}}));
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, "data"));
  buffer.confirm(0, 0, 1);
  buffer.step();
  EXPECT_EQ(buffer.settled(), Numbers{});
  buffer.clock().advance(kSpillAfter);
  buffer.step();
  EXPECT_EQ(buffer.settled(), Numbers{1});
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(firsts(buffer.drain(0, 0)), Numbers{}) << "the confirmation was not stored with it";
  EXPECT_EQ(firsts(buffer.drain(0, 1)), Numbers{1});
}

TEST_F(SpillTest, AFlushStoresNothingWhileTheSinksKeepUp) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  deliver_first(buffer);
  buffer.submit(make_block(0, 2, 1, "data"));
  buffer.loop().inbox().flush();
  buffer.tick();
  EXPECT_EQ(buffer.counts().stored_bytes, 0U);
  buffer.confirm(0, 0, 2);
  buffer.step();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2}));
  EXPECT_EQ(buffer.counts().stored_bytes, 0U);
}

TEST_F(SpillTest, ASinkThatIsAwayHoldsUpTheSourceOnlyOnce) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, "data"));
  buffer.step();
  buffer.clock().advance(kSpillAfter);
  buffer.step();
  ASSERT_EQ(buffer.settled(), Numbers{1});
  for (std::uint64_t first = 2; first <= 4; ++first) {
    buffer.submit(make_block(0, first, 1, "data"));
    buffer.loop().inbox().flush();
    buffer.step();
    EXPECT_EQ(buffer.settled().back(), first);
  }
}

TEST_F(SpillTest, AFlowIsLazyAgainWhenItsSinkHasCaughtUp) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, "data"));
  buffer.step();
  buffer.clock().advance(kSpillAfter);
  buffer.step();
  ASSERT_EQ(buffer.counts().held_blocks, 1U);
  buffer.submit(make_block(0, 2, 1, "data"));
  buffer.confirm(0, 0, 1);
  buffer.tick();
  EXPECT_EQ(buffer.counts().held_blocks, 0U);
  EXPECT_EQ(buffer.settled(), Numbers{1}) << "the second was stored although nothing is behind";
  buffer.confirm(0, 0, 2);
  buffer.step();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2}));
  EXPECT_EQ(buffer.counts().stored_bytes, 4U);
}

TEST_F(SpillTest, ASinkThatIsAwayChangesNothingForAnotherFlow) {
  SteppedBuffer buffer(options({{"a", {"x"}}, {"dead", {"y"}}}));
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(1, 1, 1, "dead"));
  buffer.step();
  buffer.clock().advance(kSpillAfter);
  buffer.step();
  ASSERT_EQ(buffer.counts().stored_bytes, 4U);
  buffer.submit(make_block(0, 2, 1, "data"));
  buffer.submit(make_block(1, 3, 1, "dead"));
  buffer.tick();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 3}));
  buffer.confirm(0, 0, 2);
  buffer.step();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 3, 2}));
  EXPECT_EQ(buffer.counts().stored_bytes, 8U);
}

TEST_F(SpillTest, ASinkGetsWhatIsStoredBeforeWhatIsInMemory) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, "data"));
  buffer.submit(make_block(0, 2, 1, "data"));
  buffer.step();
  buffer.clock().advance(kSpillAfter);
  buffer.step();
  buffer.submit(make_block(0, 3, 1, "data"));
  buffer.submit(make_block(0, 4, 1, "data"));
  EXPECT_EQ(firsts(buffer.drain(0, 0)), (Numbers{1, 2, 3, 4}));
  EXPECT_EQ(buffer.counts().held_blocks, 2U);
}

TEST_F(SpillTest, BlocksOfAFlowAreSettledInOrderAlthoughALaterOneIsDeliveredFirst) {
  SteppedBuffer buffer(options({{"a", {"x", "y"}}}));
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, "data"));
  buffer.submit(make_block(0, 2, 1, "data"));
  buffer.confirm(0, 0, 2);
  buffer.step();
  EXPECT_EQ(buffer.settled(), Numbers{});
  buffer.confirm(0, 1, 2);
  buffer.step();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2}));
}

TEST_F(SpillTest, TheStateOfADeliveredBlockIsStoredBeforeItIsSettled) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  deliver_first(buffer);
  buffer.submit(block_with_state(2));
  buffer.submit(make_block(0, 3, 1, "data"));
  buffer.confirm(0, 0, 3);
  buffer.step();
  EXPECT_EQ(buffer.settled(), Numbers{1});
  buffer.tick();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2, 3}));
  EXPECT_EQ(buffer.counts().stored_bytes, 0U);
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(buffer.loop().inbox().load("key"), "2");
  EXPECT_EQ(firsts(buffer.drain(0, 0)), Numbers{});
}

TEST_F(SpillTest, AFlushStoresTheStateOfADeliveredBlockAtOnce) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  deliver_first(buffer);
  buffer.submit(block_with_state(2));
  buffer.loop().inbox().flush();
  buffer.step();
  buffer.confirm(0, 0, 2);
  buffer.step();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2}));
}

TEST_F(SpillTest, TooMuchInMemoryIsStoredBeforeItsDeadline) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  const std::string mebibyte(1024UL * 1024, 'x');
  for (std::uint64_t first = 1; first <= 4; ++first) {
    buffer.submit(make_block(0, first, 1, mebibyte));
  }
  buffer.step();
  EXPECT_EQ(buffer.settled(), Numbers{});
  buffer.submit(make_block(0, 5, 1, "x"));
  buffer.step();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2, 3, 4}));
}

TEST_F(SpillTest, ASequenceThatWasHandedOutIsNotUsedAgainAfterACrash) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  deliver_first(buffer);
  const std::uint64_t late = Spill::kReservation - 10;
  for (const std::uint64_t first : {late, Spill::kReservation + 10, 3 * Spill::kReservation}) {
    buffer.submit(make_block(0, first, 5, "data"));
    const BlockPtr block = buffer.fetch(0, 0, first - 1);
    ASSERT_NE(block, nullptr);
    ASSERT_EQ(block->first, Sequence(first));
    ASSERT_TRUE(buffer.open());  // the process was killed
    EXPECT_GE(buffer.loop().last(), block->last());
  }
}

TEST_F(SpillTest, AStopStoresWhatIsNotDeliveredAndGivesUnusedSequencesBack) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  deliver_first(buffer);
  buffer.submit(make_block(0, 2, 3, "data"));
  buffer.stop();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2}));
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(buffer.loop().last(), Sequence(4));
  EXPECT_EQ(firsts(buffer.drain(0, 0)), Numbers{2});
}

TEST_F(SpillTest, ABlockThatHasToBeCutIsStoredFirst) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  Block block = *make_block(0, 1, 2, "{\"seq\":1}\n{\"seq\":2}\n").block;
  block.codec = Codec::Ndjson;
  block.raw_bytes = static_cast<std::uint32_t>(block.data.size());
  buffer.submit({std::make_shared<const Block>(block), {}});
  ASSERT_NE(buffer.fetch(0, 0, 0), nullptr);
  bool done = false;
  buffer.loop().inbox().split({.flow = FlowIndex(0),
                               .first = Sequence(1),
                               .then =
                                   [&done](const Status& status) {
                                     EXPECT_TRUE(status);
                                     done = true;
                                   },
                               .tried_last = {}});
  buffer.step();
  buffer.step();
  EXPECT_TRUE(done);
  EXPECT_EQ(buffer.settled(), Numbers{1});
  EXPECT_EQ(firsts(buffer.drain(0, 0)), (Numbers{1, 2}));
}

TEST_F(SpillTest, TheLedgerShowsWhatWasDeliveredWithoutBeingStored) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  deliver_first(buffer);
  EXPECT_EQ(buffer.loop().inbox().ledgers().at("a").at("delivered"), 1U);
  buffer.stop();
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(buffer.loop().inbox().ledgers().at("a").at("delivered"), 1U);
  EXPECT_EQ(buffer.loop().inbox().ledgers().at("a").at("stored"), 1U);
}

TEST_F(SpillTest, WritesNothingWhenNothingHappens) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  for (int i = 0; i < 5; ++i) {
    buffer.tick();
  }
  buffer.stop();
  EXPECT_EQ(buffer.counts().commits, 0U);
}

TEST_F(SpillTest, AJumpOfTheWallClockChangesNoDeadline) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, "data"));
  buffer.step();
  const Timestamp now = buffer.clock().now();
  for (const auto jump : {std::chrono::hours(10 * 365 * 24), std::chrono::hours(-24)}) {
    buffer.clock().set_wall(now + jump);
    buffer.step();
    EXPECT_EQ(buffer.settled(), Numbers{});
  }
  buffer.clock().advance(kSpillAfter);
  buffer.step();
  EXPECT_EQ(buffer.settled(), Numbers{1});
}

}  // namespace
}  // namespace sluice
