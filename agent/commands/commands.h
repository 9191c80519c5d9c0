// What each command does, without its arguments' syntax.
#pragma once

#include "commands/command_line.h"
#include "commands/connect_check.h"

#include <chrono>
#include <string>

namespace sluice {

// Runs the agent with the configuration file until SIGTERM or SIGINT. The first signal flushes,
// settles and acknowledges what arrived, within agent.shutdown_timeout; a second one ends at once.
ExitCode run_agent(const std::string& config_file);

enum class ReportFormat { Text, Json };

struct CheckOptions {
  ReportFormat format = ReportFormat::Text;
  bool connect = false;                                // try every connection that the file names
  std::chrono::milliseconds timeout{kConnectTimeout};  // of each
};

// Prints every problem of the file, or what it defines. Opens no buffer, and connections only if
// asked to; one that fails is a failure.
ExitCode check_config(const std::string& config_file, const CheckOptions& options);

// Prints the file as it is in force, with every default; secrets are masked.
ExitCode print_effective(const std::string& config_file);

}  // namespace sluice
