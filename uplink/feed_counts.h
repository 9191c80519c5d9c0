// What a sink has done for one of its flows.
#pragma once

#include "core/clock.h"
#include "core/histogram.h"
#include "core/ids.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

namespace sluice {

// Seconds; up to a week, because that is how long an upstream may be away.
inline constexpr std::array<double, 15> kDeliveryBounds{
    0.01, 0.05, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 3'600, 21'600, 86'400, 604'800};

// Since the agent started; a snapshot.
struct FeedCounts {
  FlowIndex flow{};
  std::uint64_t blocks = 0;  // confirmed
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;   // of their frames
  std::uint64_t buried = 0;  // records that are dead letters now

  // For how long the sink has had something of the flow to deliver, whether it could or not: waits
  // for an answer, between attempts, for the link and for the turn of other flows are part of it.
  std::chrono::nanoseconds busy{0};

  // From the arrival of a record until the sink has confirmed it, by the wall clock. Measured once
  // for each block: all its records count with the middle between its oldest and its newest.
  Histogram seconds_to_confirm{kDeliveryBounds};

  // Arrival of the oldest record that is to be delivered next; none if there is nothing to deliver.
  std::optional<Timestamp> oldest{};
};

}  // namespace sluice
