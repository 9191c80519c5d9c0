// The manual pages.
#pragma once

#include "commands/command_tree.h"

#include <string>

namespace sluice {

// sluice(1): the commands.
std::string manual_of_commands(const TreeCommand& tree);

// sluice.yaml(5): the configuration file, from what `sluice docs` prints.
std::string manual_of_config();

}  // namespace sluice
