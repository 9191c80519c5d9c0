// `sluice tap FLOW`: records as they leave a flow of the running agent.
#pragma once

#include "commands/tool_commands.h"

namespace sluice {

ToolCommand add_tap_command(CLI::App& app);

}  // namespace sluice
