// What everything promises that stands between the field side and the cloud side. A new
// implementation is added to the list at the end and inherits all of these tests.
#include "buffers/sqlite_buffer.h"
#include "tests/support/buffer_probe.h"
#include "tests/support/dead_letters.h"
#include "tests/support/line_blocks.h"
#include "tests/support/memory_buffer.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <future>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using testing_support::Fetch;
using testing_support::line_of;
using testing_support::lines_of;
using testing_support::make_block;
using testing_support::make_dead_input;
using testing_support::make_empty;
using testing_support::make_lines;
using testing_support::MemoryBuffer;
using testing_support::Settlements;
using testing_support::TempDirectory;

// Two flows: "a" with two sinks and "b" with one.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual BlockWriter& writer() = 0;
  virtual BlockReader& reader() = 0;
  virtual StateStore& states() = 0;
  virtual Ledger ledger(std::size_t flow) = 0;
  virtual std::vector<DeadLetter> dead_input() = 0;
  virtual void stop() = 0;
};

class Memory final : public Subject {
 public:
  explicit Memory(BufferListener& listener) : buffer_({2, 1}, listener) {}
  BlockWriter& writer() override { return buffer_; }
  BlockReader& reader() override { return buffer_; }
  StateStore& states() override { return buffer_; }
  Ledger ledger(std::size_t flow) override { return buffer_.ledger(FlowIndex(flow)); }
  std::vector<DeadLetter> dead_input() override {
    std::vector<DeadLetter> letters;
    for (const DeadInput& each : buffer_.dead_input()) {
      letters.push_back(each.why);
    }
    return letters;
  }
  void stop() override { buffer_.stop(); }

 private:
  MemoryBuffer buffer_;
};

class Sqlite final : public Subject {
 public:
  Sqlite(BufferListener& listener, std::chrono::milliseconds spill_after)
      : buffer_(*open_sqlite_buffer({.directory = directory_.path(),
                                     .flush_interval = std::chrono::milliseconds(1),
                                     .spill_after = spill_after,
                                     .routes = {{"a", {"x", "y"}}, {"b", {"x"}}}},
                                    clock_)),
        thread_([this, &listener](std::stop_token stop) {
          buffer_->run(listener, std::chrono::seconds(10), std::move(stop));
        }) {}
  BlockWriter& writer() override { return *buffer_; }
  BlockReader& reader() override { return *buffer_; }
  StateStore& states() override { return *buffer_; }
  Ledger ledger(std::size_t flow) override { return buffer_->ledgers()[flow == 0 ? "a" : "b"]; }
  std::vector<DeadLetter> dead_input() override {
    std::vector<DeadLetter> letters;
    const auto entries = testing_support::list_dead_letters(*buffer_, DeadId(0), 1'000);
    EXPECT_TRUE(entries) << entries.error().message;
    for (const DeadEntry& each : entries ? *entries : std::vector<DeadEntry>()) {
      EXPECT_EQ(each.sink, "");
      letters.push_back(each.why);
    }
    return letters;
  }
  void stop() override {
    thread_.request_stop();
    thread_.join();
  }

 private:
  TempDirectory directory_;
  SystemClock clock_;
  std::unique_ptr<SqliteBuffer> buffer_;
  std::jthread thread_;  // last: it ends before what it uses
};

struct Implementation {
  std::string name;
  std::function<std::unique_ptr<Subject>(BufferListener&)> make;

