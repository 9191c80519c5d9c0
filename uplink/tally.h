// Keeps the counts of a sink.
#pragma once

#include "core/mutex.h"
#include "uplink/allowance.h"
#include "uplink/dispatcher.h"
#include "uplink/dispatcher_counts.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace sluice {

// Any thread. Feeds are named by their position.
class Tally {
 public:
  explicit Tally(const std::vector<DispatcherFeed>& feeds);

  // `now` ends the stretches for which feeds have been busy so far.
  [[nodiscard]] DispatcherCounts counts(Instant now) const;

  void answered(const Answer& answer, std::uint64_t sent_bytes, const Quota& quota);
  void confirmed(std::size_t feed, const Shipment& shipment, Timestamp now);
  void split();
  void buried(std::size_t feed, bool too_large);
  void breaker(BreakerState state);
  void waits(Hold why, Timestamp until);
  void does_not_wait();
  void flows(std::uint64_t with_backlog, std::uint64_t refused);

  // The feed has something to deliver since `since`, unless it was busy already.
  void busy(std::size_t feed, Instant since, Timestamp oldest);
  // False: it was not busy.
  bool idle(std::size_t feed, Instant now);

 private:
  mutable Mutex mutex_;
  DispatcherCounts counts_ SLUICE_GUARDED_BY(mutex_);
  std::vector<std::optional<Instant>> busy_since_ SLUICE_GUARDED_BY(mutex_);  // by feed
};

}  // namespace sluice
