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

// Of the blocks from the front, how many the file has dealt with. A salvaged file does not say up
// to where it has; then what is in front of a stored one was stored too, or needed not be. After an
// error only, so it does not matter that it takes long.
Result<std::size_t> count_stored(StoreFile& file, const FlowState& flow, Sequence through) {
  if (through > Sequence(0)) {
    const auto left = std::ranges::find_if(flow.waiting, [through](const WaitingBlock& each) {
      return each.sealed.block->last() > through;
    });
    return static_cast<std::size_t>(left - flow.waiting.begin());
  }
  std::size_t count = 0;
  for (std::size_t at = 0; at < flow.waiting.size(); ++at) {
    const Result<bool> there = file.blocks.contains(flow.id, *flow.waiting[at].sealed.block);
    if (!there) {
      return there.error();
    }
    if (*there) {
      count = at + 1;
    }
  }
  return count;
}

Sequence through_of(const std::map<FlowId, Sequence>& known, FlowId flow) {
  const auto found = known.find(flow);
  return found != known.end() ? found->second : Sequence(0);
}

void pass(FlowState& flow, const SealedBlock& sealed) {
  if (!sealed.block->empty()) {
    flow.passed["stored"] += sealed.block->count;
    flow.passed["delivered"] += sealed.block->count;
  }
  for (const Counted& each : sealed.counted) {
    flow.passed[each.what] += each.records;
  }
  flow.passed_through = sealed.block->last();
}

}  // namespace

std::uint64_t bytes_of(const std::vector<DeadInput>& letters) {
  std::uint64_t bytes = 0;
  for (const DeadInput& each : letters) {
    bytes += each.block->data.size();
  }
  return bytes;
}

std::uint64_t bytes_of(const SealedBlock& sealed) {
  return sealed.block->data.size() + bytes_of(sealed.dead);
}

Sequence last_of(const SealedBlock& sealed) {
  Sequence last = sealed.block->last();
  for (const DeadInput& each : sealed.dead) {
    last = std::max(last, each.block->last());
  }
  return last;
}

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
  due -= std::min(due, count);
  for (; count > 0; --count) {
    waiting_bytes -= bytes_of(waiting.front().sealed);
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
  if (block.empty()) {
    return true;
  }
  return !sinks.empty() && !unburied.touches(block.first, block.last()) &&
         std::ranges::all_of(
             sinks, [&block](const SinkState& sink) { return sink.confirmed.covers(block); });
}

bool FlowState::holds_unconfirmed() const {
  return stored.usage.blocks > 0 &&
         (sinks.empty() || std::ranges::any_of(sinks, [this](const SinkState& sink) {
            return sink.confirmed.cursor() < stored.newest;
          }));
}

bool FlowState::is_handed_out(Sequence first) const {
  return std::ranges::any_of(sinks, [first](const SinkState& sink) {
    return std::ranges::find(sink.handed, first) != sink.handed.end();
  });
}

BlockPtr FlowState::next_waiting(Sequence after, const Confirmed& confirmed,
                                 Sequence visible) const {
  auto next = std::ranges::partition_point(
      waiting, [after](const WaitingBlock& each) { return each.sealed.block->first <= after; });
  next = std::find_if(next, waiting.end(), [&confirmed](const WaitingBlock& each) {
    return !each.sealed.block->empty() && !confirmed.covers(*each.sealed.block);
  });
  const bool found = next != waiting.end() && next->sealed.block->last() <= visible;
  return found ? next->sealed.block : nullptr;
}

