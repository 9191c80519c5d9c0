// Small blocks that wait for a sink are put together, and only those that cannot have been sent.
#include "tests/support/line_blocks.h"
#include "tests/support/stepped_buffer.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice {
namespace {

using testing_support::firsts;
using testing_support::line_of;
using testing_support::lines_of;
using testing_support::make_block;
using testing_support::make_lines;
using testing_support::SteppedBuffer;
using testing_support::TempDirectory;

using Numbers = std::vector<std::uint64_t>;
using Lines = std::vector<std::string>;

class MergeTest : public testing::Test {
 protected:
  MergeTest()
      : buffer_({.directory = directory_.path(), .routes = {{"a", {"x", "y"}}, {"b", {"x"}}}}) {
    EXPECT_TRUE(buffer_.open());
  }

  // One record in each block, one block in each transaction, as a quiet source makes them.
  void store(std::size_t flow, std::size_t blocks, const std::string& text = "text") {
    for (std::size_t i = 0; i < blocks; ++i) {
      buffer_.submit(make_lines(flow, next_, {text}));
      lines_[flow].push_back(line_of(next_, text));
      ++next_;
      buffer_.tick();
    }
  }
  Lines all_lines(const std::vector<BlockPtr>& blocks) {
    Lines lines;
    for (const BlockPtr& block : blocks) {
      const Lines more = lines_of(*block);
      EXPECT_EQ(more.size(), block->count);
      lines.insert(lines.end(), more.begin(), more.end());
    }
    return lines;
  }

  const TempDirectory directory_;
  SteppedBuffer buffer_;
  std::uint64_t next_ = 1;
  Lines lines_[2];
};

TEST_F(MergeTest, SixteenSmallNeighboursBecomeOneBlock) {
  store(0, 15);
  EXPECT_EQ(buffer_.counts().held_blocks, 15U);
  store(0, 1);
  EXPECT_EQ(buffer_.counts().held_blocks, 1U);
  EXPECT_EQ(buffer_.counts().held_records, 16U);
  const std::vector<BlockPtr> blocks = buffer_.drain(0, 0);
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks[0]->first, Sequence(1));
  EXPECT_EQ(blocks[0]->last(), Sequence(16));
  EXPECT_EQ(blocks[0]->skipped, 0U);
  EXPECT_EQ(lines_of(*blocks[0]), lines_[0]);
  EXPECT_EQ(buffer_.settled().size(), 16U) << "each is settled once, as it was submitted";
}

TEST_F(MergeTest, BlocksOfOtherFlowsInBetweenAreSkipped) {
  for (int i = 0; i < 16; ++i) {
    store(0, 1);
    store(1, 2);
  }
  const std::vector<BlockPtr> a = buffer_.drain(0, 0);
  const std::vector<BlockPtr> b = buffer_.drain(1, 0);
  ASSERT_EQ(a.size(), 1U);
  EXPECT_EQ(a[0]->first, Sequence(1));
  EXPECT_EQ(a[0]->count, 16U);
  EXPECT_EQ(a[0]->skipped, 30U);
  EXPECT_EQ(a[0]->last(), Sequence(46));
  EXPECT_EQ(all_lines(a), lines_[0]);
  EXPECT_LT(b.size(), 16U);
  EXPECT_EQ(all_lines(b), lines_[1]);
  ASSERT_TRUE(buffer_.open()) << "and the checksum covers it";
  EXPECT_EQ(all_lines(buffer_.drain(0, 1)), lines_[0]);
  EXPECT_EQ(buffer_.counts().damaged_blocks, 0U);
}

TEST_F(MergeTest, AMergedBlockCanBeSplitWhereOtherFlowsLieInBetween) {
  for (int i = 0; i < 16; ++i) {
    store(0, 1);
    store(1, 1);
  }
  ASSERT_EQ(buffer_.drain(0, 0).size(), 1U);
  bool done = false;
  buffer_.loop().inbox().split({.flow = FlowIndex(0),
                                .first = Sequence(1),
                                .then = [&done](const Status& split) { done = bool(split); },
                                .tried_last = std::nullopt});
  buffer_.tick();
  EXPECT_TRUE(done);
  const std::vector<BlockPtr> halves = buffer_.drain(0, 1);
  ASSERT_EQ(halves.size(), 2U);
  EXPECT_EQ(halves[0]->count, 8U);
  EXPECT_EQ(halves[0]->last(), Sequence(15));
  EXPECT_EQ(halves[1]->first, Sequence(17));
  EXPECT_EQ(halves[1]->last(), Sequence(31));
  EXPECT_EQ(all_lines(halves), lines_[0]);
}

TEST_F(MergeTest, WhatASinkHasBeenHandedOutStaysAsItIs) {
  store(0, 4);
  ASSERT_NE(buffer_.fetch(0, 0, 0), nullptr);  // 1
  ASSERT_NE(buffer_.fetch(0, 1, 2), nullptr);  // 3
  store(0, 40);
  const Numbers numbers = firsts(buffer_.drain(0, 0));
  ASSERT_GE(numbers.size(), 4U);
  EXPECT_EQ(Numbers(numbers.begin(), numbers.begin() + 4), (Numbers{1, 2, 3, 4}));
  EXPECT_LT(numbers.size(), 24U);
  EXPECT_EQ(all_lines(buffer_.drain(0, 1)), lines_[0]);
}

TEST_F(MergeTest, WhatAnEarlierRunHasStoredStaysAsItIs) {
  store(0, 15);
  ASSERT_TRUE(buffer_.open());
  store(0, 15);
  EXPECT_EQ(buffer_.counts().held_blocks, 30U);
  store(0, 1);
  EXPECT_EQ(buffer_.counts().held_blocks, 16U);
  EXPECT_EQ(all_lines(buffer_.drain(0, 0)), lines_[0]);
}

TEST_F(MergeTest, ALongOutageLeavesFewBlocks) {
  constexpr std::size_t kRecords = 400;
  const std::string text(1'200, 'x');
  store(0, kRecords, text);
  EXPECT_LT(buffer_.counts().held_blocks, kRecords / 20);
  EXPECT_EQ(buffer_.counts().held_records, kRecords);
  const std::vector<BlockPtr> blocks = buffer_.drain(0, 0);
  EXPECT_EQ(all_lines(blocks), lines_[0]);
  EXPECT_TRUE(std::ranges::all_of(
      blocks, [](const BlockPtr& block) { return block->raw_bytes <= Merger::kLargest; }));
  ASSERT_TRUE(buffer_.open());
  EXPECT_EQ(all_lines(buffer_.drain(0, 1)), lines_[0]);
}

TEST_F(MergeTest, BlocksWhoseLinesDoNotTellTheirSequencesAreLeftAlone) {
  for (std::uint64_t i = 0; i < 40; ++i) {
    buffer_.submit(make_block(0, next_++, 1, "no frame"));
    buffer_.tick();
  }
  EXPECT_EQ(buffer_.counts().held_blocks, 40U);
  store(0, 32);
  EXPECT_LT(buffer_.counts().held_blocks, 40U + 32U);
  const Numbers numbers = firsts(buffer_.drain(0, 0));
  EXPECT_EQ(numbers.at(39), 40U);
  EXPECT_EQ(buffer_.counts().held_records, 72U);
}

}  // namespace
}  // namespace sluice
