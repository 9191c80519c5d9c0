// What everything promises that stands between the field side and the cloud side. A new
// implementation is added to the list at the end and inherits all of these tests.
#include "buffers/sqlite_buffer.h"
#include "tests/support/buffer_probe.h"
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
using testing_support::make_block;
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
  virtual void stop() = 0;
};

class Memory final : public Subject {
 public:
  explicit Memory(BufferListener& listener) : buffer_({2, 1}, listener) {}
  BlockWriter& writer() override { return buffer_; }
  BlockReader& reader() override { return buffer_; }
  StateStore& states() override { return buffer_; }
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
    subject_->reader().confirm(FlowIndex(flow), SinkIndex(sink), Sequence(0), Sequence(last));
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
