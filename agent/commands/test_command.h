#pragma once

#include "commands/tool_commands.h"

namespace sluice {

// `sluice test`: runs the tests in a configuration.
ToolCommand add_test_command(CLI::App& app);

}  // namespace sluice
