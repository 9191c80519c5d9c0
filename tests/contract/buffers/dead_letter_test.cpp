// What happens to records that a destination will never take, in the file and over restarts.
#include "buffers/sqlite_buffer.h"
#include "tests/support/buffer_probe.h"
#include "tests/support/dead_letters.h"
#include "tests/support/line_blocks.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using testing_support::drop_dead_letter;
using testing_support::Fetch;
using testing_support::forget_dead_input;
using testing_support::line_of;
using testing_support::lines_of;
using testing_support::list_dead_letters;
using testing_support::make_dead_input;
using testing_support::make_lines;
using testing_support::read_dead_letter;
using testing_support::requeue_dead_letter;
using testing_support::Settlements;
using testing_support::TempDirectory;

using Entries = std::vector<DeadEntry>;

class DeadLetterTest : public testing::Test {
 protected:
  void start(const std::vector<std::string>& sinks = {"x"}) {
    stop();
    options_.directory = directory_.path();
    options_.flush_interval = std::chrono::milliseconds(1);
    options_.routes = {{"a", sinks}};
    buffer_ = *open_sqlite_buffer(options_, clock_);
    thread_ = std::jthread([this](std::stop_token stop) {
      buffer_->run(settlements_, std::chrono::seconds(10), std::move(stop));
    });
  }
  void stop() {
    thread_ = {};
    buffer_.reset();
  }
  void store(std::uint64_t first, const std::string& text = "text") {
    buffer_->submit(make_lines(0, first, {text}));
    buffer_->flush();
    ASSERT_TRUE(settlements_.wait_for(++submitted_));
  }
  std::uint64_t fetch(std::size_t sink = 0) { return Fetch(*buffer_, 0, sink).first(); }
  void confirm(std::size_t sink, std::uint64_t last) {
    buffer_->confirm(FlowIndex(0), SinkIndex(sink), Sequence(0), Sequence(last));
  }
  void bury(std::size_t sink, std::uint64_t sequence) {
    buffer_->bury(FlowIndex(0), SinkIndex(sink), Sequence(sequence - 1), Sequence(sequence),
                  {"refused", "no " + std::to_string(sequence)});
  }
  Entries dead() {
    auto entries = list_dead_letters(*buffer_, DeadId(0), 1'000);
    EXPECT_TRUE(entries);
    return entries ? *std::move(entries) : Entries();
  }
  // Something that is stored later proves that everything before it is in the file.
  void settle_everything() {
    store(next_);
    ++next_;
  }
  std::uint64_t counted(const std::string& what) {
    const Ledger ledger = buffer_->ledgers().at("a");
    const auto found = ledger.find(what);
    return found != ledger.end() ? found->second : 0;
  }
  void expect_balance() {
    EXPECT_EQ(counted("stored") + counted("requeued"), counted("delivered") + counted("dead") +
                                                           counted("damaged") +
                                                           buffer_->counts().held_records);
  }

  const TempDirectory directory_;
  const SystemClock clock_;
  SqliteBufferOptions options_;
  Settlements settlements_;
  std::size_t submitted_ = 0;
  std::uint64_t next_ = 1'000;
  std::unique_ptr<SqliteBuffer> buffer_;
  std::jthread thread_;  // last: it ends before what it uses
};

TEST_F(DeadLetterTest, KeepsACopyWithTheReasonOverARestart) {
  start();
  store(1, "poison");
  store(2);
  EXPECT_EQ(fetch(), 1U);
  bury(0, 1);
  settle_everything();
  EXPECT_EQ(buffer_->counts().held_records, 2U);
  EXPECT_EQ(counted("dead"), 1U);
  expect_balance();
  start();
  EXPECT_EQ(fetch(), 2U);
  const Entries entries = dead();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].flow, "a");
  EXPECT_EQ(entries[0].sink, "x");
  EXPECT_EQ(entries[0].first, Sequence(1));
  EXPECT_EQ(entries[0].last, Sequence(1));
  EXPECT_EQ(entries[0].records, 1U);
  EXPECT_EQ(entries[0].why.reason, "refused");
  EXPECT_EQ(entries[0].why.detail, "no 1");
  const Result<BlockPtr> block = read_dead_letter(*buffer_, entries[0].id);
  ASSERT_TRUE(block);
  EXPECT_EQ(lines_of(**block), std::vector{line_of(1, "poison")});
}

