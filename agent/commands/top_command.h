// `sluice top`: its arguments.
#pragma once

#include "commands/tool_commands.h"

namespace sluice {

ToolCommand add_top_command(CLI::App& app);

}  // namespace sluice
