// How blocks are brought to a destination, whatever its kind.
#pragma once

#include "core/backoff.h"

#include <chrono>
#include <cstdint>
#include <optional>

namespace sluice {

// Part of every day, in local time. Goes past midnight if it ends before it begins.
struct DailyWindow {
  std::chrono::minutes from{0};
  std::chrono::minutes to{0};
};

// What a link can bear. Counted are the bytes of requests with their headers, also of those that
// fail, but not what TLS, TCP and IP add.
struct RateLimitOptions {
  std::uint64_t bytes_per_second = 0;     // 0: no limit
  std::uint64_t burst = 0;                // what a quiet time may save up; 0: one second's worth
  std::optional<DailyWindow> schedule{};  // nothing is sent outside of it
  std::uint64_t daily = 0;                // per calendar day, local time; 0: no limit
  std::uint64_t monthly = 0;              // per calendar month; 0: no limit
  bool metered = false;                   // collects blocks and sends many at a time
};

enum class DeliveryOrder {
  OldestFirst,
  LiveFirst,  // what is fresh goes ahead of a backlog
};

struct DeliveryOptions {
  BackoffOptions retry{};
  DeliveryOrder order = DeliveryOrder::OldestFirst;
  // LiveFirst: the part of the bytes that fresh blocks may take while there is a backlog.
  std::uint32_t live_share_percent = 80;
  RateLimitOptions rate_limit{};
};

}  // namespace sluice
