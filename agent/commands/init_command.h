// `sluice init`: its arguments.
#pragma once

#include "commands/tool_commands.h"

namespace sluice {

ToolCommand add_init_command(CLI::App& app);

}  // namespace sluice
