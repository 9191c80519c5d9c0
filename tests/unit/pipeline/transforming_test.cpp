// The intake with transforms, errors and states in its flows.
#include "pipeline/intake.h"
#include "tests/unit/pipeline/field_side.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Does what a record's text says: "drop", "fail", "take" (into its state), or passes it.
class Obedient final : public Transforms, public Stateful {
 public:
  explicit Obedient(std::size_t most = 100) : most_(most) {}

  void add(const Record& record, std::uint32_t origin) override {
    waiting_.push_back({std::string(record.topic), std::string(record.body),
                        std::string(record.error), record.kind, record.time, origin});
  }
  [[nodiscard]] bool empty() const override { return waiting_.empty(); }
  [[nodiscard]] bool full() const override { return waiting_.size() >= most_; }
  void run(TransformOutput& output) override {
    for (const Waiting& each : std::exchange(waiting_, {})) {
      Record record{.topic = each.topic,
                    .time = each.time,
                    .kind = each.kind,
                    .body = each.body,
                    .error = each.error};
      if (each.body == "drop") {
        output.count(Fate::Filtered, 1);
      } else if (each.body == "take") {
        output.count(Fate::Aggregated, 1);
        ++taken_;
        changed_ = true;
      } else {
        if (each.body == "fail") {
          record.error = "broken";
          record.failed_step = "obey";
        }
        output.pass(record, each.origin);
      }
    }
    if (wanted && ready) {
      wanted.reset();
      changed_ = true;
      const std::string sum = std::to_string(std::exchange(taken_, 0));
      output.pass({.topic = "sum", .time = {}, .kind = BodyKind::Json, .body = sum, .error = {}},
                  TransformOutput::kMade);
      output.count_made(1);
    }
  }
  [[nodiscard]] std::optional<Instant> due() const override { return wanted; }
  Stateful* state() override { return this; }
  [[nodiscard]] bool changed() const override { return changed_; }
  std::string save() override {
    changed_ = false;
    return "taken " + std::to_string(taken_);
  }
  Status restore(std::string_view /*saved*/) override { return {}; }

  // Set before the intake runs.
  std::optional<Instant> wanted;
  bool ready = true;

 private:
  struct Waiting {
    std::string topic, body, error;
    BodyKind kind;
    Timestamp time;
    std::uint32_t origin;
  };
  std::size_t most_;
  std::vector<Waiting> waiting_;
  int taken_ = 0;
  bool changed_ = false;
};

FlowOptions obeying(OnError on_error = OnError::DeadLetter,
                    std::shared_ptr<Obedient> transforms = std::make_shared<Obedient>()) {
  FlowOptions options = flow("f", {0});
  options.on_error = on_error;
  options.transforms = std::move(transforms);
  return options;
}

std::uint64_t counted(const std::vector<SealedBlock>& blocks, std::string_view what) {
  std::uint64_t sum = 0;
  for (const SealedBlock& sealed : blocks) {
    for (const Counted& each : sealed.counted) {
      sum += each.what == what ? each.records : 0;
    }
  }
  return sum;
}

// What the block says about the state of the transforms.
std::vector<std::string> states(const SealedBlock& sealed) {
  std::vector<std::string> found;
  for (const StateRow& row : sealed.state) {
    if (row.key == "flow/f/transforms") {
      found.push_back(row.value);
    }
  }
  return found;
}

std::string texts(const std::vector<SealedBlock>& blocks) {
  std::string all;
  for (const SealedBlock& sealed : blocks) {
    if (sealed.block->count > 0) {
      for (const std::string& line : lines_of(*sealed.block)) {
        all += line + "\n";
      }
    }
  }
  return all;
}

TEST(Transforming, WritesWhatComesOutInOrder) {
  FieldSide side({obeying()}, 1);
  side.start();
  side.deliver(0, "a", "one");
  side.deliver(0, "b", "drop");
  side.deliver(0, "c \"x\"", "two");
  const auto blocks = side.flush(0, 1);
  EXPECT_EQ(texts(blocks),
            "{\"seq\":1,\"ts\":1763692800000,\"topic\":\"a\",\"text\":\"one\"}\n"
            "{\"seq\":2,\"ts\":1763692800000,\"topic\":\"c \\\"x\\\"\",\"text\":\"two\"}\n");
  EXPECT_EQ(counted(blocks, "received"), 3U);
  EXPECT_EQ(counted(blocks, "filtered"), 1U);
  const FlowCounts counts = side.intake.counts(FlowIndex{0});
  EXPECT_EQ(counts.received, 3U);
  EXPECT_EQ(counts.records, 2U);
  EXPECT_EQ(counts.filtered, 1U);
}

