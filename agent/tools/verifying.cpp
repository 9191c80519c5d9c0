#include "tools/verifying.h"

#include "admin/json_writer.h"
#include "tools/frames.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

namespace {

constexpr std::size_t kRowsInAStep = 256;
constexpr std::uint64_t kBlocksBetweenSigns = 256;

// What is wrong with the content of a block whose checksum is right; empty: nothing.
std::string fault_in(const Block& block) {
  const Result<std::string> text = lines_of(block);
  if (!text) {
    return text.error().message;
  }
  const auto lines = static_cast<std::uint64_t>(std::ranges::count(*text, '\n'));
  if (lines != block.count || (!text->empty() && !text->ends_with('\n'))) {
    return "it has " + std::to_string(lines) + " lines instead of " + std::to_string(block.count);
  }
  return {};
}

// Where the sequences from `from` on that some flow has delivered end; `from` - 1 if none has.
Sequence delivered_from(const std::vector<FlowOutline>& flows, Sequence from) {
  auto end = Sequence(number(from) - 1);
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

// First all rows without their data: what is missing between them. Then the blocks of each flow.
// The agent may go on with its work meanwhile.
class Verification {
 public:
  AdminChunk step(Inspection& file) {
    if (done_) {
      return std::optional<std::string>();
    }
    Status worked;
    if (!outline_) {
      worked = begin(file);
    } else if (!rows_done_) {
      worked = look_at_rows(file);
    } else if (flow_ < outline_->flows.size()) {
      worked = look_at_a_block(file);
    } else {
      worked = finish(file);
    }
    return worked ? AdminChunk(std::optional(std::exchange(text_, {}))) : worked.error();
  }

 private:
  Status begin(Inspection& file) {
    Result<BufferOutline> outline = file.outline();
    if (!outline) {
      return outline.error();
    }
    outline_ = *std::move(outline);
    return {};
  }

  Status look_at_rows(Inspection& file) {
    const auto rows = file.blocks(std::nullopt, reached_, kRowsInAStep);
    if (!rows) {
      return rows.error();
    }
    for (const BlockOutline& row : *rows) {
      reached_ = row.first;
      if (std::ranges::find(outline_->flows, row.flow, &FlowOutline::id) == outline_->flows.end()) {
        report("stray", row, "it belongs to no flow");
      }
      if (number(row.first) > number(covered_) + 1) {
        gap(file, advance(covered_, 1), Sequence(number(row.first) - 1));
      }
      covered_ = std::max(covered_, row.last);
    }
    rows_done_ = rows->size() < kRowsInAStep || reached_ >= outline_->last;
    if (rows_done_ && covered_ < outline_->last) {
      gap(file, advance(covered_, 1), outline_->last);
    }
    reached_ = rows_done_ ? Sequence(0) : reached_;
    return {};
  }

  Status look_at_a_block(Inspection& file) {
    const StoredFlow flow = outline_->flows[flow_].id;
    const Result<std::optional<InspectedBlock>> next = file.block(flow, reached_, seen_);
    if (!next) {
      return next.error();
    }
    if (!next->has_value() || (*next)->outline.first > outline_->last) {
      ++flow_;
      reached_ = Sequence(0);
      seen_ = Sequence(0);
      return {};
    }
    look_at(**next);
    if (blocks_ % kBlocksBetweenSigns == 0) {
      JsonWriter sign;
      sign.begin_object().field("blocks", blocks_).end_object();
      text_ += sign.text() + '\n';
    }
    Status compared = compare_with_next(file, (*next)->outline);
    reached_ = std::max(reached_, (*next)->outline.first);
    seen_ = std::max(seen_, (*next)->outline.last);
    return compared;
  }

  void look_at(const InspectedBlock& found) {
    const BlockOutline& block = found.outline;
    ++blocks_;
    bytes_ += block.bytes;
    std::uint64_t records = block.records;
    if (found.block == nullptr) {
      report("damaged", block, "the checksum does not match");
    } else if (const std::string fault = fault_in(*found.block); !fault.empty()) {
      report("content", block, fault);
    } else if (block.first <= seen_) {
      // Put together since the last step: a part of it has been counted.
      FrameNote note{
          .flow = {}, .first = block.first, .last = block.last, .records = block.records};
      records = cut(*found.block, seen_, note) ? note.records : 0;
    }
    records_ += records;
    held_[block.flow] += records;
  }

  // Both are looked at in one step, so nothing can have changed in between.
  Status compare_with_next(Inspection& file, const BlockOutline& block) {
    const auto both = file.blocks(block.flow, Sequence(number(block.first) - 1), 2);
    if (!both) {
      return both.error();
    }
    if (both->size() == 2 && both->at(1).first <= both->at(0).last) {
      report("overlap", both->at(1), "it begins before the block before it ends");
    }
    return {};
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
  void gap(Inspection& file, Sequence first, Sequence last) {
    while (first <= last) {
      const Sequence end = std::min(last, delivered_from(outline_->flows, first));
      if (end < first) {
        break;
      }
      first = advance(end, 1);
    }
    if (first > last || is_held(file, first, last)) {
      return;
    }
    ++gaps_;
    JsonWriter json;
    json.begin_object().field("gap", true).field("first_seq", number(first));
    json.field("last_seq", number(last)).end_object();
    text_ += json.text() + '\n';
  }

  // By a block that was put together after the rows around it had been looked at.
  bool is_held(Inspection& file, Sequence first, Sequence last) const {
    return std::ranges::any_of(outline_->flows, [&](const FlowOutline& flow) {
      const auto found = file.block(flow.id, first, Sequence(number(first) - 1));
      return found && found->has_value() && (*found)->outline.first <= first &&
             (*found)->outline.last >= last;
    });
  }

  // Whether the ledger agrees with what was found. A flow that has changed meanwhile cannot be
  // compared.
  void balance(const FlowOutline& before, const BufferOutline& now) {
    const auto after = std::ranges::find(now.flows, before.id, &FlowOutline::id);
    if (after == now.flows.end() || after->ledger != before.ledger) {
      ++busy_;
      return;
    }
    const Balance input = input_balance_of(before.ledger);
    if (input.in != input.out) {
      unbalanced(before, "the ledger counts " + std::to_string(input.in) +
                             " records received and made, and " + std::to_string(input.out) +
                             " stored or used otherwise");
    }
    const Balance sums = balance_of(before.ledger);
    const std::uint64_t held = held_[before.id];
    if (sums.in != sums.out + held) {
      unbalanced(before, "the ledger counts " + std::to_string(sums.in) + " records in and " +
                             std::to_string(sums.out) + " out, and there are " +
                             std::to_string(held));
    } else if (before.held && after->held == before.held && before.held->records != held) {
      unbalanced(before, "the file says that it holds " + std::to_string(before.held->records) +
                             " records, and there are " + std::to_string(held));
    }
  }

  void unbalanced(const FlowOutline& flow, const std::string& detail) {
    ++findings_;
    JsonWriter json;
    json.begin_object().field("finding", "unbalanced").field("flow", flow.name);
    json.field("detail", detail).end_object();
    text_ += json.text() + '\n';
  }

  Status finish(Inspection& file) {
    const Result<BufferOutline> now = file.outline();
    if (!now) {
      return now.error();
    }
    for (const FlowOutline& flow : outline_->flows) {
      balance(flow, *now);
    }
    done_ = true;
    JsonWriter json;
    json.begin_object().field("done", true).field("blocks", blocks_).field("records", records_);
    json.field("bytes", bytes_).field("findings", findings_).field("gaps", gaps_);
    json.field("flows_in_use", busy_).field("quarantined_blocks", now->quarantined).end_object();
    text_ += json.text() + '\n';
    return {};
  }

  std::optional<BufferOutline> outline_;
  Sequence reached_{};  // rows that begin up to here have been looked at
  Sequence covered_{};  // everything up to here is in a row, or was told to be in none
  bool rows_done_ = false;
  std::size_t flow_ = 0;  // the one whose blocks are looked at
  Sequence seen_{};       // its records up to here
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
