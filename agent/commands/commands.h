// What each command does, without its arguments' syntax.
#pragma once

#include "commands/command_line.h"
#include "commands/connect_check.h"
#include "config/config.h"

#include <chrono>

namespace sluice {

// Runs the agent with this configuration until SIGTERM or SIGINT. The first signal flushes,
// settles and acknowledges what arrived, within agent.shutdown_timeout; a second one ends at once.
ExitCode run_agent(const ConfigFiles& files);

enum class ReportFormat { Text, Json };

struct CheckOptions {
  ReportFormat format = ReportFormat::Text;
  bool connect = false;                                // try every connection that the file names
  std::chrono::milliseconds timeout{kConnectTimeout};  // of each
};

// Prints every problem of the configuration, or what it defines. Opens no buffer, and connections
// only if asked to; one that fails is a failure.
ExitCode check_config(const ConfigFiles& files, const CheckOptions& options);

// Prints the configuration as it is in force, with every default; secrets are masked.
ExitCode print_effective(const ConfigFiles& files);

}  // namespace sluice