TEST_F(DeadLetterTest, ARecordThatOneSinkRefusesAndAnotherTakesIsDelivered) {
  start({"x", "y"});
  store(1);
  bury(0, 1);
  settle_everything();
  EXPECT_EQ(fetch(1), 1U) << "the other sink is still to have it";
  confirm(1, 1);
  settle_everything();
  EXPECT_EQ(counted("delivered"), 1U);
  EXPECT_EQ(counted("dead"), 0U);
  EXPECT_EQ(dead().size(), 1U);
  expect_balance();
}

TEST_F(DeadLetterTest, ARecordThatNoSinkTakesIsDeadEvenIfACopyHadToBeDropped) {
  options_.dead_max_size = 1;
  start({"x", "y"});
  store(1);
  bury(0, 1);
  settle_everything();
  EXPECT_TRUE(dead().empty());
  EXPECT_EQ(counted("dropped_dead"), 1U);
  bury(1, 1);
  settle_everything();
  EXPECT_EQ(counted("dead"), 1U);
  EXPECT_EQ(counted("delivered"), 0U);
  EXPECT_EQ(counted("dropped_dead"), 2U);
  expect_balance();
}

TEST_F(DeadLetterTest, TheOldestGoWhenThereAreTooMany) {
  options_.dead_max_size = 3 * make_lines(0, 1, {"text"}).block->data.size();
  start();
  for (std::uint64_t first = 1; first <= 5; ++first) {
    store(first);
    bury(0, first);
  }
  settle_everything();
  const Entries entries = dead();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].first, Sequence(3));
  EXPECT_EQ(counted("dead"), 5U);
  EXPECT_EQ(counted("dropped_dead"), 2U);
  const auto behind = list_dead_letters(*buffer_, entries[0].id, 1);
  ASSERT_TRUE(behind);
  ASSERT_EQ(behind->size(), 1U);
  EXPECT_EQ(behind->front().first, Sequence(4));
}

TEST_F(DeadLetterTest, WhatIsQueuedAgainIsHandedOutUnderItsOwnSequenceToThatSinkOnly) {
  start({"x", "y"});
  store(1);
  store(2, "poison");
  store(3);
  bury(0, 2);
  confirm(0, 1);
  confirm(0, 3);
  confirm(1, 3);
  settle_everything();
  EXPECT_EQ(buffer_->counts().held_records, 1U);
  Fetch open(*buffer_, 0, 0, next_ - 1);
  ASSERT_TRUE(requeue_dead_letter(*buffer_, dead().at(0).id));
  EXPECT_TRUE(dead().empty());
  EXPECT_EQ(counted("requeued"), 1U);
  expect_balance();
  start({"x", "y"});
  const Result<BlockPtr> again = Fetch(*buffer_, 0, 0).result();
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->first, Sequence(2));
  EXPECT_EQ(lines_of(**again), std::vector{line_of(2, "poison")});
  EXPECT_EQ(fetch(1), next_ - 1);
  confirm(0, 2);
  EXPECT_EQ(fetch(0), next_ - 1);
  settle_everything();
  expect_balance();
}

TEST_F(DeadLetterTest, AWaitingSinkIsHandedOutAtOnceWhatIsQueuedAgain) {
  start();
  store(1);
  bury(0, 1);
  settle_everything();
  confirm(0, next_ - 1);
  Fetch waiting(*buffer_, 0, 0);
  const Entries entries = dead();
  EXPECT_FALSE(waiting.answered());
  ASSERT_TRUE(requeue_dead_letter(*buffer_, entries.at(0).id));
  EXPECT_EQ(waiting.first(), 1U);
}

