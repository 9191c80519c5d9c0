// The part of a transaction that deals with dead letters.
#include "buffers/tick.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

constexpr std::size_t kMostForgotten = 1024;

const SinkState* find_sink(const FlowState& flow, const std::string& name) {
  const auto found = std::ranges::find(flow.sinks, name, &SinkState::name);
  return found != flow.sinks.end() ? &*found : nullptr;
}

Error no_such_letter(DeadId id) {
  return {Reaction::Reject,
          "there is no dead letter " + std::to_string(static_cast<std::int64_t>(id))};
}

}  // namespace

Status Tick::bury(StoreFile& file, Pending& pending, Timestamp now) {
  for (const Burial& burial : pending.burials) {
    if (Status buried = bury_one(file, pending, burial, now); !buried) {
      return buried;
    }
    ++buried_;
  }
  return buried_ > 0 ? limit_dead(file, pending) : Status();
}

Status Tick::bury_one(StoreFile& file, Pending& pending, const Burial& burial, Timestamp now) {
  const FlowState& flow = pending.flows.at(sluice::number(burial.flow));
  BlockPtr block = burial.block;
  if (block == nullptr) {
    Result<std::optional<FoundBlock>> found =
        file.blocks.around(flow.id, burial.flow, burial.range.last);
    if (!found) {
      return found.error();
    }
    block = found->has_value() ? (*found)->block : nullptr;
  }
  const bool whole =
      block != nullptr && block->first > burial.range.after && block->last() == burial.range.last;
  if (!whole) {
    return {};  // it is gone, or damaged: there is nothing to keep
  }
  const std::string& sink = flow.sinks.at(sluice::number(burial.sink)).name;
  const Result<bool> known = file.dead.contains(flow.id, block->first, sink);
  if (!known || *known) {
    return known ? Status() : known.error();
  }
  dead_.rows += 1;
  dead_.bytes += block->data.size();
  return file.dead.insert(flow.id, sink, *block, burial.why, now);
}

// Where blocks are given up for want of room, dead letters are too.
Status Tick::bury_input(StoreFile& file, const Pending& pending, const Candidate& candidate,
                        TickKind kind, Timestamp now) {
  const std::vector<DeadInput>& letters = candidate.waiting->sealed.dead;
  if (letters.empty()) {
    return {};
  }
  const FlowState& flow = pending.flows[candidate.flow];
  FlowPart& part = flows_[candidate.flow];
  const bool room = flow.when_full == WhenFull::Block ||
                    (kind == TickKind::Everything && room_.fits(bytes_of(letters)));
  for (const DeadInput& each : letters) {
    const Block& block = *each.block;
    part.counted["dead_input"] += block.count;
    if (!room) {
      part.counted["dropped_dead"] += block.count;
      continue;
    }
    const Result<bool> known = file.dead.contains(flow.id, block.first, kInputSink);
    if (!known) {
      return known.error();
    }
    if (*known) {
      continue;
    }
    if (Status kept = file.dead.insert(flow.id, kInputSink, block, each.why, now); !kept) {
      return kept;
    }
    dead_.rows += 1;
    dead_.bytes += block.data.size();
    room_.take(block.data.size());
    stored_bytes_ += block.data.size();
  }
  return limit_dead(file, pending);
}

Status Tick::limit_dead(StoreFile& file, const Pending& pending) {
  for (std::size_t i = 0; i < kMostForgotten && dead_.bytes > pending.dead_max_size; ++i) {
    const Result<std::optional<DeadRow>> oldest = file.dead.oldest();
    if (!oldest) {
      return oldest.error();
    }
    if (!oldest->has_value()) {
      break;
    }
    if (Status forgotten = forget(file, pending, **oldest); !forgotten) {
      return forgotten;
    }
  }
  return {};
}

Status Tick::forget(StoreFile& file, const Pending& pending, const DeadRow& row) {
  const auto held = file.blocks.find(row.first);
  if (!held) {
    return held.error();
  }
  Status forgotten = held->has_value() ? file.dead.hollow(row.id) : file.dead.remove(row.id);
  if (!forgotten) {
    return forgotten;
  }
  dead_.rows -= held->has_value() ? 0U : 1U;
  dead_.bytes -= std::min(dead_.bytes, row.bytes);
  return count_dead(file, pending, row, "dropped_dead");
}

