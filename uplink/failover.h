// Which of several URLs is in use.
#pragma once

#include "core/clock.h"

#include <chrono>
#include <cstddef>

namespace sluice {

// The first URL is the one that is wanted. After three failures in a row, or one that says how long
// it will last, the next URL takes over, and after the last one the first. As long as another one
// is in use, the first is tried again from time to time; the times get longer, up to 16 times as
// long, when it answers but does not take anything.
//
// One thread at a time.
class Failover {
 public:
  Failover(std::size_t urls, std::chrono::milliseconds failback_after)
      : urls_(urls), failback_after_(failback_after), wait_(failback_after) {}

  [[nodiscard]] std::size_t current() const { return current_; }

  // The URL in use has failed. True if another one is in use now.
  bool failed(Instant now, bool for_long);
  // It has answered.
  void worked() { failures_ = 0; }

  [[nodiscard]] bool should_try_first(Instant now) const;
  // It could not even be reached.
  void first_is_away(Instant now) { since_ = now; }
  // It was given something to deliver, and has failed.
  void first_failed(Instant now);
  void first_worked();

 private:
  std::size_t urls_;
  std::chrono::milliseconds failback_after_;
  std::size_t current_ = 0;
  int failures_ = 0;  // in a row
  std::chrono::milliseconds wait_;
  Instant since_;  // the last time that there was a reason not to use the first one
};

}  // namespace sluice
