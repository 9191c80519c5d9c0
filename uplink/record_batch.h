// A block on its way as single records: which are handed over, which have arrived, which were
// refused, and what that means for the block.
#pragma once

#include "core/result.h"
#include "core/transport.h"
#include "uplink/sequence_ranges.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// One thread at a time.
class RecordBatch {
 public:
  // Records in `delivered` have arrived with an earlier attempt and are passed over. Rejects a
  // block that cannot be decoded.
  static Result<std::unique_ptr<RecordBatch>> make(BlockPtr block, const SequenceRanges& delivered);

  struct Item {
    Sequence sequence{};
    std::string_view line;  // without its line break; valid as long as the batch
  };
  // What is to be handed over next; nothing at the end.
  [[nodiscard]] const std::optional<Item>& front() const { return front_; }
  void pop();  // it has been handed over: delivered() or failed() follows

  void delivered(Sequence sequence);
  void failed(Sequence sequence, Verdict why, std::string_view words);

  [[nodiscard]] bool is(const Block& block) const;  // the same records
  [[nodiscard]] const Block& block() const { return *block_; }
  [[nodiscard]] std::uint32_t outstanding() const { return outstanding_; }
  [[nodiscard]] bool done() const { return !front_ && outstanding_ == 0; }
  [[nodiscard]] bool anything_failed() const { return failures_ > 0; }
  [[nodiscard]] std::uint32_t arrived() const { return arrived_; }  // with this attempt

  // Once it is done. Of several failures the one counts that concerns most: the destination before
  // the record, and what may pass in smaller blocks before what never will.
  [[nodiscard]] Answer answer() const;

  // Adds those that have arrived, for the next attempt, which may be with another block.
  void remember(SequenceRanges& delivered) const;

 private:
  RecordBatch(BlockPtr block, std::shared_ptr<const std::string> text,
              const SequenceRanges& delivered);

  void advance_front();
  [[nodiscard]] std::size_t index_of(Sequence sequence) const;

  BlockPtr block_;
  std::shared_ptr<const std::string> text_;
  std::string_view rest_;
  Sequence next_{};
  std::optional<Item> front_;
  std::vector<bool> has_arrived_;  // by position in the block
  std::uint32_t outstanding_ = 0;
  std::uint32_t arrived_ = 0;
  std::uint32_t failures_ = 0;
  Verdict worst_ = Verdict::Refused;
  std::string words_;  // of the first failure of the worst kind
};

}  // namespace sluice
