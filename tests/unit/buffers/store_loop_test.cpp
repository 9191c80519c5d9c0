// When the store thread commits, seen with a clock that stands still until it is moved.
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
using testing_support::make_block;
using testing_support::SteppedBuffer;
using testing_support::TempDirectory;

using Numbers = std::vector<std::uint64_t>;

class StoreLoopTest : public testing::Test {
 protected:
  SqliteBufferOptions options(std::vector<Route> routes = {{"a", {"x"}}}) {
    return {.directory = directory_.path(), .routes = std::move(routes)};
  }

  const TempDirectory directory_;
};

TEST_F(StoreLoopTest, CommitsAtTheTickAndNotBefore) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, "data"));
  buffer.step();
  buffer.clock().advance(999ms);
  buffer.submit(make_block(0, 2, 1, "data"));
  buffer.step();
  EXPECT_EQ(buffer.settled(), Numbers{});
  EXPECT_EQ(buffer.counts().waiting_bytes, 8U);
  buffer.clock().advance(1ms);
  buffer.step();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2}));
  EXPECT_EQ(buffer.counts().commits, 1U);
  EXPECT_EQ(buffer.counts().waiting_bytes, 0U);
}

TEST_F(StoreLoopTest, CommitsConfirmationsAndStateWithTheTickToo) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, "data"));
  buffer.tick();
  buffer.confirm(0, 0, 1);
  buffer.loop().inbox().put({"key", "value"});
  buffer.step();
  EXPECT_EQ(buffer.counts().held_blocks, 1U);
  buffer.tick();
  EXPECT_EQ(buffer.counts().held_blocks, 0U);
  EXPECT_EQ(buffer.counts().commits, 2U);
}

TEST_F(StoreLoopTest, CommitsAtOnceWhatIsMoreThanAMebibyte) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, std::string(Inbox::kFlushBytes, 'x')));
  buffer.step();
  EXPECT_EQ(buffer.settled(), Numbers{});
  buffer.submit(make_block(0, 2, 1, "x"));
  buffer.step();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2}));
}

TEST_F(StoreLoopTest, AFlushCommitsOnceAndIsForgotten) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  buffer.loop().inbox().flush();
  buffer.step();
  EXPECT_EQ(buffer.counts().commits, 0U) << "there was nothing to commit";
  buffer.submit(make_block(0, 1, 1, "data"));
  buffer.loop().inbox().flush();
  buffer.step();
  EXPECT_EQ(buffer.settled(), Numbers{1});
  buffer.submit(make_block(0, 2, 1, "data"));
  buffer.step();
  EXPECT_EQ(buffer.settled(), Numbers{1});
}

TEST_F(StoreLoopTest, WritesNothingWhenNothingHappens) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  for (int i = 0; i < 5; ++i) {
    buffer.tick();
  }
  EXPECT_EQ(buffer.counts().commits, 0U);
}

TEST_F(StoreLoopTest, TellsWhichFlowIsAtItsLimitUntilThereIsRoom) {
  SteppedBuffer buffer(options({{"small", {"x"}, 5}}));
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, "data"));
  buffer.submit(make_block(0, 2, 1, "data"));
  buffer.tick();
  EXPECT_EQ(buffer.settled(), Numbers{1});
  EXPECT_EQ(buffer.counts().trouble, "flow small holds its maximum of 5 bytes");
  buffer.confirm(0, 0, 1);
  buffer.tick();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2}));
  EXPECT_EQ(buffer.counts().trouble, "");
}

TEST_F(StoreLoopTest, TellsForEachFlowAndTheFileHowMuchIsTakenOfWhat) {
  SqliteBufferOptions own = options({{"a", {"x"}}, {"b", {"x"}, 5'000}});
  own.max_size = 40UL * 1024 * 1024;
  SteppedBuffer buffer(std::move(own));
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(1, 1, 3, std::string(300, 'x')));
  buffer.tick();
  const BufferCounts counts = buffer.counts();
  ASSERT_EQ(counts.flows.size(), 2U);
  EXPECT_EQ(counts.flows[0].held_records, 0U);
  EXPECT_EQ(counts.flows[0].max_bytes, Route().max_size);
  EXPECT_EQ(counts.flows[1].held_records, 3U);
  EXPECT_EQ(counts.flows[1].held_bytes, 300U);
  EXPECT_EQ(counts.flows[1].max_bytes, 5'000U);
  EXPECT_EQ(counts.file_max_bytes, 40UL * 1024 * 1024);
  EXPECT_GT(counts.file_bytes, 300U);
  EXPECT_LT(counts.file_bytes, counts.file_max_bytes);
}

TEST_F(StoreLoopTest, MeasuresEveryTransactionThatTakesPlace) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  const std::uint64_t before = buffer.counts().commit_seconds.count();
  buffer.submit(make_block(0, 1, 1, "data"));
  buffer.tick();
  buffer.tick();
  EXPECT_EQ(buffer.counts().commit_seconds.count(), before + 1);
}

TEST_F(StoreLoopTest, TellsThatTheFileIsAtItsLimit) {
  SteppedBuffer buffer({.directory = directory_.path(),
                        .max_size = 120'000,
                        .routes = {{"a", {"x"}}, {"b", {"x"}}}});
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, std::string(40'000, 'x')));
  buffer.submit(make_block(1, 2, 1, std::string(40'000, 'x')));
  buffer.tick();
  EXPECT_EQ(buffer.settled(), Numbers{1});
  EXPECT_EQ(buffer.counts().trouble, "the buffer holds its maximum of 120000 bytes");
  buffer.confirm(0, 0, 1);
  buffer.tick();
  EXPECT_EQ(buffer.settled(), (Numbers{1, 2}));
}

TEST_F(StoreLoopTest, TheLastStateOfAKeyWinsWhereverItCameFrom) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  SealedBlock block = make_block(0, 1, 1, "data");
  block.state = {{"one", "block"}, {"two", "block"}};
  buffer.loop().inbox().put({"one", "earlier"});
  buffer.submit(std::move(block));
  buffer.loop().inbox().put({"two", "later"});
  buffer.tick();
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(buffer.loop().inbox().load("one"), "block");
  EXPECT_EQ(buffer.loop().inbox().load("two"), "later");
}

TEST_F(StoreLoopTest, RemovesAVeryLongBacklogInSeveralTransactions) {
  constexpr std::uint64_t kBlocks = 3'000;
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  for (std::uint64_t first = 1; first <= kBlocks; ++first) {
    buffer.submit(make_block(0, first, 1, "data"));
  }
  buffer.tick();
  ASSERT_EQ(buffer.settled().size(), kBlocks);
  const std::uint64_t before = buffer.counts().commits;
  buffer.confirm(0, 0, kBlocks);
  buffer.tick();
  EXPECT_EQ(buffer.counts().held_blocks, 0U);
  EXPECT_GT(buffer.counts().commits, before + 1);
}

}  // namespace
}  // namespace sluice