  friend void PrintTo(const Implementation& each, std::ostream* out) { *out << each.name; }
};

class BufferContract : public testing::TestWithParam<Implementation> {
 protected:
  void submit(std::size_t flow, std::uint64_t first, std::uint32_t count = 1,
              const std::string& data = "data") {
    subject_->writer().submit(make_block(flow, first, count, data));
    ++submitted_;
  }
  void submit_settled(std::size_t flow, std::uint64_t first, std::uint32_t count = 1) {
    submit(flow, first, count);
    subject_->writer().flush();
    ASSERT_TRUE(settlements_.wait_for(submitted_));
  }
  std::uint64_t fetch(std::size_t flow, std::size_t sink, std::uint64_t after = 0) {
    return Fetch(subject_->reader(), flow, sink, after).first();
  }
  void confirm(std::size_t flow, std::size_t sink, std::uint64_t last) {
    confirm(flow, sink, 0, last);
  }
  void confirm(std::size_t flow, std::size_t sink, std::uint64_t after, std::uint64_t last) {
    subject_->reader().confirm(FlowIndex(flow), SinkIndex(sink), Sequence(after), Sequence(last));
  }
  // With lines of which each tells its sequence.
  void submit_lines(std::size_t flow, std::uint64_t first, std::size_t count) {
    subject_->writer().submit(make_lines(flow, first, std::vector<std::string>(count, "text")));
    ++submitted_;
  }
  Status split(std::size_t flow, std::uint64_t first) {
    const auto promise = std::make_shared<std::promise<Status>>();
    std::future<Status> answer = promise->get_future();
    subject_->reader().split(FlowIndex(flow), Sequence(first),
                             [promise](Status done) { promise->set_value(std::move(done)); });
    if (answer.wait_for(testing_support::kPatience) != std::future_status::ready) {
      return Error{Reaction::Retry, "the split was not answered"};
    }
    return answer.get();
  }
  // What the sink would be given, block by block.
  std::vector<std::vector<std::string>> drain(std::size_t flow, std::size_t sink,
                                              std::size_t blocks) {
    std::vector<std::vector<std::string>> all;
    std::uint64_t after = 0;
    for (std::size_t i = 0; i < blocks; ++i) {
      const Result<BlockPtr> block = Fetch(subject_->reader(), flow, sink, after).result();
      if (!block) {
        break;
      }
      after = number((*block)->first);
      all.push_back(lines_of(**block));
    }
    return all;
  }

