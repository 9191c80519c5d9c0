#include "pipeline/block_builder.h"

#include "tests/unit/pipeline/blocks.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>
#include <vector>

namespace sluice {
namespace {

Timestamp at(int ms) {
  return Timestamp(std::chrono::milliseconds(ms));
}

class BlockBuilders : public ::testing::Test {
 protected:
  // A line of `size` bytes, its break included, the sequence not.
  std::string add(std::size_t size, int time = 0) {
    std::string line = ",\"ts\":" + std::to_string(1'000'000 + added_++) + R"(,"x":")";
    line.append(size - line.size() - 3, 'x');
    line += "\"}\n";
    builder_.text() += line;
    builder_.end_line(at(time));
    return line;
  }

  static constexpr std::size_t kBlockSize = 1'000;
  static constexpr std::size_t kPrefix = 7;  // {"seq":
  BlockEncoder encoder_{1, kBlockSize};
  BlockBuilder builder_{FlowIndex{3}, encoder_};
  int added_ = 0;
};

TEST_F(BlockBuilders, SealLinesWithConsecutiveSequences) {
  const std::string a = add(100, 30);
  const std::string b = add(50, 10);
  const std::string c = add(60, 20);
  const Block block = builder_.seal(Sequence{9});
  EXPECT_EQ(unpack(block), "{\"seq\":9" + a + "{\"seq\":10" + b + "{\"seq\":11" + c);
  EXPECT_EQ(block.flow, FlowIndex{3});
  EXPECT_EQ(block.first, Sequence{9});
  EXPECT_EQ(block.last(), Sequence{11});
  EXPECT_EQ(block.count, 3U);
  EXPECT_EQ(block.min_time, at(10));
  EXPECT_EQ(block.max_time, at(30));
  EXPECT_TRUE(builder_.empty());
}

TEST_F(BlockBuilders, AreFullWhenTheRawBytesReachTheBlockSize) {
  constexpr std::size_t kLine = kBlockSize / 4 - kPrefix - 1;
  for (int i = 0; i < 3; ++i) {
    add(kLine);
    EXPECT_FALSE(builder_.full(Sequence{1}));
  }
  add(kLine);
  EXPECT_TRUE(builder_.full(Sequence{1}));
  const Block block = builder_.seal(Sequence{1});
  EXPECT_EQ(block.raw_bytes, kBlockSize);
  EXPECT_EQ(lines_of(block).size(), 4U);
  EXPECT_TRUE(builder_.empty());
}

TEST_F(BlockBuilders, KeepTheLineThatDoesNotFitForTheNextBlock) {
  const std::string a = add(600, 1);
  EXPECT_FALSE(builder_.full(Sequence{1}));
  const std::string b = add(600, 2);
  ASSERT_TRUE(builder_.full(Sequence{1}));
  const Block first = builder_.seal(Sequence{1});
  EXPECT_EQ(unpack(first), "{\"seq\":1" + a);
  EXPECT_EQ(first.max_time, at(1));
  EXPECT_FALSE(builder_.empty());
  EXPECT_FALSE(builder_.full(Sequence{2}));
  const Block second = builder_.seal(Sequence{2});
  EXPECT_EQ(unpack(second), "{\"seq\":2" + b);
  EXPECT_EQ(second.min_time, at(2));
}

TEST_F(BlockBuilders, MakeABlockOfItsOwnOfALineThatIsTooLarge) {
  const std::string small = add(100);
  const std::string large = add(5'000);
  ASSERT_TRUE(builder_.full(Sequence{1}));
  EXPECT_EQ(unpack(builder_.seal(Sequence{1})), "{\"seq\":1" + small);
  ASSERT_TRUE(builder_.full(Sequence{2}));
  EXPECT_EQ(unpack(builder_.seal(Sequence{2})), "{\"seq\":2" + large);
  EXPECT_TRUE(builder_.empty());
}

TEST_F(BlockBuilders, CountTheDigitsOfTheSequences) {
  constexpr std::size_t kLine = kBlockSize / 4 - kPrefix - 2;
  std::vector<std::string> lines;
  for (int i = 0; i < 4; ++i) {
    lines.push_back(add(kLine));
  }
  EXPECT_FALSE(builder_.full(Sequence{7}));   // 7, 8, 9, 10
  EXPECT_TRUE(builder_.full(Sequence{10}));   // two digits each
  EXPECT_TRUE(builder_.full(Sequence{999}));  // one too many
  const Block block = builder_.seal(Sequence{98});
  EXPECT_EQ(unpack(block),
            "{\"seq\":98" + lines[0] + "{\"seq\":99" + lines[1] + "{\"seq\":100" + lines[2]);
  EXPECT_EQ(unpack(builder_.seal(Sequence{101})), "{\"seq\":101" + lines[3]);
}

TEST_F(BlockBuilders, WriteTheLargestSequence) {
  const std::string line = add(100);
  const Block block = builder_.seal(Sequence{UINT64_MAX});
  EXPECT_EQ(unpack(block), "{\"seq\":18446744073709551615" + line);
}

TEST_F(BlockBuilders, GiveAwayExactlyAsMuchMemoryAsTheFrameNeeds) {
  for (int i = 0; i < 5; ++i) {
    add(300);
  }
  const Block block = builder_.seal(Sequence{1});
  EXPECT_LE(block.data.capacity(), std::max<std::size_t>(block.data.size(), 15));
}

TEST_F(BlockBuilders, ShareOneEncoder) {
  BlockBuilder other(FlowIndex{4}, encoder_);
  const std::string a = add(100);
  other.text() += ",\"ts\":1}\n";
  other.end_line(at(0));
  const std::string b = add(100);
  EXPECT_EQ(unpack(other.seal(Sequence{1})), "{\"seq\":1,\"ts\":1}\n");
  EXPECT_EQ(unpack(builder_.seal(Sequence{2})), "{\"seq\":2" + a + "{\"seq\":3" + b);
}

TEST_F(BlockBuilders, LoseNoLineAtAnyBoundary) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::uint64_t next = 1;
  std::string expected;
  std::string found;
  std::uint64_t written = 0;
  const auto seal = [&] {
    const Block block = builder_.seal(Sequence{next});
    EXPECT_EQ(number(block.first), next);
    EXPECT_TRUE(block.raw_bytes <= kBlockSize || block.count == 1);
    next += block.count;
    found += unpack(block);
  };
  for (int i = 0; i < 20'000; ++i) {
    const std::size_t size = random() % 100 == 0 ? random() % 3'000 + 30 : random() % 200 + 30;
    expected += "{\"seq\":" + std::to_string(++written) + add(size);
    while (random() % 4 != 0 && builder_.full(Sequence{next})) {
      seal();
    }
  }
  while (!builder_.empty()) {
    seal();
  }
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace sluice
