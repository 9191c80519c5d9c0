#include "buffers/tick.h"

#include <algorithm>
#include <string>
#include <utility>

namespace sluice {

namespace {

// What a sink has got of blocks that are not in the file need not be written either.
bool has_small_work(const FlowState& flow) {
  return flow.prune || flow.in_doubt ||
         (flow.expired > Sequence(0) && flow.stored.usage.blocks > 0) ||
         (flow.stored.usage.blocks > 0 && std::ranges::any_of(flow.sinks, &SinkState::changed));
}

// A block that waits is stored before it is cut.
bool can_split(const Pending& pending) {
  return std::ranges::any_of(pending.splits, [&](const SplitRequest& each) {
    return pending.flows.at(number(each.flow)).waiting_at(each.first) == nullptr;
  });
}

}  // namespace

bool has_work(const Pending& pending, const FileRoom& room, TickKind kind) {
  if (!pending.puts.empty() || pending.mark || !pending.damaged.empty() ||
      !pending.burials.empty() || !pending.dead_requests.empty() || can_split(pending) ||
      std::ranges::any_of(pending.flows, has_small_work)) {
    return true;
  }
  return std::ranges::any_of(pending.flows, [&](const FlowState& flow) {
    // Whatever else can be done with a block takes next to no room.
    const bool stores = flow.when_full == WhenFull::Block && flow.due > 0 &&
                        need_of(flow, flow.waiting.front().sealed).in_file > 0;
    return (kind == TickKind::Everything || !stores) && gets_on(pending, flow, room);
  });
}

Tick::Tick(const Pending& pending, FileRoom room, std::uint64_t number)
    : number_(number),
      room_(room),
      flows_(pending.flows.size()),
      held_(pending.held),
      seals_(pending.seals),
      last_(pending.mark.value_or(pending.last)),
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
  taken_.clear();
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
  if (Status expired = expire(file, pending); !expired) {
    return expired;
  }
  if (Status taken = take_blocks(file, pending, kind, now); !taken) {
    return taken;
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
  if (Status written = write_held(file, pending); !written) {
    return written;
  }
  if (Status written = write_seals(file, pending); !written) {
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

Status Tick::write_states(StoreFile& file, const Pending& pending) {
  std::vector<std::pair<std::uint64_t, const StateRow*>> rows;
  for (const WaitingBlock* waiting : taken_) {
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
    FlowPart& part = flows_[i];
    for (const auto& [what, records] : pending.flows[i].passed) {
      part.counted[what] += records;
      part.through = std::max(part.through, pending.flows[i].passed_through);
    }
    for (const auto& [what, records] : part.counted) {
      if (Status added = file.catalogue.add_ledger(pending.flows[i].id, what, records); !added) {
        return added;
      }
    }
  }
  return {};
}

// What is held had to be counted: of all flows, and from nothing.
Status Tick::list_held(StoreFile& file, const Pending& pending) {
  if (Status cleared = file.held.clear(); !cleared) {
    return cleared;
  }
  for (const auto& [flow, usage] : pending.others) {
    if (Status written = file.held.set(flow, usage); !written) {
      return written;
    }
  }
  return {};
}

Status Tick::write_held(StoreFile& file, const Pending& pending) {
  if (Status listed = pending.unlisted ? list_held(file, pending) : Status(); !listed) {
    return listed;
  }
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    const FlowState& flow = pending.flows[i];
    if (flows_[i].through > Sequence(0)) {
      if (Status written = file.held.set_through(flow.id, flows_[i].through); !written) {
        return written;
      }
    }
    const Usage& usage = flows_[i].stored.usage;
    if (!pending.unlisted && usage == flow.stored.usage) {
      continue;
    }
    if (Status written = file.held.set(flow.id, usage); !written) {
      return written;
    }
  }
  return {};
}

Status Tick::write_seals(StoreFile& file, const Pending& pending) {
  const SealMark mark = file.cipher->mark();
  const bool is_new = mark != SealMark::None && seals_.insert(mark).second;
  return is_new || pending.unlisted ? file.held.set_seals(seals_) : Status();
}

bool Tick::counted() const {
  return std::ranges::any_of(flows_, [](const FlowPart& part) { return !part.counted.empty(); });
}

bool Tick::more() const {
  return splits_left_ || more_to_drop_ || std::ranges::any_of(flows_, &FlowPart::prune);
}

DropCounts Tick::dropped() const {
  DropCounts sum{};
  for (const FlowPart& part : flows_) {
    for (const DropReason reason : {DropReason::Full, DropReason::Disk, DropReason::Age}) {
      const auto found = part.counted.find(name_of(reason));
      sum.at(static_cast<std::size_t>(reason)) += found != part.counted.end() ? found->second : 0;
    }
  }
  return sum;
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
    flow.passed.clear();
    flow.expired = flow.expired == part.expired ? Sequence(0) : flow.expired;
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
  pending.seals = seals_;
  pending.unlisted = false;
  pending.others.clear();
  pending.last = last_;
  pending.mark.reset();
  return in_order(std::move(stored));
}

}  // namespace sluice
