#include "commands/input_retries.h"

#include "core/message.h"

namespace sluice {

void InputRetries::attach(Intake& intake, const std::vector<std::string>& flows) {
  for (const std::string& name : flows) {
    const std::size_t position = flows_.size();
    positions_.emplace(name, position);
    UnderWay& flow = flows_.emplace_back();
    flow.inlet = &intake.attach_to(static_cast<FlowIndex>(position), flow);
  }
}

void InputRetries::retry(RetriedInput input, std::function<void(Status)> settled) {
  const auto position = positions_.find(input.flow);
  if (position == positions_.end()) {
    settled(Error{Reaction::Reject, "the flow " + input.flow + " is not configured"});
    return;
  }
  flows_[position->second].hand_over(input, settled);
}

// It may be settled before deliver() has returned.
void InputRetries::UnderWay::hand_over(const RetriedInput& input,
                                       const std::function<void(Status)>& then) {
  MessageBatch batch;
  batch.add({.topic = input.topic, .payload = input.payload, .received = input.time});
  const Ticket ticket = inlet->deliver(batch);
  bool done = false;
  {
    const MutexLock lock(mutex_);
    done = settled_ >= ticket;
    if (!done) {
      waiting_.emplace(ticket, then);
    }
  }
  if (done) {
    then({});
  } else {
    inlet->flush();
  }
}

// Nothing comes by itself.
Status InputRetries::UnderWay::run(Inlet& /*inlet*/, std::stop_token /*stop*/) {
  return {};
}

void InputRetries::UnderWay::settled(Ticket last) {
  std::map<Ticket, std::function<void(Status)>> done;
  {
    const MutexLock lock(mutex_);
    settled_ = last;
    const auto behind = waiting_.upper_bound(last);
    while (waiting_.begin() != behind) {
      done.insert(waiting_.extract(waiting_.begin()));
    }
  }
  for (const auto& [ticket, then] : done) {
    then({});
  }
}

std::string InputRetries::UnderWay::state_at(Ticket /*last*/) const {
  return {};
}

}  // namespace sluice
