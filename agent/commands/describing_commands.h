// `sluice schema | docs | completion | man`: sluice describes itself, to people and programs.
#pragma once

#include "commands/tool_commands.h"

namespace sluice {

// To be called when everything else has been added to `app`, which must outlive the answer.
ToolCommand add_describing_commands(CLI::App& app);

}  // namespace sluice
