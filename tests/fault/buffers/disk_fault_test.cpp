// Breaks the disk at every single operation in turn, and checks that the buffer keeps its word:
// what it has settled is there after a restart, what it has forgotten stays forgotten, and when the
// disk recovers so does the buffer.
#include "tests/support/faulty_vfs.h"
#include "tests/support/stepped_buffer.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace sluice {
namespace {

using testing_support::break_disk_after;
using testing_support::disk_has_failed;
using testing_support::DiskFault;
using testing_support::faulty_vfs;
using testing_support::firsts;
using testing_support::heal_disk;
using testing_support::make_block;
using testing_support::make_dead_input;
using testing_support::make_empty;
using testing_support::SteppedBuffer;
using testing_support::TempDirectory;

using Numbers = std::vector<std::uint64_t>;

constexpr int kMoreThanTheScriptNeeds = 2'000;
constexpr std::uint64_t kBlocks = 6;

struct Fault {
  std::string name;
  DiskFault kind;
  friend void PrintTo(const Fault& each, std::ostream* out) { *out << each.name; }
};

class DiskFaultTest : public testing::TestWithParam<Fault> {
 protected:
  void TearDown() override { heal_disk(); }

  SqliteBufferOptions options() {
    return {.directory = directory_.path(), .routes = {{"a", {"x"}}}, .vfs = faulty_vfs()};
  }
  void start_afresh() {
    for (const char* suffix : {"", "-wal", "-journal"}) {
      std::filesystem::remove(directory_.file("buffer.db") + suffix);
    }
  }

