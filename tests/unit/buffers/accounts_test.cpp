// What comes with a block: states, figures and dead letters, also of blocks without records.
#include "buffers/inspection.h"
#include "buffers/ledger.h"
#include "tests/support/stepped_buffer.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using namespace std::chrono_literals;
using testing_support::firsts;
using testing_support::make_block;
using testing_support::make_dead_input;
using testing_support::make_empty;
using testing_support::SteppedBuffer;
using testing_support::TempDirectory;

using Numbers = std::vector<std::uint64_t>;

class AccountsTest : public testing::Test {
 protected:
  SqliteBufferOptions options(Route route = {"a", {"x"}}) {
    return {.directory = directory_.path(), .routes = {std::move(route)}};
  }
  SqliteBufferOptions lazy() {
    SqliteBufferOptions lazy = options();
    lazy.spill_after = 5s;
    return lazy;
  }

  static SealedBlock with_state(std::uint64_t sequence) {
    return make_empty(0, sequence, {{"key", std::to_string(sequence)}});
  }
  static SealedBlock with_letter(std::uint64_t sequence, std::size_t bytes = 10) {
    SealedBlock block = make_empty(0, sequence);
    block.counted = {{"received", 1}};
    block.dead.push_back(make_dead_input(0, sequence + 1, std::string(bytes, 'x')));
    return block;
  }

  static std::string state(SteppedBuffer& buffer) {
    return buffer.loop().inbox().load("key").value_or("none");
  }
  static Ledger ledger(SteppedBuffer& buffer) { return buffer.loop().inbox().ledgers().at("a"); }
  static BufferOutline outline(SteppedBuffer& buffer) {
    BufferOutline found;
    buffer.inspect([&](Inspection& file) { found = *file.outline(); });
    return found;
  }
  static std::vector<DeadEntry> dead(SteppedBuffer& buffer) {
    std::vector<DeadEntry> found;
    buffer.inspect([&](Inspection& file) { found = *file.dead(DeadId(0), 100); });
    return found;
  }

  const TempDirectory directory_;
};

TEST_F(AccountsTest, AnEmptyBlockWaitsForWhatWasSubmittedBeforeIt) {
  SteppedBuffer buffer(options({"a", {"x"}, 15'000}));
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, std::string(10'000, 'x')));
  buffer.submit(with_state(2));
  buffer.submit(make_block(0, 3, 1, std::string(10'000, 'x')));  // there is no room for it
  buffer.submit(with_state(4));
  buffer.tick();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2}));
  EXPECT_EQ(state(buffer), "2");
  EXPECT_EQ(buffer.counts().held_records, 1U);
  buffer.confirm(0, 0, 1);
  buffer.tick();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2, 3, 4}));
  EXPECT_EQ(state(buffer), "4");
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(state(buffer), "4") << "it was not on the disk";
  EXPECT_EQ(firsts(buffer.drain(0, 0)), Numbers{3});
}

TEST_F(AccountsTest, AnEmptyBlockNeedsNoRoom) {
  SteppedBuffer buffer(options({"a", {"x"}, 15'000}));
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, std::string(20'000, 'x')));
  buffer.submit(with_state(2));
  buffer.tick();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2}));
  EXPECT_EQ(buffer.counts().trouble, "");
}

TEST_F(AccountsTest, ItsSequencesAreUsedUp) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_empty(0, 7));
  buffer.tick();
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(buffer.loop().last(), Sequence(7));
  buffer.submit(with_letter(8));
  buffer.tick();
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(buffer.loop().last(), Sequence(9)) << "that of the dead letter";
}

TEST_F(AccountsTest, NothingIsWrittenWhenThereIsNothingToWrite) {
  SteppedBuffer buffer(lazy());
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, "data"));
  ASSERT_NE(buffer.fetch(0, 0, 0), nullptr);
  buffer.submit(make_empty(0, 2));
  SealedBlock counted = make_empty(0, 3);
  counted.counted = {{"received", 4}, {"filtered", 4}};
  buffer.submit(std::move(counted));
  buffer.step();
  EXPECT_EQ(buffer.settled(), Numbers()) << "the first has not been delivered";
  buffer.confirm(0, 0, 1);
  buffer.step();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2, 3}));
  EXPECT_EQ(buffer.counts().commits, 1U) << "the reservation of sequences";
  EXPECT_EQ(ledger(buffer).at("filtered"), 4U);
  EXPECT_EQ(outline(buffer).flows[0].ledger.count("filtered"), 0U);
  // The next transaction that takes place anyway.
  buffer.stop();
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(outline(buffer).flows[0].ledger.at("filtered"), 4U);
  EXPECT_EQ(ledger(buffer).at("received"), 5U);
}

