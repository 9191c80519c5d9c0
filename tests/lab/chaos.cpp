#include "tests/lab/chaos.h"

namespace sluice::lab {

Chaos::Chaos(Rig& rig, std::uint64_t seed, Instant start) : rig_(rig), random_(seed) {
  agent_due_ = start + between(2000, 6000);
  receiver_due_ = start + between(5000, 10000);
}

std::chrono::milliseconds Chaos::between(int least_ms, int most_ms) {
  const auto range = static_cast<std::uint64_t>(most_ms - least_ms + 1);
  return std::chrono::milliseconds(least_ms + static_cast<int>(random_() % range));
}

void Chaos::act(Instant now) {
  if (now >= agent_due_) {
    if (agent_down_) {
      rig_.start_agent();
      agent_due_ = now + between(2000, 6000);
    } else {
      rig_.kill_agent();
      ++kills_;
      agent_due_ = now + between(0, 2000);
    }
    agent_down_ = !agent_down_;
  }
  if (now >= receiver_due_) {
    if (rig_.receiver_runs()) {
      rig_.stop_receiver();
      ++stops_;
      receiver_due_ = now + between(0, 3000);
    } else {
      rig_.start_receiver();
      receiver_due_ = now + between(5000, 10000);
    }
  }
}

void Chaos::end() {
  if (agent_down_) {
    rig_.start_agent();
    agent_down_ = false;
  }
  if (!rig_.receiver_runs()) {
    rig_.start_receiver();
  }
}

}  // namespace sluice::lab
