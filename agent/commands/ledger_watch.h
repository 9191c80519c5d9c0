// Balances the ledgers of the flows: all the time as the store counts, once a minute as the file
// says. Every record that has arrived is delivered, given up for a reason that is counted, or
// there.
#pragma once

#include "buffers/inspection.h"
#include "commands/status.h"
#include "core/clock.h"
#include "core/mutex.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace sluice {

// Any thread.
class LedgerWatch {
 public:
  // `buffer` outlives the watch. What it answers later than that goes nowhere.
  explicit LedgerWatch(InspectableBuffer& buffer) : buffer_(buffer) {}

  // Once a second or so. The first look is the one at the start, before anything has arrived.
  void look(Instant now, const AgentStatus& status);

  // Fills in the imbalance of every flow.
  void tell(AgentStatus& status) const;

  static constexpr std::chrono::minutes kInterval{1};  // between two looks at the file

 private:
  // What the store thread has found in the file.
  struct Findings {
    Mutex mutex;
    std::map<std::string, std::int64_t, std::less<>> imbalances SLUICE_GUARDED_BY(mutex);
  };

  void look_at_file();

  InspectableBuffer& buffer_;
  std::shared_ptr<Findings> findings_ = std::make_shared<Findings>();
  mutable Mutex mutex_;
  std::optional<Instant> looked_ SLUICE_GUARDED_BY(mutex_);  // at the file
  std::map<std::string, std::uint64_t, std::less<>> stored_at_start_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice
