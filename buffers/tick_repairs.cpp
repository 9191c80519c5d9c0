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

SequenceRange range_of(Sequence first, Sequence last) {
  return {Sequence(number(first) - 1), last};
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
