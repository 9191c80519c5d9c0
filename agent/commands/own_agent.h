// Which agent a command asks: that of a configuration, or of a data directory.
#pragma once

#include "config/config.h"
#include "core/result.h"

#include <CLI/CLI.hpp>

#include <string>

namespace sluice {

struct OwnAgent {
  ConfigFiles config;
  std::string directory;
};

// -c, --env and --data-dir. `agent` is filled in when the arguments are parsed.
void add_own_agent_options(CLI::App& command, OwnAgent& agent);

// Finds the data directory in the configuration, unless it was given. False: the configuration
// cannot be used, and why has been printed.
bool find_directory(OwnAgent& agent);

// What the running agent answers to GET `target`.
Result<std::string> ask_own_agent(const std::string& directory, const std::string& target);

}  // namespace sluice