Status Tick::count_dead(StoreFile& file, const Pending& pending, const DeadRow& row,
                        std::string_view what) {
  const auto flow = std::ranges::find(pending.flows, row.flow, &FlowState::id);
  if (flow == pending.flows.end()) {
    return file.catalogue.add_ledger(row.flow, what, row.records);
  }
  const auto index = static_cast<std::size_t>(flow - pending.flows.begin());
  flows_[index].counted[std::string(what)] += row.records;
  return {};
}

// NOLINTNEXTLINE(readability-function-cognitive-complexity): one step behind the other
Status Tick::answer_dead(StoreFile& file, Pending& pending) {
  for (std::size_t at = 0; at < pending.dead_requests.size(); ++at) {
    DeadRequest& request = pending.dead_requests[at];
    const Result<std::optional<DeadRow>> row = file.dead.find(request.id, FlowIndex(0));
    if (!row) {
      return row.error();
    }
    Status done;
    if (row->has_value() && (*row)->bytes > 0) {
      done = carry_out(file, pending, request, **row);
      if (!done && done.error().reaction != Reaction::Reject) {
        return done;
      }
    } else if (!request.tried) {
      done = no_such_letter(request.id);
    }
    if (done && request.hole) {
      const Hole& hole = *request.hole;
      flows_[sluice::number(hole.flow)].saved[sluice::number(hole.sink)].remove(hole.range.after,
                                                                                hole.range.last);
      flows_[sluice::number(hole.flow)].look_again = true;
      holes_.push_back(hole);
      returned_.push_back(hole);
    }
    request.tried = true;
    dead_done_.emplace_back(at, std::move(done));
  }
  return {};
}

Status Tick::carry_out(StoreFile& file, const Pending& pending, DeadRequest& request,
                       const DeadRow& row) {
  switch (request.what) {
    case DeadRequest::What::Requeue:
      return requeue(file, pending, request, row);
    case DeadRequest::What::ForgetInput:
      return forget_input(file, pending, row);
    case DeadRequest::What::Drop:
      return forget(file, pending, row);
  }
  return {};
}

Status Tick::forget_input(StoreFile& file, const Pending& pending, const DeadRow& row) {
  if (row.sink != kInputSink) {
    return Error{Reaction::Reject, "the dead letter is a record that a sink has refused"};
  }
  if (Status removed = file.dead.remove(row.id); !removed) {
    return removed;
  }
  dead_.rows -= 1;
  dead_.bytes -= std::min(dead_.bytes, row.bytes);
  return count_dead(file, pending, row, "retried_input");
}

Status Tick::requeue(StoreFile& file, const Pending& pending, DeadRequest& request,
                     const DeadRow& row) {
  if (row.sink == kInputSink) {
    return Error{
        Reaction::Reject,
        "the dead letter is a message that never became a record: only a running agent can "
        "put it through its flow once more"};
  }
  const auto flow = std::ranges::find(pending.flows, row.flow, &FlowState::id);
  const SinkState* sink = flow != pending.flows.end() ? find_sink(*flow, row.sink) : nullptr;
  if (sink == nullptr) {
    return Error{Reaction::Reject, "the flow or the sink of the dead letter is not configured"};
  }
  if (row.block == nullptr) {
    return Error{Reaction::Reject, "the dead letter does not match its checksum"};
  }
  const auto held = file.blocks.find(row.first);
  if (!held) {
    return held.error();
  }
  const auto index = static_cast<std::size_t>(flow - pending.flows.begin());
  FlowPart& part = flows_[index];
  if (!held->has_value() && flow->waiting_at(row.first) == nullptr) {
    if (Status inserted = file.blocks.insert(row.flow, *row.block); !inserted) {
      return inserted;
    }
    const Usage added{1, row.block->count, row.block->data.size()};
    part.stored.usage += added;
    held_ += added;
    room_.take(row.block->data.size());
    part.counted["requeued"] += row.block->count;
  }
  if (Status removed = file.dead.remove(row.id); !removed) {
    return removed;
  }
  dead_.rows -= 1;
  dead_.bytes -= std::min(dead_.bytes, row.bytes);
  request.hole = Hole{FlowIndex(static_cast<std::uint32_t>(index)),
                      SinkIndex(static_cast<std::uint32_t>(sink - flow->sinks.data())),
                      {Sequence(sluice::number(row.first) - 1), row.last}};
  return {};
}

}  // namespace sluice
