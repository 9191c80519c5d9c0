// `sluice health`: how the running agent is, for people, containers and scripts.
#pragma once

#include "commands/tool_commands.h"

namespace sluice {

ToolCommand add_health_command(CLI::App& app);

}  // namespace sluice
