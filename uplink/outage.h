// Says once that something fails and once that it works again.
#pragma once

#include "core/transport.h"

#include <chrono>
#include <cstdint>
#include <set>
#include <string>

namespace sluice {

// A row of failed attempts, of a sink or of one of its flows. One thread at a time.
class Outage {
 public:
  explicit Outage(std::string who) : who_(std::move(who)) {}

  // Logs the first failure of each kind: a destination that answers 502 and 429 by turns says
  // nothing new.
  void failed(const Answer& answer, const std::string& block, std::chrono::milliseconds wait);

  // Logs the end with the number of failed attempts, if there were any.
  void over();

 private:
  std::string who_;
  std::set<Verdict> logged_;
  std::uint64_t attempts_ = 0;
};

}  // namespace sluice
