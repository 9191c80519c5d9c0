// `sluice buffer …` and `sluice dead …`: their arguments, and which tool they call.
#pragma once

#include "commands/command_line.h"

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>

namespace sluice {

// What the arguments ask for; empty as long as no command of these was given.
using ToolCommand = std::shared_ptr<std::function<ExitCode()>>;

ToolCommand add_tool_commands(CLI::App& app);

}  // namespace sluice
