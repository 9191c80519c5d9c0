// Keeps a meter for each flow and reads it from what the parts of the agent count.
#pragma once

#include "commands/status.h"
#include "core/clock.h"
#include "core/mutex.h"
#include "metrics/queue_meter.h"

#include <cstdint>
#include <map>
#include <string>

namespace sluice {

// Any thread.
class QueueWatch {
 public:
  // Once a second or so. The first look is the one at the start, before anything has arrived.
  void look(Instant now, const AgentStatus& status);

  // Fills in the figures of every flow.
  void tell(AgentStatus& status) const;

 private:
  struct Watched {
    QueueMeter meter;
    std::uint64_t stored_at_start = 0;  // by the ledger of the flow
  };

  mutable Mutex mutex_;
  std::map<std::string, Watched, std::less<>> flows_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice
