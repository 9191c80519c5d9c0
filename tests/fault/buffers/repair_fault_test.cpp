// Breaks the disk at every single operation while blocks are cut, buried, queued again and put
// together. A transaction that fails may have taken place; it must come out the same.
#include "tests/fault/buffers/record_model.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/line_blocks.h"
#include "tests/support/stepped_buffer.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <ostream>
#include <string>
#include <vector>

namespace sluice {
namespace {

using testing_support::break_disk_after;
using testing_support::disk_has_failed;
using testing_support::DiskFault;
using testing_support::faulty_vfs;
using testing_support::heal_disk;
using testing_support::make_lines;
using testing_support::SteppedBuffer;
using testing_support::TempDirectory;

using Numbers = std::vector<std::uint64_t>;

constexpr int kMoreThanTheScriptNeeds = 2'000;
constexpr std::uint64_t kLast = 24;

struct Fault {
  std::string name;
  DiskFault kind;
  friend void PrintTo(const Fault& each, std::ostream* out) { *out << each.name; }
};

class RepairFaultTest : public testing::TestWithParam<Fault> {
 protected:
  void TearDown() override { heal_disk(); }

  void start_afresh() {
    for (const char* suffix : {"", "-wal", "-journal"}) {
      std::filesystem::remove(directory_.file("buffer.db") + suffix);
    }
    split_.clear();
    requeued_.clear();
  }

  // A block of four records, two of one record, and one among the dead letters; all were sent.
  static void prepare(SteppedBuffer& buffer) {
    buffer.submit(make_lines(0, 1, {"a", "b", "c", "d"}));
    for (std::uint64_t first = 5; first <= 7; ++first) {
      buffer.submit(make_lines(0, first, {"text"}));
    }
    buffer.tick();
    for (const std::uint64_t after : {0U, 4U, 5U, 6U}) {
      ASSERT_NE(buffer.fetch(0, 0, after), nullptr);
    }
    bury(buffer, 7);
    buffer.tick();
  }

  static void bury(SteppedBuffer& buffer, std::uint64_t record) {
    buffer.loop().inbox().bury({.flow = FlowIndex(0),
                                .sink = SinkIndex(0),
                                .range = {Sequence(record - 1), Sequence(record)},
                                .why = {.reason = "refused", .detail = {}},
                                .block = nullptr});
  }

  // Returns what a sink was handed out of the new blocks, if anything.
  BlockPtr repair(SteppedBuffer& buffer) {
    buffer.loop().inbox().split({.flow = FlowIndex(0),
                                 .first = Sequence(1),
                                 .then = [this](const Status& done) { split_.push_back(done); },
                                 .tried_last = std::nullopt});
    bury(buffer, 5);
    buffer.loop().inbox().change_dead(
        {.id = DeadId(1),
         .what = DeadRequest::What::Requeue,
         .then = [this](const Status& done) { requeued_.push_back(done); },
         .tried = false,
         .hole = std::nullopt});
    for (std::uint64_t first = 8; first <= kLast; ++first) {
      buffer.submit(make_lines(0, first, {"text"}));
    }
    buffer.tick();
    const BlockPtr handed_out = buffer.fetch(0, 0, 7);
    buffer.tick();
    return handed_out;
  }

  void expect_answers() const {
    ASSERT_EQ(split_.size(), 1U);
    EXPECT_TRUE(split_[0]) << split_[0].error().message;
    ASSERT_EQ(requeued_.size(), 1U);
    EXPECT_TRUE(requeued_[0]) << requeued_[0].error().message;
  }

  struct Seen {
    std::vector<DeadEntry> dead;
    std::map<std::string, std::uint64_t> ledger;  // of all flows
    std::uint64_t held = 0;
  };

  static Seen look(SteppedBuffer& buffer) {
    Seen seen;
    buffer.inspect([&](Inspection& file) {
      const auto outline = file.outline();
      const auto blocks = file.blocks({}, Sequence(0), 1'000);
      auto dead = file.dead(DeadId(0), 1'000);
      ASSERT_TRUE(outline && blocks && dead);
      for (const FlowOutline& flow : outline->flows) {
        for (const auto& [what, records] : flow.ledger) {
          seen.ledger[what] += records;
        }
      }
      for (const BlockOutline& block : *blocks) {
        seen.held += block.records;
      }
      seen.dead = *std::move(dead);
    });
    return seen;
  }

  static void expect_everything_in_its_place(SteppedBuffer& buffer, const BlockPtr& handed_out) {
    const std::vector<BlockPtr> blocks = buffer.drain(0, 0);
    Numbers records;
    for (const BlockPtr& block : blocks) {
      const Numbers more = sequences_of(*block);
      records.insert(records.end(), more.begin(), more.end());
      if (handed_out != nullptr && block->first == handed_out->first) {
        EXPECT_TRUE(block->data == handed_out->data) << "it was sent with other bytes";
      }
    }
    Numbers expected{1, 2, 3, 4};
    for (std::uint64_t each = 6; each <= kLast; ++each) {
      expected.push_back(each);
    }
    EXPECT_EQ(records, expected);
    ASSERT_GE(blocks.size(), 2U);
    EXPECT_EQ(number(blocks[0]->last()), 2U);
    Seen seen = look(buffer);
    ASSERT_EQ(seen.dead.size(), 1U);
    EXPECT_EQ(number(seen.dead[0].first), 5U);
    EXPECT_EQ(seen.ledger["stored"] + seen.ledger["requeued"],
              seen.ledger["delivered"] + seen.ledger["dead"] + seen.held);
    EXPECT_EQ(buffer.counts().held_records, records.size());
    EXPECT_EQ(buffer.counts().damaged_blocks, 0U);
  }

  const TempDirectory directory_;
  std::vector<Status> split_;
  std::vector<Status> requeued_;
};

TEST_P(RepairFaultTest, RepairsComeOutTheSameWhereverTheDiskBreaks) {
  bool failed = true;
  for (int n = 0; failed; ++n) {
    ASSERT_LT(n, kMoreThanTheScriptNeeds);
    SCOPED_TRACE("the disk breaks after operation " + std::to_string(n));
    start_afresh();
    SteppedBuffer buffer(
        {.directory = directory_.path(), .routes = {{"a", {"x"}}}, .vfs = faulty_vfs()});
    ASSERT_TRUE(buffer.open());
    prepare(buffer);
    break_disk_after(n, GetParam().kind);
    BlockPtr handed_out = repair(buffer);
    failed = disk_has_failed();
    heal_disk();
    buffer.tick();
    buffer.tick();
    if (handed_out == nullptr) {
      handed_out = buffer.fetch(0, 0, 7);  // the request is still open
    }
    expect_answers();
    EXPECT_EQ(buffer.counts().trouble, "");
    expect_everything_in_its_place(buffer, handed_out);
    ASSERT_TRUE(buffer.open());
    expect_everything_in_its_place(buffer, handed_out);
    if (HasFailure()) {
      break;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Each, RepairFaultTest,
                         testing::Values(Fault{"Refuses", DiskFault::Refuses},
                                         Fault{"TearsWrite", DiskFault::TearsWrite},
                                         Fault{"SyncFails", DiskFault::SyncFails},
                                         Fault{"IsFull", DiskFault::IsFull}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace sluice
