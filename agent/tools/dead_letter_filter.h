// Which dead letters a request is about. Private to tools/.
#pragma once

#include "admin/exchange.h"
#include "buffers/inspection.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

struct DeadFilter {
  std::optional<std::string> flow;
  std::optional<std::string> sink;
  std::optional<std::string> reason;
  std::optional<Timestamp> since;
  std::optional<DeadId> id;

  [[nodiscard]] bool takes(const DeadEntry& entry) const;
};

Result<DeadFilter> dead_filter_of(const AdminRequest& request);

// Goes through those that were there at the first call, some at a time. One thread at a time.
class DeadWalk {
 public:
  explicit DeadWalk(DeadFilter filter) : filter_(std::move(filter)) {}

  // The next of them. May be none although there are more: see done().
  Result<std::vector<DeadEntry>> next(Inspection& file);
  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }

 private:
  DeadFilter filter_;
  DeadId reached_{};
  std::optional<DeadId> last_;
  std::uint64_t epoch_ = 0;
  bool done_ = false;
};

}  // namespace sluice
