// Keeps the counts of a sink.
#pragma once

#include "core/mutex.h"
#include "uplink/allowance.h"
#include "uplink/dispatcher_counts.h"

namespace sluice {

// Any thread.
class Tally {
 public:
  [[nodiscard]] DispatcherCounts counts() const;

  void answered(const Answer& answer, std::uint64_t sent_bytes, const Quota& quota);
  void confirmed(const Shipment& shipment);
  void split();
  void buried(bool too_large);
  void breaker(BreakerState state);
  void waits(Hold why, Timestamp until);
  void does_not_wait();
  void flows(std::uint64_t with_backlog, std::uint64_t refused);

 private:
  mutable Mutex mutex_;
  DispatcherCounts counts_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice
