// The agent's figures as JSON, for /status.
#pragma once

#include "commands/assembly.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace sluice {

struct AgentStatus {
  std::string_view version;
  std::string_view agent;
  std::uint64_t epoch = 0;
  AgentCounts counts;
  BufferCounts buffer;
  std::map<std::string, DispatcherCounts> sinks;
};

std::string to_json(const AgentStatus& status);

}  // namespace sluice
