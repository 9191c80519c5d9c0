#include "tests/lab/drain.h"

namespace sluice::lab {

Drain::State Drain::look(const Balance& now, bool load_runs, Instant at) {
  if (now.progress() != progress_ || moved_ == Instant{}) {
    progress_ = now.progress();
    moved_ = at;
  }
  if (!load_runs && qos_ > 0 && now.missing.empty()) {
    return State::Done;
  }
  // Everything published is as good as it gets; messages without a number are beyond counting.
  if (!load_runs && qos_ == 0 && now.received.records >= now.load.published) {
    return State::Done;
  }
  if (at - moved_ < patience_) {
    return State::Going;
  }
  return qos_ == 0 && !load_runs ? State::Done : State::Stuck;
}

}  // namespace sluice::lab