  // Three blocks are confirmed while the others arrive. Returns what was confirmed for sure: when
  // a transaction after the confirmation has taken place.
  static std::uint64_t run_script(SteppedBuffer& buffer, bool from_the_first) {
    std::uint64_t forgotten = 0;
    for (std::uint64_t first = from_the_first ? 1 : 4; first <= kBlocks; ++first) {
      SealedBlock block = make_block(0, first, 1, std::string(3'000 * first, 'x'));
      block.state = {{"last", std::to_string(first)}};
      buffer.submit(std::move(block));
      if (first > 3) {
        buffer.confirm(0, 0, first - 3);
      }
      buffer.tick();
      if (first > 3 && buffer.counts().trouble.empty()) {
        forgotten = first - 3;
      }
    }
    return forgotten;
  }

  static void expect_everything_kept(SteppedBuffer& buffer, const Numbers& settled,
                                     std::uint64_t forgotten) {
    const Numbers found = firsts(buffer.drain(0, 0));
    EXPECT_TRUE(std::ranges::is_sorted(found));
    EXPECT_TRUE(std::ranges::adjacent_find(found) == found.end()) << "a block is there twice";
    for (const std::uint64_t first : settled) {
      // What was confirmed may be gone even if the answer did not come through.
      if (first > 3) {
        EXPECT_TRUE(std::ranges::find(found, first) != found.end()) << first << " is lost";
      }
    }
    if (!found.empty()) {
      EXPECT_GT(found.front(), forgotten) << "a forgotten block is back";
    }
    if (!settled.empty()) {
      EXPECT_GE(number(buffer.loop().last()), settled.back()) << "a sequence would be used again";
      const std::string state = buffer.loop().inbox().load("last").value_or("0");
      EXPECT_GE(std::stoull(state), settled.back()) << "the state is older than its block";
    }
    EXPECT_EQ(buffer.counts().damaged_blocks, 0U);
    EXPECT_EQ(buffer.counts().held_blocks, found.size());
  }

  const TempDirectory directory_;
};

TEST_P(DiskFaultTest, KeepsWhatIsSettledWhereverTheDiskBreaks) {
  bool failed = true;
  for (int n = 0; failed; ++n) {
    ASSERT_LT(n, kMoreThanTheScriptNeeds);
    SCOPED_TRACE("the disk breaks after operation " + std::to_string(n));
    start_afresh();
    SteppedBuffer buffer(options());
    std::uint64_t forgotten = 0;
    break_disk_after(n, GetParam().kind);
    if (buffer.open()) {
      forgotten = run_script(buffer, true);
    }
    buffer.close();
    failed = disk_has_failed();
    heal_disk();
    ASSERT_TRUE(buffer.open());
    expect_everything_kept(buffer, buffer.settled(), forgotten);
    if (HasFailure()) {
      break;
    }
  }
}

TEST_P(DiskFaultTest, GoesOnByItselfWhenTheDiskRecovers) {
  bool failed = true;
  for (int n = 0; failed; ++n) {
    ASSERT_LT(n, kMoreThanTheScriptNeeds);
    SCOPED_TRACE("the disk breaks after operation " + std::to_string(n));
    start_afresh();
    SteppedBuffer buffer(options());
    ASSERT_TRUE(buffer.open());
    for (std::uint64_t first = 1; first <= 3; ++first) {
      buffer.submit(make_block(0, first, 1, "data"));
    }
    buffer.tick();
    ASSERT_EQ(buffer.settled().size(), 3U);

    break_disk_after(n, GetParam().kind);
    run_script(buffer, false);
    failed = disk_has_failed();
    const bool troubled = !buffer.counts().trouble.empty();
    EXPECT_EQ(buffer.settled().size() < kBlocks, troubled) << "the trouble is not told";
    heal_disk();
    buffer.tick();
    buffer.tick();

    EXPECT_EQ(buffer.counts().trouble, "");
    EXPECT_EQ(buffer.counts().waiting_bytes, 0U);
    EXPECT_EQ(buffer.settled(), (Numbers{1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(firsts(buffer.drain(0, 0)), (Numbers{4, 5, 6}));
    ASSERT_TRUE(buffer.open());
    EXPECT_EQ(firsts(buffer.drain(0, 0)), (Numbers{4, 5, 6}));
    EXPECT_EQ(buffer.counts().held_blocks, 3U);
    if (HasFailure()) {
      break;
    }
  }
}

// A transaction whose outcome is not known is not done again if it has taken place.
TEST_P(DiskFaultTest, CountsWhatComesWithABlockOnce) {
  bool failed = true;
  for (int n = 0; failed; ++n) {
    ASSERT_LT(n, kMoreThanTheScriptNeeds);
    SCOPED_TRACE("the disk breaks after operation " + std::to_string(n));
    start_afresh();
    SteppedBuffer buffer(options());
    ASSERT_TRUE(buffer.open());
    buffer.submit(make_block(0, 1, 1, "data"));
    buffer.tick();
    break_disk_after(n, GetParam().kind);
    for (std::uint64_t first = 2; first <= kBlocks; first += 2) {
      SealedBlock block = make_empty(0, first, {{"last", std::to_string(first)}});
      block.counted = {{"received", 5}, {"filtered", 4}};
      block.dead.push_back(make_dead_input(0, first + 1, std::string(3'000, 'x')));
      buffer.submit(std::move(block));
      buffer.tick();
    }
    failed = disk_has_failed();
    heal_disk();
    buffer.tick();
    buffer.tick();

    EXPECT_EQ(buffer.settled(), (Numbers{1, 2, 4, 6}));
    EXPECT_EQ(buffer.loop().inbox().load("last"), "6");
    ASSERT_TRUE(buffer.open());
    EXPECT_EQ(buffer.loop().inbox().load("last"), "6");
    EXPECT_EQ(buffer.loop().last(), Sequence(7));
    buffer.inspect([](Inspection& file) {
      const Result<BufferOutline> outline = file.outline();
      ASSERT_TRUE(outline) << outline.error().message;
      EXPECT_EQ(outline->flows.at(0).ledger,
                (Ledger{{"received", 16}, {"stored", 1}, {"filtered", 12}, {"dead_input", 3}}));
      EXPECT_EQ(outline->dead_letters, 3U);
    });
    if (HasFailure()) {
      break;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Each, DiskFaultTest,
                         testing::Values(Fault{"Refuses", DiskFault::Refuses},
                                         Fault{"TearsWrite", DiskFault::TearsWrite},
                                         Fault{"SyncFails", DiskFault::SyncFails},
                                         Fault{"IsFull", DiskFault::IsFull},
                                         Fault{"IsReadOnly", DiskFault::IsReadOnly},
                                         Fault{"CannotRead", DiskFault::CannotRead}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace sluice
