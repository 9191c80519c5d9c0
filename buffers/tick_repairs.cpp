// The part of a transaction that changes blocks which are in the file already.
#include "buffers/block_edit.h"
#include "buffers/tick.h"

#include <algorithm>
#include <string>
#include <utility>

namespace sluice {

namespace {

// As much is cut in one transaction that it can also be done with the room that is kept for the
// time when the disk is full.
constexpr std::uint64_t kMostCut = 128UL * 1024;
constexpr std::size_t kMostForgotten = 1024;

SequenceRange range_of(Sequence first, Sequence last) {
  return {Sequence(number(first) - 1), last};
}

const SinkState* find_sink(const FlowState& flow, const std::string& name) {
  const auto found = std::ranges::find(flow.sinks, name, &SinkState::name);
  return found != flow.sinks.end() ? &*found : nullptr;
}

Error no_such_letter(DeadId id) {
  return {Reaction::Reject,
          "there is no dead letter " + std::to_string(static_cast<std::int64_t>(id))};
}

}  // namespace

// Requests whose transaction seems to have failed. If it has taken place after all, the file has
// the holes and the blocks that belong to them, and nothing must be removed as confirmed.
void Tick::repeat_holes(const Pending& pending) {
  for (const SplitRequest& each : pending.splits) {
    if (each.tried_last) {
      uncover(pending, each.flow, range_of(each.first, *each.tried_last));
    }
  }
  for (const DeadRequest& each : pending.dead_requests) {
    if (each.hole) {
      const auto& [flow, sink, range] = *each.hole;
      flows_[sluice::number(flow)].saved[sluice::number(sink)].remove(range.after, range.last);
    }
  }
}

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
  const auto flow = std::ranges::find(pending.flows, row.flow, &FlowState::id);
  if (flow == pending.flows.end()) {
    return file.catalogue.add_ledger(row.flow, "dropped_dead", row.records);
  }
  flows_[static_cast<std::size_t>(flow - pending.flows.begin())].counted["dropped_dead"] +=
      row.records;
  return {};
}

// What has become of a block that every sink is through with.
Result<const char*> Tick::fate(StoreFile& file, const FlowState& flow, Sequence first) {
  if (dead_.rows == 0) {
    return "delivered";
  }
  const Result<std::vector<std::string>> buried_by = file.dead.sinks_of(flow.id, first);
  if (!buried_by) {
    return buried_by.error();
  }
  if (buried_by->empty()) {
    return "delivered";
  }
  if (Status removed = file.dead.remove_hollow(flow.id, first); !removed) {
    return removed.error();
  }
  const bool by_all = std::ranges::all_of(flow.sinks, [&](const SinkState& sink) {
    return std::ranges::find(*buried_by, sink.name) != buried_by->end();
  });
  return by_all ? "dead" : "delivered";
}

Status Tick::split_blocks(StoreFile& file, Pending& pending) {
  std::uint64_t bytes = 0;
  for (std::size_t at = 0; at < pending.splits.size(); ++at) {
    if (bytes >= kMostCut) {
      splits_left_ = true;
      break;
    }
    const SplitRequest& request = pending.splits[at];
    const FlowState& flow = pending.flows.at(sluice::number(request.flow));
    if (flow.waiting_at(request.first) != nullptr) {
      // Its turn comes when it is known to be in the file: otherwise a half would be taken for
      // something else than the block that waits.
      splits_left_ = splits_left_ || flows_[sluice::number(request.flow)].blocks > 0;
      continue;
    }
    if (const auto row = file.blocks.find(request.first); row && row->has_value()) {
      bytes += (*row)->bytes;
    }
    if (Status split = split_one(file, pending, at); !split) {
      return split;
    }
  }
  return {};
}

