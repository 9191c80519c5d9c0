// One flow on the field side: from the messages of its topics to what the buffer is handed.
#pragma once

#include "core/block.h"
#include "core/clock.h"
#include "core/ids.h"
#include "core/message.h"
#include "core/transform.h"
#include "pipeline/block_builder.h"
#include "pipeline/flow_options.h"
#include "pipeline/handover.h"
#include "pipeline/line_writer.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// Of one flow since the agent started.
struct FlowCounts {
  std::uint64_t records = 0;   // written into blocks
  std::uint64_t blocks = 0;    // sealed, with records
  std::uint64_t errors = 0;    // could not be decoded or transformed, whatever became of them
  std::uint64_t received = 0;  // that decoding gave
  std::uint64_t made = 0;      // by transforms, besides those
  std::uint64_t filtered = 0;
  std::uint64_t aggregated = 0;
};

// The intake's thread owns everything but the counters.
//
// received + made = records + filtered + aggregated + given up + dead letters, and what one sealed
// block carries of these figures belongs to the records in it: so they agree in the buffer, too.
class FlowIntake final : private TransformOutput {
 public:
  FlowIntake(FlowOptions options, FlowIndex index, BlockEncoder& encoder, const Clock& clock);

  [[nodiscard]] const FlowOptions& options() const { return options_; }

  // `batch` stays until end_batch(). `topic_json` is the message's topic as TopicRoute has it.
  void take(const MessageBatch& batch, std::size_t at, std::string_view topic_json,
            const Share& share, Instant delivered);
  // True: transforms have run, so there may be enough for a block.
  bool end_batch();

  // When the transforms have something to say although nothing arrives.
  [[nodiscard]] std::optional<Instant> due() const;
  bool run_due(Instant now);  // likewise

  // When the oldest was delivered of what waits to be sealed; nothing: nothing waits.
  [[nodiscard]] std::optional<Instant> waiting_since() const;
  // The messages that what waits is about.
  [[nodiscard]] const std::vector<Share>& shares() const { return shares_; }
  // There is enough for a block that begins with `first`.
  [[nodiscard]] bool full(Sequence first) const;

  struct Sealed {
    SealedBlock block;
    std::vector<Share> shares;
  };
  // Something waits, or figures do that are in no hurry. Uses up sequences from `next` on.
  Sealed seal(Sequence& next);
  [[nodiscard]] bool has_figures() const { return !tally_.empty(); }

  [[nodiscard]] FlowCounts counts() const;  // any thread

 private:
  // Records since the last block, by what has become of them.
  struct Tally {
    std::uint64_t received = 0;
    std::uint64_t made = 0;
    std::uint64_t filtered = 0;
    std::uint64_t aggregated = 0;
    std::uint64_t dropped = 0;

    [[nodiscard]] bool empty() const;
    void move_to(std::vector<Counted>& counted);
  };
  struct Dead {
    std::string line;
    Timestamp time;
    DeadLetter why;
  };

  void pass(const Record& record, std::uint32_t origin) override;
  void count(Fate fate, std::uint64_t records) override;
  void count_made(std::uint64_t records) override;

  void open(const Share& share, Instant delivered);
  void close_if_empty();
  void give_to_transforms(std::size_t at);
  void write_all(const Message& message, std::string_view topic_json);
  void transform();
  void write(const Record& record, std::string_view topic_json, std::uint64_t full_size);
  void take_failed(const Record& record, std::string_view topic_json, const Message* message);
  // False: its message is among the dead letters already.
  bool bury(const Record& record, std::string_view topic_json, const Message* message);
  [[nodiscard]] bool has_news() const;
  void save(SealedBlock& sealed);
  std::vector<Share> leave(std::size_t sealed_lines);

  FlowOptions options_;
  const FlowIndex index_;
  BlockEncoder& encoder_;
  const Clock& clock_;
  LineWriter lines_;
  BlockBuilder builder_;
  Stateful* const decoder_state_;
  Stateful* const transforms_state_;
  std::vector<Record> records_;
  const MessageBatch* batch_ = nullptr;
  std::string topic_json_;  // of a record that comes out of the transforms

  std::vector<Share> shares_;
  Instant opened_;
  Share newest_;  // the message that was added last
  Instant newest_delivered_;
  std::size_t older_lines_ = 0;  // open lines of the messages before it
  std::vector<Dead> dead_;
  const char* last_buried_ = nullptr;  // payload in the batch
  Tally tally_;

  std::atomic<std::uint64_t> written_ = 0;
  std::atomic<std::uint64_t> blocks_ = 0;
  std::atomic<std::uint64_t> errors_ = 0;
  std::atomic<std::uint64_t> received_ = 0;
  std::atomic<std::uint64_t> made_ = 0;
  std::atomic<std::uint64_t> filtered_ = 0;
  std::atomic<std::uint64_t> aggregated_ = 0;
};

}  // namespace sluice
