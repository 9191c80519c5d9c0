// A clock that stands still until a test moves it.
#pragma once

#include "core/clock.h"

#include <atomic>
#include <chrono>

namespace sluice::testing_support {

// Any thread. Moving the clock wakes nobody: who waits for a deadline sees it when woken next.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(Timestamp now = Timestamp(std::chrono::milliseconds(1'763'692'800'000)))
      : wall_(now.time_since_epoch()) {}

  Timestamp now() const override { return Timestamp(wall_.load()); }
  Instant elapsed() const override { return Instant(elapsed_.load()); }

  // Time passes.
  void advance(std::chrono::milliseconds by) {
    wall_ = wall_.load() + by;
    elapsed_ = elapsed_.load() + by;
  }

  // Somebody sets the wall clock; intervals are not affected.
  void set_wall(Timestamp now) { wall_ = now.time_since_epoch(); }

 private:
  std::atomic<std::chrono::milliseconds> wall_;
  std::atomic<Instant::duration> elapsed_{std::chrono::hours(1)};
};

}  // namespace sluice::testing_support
