#include "buffers/tick.h"

#include <algorithm>
#include <string>
#include <utility>

namespace sluice {

namespace {

// Limits of one transaction, so that the log stays small after a long trouble and requests of
// sinks are answered in between. What is left follows at once in the next.
constexpr std::uint64_t kMostBytes = 4UL * 1024 * 1024;
constexpr std::size_t kMostRemoved = 1024;

bool has_small_work(const FlowState& flow) {
  return flow.prune || flow.in_doubt || std::ranges::any_of(flow.sinks, &SinkState::changed);
}

// A block that waits is stored before it is cut.
bool can_split(const Pending& pending) {
  return std::ranges::any_of(pending.splits, [&](const SplitRequest& each) {
    return pending.flows.at(number(each.flow)).waiting_at(each.first) == nullptr;
  });
}

}  // namespace

bool has_work(const Pending& pending, const FileRoom& room, TickKind kind) {
  if (!pending.puts.empty() || !pending.damaged.empty() || !pending.burials.empty() ||
      !pending.dead_requests.empty() || can_split(pending) ||
      std::ranges::any_of(pending.flows, has_small_work)) {
    return true;
  }
  return kind == TickKind::Everything &&
         std::ranges::any_of(pending.flows,
                             [&](const FlowState& flow) { return can_store(flow, room); });
}

Tick::Tick(const Pending& pending, FileRoom room, std::uint64_t number)
    : number_(number),
      room_(room),
      flows_(pending.flows.size()),
      held_(pending.held),
      last_(pending.last),
      dead_(pending.dead) {
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    flows_[i].stored = pending.flows[i].stored;
    for (const SinkState& sink : pending.flows[i].sinks) {
      flows_[i].saved.push_back(sink.confirmed);
    }
  }
}

Status Tick::commit(StoreFile& file, Pending& pending, TickKind kind, Timestamp now) {
  sqlite::Transaction transaction(file.connection);
  if (Status begun = transaction.begin(); !begun) {
    return begun;
  }
  Status written = write(file, pending, kind, now);
  stored_.clear();
  return written ? transaction.commit() : written;
}

Status Tick::write(StoreFile& file, Pending& pending, TickKind kind, Timestamp now) {
  repeat_holes(pending);
  // Before the confirmed ones go, which a damaged one may seem to be, and of which a copy may be
  // wanted.
  if (Status moved = set_aside(file, pending, now); !moved) {
    return moved;
  }
  if (Status buried = bury(file, pending, now); !buried) {
    return buried;
  }
  if (Status pruned = prune(file, pending); !pruned) {
    return pruned;
  }
  if (kind == TickKind::Everything) {
    if (Status inserted = insert_blocks(file, pending); !inserted) {
      return inserted;
    }
  }
  if (Status split = split_blocks(file, pending); !split) {
    return split;
  }
  if (Status answered = answer_dead(file, pending); !answered) {
    return answered;
  }
  return write_small_tables(file, pending);
}

Status Tick::write_small_tables(StoreFile& file, const Pending& pending) {
  if (Status written = write_cursors(file, pending); !written) {
    return written;
  }
  if (Status written = write_states(file, pending); !written) {
    return written;
  }
  if (Status written = write_ledger(file, pending); !written) {
    return written;
  }
  return file.catalogue.set_meta(last_, number_);
}

Status Tick::write_cursors(StoreFile& file, const Pending& pending) {
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    const FlowState& flow = pending.flows[i];
    if (!flow.in_file) {
      if (Status added = file.catalogue.add_flow(flow.id, flow.name); !added) {
        return added;
      }
    }
    for (std::size_t at = 0; at < flow.sinks.size(); ++at) {
      const SinkState& sink = flow.sinks[at];
      const Confirmed& confirmed = flows_[i].saved[at];
      if (!sink.changed && confirmed == sink.confirmed) {
        continue;
      }
      if (Status saved = file.catalogue.set_confirmed(flow.id, sink.name, confirmed); !saved) {
        return saved;
      }
    }
  }
  return {};
}

Status Tick::prune(StoreFile& file, const Pending& pending) {
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    if (!pending.flows[i].prune) {
      continue;
    }
    if (Status pruned = prune_flow(file, pending.flows[i], flows_[i]); !pruned) {
      return pruned;
    }
  }
  return {};
}

Status Tick::prune_flow(StoreFile& file, const FlowState& flow, FlowPart& part) {
  std::size_t left = kMostRemoved;
  const Confirmed confirmed = intersection(part.saved);
  for (const SequenceRange& range : confirmed.ranges()) {
    const auto rows = file.blocks.within(flow.id, range, left);
    if (!rows) {
      return rows.error();
    }
    for (const StoredRow& row : *rows) {
      const Result<const char*> what = fate(file, flow, row.first);
      if (!what) {
        return what.error();
      }
      if (Status removed = file.blocks.remove(row.first); !removed) {
        return removed;
      }
      const Usage removed{1, row.records, row.bytes};
      part.stored.usage -= removed;
      part.counted[*what] += row.records;
      held_ -= removed;
      room_.give_back(row.bytes);
    }
    left -= rows->size();
    if (left == 0) {
      break;
    }
  }
  part.prune = left == 0;
  return {};
}

