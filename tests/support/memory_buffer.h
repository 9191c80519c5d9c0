// A buffer that lives in memory: for tests of those who use one.
#pragma once

#include "buffers/confirmed.h"
#include "buffers/ledger.h"
#include "core/buffer.h"

#include <array>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::testing_support {

// Settles within submit() and answers fetches as soon as it can, on the thread that made it
// possible. Any thread.
class MemoryBuffer final : public BlockWriter, public BlockReader, public StateStore {
 public:
  // `sinks[i]` is the number of sinks of flow i. The listener outlives the buffer.
  MemoryBuffer(const std::vector<std::size_t>& sinks, BufferListener& listener);

  void submit(SealedBlock block) override;
  void flush() override {}
  void fetch(FlowIndex flow, SinkIndex sink, Sequence after, FetchHandler then) override;
  void confirm(FlowIndex flow, SinkIndex sink, Sequence after, Sequence last) override;
  void split(FlowIndex flow, Sequence first, SplitHandler then) override;
  void bury(FlowIndex flow, SinkIndex sink, Sequence after, Sequence last, DeadLetter why) override;
  [[nodiscard]] Sequence newest(FlowIndex flow) const override;
  [[nodiscard]] std::optional<std::string> load(std::string_view key) const override;
  void put(StateRow row) override;

  // Answers every open fetch with Closed, and every later one.
  void stop();
  [[nodiscard]] std::size_t held_blocks() const;

  struct Buried {
    FlowIndex flow{};
    SinkIndex sink{};
    BlockPtr block;
    DeadLetter why;
  };
  [[nodiscard]] std::vector<Buried> dead_letters() const;
  [[nodiscard]] std::vector<DeadInput> dead_input() const;
  // What was counted on the way to the lines.
  [[nodiscard]] Ledger ledger(FlowIndex flow) const;

 private:
  struct Request {
    Sequence after{};
    FetchHandler then;
  };
  struct Sink {
    Confirmed confirmed;
    std::array<Request, 2> open;  // from the beginning; after some sequence
  };
  struct Flow {
    std::vector<Sink> sinks;
    std::deque<BlockPtr> blocks;
    Sequence newest{};
    CutBlocks cut;
    Ledger ledger;
  };
  using Answer = std::pair<FetchHandler, Result<BlockPtr>>;

  void put_locked(const StateRow& row);
  void confirm_locked(FlowIndex flow, SinkIndex sink, SequenceRange range);
  Status split_locked(Flow& flow, Sequence first);
  static void answer_if_possible(Flow& flow, std::vector<Answer>& answers);
  static void deliver(std::vector<Answer> answers);

  mutable std::mutex mutex_;  // guards everything below
  std::vector<Flow> flows_;
  std::map<std::string, std::string, std::less<>> states_;
  std::vector<Buried> dead_;
  std::vector<DeadInput> dead_input_;
  bool stopped_ = false;
  BufferListener& listener_;
};

}  // namespace sluice::testing_support
