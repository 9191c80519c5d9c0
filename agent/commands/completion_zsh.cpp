#include "commands/completion.h"

#include <algorithm>

namespace sluice {

namespace {

// Between single quotes.
std::string in_quotes(const std::string& text) {
  std::string result;
  for (const char c : text) {
    result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return result;
}

// In a specification of _arguments, where brackets and colons have a meaning.
std::string specified(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') {
      result += '\\';
    }
    result += c == '\n' ? ' ' : c;
  }
  return in_quotes(result);
}

std::string action_of(const TreeOption& option) {
  if (option.takes_files()) {
    return "_files";
  }
  if (option.takes_directories()) {
    return "_files -/";
  }
  std::string words;
  for (const std::string& word : option.words()) {
    words += (words.empty() ? "" : " ") + word;
  }
  return words.empty() ? " " : '(' + words + ')';
}

std::string value_of(const TreeOption& option) {
  return option.value.empty() ? "" : ':' + specified(option.value) + ':' + action_of(option);
}

// '(-c --config)'{-c,--config}'[Configuration file]:FILE:_files'
std::string specification(const TreeOption& option) {
  if (option.positional()) {
    return "'1" + value_of(option) + '\'';
  }
  std::string all;
  std::string alternatives;
  for (const std::string& name : option.names) {
    all += (all.empty() ? "" : " ") + name;
    alternatives += (alternatives.empty() ? "" : ",") + name;
  }
  const std::string names = option.names.size() > 1 ? '{' + alternatives + '}' : alternatives;
  return "'(" + all + ")'" + names + "'[" + specified(option.help) + ']' + value_of(option) + '\'';
}

std::string function_of(const TreeCommand& command) {
  std::string name = '_' + command.path;
  std::ranges::replace(name, ' ', '_');
  return name;
}

std::string definition(const TreeCommand& command) {
  const bool has_commands = !command.commands.empty();
  std::string text = function_of(command) + "() {\n";
  text += has_commands ? "  local curcontext=$curcontext state line\n  local -a commands\n"
                         "  _arguments -C"
                       : "  _arguments";
  for (const TreeOption& option : command.options) {
    text += " \\\n    " + specification(option);
  }
  if (!has_commands) {
    return text + "\n}\n\n";
  }
  text +=
      " \\\n    '1: :->command' \\\n    '*:: :->rest'\n  case $state in\n  command)\n"
      "    commands=(\n";
  for (const TreeCommand& below : command.commands) {
    text += "      '" + below.name + ':' + specified(below.about) + "'\n";
  }
  text +=
      "    )\n    _describe -t commands command commands\n    ;;\n  rest)\n"
      "    case $line[1] in\n";
  for (const TreeCommand& below : command.commands) {
    text += "    " + below.name + ") " + function_of(below) + " ;;\n";
  }
  return text + "    esac\n    ;;\n  esac\n}\n\n";
}

}  // namespace

std::string zsh_completion(const TreeCommand& tree) {
  std::string text =
      "#compdef sluice\n# Completion of sluice for zsh, printed by `sluice completion zsh`.\n\n";
  for_each_command(tree, [&](const TreeCommand& command) { text += definition(command); });
  // Read as a function from $fpath, or sourced.
  return text +
         "if [[ $funcstack[1] == _sluice ]]; then\n  _sluice \"$@\"\nelse\n"
         "  compdef _sluice sluice\nfi\n";
}

}  // namespace sluice
