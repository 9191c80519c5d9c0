// The time in which a step lives: it never goes back, and goes on after a restart.
#pragma once

#include "transforms/state_bytes.h"
#include "transforms/step.h"

#include <algorithm>
#include <chrono>

namespace sluice {

// While the agent runs, it is the monotonic clock: who sets the wall clock moves nothing. Only how
// long the agent was off is taken from the wall clock, and that is never less than nothing.
class Timeline {
 public:
  using Time = std::chrono::milliseconds;

  // To be called first in every run.
  Time at(const StepTime& now) {
    const auto elapsed = std::chrono::floor<Time>(now.elapsed.time_since_epoch());
    if (!running_) {
      const Time off = restored_ ? std::max(now.wall - wall_, Time(0)) : Time(0);
      shift_ = now_ + off - elapsed;
      running_ = true;
    }
    now_ = elapsed + shift_;
    wall_ = now.wall;
    return now_;
  }

  // When the monotonic clock will show that; at once if nothing has been run since a restart.
  [[nodiscard]] Instant instant(Time time) const {
    return running_ ? Instant(time - shift_) : Instant();
  }

  void save(StateWriter& writer) const {
    writer.time(now_);
    writer.time(wall_.time_since_epoch());
  }
  void restore(StateReader& reader) {
    now_ = reader.time();
    wall_ = Timestamp(reader.time());
    restored_ = true;
    running_ = false;
  }

 private:
  Time now_{0};
  Timestamp wall_;
  Time shift_{0};
  bool running_ = false;
  bool restored_ = false;
};

// The wall clock for intervals that begin at full seconds, minutes, hours: it goes with a timeline
// and follows the wall clock only when somebody has set that. So no interval ends a little early
// and then once more.
class WallTime {
 public:
  Timestamp at(Timeline::Time now, Timestamp wall) {
    constexpr Timeline::Time kStep(250);  // nobody sets a clock by less
    const Timestamp here = Timestamp(now) + shift_;
    if (!known_ || wall - here > kStep || here - wall > kStep) {
      shift_ = wall - Timestamp(now);
      known_ = true;
    }
    return Timestamp(now) + shift_;
  }
  [[nodiscard]] Timeline::Time on_timeline(Timestamp time) const {
    return (time - shift_).time_since_epoch();
  }

 private:
  Timeline::Time shift_{0};
  bool known_ = false;
};

// The beginning of the interval that a time is in, before 1970 too.
inline Timestamp interval_start(Timestamp time, Timeline::Time length) {
  const Timeline::Time since = time.time_since_epoch() % length;
  return time - (since.count() < 0 ? since + length : since);
}

}  // namespace sluice
