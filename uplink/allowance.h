// Whether the link may be used now: rate, schedule, daily and monthly limits of one sink.
#pragma once

#include "core/buffer.h"
#include "uplink/delivery_options.h"
#include "uplink/dispatcher_counts.h"
#include "uplink/quota.h"
#include "uplink/timekeeper.h"
#include "uplink/token_bucket.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace sluice {

struct Wait {
  Hold why = Hold::None;
  std::chrono::milliseconds time{0};  // until the next look, or until the reason is gone
};

// What was sent survives a restart, if a limit needs it: a row of `state`, written with the next
// tick. One thread at a time.
class Allowance {
 public:
  Allowance(const RateLimitOptions& options, const std::string& sink, StateStore& state,
            const Timekeeper& time);

  // Why and how long to wait before something may be sent.
  Wait wait();
  // Something has been sent.
  void spend(std::uint64_t bytes);

  [[nodiscard]] const Quota& quota() const { return quota_; }

 private:
  [[nodiscard]] bool counts() const { return options_.daily > 0 || options_.monthly > 0; }

  RateLimitOptions options_;
  std::string key_;
  StateStore& state_;
  const Timekeeper& time_;
  std::optional<TokenBucket> bucket_;
  Quota quota_;
};

// Whether `of_day` lies in the window, its end not included. An empty window is the whole day.
bool is_open(const DailyWindow& window, std::chrono::minutes of_day);

}  // namespace sluice
