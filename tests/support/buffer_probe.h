// What tests of buffers and of their users need: blocks, a listener that remembers, fetches that
// can be waited for.
#pragma once

#include "core/block.h"
#include "core/buffer.h"
#include "core/ids.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::testing_support {

// A test that waits this long has failed; nothing depends on the figure.
constexpr std::chrono::seconds kPatience{60};

inline SealedBlock make_block(std::size_t flow, std::uint64_t first, std::uint32_t count,
                              std::string data) {
  Block block;
  block.flow = FlowIndex(flow);
  block.first = Sequence(first);
  block.count = count;
  block.raw_bytes = static_cast<std::uint32_t>(data.size() * 10);
  block.codec = Codec::ZstdNdjson;
  block.min_time = Timestamp(std::chrono::milliseconds(1'000 + first));
  block.max_time = Timestamp(std::chrono::milliseconds(2'000 + first));
  block.data = std::move(data);
  return {.block = std::make_shared<const Block>(std::move(block)),
          .counted = {{"received", count}}};
}

// Nothing but what comes with it.
inline SealedBlock make_empty(std::size_t flow, std::uint64_t sequence,
                              std::vector<StateRow> state = {}) {
  Block block;
  block.flow = FlowIndex(flow);
  block.first = Sequence(sequence);
  block.skipped = 1;
  return {.block = std::make_shared<const Block>(std::move(block)), .state = std::move(state)};
}

// A message that died before it was a line. Whoever submits it counts it as received.
inline DeadInput make_dead_input(std::size_t flow, std::uint64_t sequence, std::string data) {
  return {.block = make_block(flow, sequence, 1, std::move(data)).block,
          .why = {.reason = "invalid_json", .detail = "at byte " + std::to_string(sequence)}};
}

// Remembers what has been settled. Any thread.
class Settlements final : public BufferListener {
 public:
  void settled(Sequence first) override {
    const std::lock_guard lock(mutex_);
    settled_.push_back(number(first));
    changed_.notify_all();
  }

  [[nodiscard]] std::vector<std::uint64_t> all() const {
    const std::lock_guard lock(mutex_);
    return settled_;
  }

  // What has been settled so far, and its memory.
  void forget() {
    const std::lock_guard lock(mutex_);
    std::vector<std::uint64_t>().swap(settled_);
  }

  // False if it takes too long.
  [[nodiscard]] bool wait_for(std::size_t count) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return settled_.size() >= count; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<std::uint64_t> settled_;
};

// One fetch.
class Fetch {
 public:
  Fetch(BlockReader& reader, std::size_t flow, std::size_t sink, std::uint64_t after = 0) {
    auto promise = std::make_shared<std::promise<Result<BlockPtr>>>();
    answer_ = promise->get_future();
    reader.fetch(FlowIndex(flow), SinkIndex(sink), Sequence(after),
                 [promise](Result<BlockPtr> block) { promise->set_value(std::move(block)); });
  }

  [[nodiscard]] bool answered() const {
    return answer_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

  // Waits for the answer.
  Result<BlockPtr> result() {
    if (answer_.wait_for(kPatience) != std::future_status::ready) {
      return Error{Reaction::Retry, "the fetch was not answered"};
    }
    return answer_.get();
  }

  // First sequence of the block; 0 if there was an error.
  std::uint64_t first() {
    const Result<BlockPtr> block = result();
    return block ? number((*block)->first) : 0;
  }

 private:
  std::future<Result<BlockPtr>> answer_;
};

}  // namespace sluice::testing_support
