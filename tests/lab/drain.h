// Waiting until everything that was acknowledged has arrived.
#pragma once

#include "tests/lab/balance.h"

#include <chrono>

namespace sluice::lab {

// Looks at one balance after the other. One thread at a time.
class Drain {
 public:
  enum class State {
    Going,
    Done,   // nothing is missing and the load has ended
    Stuck,  // nothing has moved for too long
  };
  using Instant = std::chrono::steady_clock::time_point;

  // QoS 0 promises nothing, so then nothing can be missing: it is done when nothing comes any more.
  Drain(unsigned qos, std::chrono::seconds patience) : qos_(qos), patience_(patience) {}

  State look(const Balance& now, bool load_runs, Instant at);

 private:
  unsigned qos_;
  std::chrono::seconds patience_;
  std::uint64_t progress_ = 0;
  Instant moved_{};
};

}  // namespace sluice::lab
