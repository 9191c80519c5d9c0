#include "tools/verifying.h"

#include "admin/json_writer.h"
#include "tools/balance.h"
#include "tools/frames.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

namespace {

constexpr std::uint64_t kBlocksBetweenSigns = 256;

// What is wrong with the content of a block whose checksum is right; empty: nothing.
std::string fault_in(const Block& block) {
  std::string text = block.data;
  if (block.codec == Codec::ZstdNdjson) {
    Result<std::string> plain = decompressed(block.data);
    if (!plain) {
      return plain.error().message;
    }
    text = *std::move(plain);
  }
  const auto lines = static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
  if (lines != block.count || (!text.empty() && !text.ends_with('\n'))) {
    return "it has " + std::to_string(lines) + " lines instead of " + std::to_string(block.count);
  }
  return {};
}

// Where the sequences from `from` on that some flow has delivered end; `from` - 1 if none has.
Sequence delivered_from(const std::vector<FlowOutline>& flows, Sequence from) {
  Sequence end = Sequence(number(from) - 1);
  for (const FlowOutline& flow : flows) {
    for (const SinkOutline& sink : flow.sinks) {
      if (sink.confirmed >= from) {
        end = std::max(end, sink.confirmed);
      }
      for (const auto& [after, last] : sink.ranges) {
        if (after < from && last >= from) {
          end = std::max(end, last);
        }
      }
    }
  }
  return end;
}

class Verification {
 public:
  AdminChunk step(Inspection& file) {
    if (done_) {
      return std::optional<std::string>();
    }
    if (!outline_) {
      return begin(file);
    }
    Result<std::optional<InspectedBlock>> next = file.block(std::nullopt, reached_);
    if (!next) {
      return next.error();
    }
    if (!next->has_value() || (*next)->outline.first > outline_->last) {
      return finish(file);
    }
    look_at(**next);
    if (blocks_ % kBlocksBetweenSigns == 0) {
      JsonWriter sign;
      sign.begin_object().field("blocks", blocks_).end_object();
      text_ += sign.text() + '\n';
    }
    return std::optional(std::exchange(text_, {}));
  }

 private:
  AdminChunk begin(Inspection& file) {
    Result<BufferOutline> outline = file.outline();
    if (!outline) {
      return outline.error();
    }
    outline_ = *std::move(outline);
    return std::optional(std::string());
  }

  void look_at(const InspectedBlock& found) {
    const BlockOutline& block = found.outline;
    reached_ = block.first;
    ++blocks_;
    records_ += block.records;
    bytes_ += block.bytes;
    held_[block.flow] += block.records;
    if (found.block == nullptr) {
      report("damaged", block, "the checksum does not match");
    } else if (const std::string fault = fault_in(*found.block); !fault.empty()) {
      report("content", block, fault);
    }
    Sequence& last_of_flow = last_[block.flow];
    if (block.first <= last_of_flow) {
      report("overlap", block, "it begins before the block before it ends");
    }
    last_of_flow = std::max(last_of_flow, block.last);
    if (number(block.first) > number(covered_) + 1) {
      gap(advance(covered_, 1), Sequence(number(block.first) - 1));
    }
    covered_ = std::max(covered_, block.last);
  }

  [[nodiscard]] std::string name_of(StoredFlow flow) const {
    const auto found = std::ranges::find(outline_->flows, flow, &FlowOutline::id);
    return found != outline_->flows.end() ? found->name
                                          : '#' + std::to_string(static_cast<std::int64_t>(flow));
  }

  void report(const char* what, const BlockOutline& block, const std::string& detail) {
    ++findings_;
    JsonWriter json;
    json.begin_object().field("finding", what).field("flow", name_of(block.flow));
    json.field("first_seq", number(block.first)).field("last_seq", number(block.last));
    json.field("records", block.records).field("detail", detail).end_object();
    text_ += json.text() + '\n';
  }

  // Sequences that no block has. Most have been delivered and are gone.
  void gap(Sequence first, Sequence last) {
    while (first <= last) {
      const Sequence end = std::min(last, delivered_from(outline_->flows, first));
      if (end < first) {
        break;
      }
      first = advance(end, 1);
    }
    if (first > last) {
      return;
    }
    ++gaps_;
    JsonWriter json;
    json.begin_object().field("gap", true).field("first_seq", number(first));
    json.field("last_seq", number(last)).end_object();
    text_ += json.text() + '\n';
  }

  // Whether the ledger agrees with what was found. A flow that has changed meanwhile cannot be
  // compared.
  void balance(const FlowOutline& before, const BufferOutline& now) {
    const auto after = std::ranges::find(now.flows, before.id, &FlowOutline::id);
    if (after == now.flows.end() || after->ledger != before.ledger) {
      ++busy_;
      return;
    }
    const Balance sums = balance_of(before.ledger);
    const std::uint64_t held = held_[before.id];
    if (sums.in == sums.out + held) {
      return;
    }
    ++findings_;
    JsonWriter json;
    json.begin_object().field("finding", "unbalanced").field("flow", before.name);
    json.field("detail", "the ledger counts " + std::to_string(sums.in) + " records in and " +
                             std::to_string(sums.out) + " out, and there are " +
                             std::to_string(held));
    json.end_object();
    text_ += json.text() + '\n';
  }

  AdminChunk finish(Inspection& file) {
    const Result<BufferOutline> now = file.outline();
    if (!now) {
      return now.error();
    }
    if (covered_ < outline_->last) {
      gap(advance(covered_, 1), outline_->last);
    }
    for (const FlowOutline& flow : outline_->flows) {
      balance(flow, *now);
    }
    done_ = true;
    JsonWriter json;
    json.begin_object().field("done", true).field("blocks", blocks_).field("records", records_);
    json.field("bytes", bytes_).field("findings", findings_).field("gaps", gaps_);
    json.field("flows_in_use", busy_).field("quarantined_blocks", now->quarantined).end_object();
    return std::optional(std::exchange(text_, {}) + json.text() + '\n');
  }

  std::optional<BufferOutline> outline_;
  Sequence reached_{};
  Sequence covered_{};
  std::map<StoredFlow, Sequence> last_;
  std::map<StoredFlow, std::uint64_t> held_;
  std::string text_;
  std::uint64_t blocks_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t findings_ = 0;
  std::uint64_t gaps_ = 0;
  std::uint64_t busy_ = 0;
  bool done_ = false;
};

}  // namespace

AdminResponse verify_answer(InspectableBuffer& buffer) {
  return answer_in_steps(buffer, kNdjson, [work = Verification()](Inspection& file) mutable {
    return work.step(file);
  });
}

}  // namespace sluice
