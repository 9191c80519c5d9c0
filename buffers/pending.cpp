#include "buffers/pending.h"

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

FlowId next_free(const std::map<std::string, FlowId>& known,
                 const std::map<FlowId, StoredUsage>& stored) {
  std::int64_t highest = 0;
  for (const auto& [name, id] : known) {
    highest = std::max(highest, static_cast<std::int64_t>(id));
  }
  if (!stored.empty()) {
    highest = std::max(highest, static_cast<std::int64_t>(stored.rbegin()->first));
  }
  return FlowId(highest + 1);
}

std::vector<SinkState> sinks_of(const Route& route, FlowId flow,
                                const std::map<CursorKey, Confirmed>& confirmed) {
  std::vector<SinkState> sinks;
  for (const std::string& name : route.sinks) {
    const auto found = confirmed.find({flow, name});
    sinks.push_back({name, found != confirmed.end() ? found->second : Confirmed(), false, {}});
  }
  return sinks;
}

// Blocks are stored from the front, so the first that is not there ends the search.
Result<std::size_t> count_stored(StoreFile& file, const FlowState& flow) {
  std::size_t count = 0;
  for (const WaitingBlock& waiting : flow.waiting) {
    const Result<bool> there = file.blocks.contains(flow.id, *waiting.sealed.block);
    if (!there) {
      return there.error();
    }
    if (!*there) {
      break;
    }
    ++count;
  }
  return count;
}

}  // namespace

std::vector<SealedBlock> in_order(std::vector<WaitingBlock> blocks) {
  std::ranges::sort(blocks, {}, &WaitingBlock::arrival);
  std::vector<SealedBlock> sealed;
  sealed.reserve(blocks.size());
  for (WaitingBlock& each : blocks) {
    sealed.push_back(std::move(each.sealed));
  }
  return sealed;
}

void FlowState::take(std::size_t count, std::vector<WaitingBlock>& into) {
  for (; count > 0; --count) {
    waiting_bytes -= waiting.front().sealed.block->data.size();
    into.push_back(std::move(waiting.front()));
    waiting.pop_front();
  }
}

Confirmed FlowState::confirmed_by_all() const {
  if (sinks.empty()) {
    return {};
  }
  Confirmed all = sinks.front().confirmed;
  for (const SinkState& sink : sinks) {
    all = intersection(all, sink.confirmed);
  }
  return all;
}

bool FlowState::is_delivered(const Block& block) const {
  return confirmed_by_all().covers(block) && !unburied.touches(block.first, block.last());
}

BlockPtr FlowState::waiting_around(Sequence sequence) const {
  const auto found = std::ranges::partition_point(waiting, [sequence](const WaitingBlock& each) {
    return each.sealed.block->last() < sequence;
  });
  const bool there = found != waiting.end() && found->sealed.block->first <= sequence;
  return there ? found->sealed.block : nullptr;
}

BlockPtr FlowState::waiting_at(Sequence first) const {
  BlockPtr block = waiting_around(first);
  return block != nullptr && block->first == first ? block : nullptr;
}

