// What each command does, without its arguments' syntax.
#pragma once

#include "commands/command_line.h"
#include "config/config.h"

namespace sluice {

// Runs the agent with this configuration until SIGTERM or SIGINT. The first signal flushes,
// settles and acknowledges what arrived, within agent.shutdown_timeout; a second one ends at once.
ExitCode run_agent(const ConfigFiles& files);

enum class ReportFormat { Text, Json };

// Prints every problem of the configuration, or what it defines. Opens no connection and no buffer.
ExitCode check_config(const ConfigFiles& files, ReportFormat format);

// Prints the configuration as it is in force, with every default; secrets are masked.
ExitCode print_effective(const ConfigFiles& files);

// Print the description of the configuration file: for editors, for people.
ExitCode print_schema();
ExitCode print_reference();

}  // namespace sluice
