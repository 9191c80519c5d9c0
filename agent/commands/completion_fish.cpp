#include "commands/completion.h"

namespace sluice {

namespace {

// Between single quotes, where only these two characters mean something.
std::string in_quotes(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') {
      result += '\\';
    }
    result += c == '\n' ? ' ' : c;
  }
  return result + '\'';
}

std::string words_of(const TreeOption& option) {
  std::string text;
  for (const std::string& word : option.words()) {
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

std::string value_of(const TreeOption& option) {
  if (option.value.empty()) {
    return "";
  }
  if (option.takes_files()) {
    return " -r -F";
  }
  if (option.takes_directories()) {
    return " -x -a '(__fish_complete_directories)'";
  }
  const std::string words = words_of(option);
  return words.empty() ? " -x" : " -x -a " + in_quotes(words);
}

std::string names_of(const TreeOption& option) {
  std::string text;
  for (const std::string& name : option.names) {
    text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  return text;
}

std::string definition(const TreeCommand& command) {
  const std::string start = "complete -c sluice -n '__sluice_at \"" + command.path + "\"'";
  std::string text;
  for (const TreeCommand& below : command.commands) {
    text += start + " -a " + below.name + " -d " + in_quotes(below.about) + '\n';
  }
  for (const TreeOption& option : command.options) {
    text += start;
    text += option.positional() ? " -a " + in_quotes(words_of(option))
                                : names_of(option) + value_of(option);
    text += " -d " + in_quotes(option.help) + '\n';
  }
  return text;
}

// Like the loop of the script for bash.
std::string finder(const TreeCommand& tree) {
  std::string commands;
  std::string takers;
  for_each_command(tree, [&](const TreeCommand& command) {
    for (const TreeCommand& below : command.commands) {
      commands += " '" + below.path + '\'';
    }
    for (const TreeOption& option : command.options) {
      for (const std::string& name : option.names) {
        takers += option.value.empty() ? "" : " '" + command.path + ' ' + name + '\'';
      }
    }
  });
  return R"(function __sluice_at -d 'Whether the words so far name this command'
    set -l command sluice
    set -l skip 0
    for word in (commandline -opc)[2..]
        if test $skip = 1
            set skip 0
        else if contains -- "$command $word")" +
         commands + R"(
            set command "$command $word"
        else if contains -- "$command $word")" +
         takers + R"(
            set skip 1
        end
    end
    test "$command" = "$argv[1]"
end
)";
}

}  // namespace

std::string fish_completion(const TreeCommand& tree) {
  std::string text = "# Completion of sluice for fish, printed by `sluice completion fish`.\n" +
                     finder(tree) + "complete -c sluice -f\n";
  for_each_command(tree, [&](const TreeCommand& command) { text += definition(command); });
  return text;
}

}  // namespace sluice