Result<Pending> Pending::load(StoreFile& file, const std::vector<Route>& routes) {
  const Result<Meta> meta = file.catalogue.meta();
  if (!meta) {
    return meta.error();
  }
  Result<std::map<std::string, FlowId>> known = file.catalogue.flows();
  if (!known) {
    return known.error();
  }
  const Result<std::map<CursorKey, Confirmed>> confirmed = file.catalogue.confirmed();
  if (!confirmed) {
    return confirmed.error();
  }
  const Result<Sequence> newest = file.blocks.last_sequence();
  if (!newest) {
    return newest.error();
  }
  const Result<std::map<FlowId, StoredUsage>> stored = file.blocks.usage();
  if (!stored) {
    return stored.error();
  }

  const Result<DeadUsage> dead = file.dead.usage();
  if (!dead) {
    return dead.error();
  }
  const Result<std::map<FlowId, Ledger>> ledger = file.catalogue.ledger();
  if (!ledger) {
    return ledger.error();
  }

  Pending pending;
  pending.dead = *dead;
  pending.last = std::max(meta->last, *newest);
  for (const auto& [key, each] : *confirmed) {
    pending.last = std::max(pending.last, each.highest());
  }
  for (const auto& [id, usage] : *stored) {
    pending.held += usage.usage;
  }
  for (const Route& route : routes) {
    FlowState flow;
    const auto found = known->find(route.flow);
    flow.in_file = found != known->end();
    flow.id = flow.in_file ? found->second : next_free(*known, *stored);
    flow.name = route.flow;
    flow.max_size = route.max_size;
    flow.sinks = sinks_of(route, flow.id, *confirmed);
    flow.prune = !flow.confirmed_by_all().ranges().empty();
    if (const auto usage = stored->find(flow.id); usage != stored->end()) {
      flow.stored = usage->second;
    }
    for (const SinkState& sink : flow.sinks) {
      flow.stored.newest = std::max(flow.stored.newest, sink.confirmed.highest());
    }
    if (const auto counted = ledger->find(flow.id); counted != ledger->end()) {
      flow.ledger = counted->second;
    }
    known->emplace(flow.name, flow.id);
    pending.flows.push_back(std::move(flow));
  }
  return pending;
}

Result<std::vector<SealedBlock>> Pending::reconcile(StoreFile& file) {
  const Result<std::map<FlowId, StoredUsage>> usage = file.blocks.usage();
  if (!usage) {
    return usage.error();
  }
  const Result<Sequence> newest = file.blocks.last_sequence();
  if (!newest) {
    return newest.error();
  }
  const Result<DeadUsage> dead_now = file.dead.usage();
  if (!dead_now) {
    return dead_now.error();
  }
  Result<std::map<FlowId, Ledger>> ledger = file.catalogue.ledger();
  if (!ledger) {
    return ledger.error();
  }
  std::vector<std::size_t> counts;
  for (const FlowState& flow : flows) {
    const Result<std::size_t> count = count_stored(file, flow);
    if (!count) {
      return count.error();
    }
    counts.push_back(*count);
  }

  // Nothing can fail any more. What may be in the file or not is written once more: cursors, state
  // and removals come out the same.
  std::vector<WaitingBlock> stored;
  for (std::size_t i = 0; i < flows.size(); ++i) {
    FlowState& flow = flows[i];
    flow.take(counts[i], stored);
    const auto found = usage->find(flow.id);
    const Sequence newest_ever = flow.stored.newest;
    flow.stored = found != usage->end() ? found->second : StoredUsage();
    flow.stored.newest = std::max(flow.stored.newest, newest_ever);
    flow.ledger = (*ledger)[flow.id];
    flow.in_file = false;
    flow.prune = true;
  }
  dead = *dead_now;
  held = {};
  for (const auto& [id, each] : *usage) {
    held += each.usage;
  }
  last = std::max(last, *newest);
  return in_order(std::move(stored));
}

void Pending::confirm(FlowIndex flow, SinkIndex sink, SequenceRange range) {
  FlowState& state = flows.at(number(flow));
  SinkState& by = state.sinks.at(number(sink));
  range = state.cut.trim(range);
  if (!by.confirmed.add(range.after, range.last)) {
    return;
  }
  by.changed = true;
  state.prune = true;
  std::erase_if(by.returned, [&](const SequenceRange& each) { return each.last == range.last; });
  for (const SequenceRange& each : by.returned) {
    by.confirmed.remove(each.after, each.last);
  }
}

void Pending::bury(Burial burial) {
  FlowState& flow = flows.at(number(burial.flow));
  confirm(burial.flow, burial.sink, burial.range);
  flow.unburied.add(burial.range.after, burial.range.last);
  burial.block = flow.waiting_around(burial.range.last);
  burials.push_back(std::move(burial));
}

bool Pending::report_damage(FlowIndex flow, Sequence first) {
  return !untouched.contains(first) && damaged.emplace(first, flow).second;
}

}  // namespace sluice