TEST_F(AccountsTest, AStateOrADeadLetterIsWrittenBeforeItsBlockIsSettled) {
  SteppedBuffer buffer(lazy());
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, "data"));
  ASSERT_NE(buffer.fetch(0, 0, 0), nullptr);
  buffer.submit(with_state(2));
  buffer.submit(with_letter(3));
  buffer.confirm(0, 0, 1);
  buffer.step();
  EXPECT_EQ(buffer.settled(), Numbers{1});
  buffer.tick();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2, 3}));
  EXPECT_EQ(buffer.counts().held_records, 0U);
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(state(buffer), "2");
  ASSERT_EQ(dead(buffer).size(), 1U);
  EXPECT_EQ(dead(buffer)[0].first, Sequence(4));
}

TEST_F(AccountsTest, ALazySinkIsNotOfferedAnEmptyBlock) {
  SteppedBuffer buffer(lazy());
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(buffer.fetch(0, 0, 0), nullptr);
  buffer.submit(with_state(1));
  EXPECT_EQ(buffer.fetch(0, 0, 0), nullptr);
  EXPECT_EQ(buffer.loop().inbox().newest(FlowIndex(0)), Sequence(0));
  buffer.submit(make_block(0, 2, 1, "data"));
  const BlockPtr block = buffer.fetch(0, 0, 0);
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(block->first, Sequence(2));
}

TEST_F(AccountsTest, AStopWritesWhatWaits) {
  SteppedBuffer buffer(lazy());
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, "data"));
  buffer.submit(with_state(2));
  buffer.submit(with_letter(3));
  buffer.stop();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2, 3}));
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(state(buffer), "2");
  EXPECT_EQ(dead(buffer).size(), 1U);
  EXPECT_EQ(imbalance_of(ledger(buffer), buffer.counts().held_records), 0);
}

TEST_F(AccountsTest, TheOldestLettersMakeRoomForNewOnes) {
  SqliteBufferOptions small = options();
  small.dead_max_size = 2'500;
  SteppedBuffer buffer(small);
  ASSERT_TRUE(buffer.open());
  for (std::uint64_t sequence = 1; sequence < 9; sequence += 2) {
    buffer.submit(with_letter(sequence, 1'000));
    buffer.tick();
  }
  const std::vector<DeadEntry> left = dead(buffer);
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(left[0].first, Sequence(6));
  EXPECT_EQ(ledger(buffer).at("dead_input"), 4U);
  EXPECT_EQ(ledger(buffer).at("dropped_dead"), 2U);
  EXPECT_EQ(imbalance_of(ledger(buffer), 0), 0);
}

TEST_F(AccountsTest, LettersWaitForRoomInTheFile) {
  SqliteBufferOptions small = options();
  small.max_size = 200'000;
  SteppedBuffer buffer(small);
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, std::string(100'000, 'x')));
  buffer.submit(with_letter(2, 100'000));
  buffer.submit(with_state(4));
  buffer.tick();
  EXPECT_EQ(buffer.settled(), Numbers{1});
  EXPECT_NE(buffer.counts().trouble.find("holds its maximum"), std::string::npos)
      << buffer.counts().trouble;
  EXPECT_EQ(state(buffer), "none");
  buffer.confirm(0, 0, 1);
  buffer.tick();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2, 4}));
  EXPECT_EQ(dead(buffer).size(), 1U);
}

TEST_F(AccountsTest, LettersGoFirstWhereBlocksAreGivenUp) {
  SqliteBufferOptions small = options({"a", {"x"}, 1'000'000, WhenFull::DropNewest});
  small.max_size = 200'000;
  SteppedBuffer buffer(small);
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, std::string(100'000, 'x')));
  buffer.submit(with_letter(2, 100'000));
  buffer.submit(with_letter(4, 100));
  buffer.tick();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2, 4}));
  const std::vector<DeadEntry> left = dead(buffer);
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].first, Sequence(5));
  EXPECT_EQ(ledger(buffer).at("dead_input"), 2U);
  EXPECT_EQ(ledger(buffer).at("dropped_dead"), 1U);
  EXPECT_EQ(imbalance_of(ledger(buffer), 1), 0);
}

TEST_F(AccountsTest, SmallBlocksArePutTogetherAcrossEmptyOnes) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  for (std::uint64_t sequence = 1; sequence <= 100; sequence += 2) {
    SealedBlock block =
        make_block(0, sequence, 1, "{\"seq\":" + std::to_string(sequence) + ",\"text\":\"x\"}\n");
    Block plain = *block.block;
    plain.codec = Codec::Ndjson;
    plain.raw_bytes = static_cast<std::uint32_t>(plain.data.size());
    block.block = std::make_shared<const Block>(std::move(plain));
    buffer.submit(std::move(block));
    buffer.submit(with_state(sequence + 1));
  }
  buffer.tick();
  EXPECT_LT(buffer.counts().held_blocks, 50U);
  EXPECT_EQ(buffer.counts().held_records, 50U);
  std::uint64_t records = 0;
  for (const BlockPtr& block : buffer.drain(0, 0)) {
    records += block->count;
  }
  EXPECT_EQ(records, 50U);
  EXPECT_EQ(imbalance_of(ledger(buffer), 50), 0);
}

}  // namespace
}  // namespace sluice