  Settlements settlements_;
  std::size_t submitted_ = 0;
  std::unique_ptr<Subject> subject_ = GetParam().make(settlements_);
};

TEST_P(BufferContract, SettlesEveryBlockOfAFlowInTheOrderOfSubmission) {
  submit(0, 1);
  submit(1, 2);
  submit(0, 3);
  submit(0, 4);
  ASSERT_TRUE(settlements_.wait_for(4));
  std::vector<std::uint64_t> settled = settlements_.all();
  EXPECT_EQ(std::erase(settled, 2U), 1U);
  EXPECT_EQ(settled, (std::vector<std::uint64_t>{1, 3, 4}));
}

TEST_P(BufferContract, ABlockWithoutRecordsIsSettledInItsTurnAndNoSinkSeesIt) {
  submit(0, 1);
  subject_->writer().submit(make_empty(0, 2, {{"key", "two"}}));
  subject_->writer().submit(make_empty(0, 3));
  submit(0, 4);
  subject_->writer().submit(make_empty(0, 5));
  ASSERT_TRUE(settlements_.wait_for(5));
  EXPECT_EQ(settlements_.all(), (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(subject_->states().load("key"), "two");
  EXPECT_EQ(subject_->reader().newest(FlowIndex(0)), Sequence(4));
  EXPECT_EQ(fetch(0, 0), 1U);
  EXPECT_EQ(fetch(0, 0, 1), 4U);
  confirm(0, 0, 4);
  Fetch waiting(subject_->reader(), 0, 0, 4);
  subject_->writer().submit(make_empty(0, 6));
  subject_->writer().flush();
  ASSERT_TRUE(settlements_.wait_for(6));
  EXPECT_FALSE(waiting.answered());
  submit(0, 7);
  EXPECT_EQ(waiting.first(), 7U);
}

TEST_P(BufferContract, WhatComesWithABlockIsCountedAndKept) {
  SealedBlock block = make_block(0, 1, 3, "data");
  block.counted = {{"received", 6}, {"filtered", 2}};
  block.dead.push_back(make_dead_input(0, 4, "broken"));
  subject_->writer().submit(std::move(block));
  block = make_empty(0, 5, {{"key", "value"}});
  block.counted = {{"received", 10}, {"made", 1}, {"aggregated", 9}, {"dropped_error", 1}};
  block.dead.push_back(make_dead_input(0, 6, "also broken"));
  subject_->writer().submit(std::move(block));
  submit(1, 7);
  subject_->writer().flush();
  ASSERT_TRUE(settlements_.wait_for(3));
  const Ledger ledger = subject_->ledger(0);
  EXPECT_EQ(ledger.at("received"), 16U);
  EXPECT_EQ(ledger.at("made"), 1U);
  EXPECT_EQ(ledger.at("filtered"), 2U);
  EXPECT_EQ(ledger.at("aggregated"), 9U);
  EXPECT_EQ(ledger.at("dropped_error"), 1U);
  EXPECT_EQ(ledger.at("dead_input"), 2U);
  EXPECT_EQ(ledger.at("stored"), 3U);
  EXPECT_EQ(input_balance_of(ledger).in, input_balance_of(ledger).out);
  EXPECT_EQ(subject_->ledger(1).at("received"), 1U);
  const std::vector<DeadLetter> dead = subject_->dead_input();
  ASSERT_EQ(dead.size(), 2U);
  EXPECT_EQ(dead[0].reason, "invalid_json");
  EXPECT_EQ(dead[0].detail, "at byte 4");
  EXPECT_EQ(dead[1].detail, "at byte 6");
}

TEST_P(BufferContract, HandsOutTheBlocksOfAFlowInOrder) {
  submit(0, 1, 2);
  submit(1, 3);
  submit(0, 4);
  EXPECT_EQ(fetch(0, 0), 1U);
  EXPECT_EQ(fetch(0, 0, 1), 4U);
  EXPECT_EQ(fetch(1, 0), 3U);
}

TEST_P(BufferContract, HandsOutEveryFieldUnchanged) {
  const std::string bytes("\0{\"a\"}\n\xff", 8);
  submit(0, 7, 3, bytes);
  const BlockPtr expected = make_block(0, 7, 3, bytes).block;
  for (const std::size_t sink : {0U, 1U}) {
    const Result<BlockPtr> block = Fetch(subject_->reader(), 0, sink).result();
    ASSERT_TRUE(block);
    EXPECT_EQ((*block)->flow, expected->flow);
    EXPECT_EQ((*block)->first, expected->first);
    EXPECT_EQ((*block)->count, expected->count);
    EXPECT_EQ((*block)->raw_bytes, expected->raw_bytes);
    EXPECT_EQ((*block)->codec, expected->codec);
    EXPECT_EQ((*block)->min_time, expected->min_time);
    EXPECT_EQ((*block)->max_time, expected->max_time);
    EXPECT_EQ((*block)->data, bytes);
  }
}

TEST_P(BufferContract, AFetchStaysOpenUntilThereIsABlockForIt) {
  submit_settled(0, 1);
  Fetch waiting(subject_->reader(), 0, 0, 1);
  submit_settled(1, 2);  // of another flow
  EXPECT_FALSE(waiting.answered());
  submit(0, 3);
  EXPECT_EQ(waiting.first(), 3U);
}

TEST_P(BufferContract, HandsOutTheSameBlockAgainUntilItIsConfirmed) {
  submit(0, 1);
  EXPECT_EQ(fetch(0, 0), 1U);
  EXPECT_EQ(fetch(0, 0), 1U);
}

TEST_P(BufferContract, DoesNotHandOutWhatTheSinkHasConfirmed) {
  submit(0, 1, 2);
  submit(0, 3);
  confirm(0, 0, 2);
  EXPECT_EQ(fetch(0, 0), 3U);
}

TEST_P(BufferContract, HandsOutABlockAgainOfWhichOnlyAPartIsConfirmed) {
  submit(0, 1, 4);
  confirm(0, 0, 3);
  EXPECT_EQ(fetch(0, 0), 1U);
}

TEST_P(BufferContract, KeepsABlockUntilEverySinkHasConfirmedIt) {
  submit_settled(0, 1);
  confirm(0, 0, 1);
  submit_settled(0, 2);
  submit_settled(0, 3);
  EXPECT_EQ(fetch(0, 1), 1U);
  EXPECT_EQ(fetch(0, 0), 2U);
}

TEST_P(BufferContract, AnEarlierConfirmationTakesNothingBack) {
  submit(0, 1);
  submit(0, 2);
  submit(0, 3);
  confirm(0, 0, 2);
  confirm(0, 0, 1);
  confirm(0, 0, 2);
  EXPECT_EQ(fetch(0, 0), 3U);
}

TEST_P(BufferContract, StateIsThereAsSoonAsItIsPut) {
  EXPECT_EQ(subject_->states().load("key"), std::nullopt);
  subject_->states().put({"key", "one"});
  subject_->states().put({"key", "two"});
  EXPECT_EQ(subject_->states().load("key"), "two");
  subject_->states().put({"key", ""});
  EXPECT_EQ(subject_->states().load("key"), std::nullopt);
}

TEST_P(BufferContract, StateOfABlockIsThereWhenTheBlockIsSettled) {
  SealedBlock block = make_block(0, 1, 1, "data");
  block.state = {{"key", "value"}};
  subject_->writer().submit(std::move(block));
  ASSERT_TRUE(settlements_.wait_for(1));
  EXPECT_EQ(subject_->states().load("key"), "value");
}

TEST_P(BufferContract, AnswersOpenFetchesWithClosedWhenItStops) {
  Fetch before(subject_->reader(), 0, 0);
  subject_->stop();
  Fetch after(subject_->reader(), 1, 0);
  for (Fetch* each : {&before, &after}) {
    const Result<BlockPtr> block = each->result();
    ASSERT_FALSE(block);
    EXPECT_EQ(block.error().reaction, Reaction::Closed);
  }
}

TEST_P(BufferContract, FreshBlocksMayBeConfirmedAheadOfABacklog) {
  for (std::uint64_t first = 1; first <= 5; ++first) {
    submit(0, first);
  }
  EXPECT_EQ(fetch(0, 0, 3), 4U);
  confirm(0, 0, 3, 4);
  EXPECT_EQ(fetch(0, 0), 1U);
  EXPECT_EQ(fetch(0, 0, 3), 5U);
  confirm(0, 0, 0, 3);
  EXPECT_EQ(fetch(0, 0), 5U);
}

TEST_P(BufferContract, KeepsABlockThatIsConfirmedInTheMiddleUntilEverySinkHasIt) {
  submit(0, 1);
  submit(0, 2);
  submit_settled(0, 3);
  confirm(0, 0, 1, 2);
  submit_settled(0, 4);
  EXPECT_EQ(fetch(0, 1, 1), 2U);
  confirm(0, 1, 1, 2);
  submit_settled(0, 5);
  EXPECT_EQ(fetch(0, 1, 1), 3U);
  EXPECT_EQ(fetch(0, 0), 1U);
}

TEST_P(BufferContract, ABlockOfWhichOnlyTheMiddleIsConfirmedIsHandedOutAgain) {
  submit(0, 1, 10);
  confirm(0, 0, 3, 7);
  EXPECT_EQ(fetch(0, 0), 1U);
  confirm(0, 0, 0, 3);
  EXPECT_EQ(fetch(0, 0), 1U);
  confirm(0, 0, 7, 10);
  submit(0, 11);
  EXPECT_EQ(fetch(0, 0), 11U);
}

TEST_P(BufferContract, ASinkMayWaitForFreshBlocksAndForTheBacklogAtOnce) {
  submit_settled(0, 1);
  Fetch fresh(subject_->reader(), 0, 0, 1);
  EXPECT_EQ(fetch(0, 0), 1U);
  confirm(0, 0, 1);
  Fetch backlog(subject_->reader(), 0, 0);
  EXPECT_FALSE(fresh.answered());
  EXPECT_FALSE(backlog.answered());
  submit(0, 2);
  EXPECT_EQ(fresh.first(), 2U);
  EXPECT_EQ(backlog.first(), 2U);
}

TEST_P(BufferContract, NewestIsWhereTheLastBlockOfTheFlowBegins) {
  EXPECT_EQ(subject_->reader().newest(FlowIndex(0)), Sequence(0));
  submit(0, 1, 3);
  submit_settled(0, 4, 2);
  submit_settled(1, 6);
  EXPECT_EQ(subject_->reader().newest(FlowIndex(0)), Sequence(4));
  EXPECT_EQ(subject_->reader().newest(FlowIndex(1)), Sequence(6));
}

TEST_P(BufferContract, ASplitBlockIsHandedOutAsTwoWithTheSameRecords) {
  submit_lines(0, 1, 5);
  const std::vector<std::string> all = drain(0, 0, 1).front();
  ASSERT_EQ(all.size(), 5U);
  ASSERT_TRUE(split(0, 1));
  const Result<BlockPtr> left = Fetch(subject_->reader(), 0, 0).result();
  ASSERT_TRUE(left);
  const Result<BlockPtr> right = Fetch(subject_->reader(), 0, 0, number((*left)->last())).result();
  ASSERT_TRUE(right);
  EXPECT_EQ(number((*left)->first), 1U);
  EXPECT_EQ(number((*left)->last()), 2U);
  EXPECT_EQ(number((*right)->first), 3U);
  EXPECT_EQ(number((*right)->last()), 5U);
  EXPECT_EQ((*right)->flow, FlowIndex(0));
  EXPECT_EQ((*right)->codec, Codec::ZstdNdjson);
  std::vector<std::string> both = lines_of(**left);
  const std::vector<std::string> rest = lines_of(**right);
  EXPECT_EQ((*right)->count, rest.size());
  both.insert(both.end(), rest.begin(), rest.end());
  EXPECT_EQ(both, all);
}

TEST_P(BufferContract, SplittingGoesOnUntilARecordIsAlone) {
  submit_lines(0, 1, 4);
  submit_lines(0, 5, 1);
  ASSERT_TRUE(split(0, 1));
  ASSERT_TRUE(split(0, 3));
  ASSERT_TRUE(split(0, 1));
  EXPECT_EQ(drain(0, 0, 5), drain(0, 1, 5)) << "for all sinks";
  EXPECT_EQ(drain(0, 0, 5).at(3), std::vector{line_of(4, "text")});
  const Status refused = split(0, 4);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reaction, Reaction::Reject);
}

TEST_P(BufferContract, WhatIsNotHeldCannotBeSplit) {
  submit_lines(0, 1, 4);
  submit_settled(0, 5);
  for (const std::uint64_t first : {2U, 5U, 9U}) {
    const Status refused = split(0, first);
    ASSERT_FALSE(refused) << first;
    EXPECT_EQ(refused.error().reaction, Reaction::Reject);
  }
}

TEST_P(BufferContract, TheWholeConfirmsBothHalves) {
  submit_lines(0, 1, 4);
  submit_settled(0, 5);
  EXPECT_EQ(fetch(0, 1), 1U);
  ASSERT_TRUE(split(0, 1));
  confirm(0, 1, 0, 4);
  EXPECT_EQ(fetch(0, 1), 5U);
  EXPECT_EQ(fetch(0, 0), 1U);
}

TEST_P(BufferContract, AHalfOfABlockThatASinkHadConfirmedInPartIsHandedOutToIt) {
  submit_lines(0, 1, 4);
  confirm(0, 1, 2, 4);
  ASSERT_TRUE(split(0, 1));
  EXPECT_EQ(fetch(0, 1, 2), 3U) << "who knows whether the sink was ever handed out these";
}

TEST_P(BufferContract, ARangeThatBeginsInABlockWhichIsCutMeanwhileDoesNotCoverTheRestOfIt) {
  submit_lines(0, 1, 4);
  submit(0, 5);
  EXPECT_EQ(fetch(0, 0, 1), 5U);
  ASSERT_TRUE(split(0, 1));
  confirm(0, 0, 1, 5);
  EXPECT_EQ(fetch(0, 0, 2), 3U);
  confirm(0, 0, 0, 2);
  confirm(0, 0, 2, 4);
  submit(0, 6);
  EXPECT_EQ(fetch(0, 0), 6U);
}

TEST_P(BufferContract, TheSameIsTrueWhenTheHalfThatItBeginsInIsCutOnceMore) {
  submit_lines(0, 1, 6);
  EXPECT_EQ(fetch(0, 1), 1U);
  Fetch fresh(subject_->reader(), 0, 0, 1);
  ASSERT_TRUE(split(0, 1));
  EXPECT_EQ(fresh.first(), 4U);
  ASSERT_TRUE(split(0, 1));
  confirm(0, 0, 1, 6);
  confirm(0, 0, 0, 1);
  EXPECT_EQ(fetch(0, 0), 2U);
}

TEST_P(BufferContract, WhoWaitsForFreshBlocksIsGivenTheSecondHalfOfTheNewest) {
  submit_lines(0, 1, 4);
  EXPECT_EQ(fetch(0, 0), 1U);
  Fetch fresh(subject_->reader(), 0, 1, 1);
  ASSERT_TRUE(split(0, 1));
  EXPECT_EQ(fresh.first(), 3U);
  EXPECT_EQ(subject_->reader().newest(FlowIndex(0)), Sequence(3));
}

TEST_P(BufferContract, ABuriedRecordIsNotHandedOutToThatSinkAnyMore) {
  submit_lines(0, 1, 1);
  submit_lines(0, 2, 1);
  EXPECT_EQ(fetch(0, 0), 1U);
  subject_->reader().bury(FlowIndex(0), SinkIndex(0), Sequence(0), Sequence(1), {"refused", "why"});
  EXPECT_EQ(fetch(0, 0), 2U);
  EXPECT_EQ(fetch(0, 1), 1U);
}

TEST_P(BufferContract, AnswersSplitsWithClosedWhenItHasStopped) {
  submit_lines(0, 1, 4);
  subject_->stop();
  const Status refused = split(0, 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reaction, Reaction::Closed);
}

// Fetches, confirms, fetches the next, on the thread that hands the blocks over, as a dispatcher
// would.
class Consumer {
 public:
  Consumer(BlockReader& reader, std::size_t flow, std::size_t sink, std::size_t expected)
      : reader_(reader), flow_(FlowIndex(flow)), sink_(SinkIndex(sink)), expected_(expected) {}

  void start() { ask(Sequence(0)); }
  bool done() {
    return finished_.get_future().wait_for(testing_support::kPatience) == std::future_status::ready;
  }
  [[nodiscard]] const std::vector<std::uint64_t>& seen() const { return seen_; }

 private:
  void ask(Sequence after) {
    reader_.fetch(flow_, sink_, after, [this](Result<BlockPtr> block) {
      if (!block) {
        return;
      }
      const Sequence last = (*block)->last();
      seen_.push_back(number((*block)->first));
      reader_.confirm(flow_, sink_, Sequence(0), last);
      if (seen_.size() == expected_) {
        finished_.set_value();
      } else {
        ask(last);
      }
    });
  }

  BlockReader& reader_;
  const FlowIndex flow_;
  const SinkIndex sink_;
  const std::size_t expected_;
  std::vector<std::uint64_t> seen_;
  std::promise<void> finished_;
};

TEST_P(BufferContract, LosesNothingWhileManyThreadsSubmitConfirmAndFetch) {
  constexpr std::uint64_t kBlocks = 300;
  Consumer x(subject_->reader(), 0, 0, kBlocks);
  Consumer y(subject_->reader(), 0, 1, kBlocks);
  Consumer z(subject_->reader(), 1, 0, kBlocks);
  {
    std::vector<std::jthread> threads;
    for (Consumer* each : {&x, &y, &z}) {
      threads.emplace_back([each] { each->start(); });
    }
    for (const std::size_t flow : {0U, 1U}) {
      threads.emplace_back([this, flow] {
        for (std::uint64_t i = 0; i < kBlocks; ++i) {
          // Sequences of the two flows take turns.
          subject_->writer().submit(make_block(flow, 1 + 2 * i + flow, 1, std::string(500, 'x')));
          if (i % 16 == 0) {
            subject_->writer().flush();
          }
          subject_->states().put({"thread " + std::to_string(flow), std::to_string(i)});
        }
      });
    }
  }
  for (Consumer* each : {&x, &y, &z}) {
    ASSERT_TRUE(each->done());
    EXPECT_EQ(each->seen().size(), kBlocks);
    EXPECT_TRUE(std::ranges::is_sorted(each->seen(), std::less_equal<>()));
  }
  EXPECT_TRUE(settlements_.wait_for(2 * kBlocks));
  subject_->stop();
}

INSTANTIATE_TEST_SUITE_P(
    Each, BufferContract,
    testing::Values(Implementation{"Memory",
                                   [](BufferListener& listener) -> std::unique_ptr<Subject> {
                                     return std::make_unique<Memory>(listener);
                                   }},
                    Implementation{"Sqlite",
                                   [](BufferListener& listener) -> std::unique_ptr<Subject> {
                                     return std::make_unique<Sqlite>(listener,
                                                                     std::chrono::milliseconds(0));
                                   }},
                    Implementation{"SqliteLazy",
                                   [](BufferListener& listener) -> std::unique_ptr<Subject> {
                                     return std::make_unique<Sqlite>(listener,
                                                                     std::chrono::milliseconds(20));
                                   }}),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace sluice
