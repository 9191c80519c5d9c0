// Time as a dependency, so that tests need not wait for it.
#pragma once

#include <chrono>

namespace sluice {

using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;  // UTC
using Instant = std::chrono::steady_clock::time_point;

// May be used by any thread.
class Clock {
 public:
  virtual ~Clock() = default;

  virtual Timestamp now() const = 0;    // wall clock: for stamping; may jump in either direction
  virtual Instant elapsed() const = 0;  // monotonic: for every interval, deadline and time-out
};

class SystemClock final : public Clock {
 public:
  Timestamp now() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
  Instant elapsed() const override { return std::chrono::steady_clock::now(); }
};

// The one that everybody may share.
inline const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace sluice
