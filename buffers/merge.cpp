#include "buffers/merge.h"

#include "buffers/block_edit.h"

#include <algorithm>
#include <span>
#include <utility>

namespace sluice {

namespace {

constexpr std::size_t kMostRows = 4'096;                    // looked at for one flow
constexpr std::uint64_t kMostBytes = 4 * Merger::kLargest;  // in one transaction, over all flows

using Rows = std::span<const RowOutline>;

bool worth_it(Rows rows) {
  std::uint64_t total = 0;
  std::uint64_t largest = 0;
  for (const RowOutline& row : rows) {
    total += row.raw_bytes;
    largest = std::max(largest, row.raw_bytes);
  }
  return rows.size() >= Merger::kFewest && largest * Merger::kGrowth <= total;
}

// As many from the front as fit into one block.
Rows that_fit(Rows rows) {
  std::uint64_t total = 0;
  const auto end = std::ranges::find_if(rows, [&total](const RowOutline& row) {
    total += row.raw_bytes;
    return total > Merger::kLargest;
  });
  return rows.first(static_cast<std::size_t>(end - rows.begin()));
}

// The first neighbours of a run that are worth it; none if no such are there.
Rows worthwhile(Rows run) {
  for (; run.size() >= Merger::kFewest; run = run.subspan(1)) {
    if (const Rows rows = that_fit(run); worth_it(rows)) {
      return rows;
    }
  }
  return {};
}

bool in_some_hand(const FlowState& flow, const Confirmed& handed_out, const RowOutline& row) {
  return handed_out.touches(row.first, row.last) ||
         std::ranges::any_of(flow.sinks, [&row](const SinkState& sink) {
           return sink.confirmed.touches(row.first, row.last);
         });
}

// Which of those that cannot be put together spoils it.
Sequence last_unfit(const std::vector<BlockPtr>& members, int compression_level) {
  Sequence last = members.back()->first;
  for (const BlockPtr& member : members) {
    if (!merge_blocks({member}, compression_level)) {
      last = member->first;
    }
  }
  return last;
}

Usage usage_of(const Block& block) {
  return {1, block.count, block.data.size()};
}

}  // namespace

Merger::Merger(const Pending& pending) : before_(pending.last), flows_(pending.flows.size()) {
  for (Flow& flow : flows_) {
    flow.settled_until = before_;
  }
}

void Merger::stored(const Block& block) {
  flows_.at(number(block.flow)).stored += !block.empty() && block.raw_bytes < kSmall ? 1U : 0U;
}

bool Merger::wanted() const {
  return std::ranges::any_of(flows_, [](const Flow& flow) { return flow.stored >= kFewest; });
}

Result<bool> Merger::merge(StoreFile& file, Pending& pending, const Readers& readers,
                           std::uint64_t number) {
  Result<std::vector<Change>> changes = plan(file, pending, readers);
  if (!changes) {
    return changes.error();
  }
  sqlite::Transaction transaction(file.connection);
  if (Status begun = transaction.begin(); !begun) {
    return begun.error();
  }
  for (Change& change : *changes) {
    const Result<bool> done = carry_out(file, pending, change);
    if (!done) {
      return done.error();
    }
    if (!*done) {
      change.members.clear();
    }
  }
  std::erase_if(*changes, [](const Change& change) { return change.members.empty(); });
  if (changes->empty()) {
    return false;
  }
  if (Status set = file.catalogue.set_meta(pending.last, number); !set) {
    return set.error();
  }
  // Should it fail and a crash show that it took place, blocks must not have been sent meanwhile
  // that are not there any more.
  for (const Change& change : *changes) {
    pending.flows[change.flow].in_doubt = true;
  }
  if (Status committed = transaction.commit(); !committed) {
    return committed.error();
  }
  for (const Change& change : *changes) {
    FlowState& flow = pending.flows[change.flow];
    flow.in_doubt = false;
    flow.stored.usage -= change.removed;
    flow.stored.usage += change.added;
    pending.held -= change.removed;
    pending.held += change.added;
  }
  return true;
}

Result<std::vector<Merger::Change>> Merger::plan(StoreFile& file, const Pending& pending,
                                                 const Readers& readers) {
  std::vector<Change> changes;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < flows_.size() && bytes < kMostBytes; ++i) {
    if (flows_[i].stored < kFewest) {
      continue;
    }
    Result<std::vector<RowOutline>> members = find(file, pending, readers, i);
    if (!members) {
      return members.error();
    }
    if (members->empty()) {
      flows_[i].stored = 0;
      continue;
    }
    bytes += kLargest;
    changes.push_back({.flow = i, .members = *std::move(members), .removed = {}, .added = {}});
  }
  return changes;
}

Result<std::vector<RowOutline>> Merger::find(StoreFile& file, const Pending& pending,
                                             const Readers& readers, std::size_t flow) {
  const FlowState& state = pending.flows[flow];
  const Confirmed& handed_out = readers.handed_out(FlowIndex(static_cast<std::uint32_t>(flow)));
  Sequence& settled_until = flows_[flow].settled_until;
  const auto rows = file.blocks.from(state.id, settled_until, kMostRows);
  if (!rows) {
    return rows.error();
  }
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= rows->size(); ++at) {
    const bool stays = at < rows->size() && ((*rows)[at].raw_bytes >= kSmall ||
                                             in_some_hand(state, handed_out, (*rows)[at]));
    if (!stays && at < rows->size()) {
      continue;
    }
    const Rows found = worthwhile(Rows(*rows).subspan(begin, at - begin));
    if (!found.empty()) {
      return std::vector<RowOutline>(found.begin(), found.end());
    }
    if (stays) {
      settled_until = (*rows)[at].first;  // new neighbours come only at the other end
      begin = at + 1;
    }
  }
  return std::vector<RowOutline>();
}

// False: they stay as they are.
Result<bool> Merger::carry_out(StoreFile& file, Pending& pending, Change& change) {
  const FlowState& flow = pending.flows[change.flow];
  const auto index = FlowIndex(static_cast<std::uint32_t>(change.flow));
  std::vector<BlockPtr> members;
  for (const RowOutline& row : change.members) {
    auto found = file.blocks.read(flow.id, index, row.first);
    if (!found) {
      return found.error();
    }
    if (!found->has_value() || (*found)->block == nullptr) {
      flows_[change.flow].settled_until = row.first;  // whoever reads it will find out
      return false;
    }
    change.removed += usage_of(*(*found)->block);
    members.push_back(std::move((*found)->block));
  }
  const Result<Block> whole = merge_blocks(members, pending.compression_level);
  if (!whole) {
    flows_[change.flow].settled_until = last_unfit(members, pending.compression_level);
    return false;
  }
  change.added = usage_of(*whole);
  if (Status replaced = replace(file, flow.id, members, *whole); !replaced) {
    return replaced.error();
  }
  if (Status counted = file.held.change(flow.id, change.removed, change.added); !counted) {
    return counted.error();
  }
  return true;
}

Status Merger::replace(StoreFile& file, FlowId flow, const std::vector<BlockPtr>& members,
                       const Block& whole) {
  for (const BlockPtr& member : members) {
    if (Status removed = file.blocks.remove(member->first); !removed) {
      return removed;
    }
  }
  return file.blocks.insert(flow, whole);
}

}  // namespace sluice
