#include "commands/command_tree.h"

namespace sluice {

namespace {

TreeOption option_of(const CLI::Option& option) {
  TreeOption result{.names = {},
                    .value = {},
                    .help = option.get_description(),
                    .default_value = option.get_default_str(),
                    .required = option.get_required()};
  for (const std::string& name : option.get_snames()) {
    result.names.push_back('-' + name);
  }
  for (const std::string& name : option.get_lnames()) {
    result.names.push_back("--" + name);
  }
  if (option.get_items_expected_max() > 0) {
    // What is checked about it stands behind a colon.
    const std::string type = option.get_type_name();
    result.value = type.substr(0, type.find(':'));
  }
  return result;
}

TreeCommand command_of(const CLI::App& app, const std::string& parent) {
  TreeCommand command{.name = app.get_name(),
                      .path = parent.empty() ? app.get_name() : parent + ' ' + app.get_name(),
                      .about = app.get_description(),
                      .footer = app.get_footer(),
                      .options = {},
                      .commands = {}};
  for (const CLI::Option* option : app.get_options()) {
    command.options.push_back(option_of(*option));
  }
  for (const CLI::App* below : app.get_subcommands({})) {
    command.commands.push_back(command_of(*below, command.path));
  }
  return command;
}

}  // namespace

std::vector<std::string> TreeOption::words() const {
  std::vector<std::string> words;
  if (value.find('|') == std::string::npos) {
    return words;
  }
  for (std::size_t at = 0; at != std::string::npos;) {
    const std::size_t end = value.find('|', at);
    words.push_back(value.substr(at, end - at));
    at = end == std::string::npos ? end : end + 1;
  }
  return words;
}

TreeCommand command_tree(const CLI::App& app) {
  return command_of(app, "");
}

}  // namespace sluice