Status Tick::split_one(StoreFile& file, Pending& pending, std::size_t at) {
  SplitRequest& request = pending.splits[at];
  const FlowState& flow = pending.flows.at(sluice::number(request.flow));
  const auto found = file.blocks.read(flow.id, request.flow, request.first);
  if (!found) {
    return found.error();
  }
  if (!found->has_value() || (*found)->block == nullptr) {
    split_.emplace_back(at, Error{Reaction::Reject, "the block is not held any more"});
    return {};
  }
  const Block& whole = *(*found)->block;
  const Sequence last = request.tried_last.value_or(whole.last());
  uncover(pending, request.flow, range_of(whole.first, last));
  if (whole.last() < last) {
    split_.emplace_back(at, Status());  // it took place when it seemed to fail
    flows_[sluice::number(request.flow)].look_again = true;
    return {};
  }
  const auto halves = split_block(whole, pending.compression_level);
  if (!halves) {
    split_.emplace_back(at, halves.error());
    return {};
  }
  request.tried_last = last;
  split_.emplace_back(at, Status());
  return put_halves(file, pending, request.flow, whole, *halves);
}

Status Tick::put_halves(StoreFile& file, Pending& pending, FlowIndex index, const Block& whole,
                        const std::pair<Block, Block>& halves) {
  FlowState& state = pending.flows.at(sluice::number(index));
  const FlowId flow = state.id;
  state.cut.forget(state.confirmed_by_all().cursor());
  state.cut.add(range_of(whole.first, whole.last()));
  FlowPart& part = flows_[sluice::number(index)];
  if (Status removed = file.blocks.remove(whole.first); !removed) {
    return removed;
  }
  const Usage before{1, whole.count, whole.data.size()};
  part.stored.usage -= before;
  held_ -= before;
  room_.give_back(whole.data.size());
  for (const Block* half : {&halves.first, &halves.second}) {
    if (Status inserted = file.blocks.insert(flow, *half); !inserted) {
      return inserted;
    }
    const Usage added{1, half->count, half->data.size()};
    part.stored.usage += added;
    held_ += added;
    room_.take(half->data.size());
  }
  part.stored.newest = std::max(part.stored.newest, halves.second.first);
  part.look_again = true;
  return {};
}

// A sink that has confirmed only a part of a block is given all of it again. If the other part were
// a block of its own it would pass for confirmed, although this sink may never have been handed
// out the block as it was.
void Tick::uncover(const Pending& pending, FlowIndex index, SequenceRange range) {
  FlowPart& part = flows_[sluice::number(index)];
  const FlowState& flow = pending.flows.at(sluice::number(index));
  for (std::size_t sink = 0; sink < flow.sinks.size(); ++sink) {
    if (!part.saved[sink].covers(advance(range.after, 1), range.last) &&
        part.saved[sink].remove(range.after, range.last)) {
      holes_.push_back({index, SinkIndex(sink), range});
    }
  }
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
      done = request.what == DeadRequest::What::Drop ? forget(file, pending, **row)
                                                     : requeue(file, pending, request, **row);
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

Status Tick::requeue(StoreFile& file, const Pending& pending, DeadRequest& request,
                     const DeadRow& row) {
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
                      range_of(row.first, row.last)};
  return {};
}

std::vector<Answered> Tick::take_answers(Pending& pending) {
  std::vector<Answered> answers;
  const auto take = [&answers](auto& requests, std::vector<std::pair<std::size_t, Status>>& done) {
    for (auto& [at, status] : done) {
      answers.push_back({std::move(requests[at].then), std::move(status)});
    }
    for (; !done.empty(); done.pop_back()) {
      requests.erase(requests.begin() + static_cast<std::ptrdiff_t>(done.back().first));
    }
  };
  take(pending.splits, split_);
  take(pending.dead_requests, dead_done_);
  return answers;
}

std::vector<std::pair<FlowIndex, Sequence>> Tick::look_again() const {
  std::vector<std::pair<FlowIndex, Sequence>> flows;
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    if (flows_[i].look_again) {
      flows.emplace_back(FlowIndex(static_cast<std::uint32_t>(i)), flows_[i].stored.newest);
    }
  }
  return flows;
}

}  // namespace sluice
