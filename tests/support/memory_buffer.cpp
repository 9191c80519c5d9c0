#include "tests/support/memory_buffer.h"

#include <algorithm>
#include <utility>

namespace sluice::testing_support {

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
    flow.blocks.push_back(std::move(block.block));
    for (Sink& sink : flow.sinks) {
      answer_if_possible(flow, sink, answers);
    }
  }
  listener_.settled(first);
  deliver(std::move(answers));
}

void MemoryBuffer::fetch(FlowIndex flow, SinkIndex sink, Sequence after, FetchHandler then) {
  std::vector<Answer> answers;
  {
    const std::lock_guard lock(mutex_);
    Sink& asking = flows_.at(number(flow)).sinks.at(number(sink));
    asking.after = after;
    asking.open = std::move(then);
    if (stopped_) {
      answers.emplace_back(std::exchange(asking.open, nullptr),
                           Error{Reaction::Closed, "the buffer is stopping"});
    } else {
      answer_if_possible(flows_.at(number(flow)), asking, answers);
    }
  }
  deliver(std::move(answers));
}

void MemoryBuffer::split(FlowIndex /*flow*/, Sequence /*first*/, SplitHandler then) {
  then(Error{Reaction::Reject, "blocks cannot be split yet"});
}

void MemoryBuffer::bury(FlowIndex flow, SinkIndex sink, Sequence after, Sequence last,
                        DeadLetter /*why*/) {
  confirm(flow, sink, after, last);
}

Sequence MemoryBuffer::newest(FlowIndex /*flow*/) const {
  return {};
}

void MemoryBuffer::confirm(FlowIndex flow, SinkIndex sink, Sequence /*after*/, Sequence last) {
  const std::lock_guard lock(mutex_);
  Flow& state = flows_.at(number(flow));
  Sequence& confirmed = state.sinks.at(number(sink)).confirmed;
  confirmed = std::max(confirmed, last);
  const auto slowest = std::ranges::min_element(state.sinks, {}, &Sink::confirmed);
  std::erase_if(state.blocks,
                [&](const BlockPtr& block) { return block->last() <= slowest->confirmed; });
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
        if (sink.open) {
          answers.emplace_back(std::exchange(sink.open, nullptr),
                               Error{Reaction::Closed, "the buffer is stopping"});
        }
      }
    }
  }
  deliver(std::move(answers));
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

void MemoryBuffer::answer_if_possible(const Flow& flow, Sink& sink, std::vector<Answer>& answers) {
  if (!sink.open) {
    return;
  }
  const auto wanted = std::ranges::find_if(flow.blocks, [&](const BlockPtr& block) {
    return block->first > sink.after && block->last() > sink.confirmed;
  });
  if (wanted != flow.blocks.end()) {
    answers.emplace_back(std::exchange(sink.open, nullptr), *wanted);
  }
}

// Without the lock: a handler may well ask again.
void MemoryBuffer::deliver(std::vector<Answer> answers) {
  for (auto& [handler, result] : answers) {
    handler(std::move(result));
  }
}

}  // namespace sluice::testing_support
