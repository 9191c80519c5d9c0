// The agent's figures, as JSON for /status, and what they say about its health.
#pragma once

#include "buffers/sqlite_buffer.h"
#include "commands/assembly.h"
#include "core/clock.h"
#include "core/source.h"
#include "core/transport.h"
#include "metrics/queue_meter.h"
#include "pipeline/intake.h"
#include "uplink/dispatcher_counts.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

struct SinkStatus {
  DispatcherCounts counts;
  TransportFigures connection;
};

struct FlowStatus {
  Ledger ledger;
  FlowCounts counts;
  FlowRoom room;
  std::map<std::string, FeedCounts> feeds;  // by the name of the sink
  QueueFigures queue;                       // its services in the order of the feeds
  std::int64_t imbalance = 0;               // records that its ledger cannot account for
};

struct AgentStatus {
  std::string_view version;
  std::string_view agent;
  std::uint64_t epoch = 0;
  Timestamp now;
  AgentCounts counts;
  BufferCounts buffer;
  std::map<std::string, FlowStatus, std::less<>> flows;
  std::map<std::string, SourceCounts> sources;
  std::map<std::string, SinkStatus> sinks;
  std::vector<std::string> stuck{};  // threads that do not get on, in words
};

enum class HealthState {
  Ok,
  Degraded,  // everything is collected and kept, but something needs somebody's attention
  Failing,   // something is not collected (it waits at its broker) or cannot be accounted for
};

struct HealthReason {
  std::string_view code;  // stable, for machines
  std::string text;       // for a human
};

struct Health {
  HealthState state = HealthState::Ok;
  std::vector<HealthReason> reasons;  // the worst first
};

inline constexpr std::string_view kLedgerUnbalanced = "ledger_unbalanced";

Health health_of(const AgentStatus& status);
// The state, and why, on one line.
std::string words_of(const Health& health);
std::string_view word_of(HealthState state);  // ok, degraded, failing

std::string to_json(const AgentStatus& status);
std::string to_json(const Health& health);

}  // namespace sluice
