// What an operator wants to know about a sink.
#pragma once

#include "core/clock.h"
#include "core/transport.h"
#include "uplink/circuit_breaker.h"
#include "uplink/feed_counts.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// Why nothing is sent although there is something to send.
enum class Hold {
  None,
  Startup,       // a fleet that was switched on together must not connect in step
  Retry,         // the last attempt failed
  RateLimit,     // bytes_per_second
  Schedule,      // the daily window is closed
  DailyLimit,    // spent; until midnight
  MonthlyLimit,  // spent; until the first of the month
  Batch,         // metered: waits for more
};

constexpr std::size_t kVerdicts = static_cast<std::size_t>(Verdict::BadEncoding) + 1;

// Of one sink since the agent started.
struct DispatcherCounts {
  std::uint64_t blocks = 0;  // confirmed
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;             // of their frames
  std::uint64_t backfill_records = 0;  // of these, those that waited while fresher ones went ahead
  std::uint64_t sent_bytes = 0;        // onto the line, with headers and failed attempts
  std::uint64_t retries = 0;           // attempts that were not confirmed
  std::array<std::uint64_t, kVerdicts> answers{};  // attempts by Verdict
  std::uint64_t splits = 0;                        // blocks cut in two
  std::uint64_t buried_refused = 0;                // records that are dead letters now
  std::uint64_t buried_too_large = 0;
  std::uint64_t sent_today = 0;  // counted only if there is a daily or monthly limit
  std::uint64_t sent_this_month = 0;

  BreakerState breaker = BreakerState::Closed;
  Hold waiting_for = Hold::None;
  std::optional<Timestamp> next_attempt;  // while it waits; a look at the least
  std::uint64_t flows_with_backlog = 0;   // live_first: what fresher blocks have overtaken
  std::uint64_t flows_refused = 0;        // of which the destination takes nothing at all
  std::vector<FeedCounts> feeds;          // by flow, in the order of DispatcherOptions::feeds
  std::string last_error;  // of the attempt before the current one; empty after a success
};

// For metrics and status: confirmed, retry, too_large …; closed, open, half_open; rate_limit …
std::string_view word_of(Verdict verdict);
std::string_view word_of(BreakerState state);
std::string_view word_of(Hold hold);

}  // namespace sluice
