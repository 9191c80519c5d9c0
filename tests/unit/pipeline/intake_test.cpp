#include "pipeline/intake.h"

#include "tests/support/process.h"
#include "tests/unit/pipeline/field_side.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

using std::chrono::milliseconds;

std::string joined_lines(const std::vector<SealedBlock>& blocks) {
  std::string all;
  for (const SealedBlock& sealed : blocks) {
    for (const std::string& line : lines_of(*sealed.block)) {
      all += line + "\n";
    }
  }
  return all;
}

std::string payload_of(std::size_t size) {
  return "\"" + std::string(size - 2, 'x') + "\"";
}

TEST(Intake, WritesTheMessagesOfAFlowAsLinesOfABlock) {
  FieldSide side({flow("all", {0})}, 1, {}, Sequence{41});
  side.start();
  EXPECT_EQ(side.deliver(0, "sensors/7", R"({"t": 21.50})"), Ticket{1});
  side.clock.advance(milliseconds(5));
  EXPECT_EQ(side.deliver(0, "log", "hello \"you\""), Ticket{2});
  const auto blocks = side.flush(0, 1);
  const Block& block = *blocks.at(0).block;
  EXPECT_EQ(unpack(block),
            "{\"seq\":42,\"ts\":1763692800000,\"topic\":\"sensors/7\",\"data\":{\"t\": 21.50}}\n"
            "{\"seq\":43,\"ts\":1763692800005,\"topic\":\"log\",\"text\":\"hello \\\"you\\\"\"}\n");
  EXPECT_EQ(block.flow, FlowIndex{0});
  EXPECT_EQ(block.first, Sequence{42});
  EXPECT_EQ(block.count, 2U);
  EXPECT_EQ(block.max_time - block.min_time, milliseconds(5));
}

TEST(Intake, TakesTheWholeBatchAndLeavesItEmpty) {
  FieldSide side({flow("all", {0})}, 1);
  side.start();
  MessageBatch batch;
  for (int round = 1; round <= 20; ++round) {
    for (int i = 0; i < 3; ++i) {
      batch.add({.topic = "t", .payload = "1", .received = {}});
    }
    EXPECT_EQ(number(side.inlet(0).deliver(batch)), 3U * static_cast<unsigned>(round));
    EXPECT_TRUE(batch.empty());
    EXPECT_EQ(batch.bytes(), 0U);
  }
  EXPECT_EQ(side.inlet(0).deliver(batch), Ticket{60});  // nothing
  EXPECT_EQ(side.flush(0, 1).at(0).block->count, 60U);
}

TEST(Intake, WritesEveryFlowThatWantsAMessageIntoItsOwnBlocks) {
  FieldSide side({flow("a", {0}, {"a/#"}), flow("b", {0, 1}, {"+/b", "c"}), flow("none", {})}, 2);
  side.start();
  side.deliver(0, "a/a", "1");
  side.deliver(0, "a/b", "2");
  side.deliver(0, "c", "3");
  side.deliver(0, "d", "4");
  side.deliver(1, "a/b", "5");
  const auto blocks = side.flush(0, 2);
  EXPECT_EQ(joined_lines(blocks),
            "{\"seq\":1,\"ts\":1763692800000,\"topic\":\"a/a\",\"data\":1}\n"
            "{\"seq\":2,\"ts\":1763692800000,\"topic\":\"a/b\",\"data\":2}\n"
            "{\"seq\":3,\"ts\":1763692800000,\"topic\":\"a/b\",\"data\":2}\n"
            "{\"seq\":4,\"ts\":1763692800000,\"topic\":\"c\",\"data\":3}\n"
            "{\"seq\":5,\"ts\":1763692800000,\"topic\":\"a/b\",\"data\":5}\n");
  EXPECT_EQ(blocks.at(0).block->flow, FlowIndex{0});
  EXPECT_EQ(blocks.at(1).block->flow, FlowIndex{1});
}