Sequence FlowState::newest_waiting(Sequence visible) const {
  auto hidden = std::ranges::partition_point(waiting, [visible](const WaitingBlock& each) {
    return each.sealed.block->last() <= visible;
  });
  while (hidden != waiting.begin()) {
    const Block& block = *(--hidden)->sealed.block;
    if (!block.empty()) {
      return block.first;
    }
  }
  return Sequence(0);
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

// NOLINTNEXTLINE(readability-function-cognitive-complexity): one step behind the other
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
  const Result<Stock> stock = take_stock(file);
  if (!stock) {
    return stock.error();
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
  const std::map<FlowId, StoredUsage>& stored = stock->blocks.flows;
  pending.take(*stock);
  for (const Route& route : routes) {
    FlowState flow;
    const auto found = known->find(route.flow);
    flow.in_file = found != known->end();
    flow.id = flow.in_file ? found->second : next_free(*known, stored);
    flow.name = route.flow;
    flow.max_size = route.max_size;
    flow.when_full = route.when_full;
    flow.priority = route.priority;
    flow.sinks = sinks_of(route, flow.id, *confirmed);
    flow.prune = !flow.confirmed_by_all().ranges().empty();
    if (const auto usage = stored.find(flow.id); usage != stored.end()) {
      flow.stored = usage->second;
    }
    for (const SinkState& sink : flow.sinks) {
      flow.stored.newest = std::max(flow.stored.newest, sink.confirmed.highest());
    }
    if (const auto counted = ledger->find(flow.id); counted != ledger->end()) {
      flow.ledger = counted->second;
    }
    known->emplace(flow.name, flow.id);
    pending.others.erase(flow.id);
    pending.flows.push_back(std::move(flow));
  }
  return pending;
}

void Pending::take(const Stock& stock) {
  unlisted = stock.counted;
  seals = stock.blocks.seals;
  others.clear();
  held = {};
  for (const auto& [id, each] : stock.blocks.flows) {
    held += each.usage;
    others.emplace(id, each.usage);
  }
}

Result<std::vector<SealedBlock>> Pending::reconcile(StoreFile& file) {
  const Result<Stock> stock = take_stock(file);
  if (!stock) {
    return stock.error();
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
  const Result<std::map<FlowId, Sequence>> through = file.held.through();
  if (!through) {
    return through.error();
  }
  std::vector<std::size_t> counts;
  for (const FlowState& flow : flows) {
    const Result<std::size_t> count = count_stored(file, flow, through_of(*through, flow.id));
    if (!count) {
      return count.error();
    }
    counts.push_back(*count);
  }

  // Nothing can fail any more. What may be in the file or not is written once more: cursors, state
  // and removals come out the same.
  std::vector<WaitingBlock> stored;
  take(*stock);
  const std::map<FlowId, StoredUsage>& usage = stock->blocks.flows;
  for (std::size_t i = 0; i < flows.size(); ++i) {
    FlowState& flow = flows[i];
    flow.take(counts[i], stored);
    const auto found = usage.find(flow.id);
    others.erase(flow.id);
    const Sequence newest_ever = flow.stored.newest;
    flow.stored = found != usage.end() ? found->second : StoredUsage();
    flow.stored.newest = std::max(flow.stored.newest, newest_ever);
    flow.ledger = (*ledger)[flow.id];
    if (through_of(*through, flow.id) >= flow.passed_through) {
      flow.passed.clear();
    }
    flow.in_file = false;
    flow.prune = true;
  }
  dead = *dead_now;
  last = std::max(last, *newest);
  return in_order(std::move(stored));
}

std::vector<SealedBlock> Pending::take_delivered() {
  std::vector<WaitingBlock> delivered;
  for (FlowState& flow : flows) {
    const auto stays = std::ranges::find_if(flow.waiting, [&](const WaitingBlock& waiting) {
      const SealedBlock& sealed = waiting.sealed;
      return !sealed.state.empty() || !sealed.dead.empty() || !flow.is_delivered(*sealed.block) ||
             sealed.block->last() > last;
    });
    for (auto each = flow.waiting.begin(); each != stays; ++each) {
      pass(flow, each->sealed);
    }
    flow.take(static_cast<std::size_t>(stays - flow.waiting.begin()), delivered);
  }
  return in_order(std::move(delivered));
}

void Pending::confirm(FlowIndex flow, SinkIndex sink, SequenceRange range) {
  FlowState& state = flows.at(number(flow));
  SinkState& by = state.sinks.at(number(sink));
  range = state.cut.trim(range);
  std::erase_if(by.handed,
                [&range](Sequence first) { return first > range.after && first <= range.last; });
  if (!by.confirmed.add(range.after, range.last)) {
    return;
  }
  by.changed = true;
  state.prune = state.prune || state.stored.usage.blocks > 0;
  std::erase_if(by.returned, [&](const SequenceRange& each) { return each.last == range.last; });
  for (const SequenceRange& each : by.returned) {
    by.confirmed.remove(each.after, each.last);
  }
}

void Pending::hand_out(FlowIndex flow, SinkIndex sink, Sequence first) {
  std::vector<Sequence>& handed = flows.at(number(flow)).sinks.at(number(sink)).handed;
  if (std::ranges::find(handed, first) == handed.end()) {
    handed.push_back(first);
  }
}

void Pending::write_confirmed_again() {
  for (FlowState& flow : flows) {
    for (SinkState& sink : flow.sinks) {
      sink.changed = true;
    }
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
