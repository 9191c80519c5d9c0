// `-c` and `--env`: the same for every command that reads the configuration.
#pragma once

#include "config/config.h"

#include <CLI/CLI.hpp>

namespace sluice {

struct ConfigOptions {
  CLI::Option* config;
  CLI::Option* environment;
};

// `files` is filled in when the arguments are parsed.
ConfigOptions add_config_options(CLI::App& command, ConfigFiles& files);

}  // namespace sluice
