// Completion of the command line, as scripts for the shells.
#pragma once

#include "commands/command_tree.h"

#include <string>

namespace sluice {

// Each completes commands, options, the words an option takes, files and directories. None calls
// sluice or needs anything that does not come with the shell.
std::string bash_completion(const TreeCommand& tree);
std::string zsh_completion(const TreeCommand& tree);
std::string fish_completion(const TreeCommand& tree);

}  // namespace sluice
