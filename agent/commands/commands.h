// What each command does, without its arguments' syntax.
#pragma once

#include "commands/command_line.h"

#include <string>

namespace sluice {

// Runs the agent with the configuration file until SIGTERM or SIGINT. The first signal flushes,
// settles and acknowledges what arrived, within agent.shutdown_timeout; a second one ends at once.
ExitCode run_agent(const std::string& config_file);

// Prints every problem of the file, or what it defines. Opens no connection and no buffer.
ExitCode check_config(const std::string& config_file);

}  // namespace sluice
