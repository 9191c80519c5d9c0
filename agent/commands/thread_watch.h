// Whether the threads of the agent get on. Each is asked now and then to take a turn, whether it
// has work or not: one that is idle for good reason does, one that is stuck does not.
#pragma once

#include "core/clock.h"
#include "core/mutex.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

struct WatchedThread {
  std::string name;                      // and what it does, for a human
  std::function<void()> nudge;           // asks it to take a turn; never blocks
  std::function<std::uint64_t()> turns;  // rises with every turn it takes; any thread
  unsigned patience = 60;                // looks without a turn until it counts as stuck
};

// Any thread, but add() and look() are one thread's. A look is the unit of time: a device that was
// asleep has not looked either.
class ThreadWatch {
 public:
  explicit ThreadWatch(const Clock& clock) : clock_(clock) {}

  void add(WatchedThread thread);  // before the first look
  void look();                     // once a second

  // What does not get on, in words; empty: everything does, or rightly rests.
  [[nodiscard]] std::vector<std::string> stuck() const;

  static constexpr unsigned kLooksBetweenNudges = 10;
  static constexpr std::chrono::seconds kSilence{60};  // of whoever should look

 private:
  struct Answer {
    std::uint64_t seen = 0;
    std::optional<unsigned> unanswered;  // looks since it was nudged
  };

  const Clock& clock_;
  mutable Mutex mutex_;
  std::vector<WatchedThread> threads_;                     // all there when the first look is taken
  std::vector<Answer> answers_ SLUICE_GUARDED_BY(mutex_);  // of them
  std::optional<Instant> looked_ SLUICE_GUARDED_BY(mutex_);
  unsigned looks_ SLUICE_GUARDED_BY(mutex_) = 0;
};

}  // namespace sluice
