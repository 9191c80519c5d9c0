// The part of a transaction that takes in blocks and decides what goes when there is no room.
#include "buffers/tick.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace sluice {

namespace {

constexpr Sequence kNewest{std::numeric_limits<std::int64_t>::max()};
constexpr std::size_t kRowsAtATime = 16;

}  // namespace

std::string_view name_of(DropReason reason) {
  switch (reason) {
    case DropReason::Full:
      return "dropped_full";
    case DropReason::Disk:
      return "dropped_disk";
    case DropReason::Age:
      return "dropped_age";
  }
  return {};
}

// What is confirmed goes first, as delivered; so a flow with a long list of that has to wait.
// NOLINTNEXTLINE(readability-function-cognitive-complexity): one step behind the other
Status Tick::expire(StoreFile& file, const Pending& pending) {
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    const FlowState& flow = pending.flows[i];
    FlowPart& part = flows_[i];
    if (flow.expired == Sequence(0) || part.prune) {
      continue;
    }
    const auto rows = file.blocks.within(flow.id, {Sequence(0), flow.expired}, kMostRemoved);
    if (!rows) {
      return rows.error();
    }
    for (const StoredRow& row : *rows) {
      if (flow.is_handed_out(row.first)) {
        continue;
      }
      if (Status dropped = drop_stored(file, pending, i, row, DropReason::Age); !dropped) {
        return dropped;
      }
    }
    if (rows->size() == kMostRemoved) {
      more_to_drop_ = true;
    } else {
      part.expired = flow.expired;
    }
  }
  return {};
}

// By priority, because there may be room for some only.
std::vector<Tick::Candidate> Tick::candidates(const Pending& pending) {
  std::vector<Candidate> found;
  for (std::size_t i = 0; i < pending.flows.size(); ++i) {
    const FlowState& flow = pending.flows[i];
    std::uint64_t bytes = 0;
    for (std::size_t at = 0; at < flow.due && bytes < kMostBytes; ++at) {
      const WaitingBlock& waiting = flow.waiting[at];
      found.push_back({waiting.arrival, i, &waiting});
      bytes += bytes_of(waiting.sealed);
    }
  }
  std::ranges::sort(found, [&pending](const Candidate& one, const Candidate& other) {
    const Priority first = pending.flows[one.flow].priority;
    const Priority second = pending.flows[other.flow].priority;
    return first != second ? first > second : one.arrival < other.arrival;
  });
  return found;
}

Status Tick::take_blocks(StoreFile& file, const Pending& pending, TickKind kind, Timestamp now) {
  for (const Candidate& candidate : candidates(pending)) {
    FlowPart& part = flows_[candidate.flow];
    if (part.blocked) {
      continue;
    }
    const Result<bool> taken = take(file, pending, candidate, kind);
    if (!taken) {
      return taken.error();
    }
    if (!*taken) {
      part.blocked = true;
      continue;
    }
    if (Status buried = bury_input(file, pending, candidate, kind, now); !buried) {
      return buried;
    }
    const SealedBlock& sealed = candidate.waiting->sealed;
    for (const Counted& each : sealed.counted) {
      part.counted[each.what] += each.records;
    }
    last_ = std::max(last_, last_of(sealed));
    part.through = sealed.block->last();
    ++part.blocks;
    taken_.push_back(candidate.waiting);
    if (stored_bytes_ >= kMostBytes) {
      break;
    }
  }
  return {};
}

// False: it has to wait.
Result<bool> Tick::take(StoreFile& file, const Pending& pending, const Candidate& candidate,
                        TickKind kind) {
  const FlowState& flow = pending.flows[candidate.flow];
  const SealedBlock& sealed = candidate.waiting->sealed;
  const Block& block = *sealed.block;
  FlowPart& part = flows_[candidate.flow];
  Decision decision{Reception::Store, {}};
  if (need_of(flow, sealed).in_file > 0) {
    const Result<Decision> found = find_room(file, pending, candidate, kind);
    if (!found) {
      return found.error();
    }
    decision = *found;
  }
  if (decision.reception == Reception::Wait) {
    return false;
  }
  if (block.empty()) {
    return true;
  }
  if (flow.is_delivered(block)) {  // only what comes with it is missing
    part.counted["stored"] += block.count;
    part.counted["delivered"] += block.count;
    return true;
  }
  if (decision.reception == Reception::Drop) {
    part.counted["stored"] += block.count;
    part.counted[std::string(name_of(decision.reason))] += block.count;
    return true;
  }
  const Status inserted = insert(file, flow, candidate);
  return inserted ? Result<bool>(true) : inserted.error();
}