Status Tick::set_aside(StoreFile& file, Pending& pending, Timestamp now) {
  const std::map<Sequence, FlowIndex> damaged = pending.damaged;
  for (const auto& [first, index] : damaged) {
    const auto row = file.blocks.find(first);
    Status moved =
        row ? file.blocks.set_aside(first, "the checksum does not match", now) : row.error();
    if (!moved) {
      if (moved.error().reaction == Reaction::Fatal) {
        // The pages around it are damaged too. It stays where it is and is passed over.
        pending.damaged.erase(first);
        pending.untouched.insert(first);
      }
      return moved;
    }
    set_aside_.push_back(first);
    if (row->has_value()) {
      const Usage removed{1, (*row)->records, (*row)->bytes};
      flows_[sluice::number(index)].stored.usage -= removed;
      flows_[sluice::number(index)].counted["damaged"] += (*row)->records;
      held_ -= removed;
    }
  }
  return {};
}

std::vector<Tick::Candidate> Tick::candidates(const Pending& pending) {
  std::vector<Candidate> found;
  for (std::size_t i = 0; i < pending.flows.size(); ++i) {
    std::uint64_t bytes = 0;
    for (const WaitingBlock& waiting : pending.flows[i].waiting) {
      found.push_back({waiting.arrival, i, &waiting});
      bytes += waiting.sealed.block->data.size();
      if (bytes >= kMostBytes) {
        break;
      }
    }
  }
  std::ranges::sort(found, {}, &Candidate::arrival);
  return found;
}

Status Tick::insert_blocks(StoreFile& file, const Pending& pending) {
  std::vector<bool> full(flows_.size());
  std::uint64_t total = 0;
  for (const Candidate& candidate : candidates(pending)) {
    const FlowState& flow = pending.flows[candidate.flow];
    FlowPart& part = flows_[candidate.flow];
    const Block& block = *candidate.waiting->sealed.block;
    const std::uint64_t bytes = block.data.size();
    if (full[candidate.flow] || !fits(flow, part.stored.usage, bytes) || !room_.fits(bytes)) {
      full[candidate.flow] = true;  // nothing may pass a block that has to wait
      continue;
    }
    if (Status inserted = file.blocks.insert(flow.id, block); !inserted) {
      return inserted;
    }
    const Usage added{1, block.count, bytes};
    part.stored.usage += added;
    held_ += added;
    part.stored.newest = block.first;
    part.counted["stored"] += block.count;
    ++part.blocks;
    room_.take(bytes);
    last_ = std::max(last_, block.last());
    stored_.push_back(candidate.waiting);
    total += bytes;
    if (total >= kMostBytes) {
      break;
    }
  }
  return {};
}

Status Tick::write_states(StoreFile& file, const Pending& pending) {
  std::vector<std::pair<std::uint64_t, const StateRow*>> rows;
  for (const WaitingBlock* waiting : stored_) {
    for (const StateRow& row : waiting->sealed.state) {
      rows.emplace_back(waiting->arrival, &row);
    }
  }
  for (const auto& [key, put] : pending.puts) {
    rows.emplace_back(put.arrival, &put.row);
    puts_through_ = std::max(puts_through_, put.arrival);
  }
  std::ranges::stable_sort(rows, {}, &std::pair<std::uint64_t, const StateRow*>::first);
  for (const auto& [arrival, row] : rows) {
    if (Status written = file.catalogue.set_state(*row); !written) {
      return written;
    }
  }
  return {};
}

Status Tick::write_ledger(StoreFile& file, const Pending& pending) {
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    for (const auto& [what, records] : flows_[i].counted) {
      if (Status added = file.catalogue.add_ledger(pending.flows[i].id, what, records); !added) {
        return added;
      }
    }
  }
  return {};
}

bool Tick::counted() const {
  return std::ranges::any_of(flows_, [](const FlowPart& part) { return !part.counted.empty(); });
}

bool Tick::more() const {
  return splits_left_ || std::ranges::any_of(flows_, &FlowPart::prune);
}

std::vector<SealedBlock> Tick::settle(Pending& pending) const {
  for (const Hole& hole : holes_) {
    FlowState& flow = pending.flows[sluice::number(hole.flow)];
    flow.sinks[sluice::number(hole.sink)].confirmed.remove(hole.range.after, hole.range.last);
  }
  for (const Hole& hole : returned_) {
    FlowState& flow = pending.flows[sluice::number(hole.flow)];
    flow.sinks[sluice::number(hole.sink)].returned.push_back(hole.range);
  }
  std::vector<WaitingBlock> stored;
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    FlowState& flow = pending.flows[i];
    const FlowPart& part = flows_[i];
    flow.take(part.blocks, stored);
    flow.in_file = true;
    flow.stored = part.stored;
    flow.prune = part.prune;
    flow.unburied = {};
    flow.in_doubt = false;
    for (const auto& [what, records] : part.counted) {
      flow.ledger[what] += records;
    }
    for (std::size_t sink = 0; sink < flow.sinks.size(); ++sink) {
      const bool moved_on = flow.sinks[sink].confirmed != part.saved[sink];
      flow.sinks[sink].changed = moved_on;
      flow.prune = flow.prune || moved_on;
    }
  }
  std::erase_if(pending.puts, [&](const auto& put) { return put.second.arrival <= puts_through_; });
  for (const Sequence first : set_aside_) {
    pending.damaged.erase(first);
  }
  pending.burials.erase(pending.burials.begin(),
                        pending.burials.begin() + static_cast<std::ptrdiff_t>(buried_));
  pending.dead = dead_;
  pending.held = held_;
  pending.last = last_;
  return in_order(std::move(stored));
}

}  // namespace sluice
