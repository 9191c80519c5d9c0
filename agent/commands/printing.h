// What a command prints.
#pragma once

#include "commands/command_line.h"
#include "config/config.h"

#include <string>

namespace sluice {

// To standard output. A failure unless all of it went there: nobody may take a cut-off page for the
// whole.
ExitCode print(const std::string& text);

// To standard error. False: the configuration cannot be used.
bool print_problems(const LoadedConfig& loaded);

}  // namespace sluice
