// What a command prints.
#pragma once

#include "commands/command_line.h"

#include <string>

namespace sluice {

// To standard output. A failure unless all of it went there: nobody may take a cut-off page for the
// whole.
ExitCode print(const std::string& text);

}  // namespace sluice
