#include "uplink/record_batch.h"

#include "uplink/record_lines.h"

#include <utility>

namespace sluice {

namespace {

// The higher, the more it concerns.
int weight(Verdict verdict) {
  switch (verdict) {
    case Verdict::Misconfigured:
      return 5;
    case Verdict::Throttled:
      return 4;
    case Verdict::Retry:
    case Verdict::BadEncoding:
    case Verdict::Partial:
      return 3;
    case Verdict::TooLarge:
      return 2;
    case Verdict::Refused:
      return 1;
    case Verdict::Confirmed:
      break;
  }
  return 0;
}

}  // namespace

Result<std::unique_ptr<RecordBatch>> RecordBatch::make(BlockPtr block,
                                                       const SequenceRanges& delivered) {
  auto text = text_of(block);
  if (!text) {
    return text.error();
  }
  return std::unique_ptr<RecordBatch>(
      new RecordBatch(std::move(block), *std::move(text), delivered));
}

RecordBatch::RecordBatch(BlockPtr block, std::shared_ptr<const std::string> text,
                         const SequenceRanges& delivered)
    : block_(std::move(block)),
      text_(std::move(text)),
      rest_(*text_),
      next_(block_->first),
      has_arrived_(block_->count) {
  if (delivered.overlaps(block_->first, block_->last())) {
    for (std::size_t i = 0; i < has_arrived_.size(); ++i) {
      has_arrived_[i] = delivered.contains(advance(block_->first, i));
    }
  }
  advance_front();
}

void RecordBatch::advance_front() {
  front_.reset();
  std::string_view line;
  while (next_ <= block_->last() && next_line(rest_, line)) {
    const Sequence sequence = std::exchange(next_, advance(next_, 1));
    if (!has_arrived_[index_of(sequence)]) {
      front_ = Item{sequence, line};
      return;
    }
  }
}

void RecordBatch::pop() {
  ++outstanding_;
  advance_front();
}

std::size_t RecordBatch::index_of(Sequence sequence) const {
  return static_cast<std::size_t>(number(sequence) - number(block_->first));
}

void RecordBatch::delivered(Sequence sequence) {
  --outstanding_;
  ++arrived_;
  has_arrived_[index_of(sequence)] = true;
}

void RecordBatch::failed(Sequence sequence, Verdict why, std::string_view words) {
  --outstanding_;
  if (++failures_ == 1 || weight(why) > weight(worst_)) {
    worst_ = why;
    words_ = std::string(words) + " seq=" + std::to_string(number(sequence));
  }
}

bool RecordBatch::is(const Block& block) const {
  return block_->flow == block.flow && block_->first == block.first && block_->count == block.count;
}

Answer RecordBatch::answer() const {
  if (failures_ == 0) {
    return {.verdict = Verdict::Confirmed, .retry_after = {}, .detail = {}};
  }
  return {.verdict = worst_,
          .retry_after = {},
          .detail = words_ + " refused=" + std::to_string(failures_) + " of " +
                    std::to_string(block_->count)};
}

void RecordBatch::remember(SequenceRanges& delivered) const {
  for (std::size_t i = 0; i < has_arrived_.size(); ++i) {
    if (has_arrived_[i]) {
      delivered.add(advance(block_->first, i), advance(block_->first, i));
    }
  }
}

}  // namespace sluice
