// What `sluice top` knows of an agent: the answer of /status, read.
#pragma once

#include "core/clock.h"
#include "core/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

// What the agent does not know is nothing.
struct TopFeed {
  std::string sink;
  std::uint64_t served = 0;  // records; a total
  std::optional<double> service_rate;
  std::optional<double> utilization;
  std::optional<double> time_in_system;  // seconds
  std::optional<Timestamp> oldest;       // arrival of what is delivered next
};

struct TopFlow {
  std::string name;
  std::uint64_t arrived = 0;  // records; a total
  std::uint64_t backlog = 0;
  std::uint64_t held_bytes = 0;
  std::uint64_t max_bytes = 0;
  double arrival_rate = 0;
  double mean_backlog = 0;
  std::optional<double> service_rate;
  std::optional<double> utilization;
  std::optional<double> time_in_system;
  std::optional<double> little_time;
  std::optional<double> time_to_full;
  std::optional<double> time_to_drain;
  std::vector<TopFeed> feeds;
  std::vector<std::pair<std::string, std::uint64_t>> ledger;

  // What has left the flow: the least that any of its sinks is through with.
  [[nodiscard]] std::uint64_t served() const;
};

struct TopSink {
  std::string name;
  std::string url;
  std::string breaker;      // closed, open, half_open
  std::string waiting_for;  // none, retry, schedule …
  std::string last_error;
  std::optional<Timestamp> next_attempt;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t retries = 0;
  std::uint64_t dead = 0;
};

struct TopSource {
  std::string name;
  bool connected = false;
  std::uint64_t messages = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t redelivered = 0;
};

struct TopAgent {
  std::string name;
  std::string health;  // ok, degraded, failing
  Timestamp time;      // by the agent's clock
  std::vector<std::string> reasons;
  std::vector<TopFlow> flows;
  std::vector<TopSink> sinks;
  std::vector<TopSource> sources;
  std::uint64_t held_records = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t file_max_bytes = 0;
  std::uint64_t dropped = 0;
};

// Fatal: this is not what an agent of this version says.
Result<TopAgent> read_top_agent(std::string_view status);

}  // namespace sluice
