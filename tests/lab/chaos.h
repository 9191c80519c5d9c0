// Kills the agent and stops the receiver at random moments, and brings them back.
#pragma once

#include "tests/lab/rig.h"

#include <chrono>
#include <cstdint>
#include <random>

namespace sluice::lab {

// One thread at a time; `rig` is borrowed.
class Chaos {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  // Nothing happens before `start`, when both run.
  Chaos(Rig& rig, std::uint64_t seed, Instant start);

  void act(Instant now);  // does what is due
  void end();             // both run again

  [[nodiscard]] std::uint64_t kills() const { return kills_; }
  [[nodiscard]] std::uint64_t receiver_stops() const { return stops_; }

 private:
  [[nodiscard]] std::chrono::milliseconds between(int least_ms, int most_ms);

  Rig& rig_;
  std::mt19937_64 random_;
  Instant agent_due_;  // its kill, or if it is down its start
  Instant receiver_due_;
  bool agent_down_ = false;
  std::uint64_t kills_ = 0;
  std::uint64_t stops_ = 0;
};

}  // namespace sluice::lab
