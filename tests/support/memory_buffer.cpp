#include "tests/support/memory_buffer.h"

#include "buffers/block_edit.h"

#include <algorithm>
#include <cassert>
#include <memory>
#include <utility>

namespace sluice::testing_support {

namespace {

constexpr const char* kStopping = "the buffer is stopping";

}  // namespace

MemoryBuffer::MemoryBuffer(const std::vector<std::size_t>& sinks, BufferListener& listener)
    : listener_(listener) {
  for (const std::size_t count : sinks) {
    Flow& flow = flows_.emplace_back();
    flow.sinks.resize(count);
  }
}

void MemoryBuffer::submit(SealedBlock block) {
  const Sequence first = block.block->first;
  std::vector<Answer> answers;
  {
    const std::lock_guard lock(mutex_);
    for (const StateRow& row : block.state) {
      put_locked(row);
    }
    Flow& flow = flows_.at(number(block.block->flow));
    for (const Counted& each : block.counted) {
      flow.ledger[each.what] += each.records;
    }
    for (DeadInput& each : block.dead) {
      flow.ledger["dead_input"] += each.block->count;
      dead_input_.push_back(std::move(each));
    }
    if (!block.block->empty()) {
      flow.ledger["stored"] += block.block->count;
      flow.newest = first;
      flow.blocks.push_back(std::move(block.block));
      answer_if_possible(flow, answers);
    }
  }
  listener_.settled(first);
  deliver(std::move(answers));
}

void MemoryBuffer::fetch(FlowIndex flow, SinkIndex sink, Sequence after, FetchHandler then) {
  std::vector<Answer> answers;
  {
    const std::lock_guard lock(mutex_);
    Flow& state = flows_.at(number(flow));
    Request& request = state.sinks.at(number(sink)).open.at(after == Sequence(0) ? 0 : 1);
    assert(!request.then && "a sink may have one open request of each kind for each flow");
    if (stopped_) {
      answers.emplace_back(std::move(then), Error{Reaction::Closed, kStopping});
    } else {
      request = {after, std::move(then)};
      answer_if_possible(state, answers);
    }
  }
  deliver(std::move(answers));
}

void MemoryBuffer::split(FlowIndex flow, Sequence first, SplitHandler then) {
  Status done;
  std::vector<Answer> answers;
  {
    const std::lock_guard lock(mutex_);
    Flow& state = flows_.at(number(flow));
    done = stopped_ ? Error{Reaction::Closed, kStopping} : split_locked(state, first);
    answer_if_possible(state, answers);
  }
  then(std::move(done));
  deliver(std::move(answers));
}

Status MemoryBuffer::split_locked(Flow& flow, Sequence first) {
  const auto found = std::ranges::find(flow.blocks, first, &Block::first);
  if (found == flow.blocks.end()) {
    return Error{Reaction::Reject, "the block is not held any more"};
  }
  const BlockPtr whole = *found;
  auto halves = split_block(*whole, 1);
  if (!halves) {
    return halves.error();
  }
  for (Sink& sink : flow.sinks) {
    if (!sink.confirmed.covers(*whole)) {
      sink.confirmed.remove(Sequence(number(whole->first) - 1), whole->last());
    }
  }
  flow.cut.add({Sequence(number(whole->first) - 1), whole->last()});
  flow.newest = std::max(flow.newest, halves->second.first);
  *found = std::make_shared<const Block>(std::move(halves->first));
  flow.blocks.insert(found + 1, std::make_shared<const Block>(std::move(halves->second)));
  return {};
}

void MemoryBuffer::bury(FlowIndex flow, SinkIndex sink, Sequence after, Sequence last,
                        DeadLetter why) {
  const std::lock_guard lock(mutex_);
  const auto& blocks = flows_.at(number(flow)).blocks;
  const auto found = std::ranges::find(blocks, last, &Block::last);
  if (found != blocks.end() && (*found)->first > after) {
    dead_.push_back({flow, sink, *found, std::move(why)});
  }
  confirm_locked(flow, sink, {after, last});
}

Sequence MemoryBuffer::newest(FlowIndex flow) const {
  const std::lock_guard lock(mutex_);
  return flows_.at(number(flow)).newest;
}

void MemoryBuffer::confirm(FlowIndex flow, SinkIndex sink, Sequence after, Sequence last) {
  const std::lock_guard lock(mutex_);
  confirm_locked(flow, sink, {after, last});
}

void MemoryBuffer::confirm_locked(FlowIndex flow, SinkIndex sink, SequenceRange range) {
  Flow& state = flows_.at(number(flow));
  state.sinks.at(number(sink)).confirmed.add(state.cut.trim(range).after, range.last);
  std::erase_if(state.blocks, [&](const BlockPtr& block) {
    return std::ranges::all_of(state.sinks,
                               [&](const Sink& each) { return each.confirmed.covers(*block); });
  });
}

std::optional<std::string> MemoryBuffer::load(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto found = states_.find(key);
  return found != states_.end() ? std::optional(found->second) : std::nullopt;
}

void MemoryBuffer::put(StateRow row) {
  const std::lock_guard lock(mutex_);
  put_locked(row);
}

void MemoryBuffer::stop() {
  std::vector<Answer> answers;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    for (Flow& flow : flows_) {
      for (Sink& sink : flow.sinks) {
        for (Request& request : sink.open) {
          if (request.then) {
            answers.emplace_back(std::exchange(request.then, nullptr),
                                 Error{Reaction::Closed, kStopping});
          }
        }
      }
    }
  }
  deliver(std::move(answers));
}

std::vector<MemoryBuffer::Buried> MemoryBuffer::dead_letters() const {
  const std::lock_guard lock(mutex_);
  return dead_;
}

std::vector<DeadInput> MemoryBuffer::dead_input() const {
  const std::lock_guard lock(mutex_);
  return dead_input_;
}

Ledger MemoryBuffer::ledger(FlowIndex flow) const {
  const std::lock_guard lock(mutex_);
  return flows_.at(number(flow)).ledger;
}

std::size_t MemoryBuffer::held_blocks() const {
  const std::lock_guard lock(mutex_);
  std::size_t held = 0;
  for (const Flow& flow : flows_) {
    held += flow.blocks.size();
  }
  return held;
}

void MemoryBuffer::put_locked(const StateRow& row) {
  if (row.value.empty()) {
    states_.erase(row.key);
  } else {
    states_.insert_or_assign(row.key, row.value);
  }
}

void MemoryBuffer::answer_if_possible(Flow& flow, std::vector<Answer>& answers) {
  for (Sink& sink : flow.sinks) {
    for (Request& request : sink.open) {
      if (!request.then) {
        continue;
      }
      const auto wanted = std::ranges::find_if(flow.blocks, [&](const BlockPtr& block) {
        return block->first > request.after && !sink.confirmed.covers(*block);
      });
      if (wanted != flow.blocks.end()) {
        answers.emplace_back(std::exchange(request.then, nullptr), *wanted);
      }
    }
  }
}

// Without the lock: a handler may well ask again.
void MemoryBuffer::deliver(std::vector<Answer> answers) {
  for (auto& [handler, result] : answers) {
    handler(std::move(result));
  }
}

}  // namespace sluice::testing_support
