// Breaks the disk at every single operation in turn while blocks are delivered from memory, dropped
// for want of room and because of their age. Nothing that was settled may be missing without being
// counted, and no sequence that has left may be used again.
#include "buffers/store_file.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/stepped_buffer.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <ostream>
#include <set>
#include <string>
#include <vector>

namespace sluice {
namespace {

using namespace std::chrono_literals;
using testing_support::break_disk_after;
using testing_support::disk_has_failed;
using testing_support::DiskFault;
using testing_support::faulty_vfs;
using testing_support::firsts;
using testing_support::heal_disk;
using testing_support::make_block;
using testing_support::SteppedBuffer;
using testing_support::TempDirectory;

using Numbers = std::vector<std::uint64_t>;

constexpr int kMoreThanTheScriptNeeds = 2'000;
constexpr std::size_t kKept = 0;
constexpr std::size_t kOldest = 1;
constexpr std::size_t kNewest = 2;
constexpr std::size_t kFlows = 3;
constexpr std::uint64_t kBlocks = 12;

struct Fault {
  std::string name;
  DiskFault kind;
  friend void PrintTo(const Fault& each, std::ostream* out) { *out << each.name; }
};

class PolicyFaultTest : public testing::TestWithParam<Fault> {
 protected:
  void TearDown() override { heal_disk(); }

  SqliteBufferOptions options() {
    constexpr std::uint64_t kOneBlock = 5'000;
    return {.directory = directory_.path(),
            .spill_after = 3s,
            .routes = {{.flow = "kept", .sinks = {"x"}},
                       {.flow = "oldest",
                        .sinks = {"x"},
                        .max_size = kOneBlock,
                        .when_full = WhenFull::DropOldest,
                        .max_age = 64h},
                       {.flow = "newest",
                        .sinks = {"x"},
                        .max_size = kOneBlock,
                        .when_full = WhenFull::DropNewest}},
            .vfs = faulty_vfs()};
  }
  void start_afresh() {
    for (const char* suffix : {"", "-wal", "-journal"}) {
      std::filesystem::remove(directory_.file("buffer.db") + suffix);
    }
    handed_out_ = Sequence(0);
    confirmed_.clear();
  }

  void run_script(SteppedBuffer& buffer) {
    for (std::uint64_t first = 1; first <= kBlocks; ++first) {
      SealedBlock block = make_block(first % kFlows, first, 1, std::string(4'000, 'x'));
      if (first % 2 == 0) {
        block.state = {{"last", std::to_string(first)}};
      }
      buffer.submit(std::move(block));
      if (first % kFlows == kKept && first < 4) {
        deliver(buffer, kKept);
      }
      buffer.tick();
      buffer.clock().advance(10h);
    }
    deliver(buffer, kNewest);  // from the file
    buffer.tick();
  }

  void deliver(SteppedBuffer& buffer, std::size_t flow) {
    if (const BlockPtr block = buffer.fetch(flow, 0, 0); block != nullptr) {
      handed_out_ = std::max(handed_out_, block->last());
      confirmed_.insert(number(block->first));
      buffer.confirm(flow, 0, number(block->last()));
    }
  }

  // Of a buffer that has just been opened. Closes it.
  void expect_everything_accounted(SteppedBuffer& buffer) {
    const Numbers kept = firsts(buffer.drain(kKept, 0));
    for (const std::uint64_t first : buffer.settled()) {
      if (first % kFlows == kKept && !confirmed_.contains(first)) {
        EXPECT_TRUE(std::ranges::find(kept, first) != kept.end()) << first << " is lost";
      }
      EXPECT_GE(buffer.loop().last(), Sequence(first)) << "a sequence would be used again";
    }
    EXPECT_GE(buffer.loop().last(), handed_out_) << "a sequence has left already";
    EXPECT_EQ(buffer.counts().damaged_blocks, 0U);
    buffer.close();
    Result<StoreFile> file = StoreFile::open({.path = directory_.file("buffer.db"),
                                              .vfs = faulty_vfs(),
                                              .max_size = options().max_size,
                                              .may_create = false});
    ASSERT_TRUE(file);
    auto ledgers = file->catalogue.ledger();
    auto usage = file->blocks.count();
    ASSERT_TRUE(ledgers);
    ASSERT_TRUE(usage);
    for (auto& [flow, figures] : *ledgers) {
      EXPECT_EQ(imbalance_of(figures, usage->flows[flow].usage.records), 0)
          << "the ledger does not balance";
    }
  }

  const TempDirectory directory_;
  Sequence handed_out_{};
  std::set<std::uint64_t> confirmed_;
};

TEST_P(PolicyFaultTest, EverythingIsKeptOrCountedWhereverTheDiskBreaks) {
  bool failed = true;
  for (int n = 0; failed && !HasFailure(); ++n) {
    ASSERT_LT(n, kMoreThanTheScriptNeeds);
    SCOPED_TRACE("the disk breaks after operation " + std::to_string(n));
    start_afresh();
    SteppedBuffer buffer(options());
    break_disk_after(n, GetParam().kind);
    if (buffer.open()) {
      run_script(buffer);
    }
    buffer.close();
    failed = disk_has_failed();
    heal_disk();
    ASSERT_TRUE(buffer.open());
    expect_everything_accounted(buffer);
  }
}

TEST_P(PolicyFaultTest, GoesOnByItselfWhenTheDiskRecovers) {
  bool failed = true;
  for (int n = 0; failed && !HasFailure(); ++n) {
    ASSERT_LT(n, kMoreThanTheScriptNeeds);
    SCOPED_TRACE("the disk breaks after operation " + std::to_string(n));
    start_afresh();
    SteppedBuffer buffer(options());
    ASSERT_TRUE(buffer.open());
    break_disk_after(n, GetParam().kind);
    run_script(buffer);
    failed = disk_has_failed();
    heal_disk();
    buffer.tick();
    buffer.tick();
    buffer.tick();
    EXPECT_EQ(buffer.counts().trouble, "");
    EXPECT_EQ(buffer.counts().waiting_bytes, 0U);
    EXPECT_EQ(buffer.settled().size(), kBlocks);
    if (!failed) {  // the script itself does what it is for
      EXPECT_GT(buffer.counts().passed_records, 0U);
      EXPECT_GT(buffer.counts().dropped_full, 0U);
    }
    buffer.clock().advance(65h);
    buffer.tick();
    EXPECT_EQ(firsts(buffer.drain(kOldest, 0)), Numbers{});
    EXPECT_GT(buffer.counts().dropped_age, 0U);
    ASSERT_TRUE(buffer.open());
    EXPECT_EQ(buffer.loop().inbox().load("last"), std::to_string(kBlocks));
    expect_everything_accounted(buffer);
  }
}

INSTANTIATE_TEST_SUITE_P(Each, PolicyFaultTest,
                         testing::Values(Fault{"Refuses", DiskFault::Refuses},
                                         Fault{"TearsWrite", DiskFault::TearsWrite},
                                         Fault{"SyncFails", DiskFault::SyncFails},
                                         Fault{"IsFull", DiskFault::IsFull},
                                         Fault{"IsReadOnly", DiskFault::IsReadOnly},
                                         Fault{"CannotRead", DiskFault::CannotRead}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace sluice
