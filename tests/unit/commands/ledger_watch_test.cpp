// Whether records that are not accounted for are noticed, in memory and in the file.
#include "commands/ledger_watch.h"

#include <gtest/gtest.h>

#include <optional>
#include <utility>

namespace sluice {
namespace {

using namespace std::chrono_literals;

// A file of which only the outline is of interest, and the buffer that owns it.
class OutlinedBuffer final : public InspectableBuffer, private Inspection {
 public:
  void inspect(InspectionStep step) override {
    ++looks;
    if (!readable) {
      step(Error{Reaction::Retry, "the disk refuses"});
      return;
    }
    step(this);
  }

  bool readable = true;
  unsigned looks = 0;
  BufferOutline content;

 private:
  static Error unexpected() { return {Reaction::Fatal, "nobody should ask for this"}; }

  Result<BufferOutline> outline() override { return content; }
  Result<std::vector<BlockOutline>> blocks(std::optional<StoredFlow> /*flow*/, Sequence /*after*/,
                                           std::size_t /*most*/) override {
    return unexpected();
  }
  Result<std::optional<InspectedBlock>> block(StoredFlow /*flow*/, Sequence /*after*/,
                                              Sequence /*seen*/) override {
    return unexpected();
  }
  Result<std::vector<DeadEntry>> dead(DeadId /*after*/, std::size_t /*most*/) override {
    return unexpected();
  }
  Result<BlockPtr> dead_block(DeadId /*id*/) override { return unexpected(); }
  Result<PurgeStep> purge(const PurgeOrder& /*order*/, Sequence /*after*/,
                          Sequence /*through*/) override {
    return unexpected();
  }
};

class LedgerWatchTest : public testing::Test {
 protected:
  LedgerWatchTest() {
    flow().ledger = {{"received", 1'000}, {"stored", 1'000}, {"delivered", 900}};
    buffer_.content.flows.push_back(
        {.id = StoredFlow{1},
         .name = "telemetry",
         .sinks = {},
         .ledger = {{"received", 1'000}, {"stored", 1'000}, {"delivered", 900}},
         .held = HeldOutline{.blocks = 1, .records = 100, .bytes = 1}});
  }

  FlowStatus& flow() { return status_.flows["telemetry"]; }
  std::int64_t imbalance_after(std::chrono::seconds start) {
    watch_.look(Instant(1h) + start, status_);
    watch_.tell(status_);
    return flow().imbalance;
  }

  AgentStatus status_{.version = "",
                      .agent = "",
                      .epoch = 0,
                      .now = {},
                      .counts = {},
                      .buffer = {},
                      .flows = {},
                      .sources = {},
                      .sinks = {}};
  OutlinedBuffer buffer_;
  LedgerWatch watch_{buffer_};
};

TEST_F(LedgerWatchTest, IsContentWhenEveryRecordIsAccountedFor) {
  EXPECT_EQ(imbalance_after(0s), 0);
  flow().counts.records = 50;
  flow().ledger["stored"] = 1'030;
  EXPECT_EQ(imbalance_after(1s), 0) << "the rest is in memory";
}

TEST_F(LedgerWatchTest, TakesTheWordOfTheStore) {
  flow().room.imbalance = -3;
  EXPECT_EQ(imbalance_after(0s), -3);
  flow().room.imbalance = 0;
  EXPECT_EQ(imbalance_after(1s), 0);
}

TEST_F(LedgerWatchTest, LooksIntoTheFileOnceAMinute) {
  EXPECT_EQ(imbalance_after(0s), 0);
  buffer_.content.flows[0].held->records = 93;
  EXPECT_EQ(imbalance_after(59s), 0);
  EXPECT_EQ(buffer_.looks, 1U);
  EXPECT_EQ(imbalance_after(60s), 7);
  EXPECT_EQ(buffer_.looks, 2U);
}

TEST_F(LedgerWatchTest, SaysWhatItKnowsWhileTheFileCannotBeRead) {
  buffer_.content.flows[0].held->records = 93;
  EXPECT_EQ(imbalance_after(0s), 7);
  buffer_.readable = false;
  EXPECT_EQ(imbalance_after(60s), 7);
  buffer_.readable = true;
  buffer_.content.flows[0].held->records = 100;
  EXPECT_EQ(imbalance_after(120s), 0);
}

TEST_F(LedgerWatchTest, DoesNotJudgeAFlowOfWhichTheFileSaysNothing) {
  buffer_.content.flows[0].held.reset();
  EXPECT_EQ(imbalance_after(0s), 0);
}

TEST_F(LedgerWatchTest, NoticesThatMoreIsStoredThanHasArrived) {
  EXPECT_EQ(imbalance_after(0s), 0);
  flow().counts.records = 10;
  flow().ledger["stored"] = 1'010;
  EXPECT_EQ(imbalance_after(1s), 0);
  flow().ledger["stored"] = 1'012;
  EXPECT_EQ(imbalance_after(2s), -2);
}

}  // namespace
}  // namespace sluice
