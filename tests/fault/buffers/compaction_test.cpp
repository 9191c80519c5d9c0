// The space of a drained backlog comes back, and a power cut at any moment of it changes nothing.
#include "buffers/compaction.h"

#include "tests/support/power_cut_vfs.h"
#include "tests/support/stepped_buffer.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace sluice {
namespace {

using testing_support::firsts;
using testing_support::make_block;
using testing_support::PowerCutDisk;
using testing_support::PowerCutOptions;
using testing_support::SteppedBuffer;
using testing_support::TempDirectory;

using Numbers = std::vector<std::uint64_t>;

constexpr std::size_t kBlockSize = 512UL * 1024;
constexpr std::uint64_t kBlocks = 3 * Compaction::kStep / kBlockSize;
constexpr std::uint64_t kKept = 3;

std::string data_of(std::uint64_t first) {
  return std::string(kBlockSize - first, static_cast<char>('a' + first % 26));
}

// All but the last few blocks are confirmed.
void build_and_drain_backlog(SteppedBuffer& buffer) {
  for (std::uint64_t first = 1; first <= kBlocks; ++first) {
    SealedBlock block = make_block(0, first, 1, data_of(first));
    block.state = {{"last", std::to_string(first)}};
    buffer.submit(std::move(block));
    buffer.step();
  }
  buffer.tick();
  buffer.confirm(0, 0, kBlocks - kKept);
  buffer.tick();
}

void wait_until_calm(SteppedBuffer& buffer) {
  buffer.clock().advance(Compaction::kCalm);
}

void expect_the_rest(SteppedBuffer& buffer) {
  const std::vector<BlockPtr> blocks = buffer.drain(0, 0);
  ASSERT_EQ(firsts(blocks), (Numbers{kBlocks - 2, kBlocks - 1, kBlocks}));
  for (const BlockPtr& block : blocks) {
    EXPECT_EQ(block->data, data_of(number(block->first)));
  }
  EXPECT_EQ(buffer.loop().inbox().load("last"), std::to_string(kBlocks));
  EXPECT_EQ(buffer.counts().damaged_blocks, 0U);
  EXPECT_EQ(buffer.counts().held_blocks, kKept);
}

SqliteBufferOptions options(const TempDirectory& directory) {
  return {.directory = directory.path(),
          .routes = {{.flow = "a", .sinks = {"x"}, .max_size = 1UL << 30U}}};
}

TEST(CompactionTest, TheFileIsSmallAgainSomeTimeAfterABacklogWasDrained) {
  const TempDirectory directory;
  SteppedBuffer buffer(options(directory));
  ASSERT_TRUE(buffer.open());
  build_and_drain_backlog(buffer);
  const auto size = [&] { return std::filesystem::file_size(directory.file("buffer.db")); };
  ASSERT_GT(size(), 2 * Compaction::kStep);
  const auto log = std::filesystem::file_size(directory.file("buffer.db-wal"));

  buffer.step();
  EXPECT_GT(size(), 2 * Compaction::kStep) << "it may be needed again at once";
  wait_until_calm(buffer);
  buffer.step();
  EXPECT_GT(size(), Compaction::kStep) << "it was cut in one go";
  for (std::uint64_t steps = 0; steps < kBlocks; ++steps) {
    buffer.step();
  }
  EXPECT_LT(size(), 2 * kKept * kBlockSize);
  EXPECT_GE(std::filesystem::file_size(directory.file("buffer.db-wal")), log)
      << "a log that shrinks has to grow again";
  expect_the_rest(buffer);
  buffer.submit(make_block(0, kBlocks + 1, 1, "new"));
  buffer.tick();
  EXPECT_EQ(buffer.settled().size(), kBlocks + 1);
}

TEST(CompactionTest, ABacklogThatIsThereIsLeftAlone) {
  const TempDirectory directory;
  SteppedBuffer buffer(options(directory));
  ASSERT_TRUE(buffer.open());
  build_and_drain_backlog(buffer);
  const auto size = std::filesystem::file_size(directory.file("buffer.db"));
  for (std::uint64_t first = kBlocks + 1; first <= kBlocks + 10; ++first) {
    buffer.submit(make_block(0, first, 1, data_of(first)));
  }
  buffer.tick();
  wait_until_calm(buffer);
  buffer.step();
  buffer.step();
  EXPECT_GE(std::filesystem::file_size(directory.file("buffer.db")), size);
}

TEST(CompactionTest, APowerCutAtAnyMomentOfItLosesNothing) {
  const TempDirectory directory;
  PowerCutDisk disk(PowerCutOptions{.sector = 4'096}, 1);
  SqliteBufferOptions on_disk = options(directory);
  on_disk.vfs = PowerCutDisk::vfs();
  SteppedBuffer buffer(on_disk);
  ASSERT_TRUE(buffer.open());
  build_and_drain_backlog(buffer);
  buffer.close();
  const auto image = disk.image();

  bool cut = true;
  std::uint64_t interrupted = 0;
  // Not every one: most write one page after the other into the log.
  for (std::uint64_t operation = 1; cut; operation += 1 + operation / 3) {
    SCOPED_TRACE("the power goes with operation " + std::to_string(operation));
    disk.restore(image);
    ASSERT_TRUE(buffer.open());
    buffer.tick();
    buffer.confirm(0, 0, kBlocks - kKept);  // so that the file is measured
    buffer.loop().inbox().put({"last", std::to_string(kBlocks)});
    buffer.tick();
    wait_until_calm(buffer);
    disk.cut_at(operation);
    for (std::uint64_t steps = 0; steps < 10; ++steps) {
      buffer.step();
    }
    cut = !disk.is_on();
    interrupted += cut ? 1 : 0;
    disk.cut_now();
    buffer.close();
    disk.restart();
    ASSERT_TRUE(buffer.open());
    expect_the_rest(buffer);
    buffer.close();
    if (HasFailure()) {
      break;
    }
  }
  EXPECT_GT(interrupted, 10U);
}

}  // namespace
}  // namespace sluice