TEST(Transforming, NothingWaitsForAMessageThatIsFiltered) {
  FieldSide side({obeying()}, 1);
  side.start();
  side.deliver(0, "a", "drop");
  side.deliver(0, "a", "drop");
  EXPECT_TRUE(side.source(0).wait_for_settled(2));
  EXPECT_TRUE(side.buffer.blocks().empty());
  side.stop();
  const auto blocks = side.buffer.blocks();
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks[0].block->count, 0U);
  EXPECT_EQ(blocks[0].block->skipped, 1U);
  EXPECT_EQ(counted(blocks, "received"), 2U);
  EXPECT_EQ(counted(blocks, "filtered"), 2U);
}

TEST(Transforming, TellsFiguresOfFilteredRecordsOnceAMinute) {
  FieldSide side({obeying()}, 1);
  side.start();
  side.deliver(0, "a", "drop");
  EXPECT_TRUE(side.source(0).wait_for_settled(1));
  side.clock.advance(seconds(59));
  side.deliver(0, "a", "drop");
  EXPECT_TRUE(side.source(0).wait_for_settled(2));
  EXPECT_TRUE(side.buffer.blocks().empty());
  side.clock.advance(seconds(1));
  side.deliver(0, "a", "drop");
  ASSERT_TRUE(side.buffer.wait_for_blocks(1));
  EXPECT_EQ(counted(side.buffer.blocks(), "filtered"), 3U);
}

TEST(Transforming, AMessageThatWentIntoAStateWaitsUntilThatIsStored) {
  FieldSide side({obeying()}, 1);
  side.start();
  side.deliver(0, "a", "drop");
  side.deliver(0, "a", "take");
  side.deliver(0, "a", "take");
  const auto blocks = side.flush(0, 1);
  ASSERT_TRUE(side.buffer.wait_for_flushes(1));
  EXPECT_EQ(blocks[0].block->count, 0U);
  EXPECT_EQ(states(blocks[0]), std::vector<std::string>{"taken 2"});
  EXPECT_EQ(counted(blocks, "aggregated"), 2U);
  EXPECT_LE(side.source(0).settled_ticket(), 1U);
  side.settle(blocks[0]);
  EXPECT_TRUE(side.source(0).wait_for_settled(3));
}

TEST(Transforming, AStateThatHasNotChangedIsNotStoredAgain) {
  FieldSide side({obeying()}, 1);
  side.start();
  side.deliver(0, "a", "take");
  EXPECT_EQ(states(side.flush(0, 1)[0]).size(), 1U);
  side.deliver(0, "a", "one");
  EXPECT_TRUE(states(side.flush(0, 2)[1]).empty());
}

TEST(Transforming, TheStateGoesWithAllTheRecordsOfItsMessages) {
  constexpr std::size_t kBlockSize = 1'000;
  auto transforms = std::make_shared<Obedient>(40);
  FieldSide side({obeying(OnError::DeadLetter, transforms)}, 1, {.block_size = kBlockSize});
  MessageBatch batch;
  const std::string text(40, 'x');
  for (int i = 0; i < 39; ++i) {
    batch.add({.topic = "a", .payload = text, .received = {}});
  }
  batch.add({.topic = "a", .payload = "take", .received = {}});
  side.inlet(0).deliver(batch);
  side.start();
  ASSERT_TRUE(side.buffer.wait_for_blocks(1));
  side.stop();
  const auto blocks = side.buffer.blocks();
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks[0].block->count, 39U);
  EXPECT_GT(blocks[0].block->raw_bytes, kBlockSize);
  EXPECT_EQ(states(blocks[0]).size(), 1U);
}

TEST(Transforming, WhatIsDueComesOutWithoutAMessage) {
  auto transforms = std::make_shared<Obedient>();
  FieldSide side({obeying(OnError::DeadLetter, transforms)}, 1);
  transforms->wanted = side.clock.elapsed() + seconds(10);
  transforms->ready = false;
  side.start();
  side.deliver(0, "a", "take");
  EXPECT_EQ(side.flush(0, 1)[0].block->count, 0U);
  side.stop();

  FieldSide later({obeying(OnError::DeadLetter, transforms)}, 1);
  transforms->wanted = later.clock.elapsed() - seconds(1);
  transforms->ready = true;
  later.start();
  later.stop();
  const auto blocks = later.buffer.blocks();
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(lines_of(*blocks[0].block),
            std::vector<std::string>{R"({"seq":1,"ts":0,"topic":"sum","data":1})"});
  EXPECT_EQ(states(blocks[0]).size(), 1U);
  EXPECT_EQ(counted(blocks, "made"), 1U);
}

