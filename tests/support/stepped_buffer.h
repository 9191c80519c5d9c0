// The buffer on the thread of the test, with a clock that the test moves: the same script meets
// the disk in the same order every time.
#pragma once

#include "buffers/store_loop.h"
#include "tests/support/buffer_probe.h"
#include "tests/support/fake_clock.h"

#include <chrono>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace sluice::testing_support {

class SteppedBuffer {
 public:
  // Counts what happens from the first line on, also over several openings.
  explicit SteppedBuffer(SqliteBufferOptions options) : options_(std::move(options)) {}

  Status open() {
    close();
    auto opened = StoreLoop::open(options_, clock_);
    if (!opened) {
      return opened.error();
    }
    loop_ = *std::move(opened);
    return {};
  }
  void close() {
    loop_.reset();
    open_.clear();
  }
  // Ends like an agent that is told to. What it counted can still be asked for until it is opened
  // again.
  void stop() {
    std::stop_source stop;
    stop.request_stop();
    loop_->run(settlements_, std::chrono::seconds(0), stop.get_token());
  }
  [[nodiscard]] bool is_open() const { return loop_ != nullptr; }
  StoreLoop& loop() { return *loop_; }

  // Time for everything that may have been put off.
  void tick() {
    step();
    clock_.advance(std::chrono::seconds(2));
    step();
  }
  void step() { loop_->step(settlements_); }

  // Calls `work` with the open file; not while it cannot be opened.
  template <typename Work>
  void inspect(Work work) {
    loop_->inbox().inspect([&](const Result<Inspection*>& file) {
      if (file) {
        work(**file);
      }
    });
    step();
  }

  void submit(SealedBlock block) { loop_->inbox().submit(std::move(block)); }
  void confirm(std::size_t flow, std::size_t sink, std::uint64_t last) {
    confirm(flow, sink, 0, last);
  }
  void confirm(std::size_t flow, std::size_t sink, std::uint64_t after, std::uint64_t last) {
    loop_->inbox().confirm({FlowIndex(flow), SinkIndex(sink), {Sequence(after), Sequence(last)}});
  }

  // Null if there is none. The request then stays open, and the next call looks at it again.
  BlockPtr fetch(std::size_t flow, std::size_t sink, std::uint64_t after) {
    std::shared_ptr<BlockPtr>& answer = open_[{flow, sink}];
    if (answer == nullptr) {
      answer = std::make_shared<BlockPtr>();
      loop_->inbox().fetch({.flow = FlowIndex(flow),
                            .sink = SinkIndex(sink),
                            .after = Sequence(after),
                            .then = [answer](Result<BlockPtr> block) {
                              if (block) {
                                *answer = *block;
                              }
                            }});
    }
    step();
    BlockPtr block = *answer;
    if (block != nullptr) {
      answer = nullptr;
    }
    return block;
  }

  // Everything that the sink would be given. Its last request stays open.
  std::vector<BlockPtr> drain(std::size_t flow, std::size_t sink) {
    std::vector<BlockPtr> blocks;
    std::uint64_t after = 0;
    while (BlockPtr block = fetch(flow, sink, after)) {
      after = number(block->first);
      blocks.push_back(std::move(block));
    }
    return blocks;
  }

  [[nodiscard]] BufferCounts counts() const { return loop_->inbox().counts(); }
  [[nodiscard]] std::vector<std::uint64_t> settled() const { return settlements_.all(); }
  void forget_settled() { settlements_.forget(); }
  FakeClock& clock() { return clock_; }

 private:
  SqliteBufferOptions options_;
  FakeClock clock_;
  Settlements settlements_;
  std::unique_ptr<StoreLoop> loop_;
  std::map<std::pair<std::size_t, std::size_t>, std::shared_ptr<BlockPtr>> open_;
};

inline std::vector<std::uint64_t> firsts(const std::vector<BlockPtr>& blocks) {
  std::vector<std::uint64_t> numbers;
  for (const BlockPtr& block : blocks) {
    numbers.push_back(number(block->first));
  }
  return numbers;
}

}  // namespace sluice::testing_support