TEST_F(DeadLetterTest, AnEarlierAnswerDoesNotConfirmWhatWasQueuedAgainInTheMeantime) {
  start();
  store(1);
  bury(0, 1);
  store(2);
  EXPECT_EQ(fetch(), 2U);  // under way
  settle_everything();
  ASSERT_TRUE(requeue_dead_letter(*buffer_, dead().at(0).id));
  confirm(0, 2);
  EXPECT_EQ(fetch(), 1U);
  confirm(0, 1);
  EXPECT_EQ(fetch(), next_ - 1);
}

TEST_F(DeadLetterTest, WhatIsDroppedIsGone) {
  start();
  store(1);
  bury(0, 1);
  settle_everything();
  const DeadId id = dead().at(0).id;
  ASSERT_TRUE(drop_dead_letter(*buffer_, id));
  EXPECT_TRUE(dead().empty());
  EXPECT_EQ(counted("dropped_dead"), 1U);
  for (const Status& refused :
       {drop_dead_letter(*buffer_, id), requeue_dead_letter(*buffer_, id)}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reaction, Reaction::Reject);
  }
  expect_balance();
}

TEST_F(DeadLetterTest, NobodyCanBeHandedOutWhatBelongsToASinkThatIsGone) {
  start();
  store(1);
  bury(0, 1);
  settle_everything();
  start({"other"});
  const Status refused = requeue_dead_letter(*buffer_, dead().at(0).id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reaction, Reaction::Reject);
  EXPECT_EQ(dead().size(), 1U);
}

TEST_F(DeadLetterTest, ThereIsAnAnswerAlsoWhenItHasStopped) {
  start();
  thread_ = {};
  EXPECT_EQ(requeue_dead_letter(*buffer_, DeadId(1)).error().reaction, Reaction::Closed);
  EXPECT_EQ(list_dead_letters(*buffer_, DeadId(0), 1).error().reaction, Reaction::Closed);
}

TEST_F(DeadLetterTest, InputIsForgottenWhenItsMessageHasBeenPutThroughOnceMore) {
  start();
  SealedBlock sealed = make_lines(0, 1, {"fine", "refused"});
  sealed.counted = {{"received", 4}};
  sealed.dead = {make_dead_input(0, 3, "first"), make_dead_input(0, 4, "second")};
  buffer_->submit(std::move(sealed));
  buffer_->flush();
  ASSERT_TRUE(settlements_.wait_for(++submitted_));
  const Entries entries = dead();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ((*read_dead_letter(*buffer_, entries[0].id))->data, "first");

  const Status requeued = requeue_dead_letter(*buffer_, entries[0].id);
  ASSERT_FALSE(requeued);
  EXPECT_EQ(requeued.error().reaction, Reaction::Reject);
  EXPECT_NE(requeued.error().message.find("only a running agent"), std::string::npos)
      << requeued.error().message;
  EXPECT_TRUE(forget_dead_input(*buffer_, entries[0].id));
  EXPECT_FALSE(forget_dead_input(*buffer_, entries[0].id)) << "it is gone";
  EXPECT_TRUE(drop_dead_letter(*buffer_, entries[1].id));
  EXPECT_TRUE(dead().empty());
  EXPECT_EQ(counted("dead_input"), 2U);
  EXPECT_EQ(counted("retried_input"), 1U);
  EXPECT_EQ(counted("dropped_dead"), 1U);
  EXPECT_EQ(imbalance_of(buffer_->ledgers().at("a"), 2), 0);
  start();
  EXPECT_TRUE(dead().empty());
}

TEST_F(DeadLetterTest, WhatASinkHasRefusedIsNotForgottenAsInput) {
  start();
  store(1);
  bury(0, 1);
  settle_everything();
  ASSERT_EQ(dead().size(), 1U);
  EXPECT_FALSE(forget_dead_input(*buffer_, dead()[0].id));
  EXPECT_EQ(dead().size(), 1U);
}

}  // namespace
}  // namespace sluice
