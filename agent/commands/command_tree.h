// The command line as plain values: what the shells' completion and the manual are made from, so
// that neither can say anything else than the program does.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace sluice {

struct TreeOption {
  std::vector<std::string> names;  // -c, --config; none: a positional argument
  std::string value;  // what it is called in the help: FILE, or text|json; empty: a flag
  std::string help;
  std::string default_value;
  bool required = false;

  [[nodiscard]] bool positional() const { return names.empty(); }
  // The words that may be written, if `value` lists them.
  [[nodiscard]] std::vector<std::string> words() const;
  [[nodiscard]] bool takes_files() const { return value == "FILE"; }
  [[nodiscard]] bool takes_directories() const { return value == "DIR"; }
};

struct TreeCommand {
  std::string name;  // sluice
  std::string path;  // sluice buffer ls
  std::string about;
  std::string footer;
  std::vector<TreeOption> options;
  std::vector<TreeCommand> commands;
};

TreeCommand command_tree(const CLI::App& app);

// Calls `visit` with the command and with everything below it.
template <class Visit>
void for_each_command(const TreeCommand& command, const Visit& visit) {
  visit(command);
  for (const TreeCommand& below : command.commands) {
    for_each_command(below, visit);
  }
}

}  // namespace sluice
