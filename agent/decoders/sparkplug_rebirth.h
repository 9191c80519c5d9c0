// Asks edge nodes to be born again, not too often.
#pragma once

#include "core/clock.h"
#include "decoders/rebirth.h"
#include "decoders/sparkplug_topic.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <unordered_map>

namespace sluice {

constexpr std::chrono::seconds kRebirthInterval{30};

// One thread at a time.
class SparkplugRebirth {
 public:
  // `requests` may be null: then nobody is asked. Both outlive the object.
  SparkplugRebirth(RebirthRequests* requests, const Clock& clock)
      : requests_(requests), clock_(clock) {}

  // Asks the node, unless that was done less than kRebirthInterval ago.
  void ask(const SparkplugTopic& topic);

 private:
  void forget_old(Instant now);

  // Names of nodes come from outside: with more of them at once, some are asked later.
  static constexpr std::size_t kMostNodes = 1000;
  static constexpr std::size_t kLongestName = 1024;  // a node with a longer one is not asked

  RebirthRequests* requests_;
  const Clock& clock_;
  std::unordered_map<std::string, Instant> asked_;
  std::string node_;
  std::string topic_;
  std::string payload_;
};

}  // namespace sluice