TEST(Intake, SealsABlockWhenItHasItsSize) {
  constexpr std::size_t kBlockSize = 2'000;
  FieldSide side({flow("all", {0})}, 1, {.block_size = kBlockSize});
  side.start();
  std::string expected;
  for (std::size_t i = 1; i <= 100; ++i) {
    const std::string payload = payload_of(40 + i);
    side.deliver(0, "t", payload);
    expected += R"({"seq":)" + std::to_string(i) + R"(,"ts":1763692800000,"topic":"t","data":)" +
                payload + "}\n";
  }
  side.stop();
  const auto blocks = side.buffer.blocks();
  EXPECT_EQ(joined_lines(blocks), expected);
  for (std::size_t i = 0; i + 1 < blocks.size(); ++i) {
    EXPECT_LE(blocks[i].block->raw_bytes, kBlockSize);
    EXPECT_GT(blocks[i].block->raw_bytes, kBlockSize - 200);
  }
}

TEST(Intake, GivesAMessageThatIsTooLargeABlockOfItsOwn) {
  FieldSide side({flow("all", {0})}, 1, {.block_size = 1'000});
  side.start();
  side.deliver(0, "t", "1");
  side.deliver(0, "t", payload_of(5'000));
  side.deliver(0, "t", "2");
  side.stop();
  const auto blocks = side.buffer.blocks();
  ASSERT_EQ(blocks.size(), 3U);
  EXPECT_EQ(blocks[1].block->count, 1U);
  EXPECT_GT(blocks[1].block->raw_bytes, 5'000U);
  EXPECT_EQ(lines_of(joined_lines(blocks)).size(), 3U);
}

TEST(Intake, SealsABlockWhenItsFirstRecordIsOldEnough) {
  FieldSide side({flow("a", {0}), flow("b", {1})}, 2, {.flush_interval = milliseconds(1'000)});
  side.start();
  side.deliver(0, "t", "1");
  side.clock.advance(milliseconds(900));
  side.deliver(0, "t", "2");
  side.clock.advance(milliseconds(99));
  side.deliver(1, "t", "3");
  EXPECT_EQ(side.flush(1, 1).at(0).block->flow, FlowIndex{1});  // not yet the other
  side.clock.advance(milliseconds(1));
  side.deliver(1, "t", "4");
  ASSERT_TRUE(side.buffer.wait_for_blocks(2));
  const auto blocks = side.buffer.blocks();
  EXPECT_EQ(blocks[1].block->flow, FlowIndex{0});
  EXPECT_EQ(blocks[1].block->count, 2U);
  EXPECT_EQ(side.buffer.flushes(), 1);  // the buffer has its own tick
}

TEST(Intake, SealsTogetherWhatWouldBeDueSoon) {
  FieldSide side({flow("a", {0}, {"a"}), flow("b", {0}, {"b"}), flow("c", {0}, {"c"})}, 1,
                 {.flush_interval = milliseconds(1'000)});
  side.start();
  side.deliver(0, "a", "1");
  side.clock.advance(milliseconds(400));
  side.deliver(0, "b", "1");
  side.clock.advance(milliseconds(300));
  side.deliver(0, "c", "1");
  side.clock.advance(milliseconds(300));
  side.deliver(0, "none", "1");
  ASSERT_TRUE(side.buffer.wait_for_blocks(2));
  side.stop();
  const auto blocks = side.buffer.blocks();
  ASSERT_EQ(blocks.size(), 3U);
  EXPECT_EQ(blocks[0].block->flow, FlowIndex{0});
  EXPECT_EQ(blocks[1].block->flow, FlowIndex{1});
  EXPECT_EQ(blocks[2].block->flow, FlowIndex{2});  // only at the stop
}

TEST(Intake, WakesUpByItselfWhenABlockIsDue) {
  const SystemClock clock;
  FakeBuffer buffer;
  FakeSource source;
  Intake intake({flow("all", {0})}, {.flush_interval = milliseconds(2)}, Sequence{0}, buffer,
                clock);
  Inlet& inlet = intake.attach(source, "key");
  const std::jthread thread([&](const std::stop_token& stop) { intake.run(stop); });
  for (std::size_t round = 1; round <= 3; ++round) {
    MessageBatch batch;
    batch.add({.topic = "t", .payload = "1", .received = clock.now()});
    inlet.deliver(batch);
    EXPECT_TRUE(buffer.wait_for_blocks(round));
  }
}

TEST(Intake, FlushesTheBlocksThatHoldMessagesOfThatSource) {
  FieldSide side({flow("a", {0}), flow("both", {0, 1}, {"both"}), flow("b", {1})}, 2);
  side.start();
  side.deliver(0, "x", "1");
  side.deliver(1, "both", "2");
  side.deliver(1, "y", "3");
  side.inlet(1).flush();
  ASSERT_TRUE(side.buffer.wait_for_flushes(1));
  const auto blocks = side.buffer.blocks();
  ASSERT_EQ(blocks.size(), 2U);
  EXPECT_EQ(blocks[0].block->flow, FlowIndex{1});
  EXPECT_EQ(blocks[1].block->flow, FlowIndex{2});
}

TEST(Intake, AsksTheBufferToCommitOnlyWhatIsNotSettled) {
  FieldSide side({flow("a", {0})}, 1);
  side.start();
  side.inlet(0).flush();  // nothing there
  side.deliver(0, "t", "1");
  const auto blocks = side.flush(0, 1);
  ASSERT_TRUE(side.buffer.wait_for_flushes(1));
  side.inlet(0).flush();  // sealed, but not settled
  ASSERT_TRUE(side.buffer.wait_for_flushes(2));
  side.settle(blocks[0]);
  side.inlet(0).flush();  // settled
  side.stop();
  EXPECT_EQ(side.buffer.flushes(), 3);  // the stop
}

TEST(Intake, SealsAndCommitsEverythingBeforeItStops) {
  FieldSide side({flow("a", {0}), flow("b", {1})}, 2);
  for (int i = 0; i < 1'000; ++i) {  // before it even runs
    side.deliver(static_cast<std::size_t>(i % 2), "t", "1");
  }
  side.start();
  side.stop();
  std::size_t records = 0;
  for (const SealedBlock& sealed : side.buffer.blocks()) {
    records += sealed.block->count;
  }
  EXPECT_EQ(records, 1'000U);
  EXPECT_EQ(side.buffer.flushes(), 1);
}

TEST(Intake, CountsRecordsBlocksAndErrors) {
  FlowOptions json = flow("json", {0}, {"json"});
  json.decoder = make_decoder(DecoderKind::Json);
  json.on_error = OnError::Keep;
  FieldSide side({flow("all", {0}), json}, 1);
  side.start();
  side.deliver(0, "json", "1");
  side.deliver(0, "json", "x");
  side.deliver(0, "other", "x");
  side.flush(0, 2);
  side.deliver(0, "other", "x");
  side.flush(0, 3);
  EXPECT_EQ(side.intake.counts(FlowIndex{0}).records, 4U);
  EXPECT_EQ(side.intake.counts(FlowIndex{0}).blocks, 2U);
  EXPECT_EQ(side.intake.counts(FlowIndex{0}).errors, 0U);
  EXPECT_EQ(side.intake.counts(FlowIndex{1}).records, 2U);
  EXPECT_EQ(side.intake.counts(FlowIndex{1}).blocks, 1U);
  EXPECT_EQ(side.intake.counts(FlowIndex{1}).errors, 1U);
}

TEST(Intake, TakesATurnWhenItIsNudgedEvenIfThereIsNoWork) {
  FieldSide side({flow("f", {0})}, 1);
  EXPECT_EQ(side.intake.turns(), 0U);
  side.start();
  for (int i = 0; i < 3; ++i) {
    // It may be on its way into its sleep, so it is nudged until it has been seen to wake up.
    const std::uint64_t before = side.intake.turns();
    EXPECT_TRUE(testing_support::eventually([&] {
      side.intake.nudge();
      return side.intake.turns() > before;
    }));
  }
  side.stop();
}

}  // namespace
}  // namespace sluice
