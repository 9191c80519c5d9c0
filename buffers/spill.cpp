#include "buffers/spill.h"

#include <algorithm>

namespace sluice {

namespace {

bool is_lazy(const FlowState& flow) {
  return !flow.holds_unconfirmed();
}

// True if the memory for waiting is used up. What other flows cannot store is not its business.
bool is_overfull(const Pending& pending) {
  std::uint64_t bytes = 0;
  for (const FlowState& flow : pending.flows) {
    bytes += is_lazy(flow) ? flow.waiting_bytes : 0;
  }
  return bytes > Spill::kMostWaiting;
}

// True if a block had its time and was not delivered.
bool is_overdue(const FlowState& flow, Instant now) {
  const auto oldest = std::ranges::find_if(flow.waiting, [&](const WaitingBlock& waiting) {
    return !flow.is_delivered(*waiting.sealed.block);
  });
  return is_lazy(flow) && oldest != flow.waiting.end() && oldest->deadline <= now;
}

// A block can be cut only in the file.
Sequence wanted_in_file(const Pending& pending, std::size_t flow) {
  Sequence last{};
  for (const SplitRequest& split : pending.splits) {
    last = number(split.flow) == flow ? std::max(last, split.first) : last;
  }
  return last;
}

}  // namespace

void Spill::mark(Pending& pending, Instant now) {
  urgent_ = everything_ && lazy();
  next_.reset();
  if (lazy()) {
    reserve(pending);
  }
  if (!lazy() || everything_) {
    for (FlowState& flow : pending.flows) {
      flow.due = flow.waiting.size();
    }
    return;
  }
  // A transaction costs the same for one block as for several. So what has had half of its time is
  // stored with the one that has had all of it.
  std::optional<Instant> until;
  if (is_overfull(pending)) {
    until = Instant::max();
  } else if (std::ranges::any_of(pending.flows,
                                 [now](const FlowState& flow) { return is_overdue(flow, now); })) {
    until = now + after_ / 2;
  }
  urgent_ = urgent_ || until.has_value();
  for (std::size_t i = 0; i < pending.flows.size(); ++i) {
    FlowState& flow = pending.flows[i];
    if (is_lazy(flow)) {
      mark_lazy(flow, wanted_in_file(pending, i), until);
    } else {
      flow.due = flow.waiting.size();
    }
  }
}

void Spill::mark_lazy(FlowState& flow, Sequence wanted, std::optional<Instant> until) {
  flow.due = 0;
  for (const WaitingBlock& waiting : flow.waiting) {
    const Block& block = *waiting.sealed.block;
    if (block.first <= wanted || flow.unburied.touches(block.first, block.last())) {
      urgent_ = true;
    } else if (flow.is_delivered(block)) {
      urgent_ = urgent_ || waiting.arrival <= hurried_;
    } else if (!until || waiting.deadline > *until) {
      next_ = std::min(next_.value_or(waiting.deadline), waiting.deadline);
      return;
    }
    ++flow.due;
  }
}

// Half of the reservation is left when it is renewed, so that nothing has to wait for it.
void Spill::reserve(Pending& pending) {
  if (advance(pending.given, kReservation / 2) > pending.last && pending.given > Sequence(0)) {
    pending.mark = advance(pending.given, kReservation);
  }
  urgent_ = urgent_ || pending.given > pending.last;
}

}  // namespace sluice
