// `sluice init`: a configuration to begin with.
#pragma once

#include "commands/command_line.h"

#include <chrono>
#include <string>
#include <vector>

namespace sluice {

struct InitOptions {
  std::string output;                         // the file to write
  std::string broker;                         // URL; empty: asked for
  std::vector<std::string> topics;            // filters; none: asked for
  std::string endpoint;                       // URL; empty: asked for
  bool yes = false;                           // ask nothing, and write even if a connection fails
  bool force = false;                         // replace a file that is there
  bool connect = true;                        // try broker and endpoint first
  std::chrono::milliseconds timeout{10'000};  // for each of them
};

// Asks on the terminal for what the options leave open; without a terminal, or with `yes`, that is
// wrong usage. What is written passes `sluice check`. Passwords go into files of their own, to
// which the configuration refers.
ExitCode init_config(const InitOptions& options);

}  // namespace sluice