Result<Tick::Decision> Tick::find_room(StoreFile& file, const Pending& pending,
                                       const Candidate& candidate, TickKind kind) {
  const FlowState& flow = pending.flows[candidate.flow];
  const FlowPart& part = flows_[candidate.flow];
  const Need need = need_of(flow, candidate.waiting->sealed);
  const auto without = [&](DropReason reason) {
    const bool waits = flow.when_full == WhenFull::Block || more_to_drop_;
    return Decision{waits ? Reception::Wait : Reception::Drop, reason};
  };
  if (kind == TickKind::WithoutBlocks) {
    return without(DropReason::Disk);
  }
  const auto fits_in_flow = [&] { return fits(flow, part.stored.usage, need.in_flow); };
  if (flow.when_full == WhenFull::DropOldest) {
    const Status dropped =
        drop_oldest(file, pending, candidate.flow, DropReason::Full, fits_in_flow);
    if (!dropped) {
      return dropped.error();
    }
  }
  if (!fits_in_flow()) {
    return without(DropReason::Full);
  }
  const bool claimed = claimed_ && flow.priority < *claimed_;
  if (!claimed) {
    if (Status made = make_room_in_file(file, pending, candidate); !made) {
      return made.error();
    }
    if (room_.fits(need.in_file)) {
      return Decision{Reception::Store, {}};
    }
  }
  if (flow.when_full == WhenFull::Block) {
    claimed_ = std::max(claimed_.value_or(flow.priority), flow.priority);
  }
  return without(room_.shortage());
}

// The lowest priority goes first, and the flow itself last. Nothing goes for nothing: if all of it
// were not enough, it stays.
Status Tick::make_room_in_file(StoreFile& file, const Pending& pending,
                               const Candidate& candidate) {
  const FlowState& flow = pending.flows[candidate.flow];
  const std::uint64_t bytes = need_of(flow, candidate.waiting->sealed).in_file;
  const auto enough = [&] { return room_.fits(bytes); };
  if (enough()) {
    return {};
  }
  std::vector<std::size_t> givers;
  std::uint64_t given = 0;
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    const bool itself = i == candidate.flow && flow.when_full == WhenFull::DropOldest;
    if (itself || gives_way(pending.flows[i], flow.priority)) {
      givers.push_back(i);
      given += file_bytes(flows_[i].stored.usage);
    }
  }
  if (given < room_.missing(bytes)) {
    return {};
  }
  std::ranges::stable_sort(givers, {}, [&](std::size_t i) { return pending.flows[i].priority; });
  for (const std::size_t giver : givers) {
    if (Status dropped = drop_oldest(file, pending, giver, room_.shortage(), enough); !dropped) {
      return dropped;
    }
  }
  return {};
}

// What a sink is just being sent goes only when there is nothing else: it may arrive all the same,
// and would then be counted as dropped.
// NOLINTNEXTLINE(readability-function-cognitive-complexity): one step behind the other
Status Tick::drop_oldest(StoreFile& file, const Pending& pending, std::size_t flow,
                         DropReason reason, const std::function<bool()>& enough) {
  const FlowState& state = pending.flows[flow];
  FlowPart& part = flows_[flow];
  for (const bool spare : {true, false}) {
    bool found = true;
    while (found && !enough()) {
      if (dropped_blocks_ >= kMostRemoved || part.prune) {
        more_to_drop_ = true;
        return {};
      }
      found = false;
      const auto rows = file.blocks.oldest(state.id, kNewest, kRowsAtATime);
      if (!rows) {
        return rows.error();
      }
      for (const StoredRow& row : *rows) {
        if (enough() || (spare && state.is_handed_out(row.first))) {
          continue;
        }
        found = true;
        if (Status dropped = drop_stored(file, pending, flow, row, reason); !dropped) {
          return dropped;
        }
      }
    }
  }
  return {};
}

Status Tick::drop_stored(StoreFile& file, const Pending& pending, std::size_t flow,
                         const StoredRow& row, DropReason reason) {
  FlowPart& part = flows_[flow];
  // Takes what is left of its dead letters with it.
  if (const auto otherwise = fate(file, pending.flows[flow], row.first); !otherwise) {
    return otherwise.error();
  }
  if (Status removed = file.blocks.remove(row.first); !removed) {
    return removed;
  }
  const Usage removed{1, row.records, row.bytes};
  part.stored.usage -= removed;
  part.counted[std::string(name_of(reason))] += row.records;
  held_ -= removed;
  ++dropped_blocks_;
  // Measured, because small blocks share their pages with others.
  const Result<FileUse> use = file.use();
  if (!use) {
    return use.error();
  }
  room_.measured(use->used_bytes);
  return {};
}

Status Tick::insert(StoreFile& file, const FlowState& flow, const Candidate& candidate) {
  const Block& block = *candidate.waiting->sealed.block;
  FlowPart& part = flows_[candidate.flow];
  if (Status inserted = file.blocks.insert(flow.id, block); !inserted) {
    return inserted;
  }
  const Usage added{1, block.count, block.data.size()};
  part.stored.usage += added;
  part.stored.newest = block.first;
  part.counted["stored"] += block.count;
  // Buried while it waited: it goes with the next transaction, as what it is.
  part.prune = part.prune || intersection(part.saved).covers(block);
  held_ += added;
  room_.take(added.bytes);
  stored_bytes_ += added.bytes;
  return {};
}

}  // namespace sluice