TEST(OnErrorDeadLetter, KeepsTheMessageAsItCame) {
  FlowOptions options = flow("f", {0});
  options.decoder = make_decoder(DecoderKind::Json);
  options.on_error = OnError::DeadLetter;
  FieldSide side({std::move(options)}, 1);
  side.start();
  side.deliver(0, "t", "1");
  side.deliver(0, "t", "{broken");
  side.deliver(0, "t", "\xFF");
  const auto blocks = side.flush(0, 1);
  ASSERT_EQ(blocks[0].dead.size(), 2U);
  EXPECT_EQ(unpack(*blocks[0].dead[0].block),
            "{\"seq\":1,\"ts\":1763692800000,\"topic\":\"t\",\"text\":\"{broken\"}\n");
  EXPECT_EQ(unpack(*blocks[0].dead[1].block),
            "{\"seq\":2,\"ts\":1763692800000,\"topic\":\"t\",\"base64\":\"/w==\"}\n");
  EXPECT_EQ(blocks[0].dead[0].why.reason, "invalid_json");
  EXPECT_EQ(blocks[0].block->first, Sequence{3});
  EXPECT_EQ(blocks[0].block->count, 1U);
  EXPECT_EQ(counted(blocks, "received"), 3U);
  EXPECT_EQ(side.intake.counts(FlowIndex{0}).errors, 2U);
}

TEST(OnErrorDeadLetter, HoldsTheMessageUntilItIsStored) {
  FieldSide side({obeying()}, 1);
  side.start();
  side.deliver(0, "t", "fail");
  const auto blocks = side.flush(0, 1);
  EXPECT_EQ(blocks[0].block->count, 0U);
  ASSERT_EQ(blocks[0].dead.size(), 1U);
  EXPECT_EQ(blocks[0].dead[0].why.reason, "broken");
  EXPECT_EQ(blocks[0].dead[0].why.detail, "in the step obey");
  EXPECT_EQ(blocks[0].block->first, Sequence{2});
  EXPECT_EQ(side.source(0).settled_ticket(), 0U);
  side.settle(blocks[0]);
  EXPECT_TRUE(side.source(0).wait_for_settled(1));
}

TEST(OnErrorKeep, LetsTheRecordGoOnWithTheReason) {
  FieldSide side({obeying(OnError::Keep)}, 1);
  side.start();
  side.deliver(0, "t", "fail");
  const auto blocks = side.flush(0, 1);
  EXPECT_EQ(texts(blocks),
            "{\"seq\":1,\"ts\":1763692800000,\"topic\":\"t\",\"text\":\"fail\","
            "\"_error\":{\"step\":\"obey\",\"reason\":\"broken\"}}\n");
  EXPECT_TRUE(blocks[0].dead.empty());
}

TEST(OnErrorDrop, CountsTheRecord) {
  FieldSide side({obeying(OnError::Drop)}, 1);
  side.start();
  side.deliver(0, "t", "fail");
  EXPECT_TRUE(side.source(0).wait_for_settled(1));
  side.stop();
  EXPECT_EQ(counted(side.buffer.blocks(), "received"), 1U);
  EXPECT_EQ(counted(side.buffer.blocks(), "dropped_error"), 1U);
}

// Whatever mixture: the figures agree, in the sum of the blocks.
TEST(Transforming, TheFiguresBalance) {
  FieldSide side({obeying()}, 1, {.block_size = 500});
  side.start();
  const std::vector<std::string> bodies{"one", "drop", "take", "fail", "two", "three"};
  for (int i = 0; i < 300; ++i) {
    side.deliver(0, "t", bodies[static_cast<std::size_t>(i * 7 % 6)]);
    if (i % 50 == 0) side.inlet(0).flush();
  }
  side.stop();
  const auto blocks = side.buffer.blocks();
  std::uint64_t lines = 0;
  std::uint64_t dead = 0;
  for (const SealedBlock& sealed : blocks) {
    lines += sealed.block->count;
    dead += sealed.dead.size();
  }
  EXPECT_EQ(counted(blocks, "received"), 300U);
  EXPECT_EQ(lines, 150U);
  EXPECT_EQ(dead, 50U);
  EXPECT_EQ(lines + counted(blocks, "filtered") + counted(blocks, "aggregated") + dead, 300U);
}

}  // namespace
}  // namespace sluice
