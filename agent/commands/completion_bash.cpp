#include "commands/completion.h"
#include "core/join.h"

namespace sluice {

namespace {

// "sluice check -c"|"sluice check --config"
std::string places_of(const TreeCommand& command, const TreeOption& option) {
  std::vector<std::string> places;
  for (const std::string& name : option.names) {
    places.push_back('"' + command.path + ' ' + name + '"');
  }
  return joined(places, "|");
}

std::string kind_of(const TreeOption& option) {
  if (option.takes_files()) {
    return "kind=files";
  }
  if (option.takes_directories()) {
    return "kind=directories";
  }
  return option.words().empty() ? "kind=nothing" : "words=\"" + joined(option.words(), " ") + '"';
}

std::string cases_of_commands(const TreeCommand& tree) {
  std::string text;
  for_each_command(tree, [&](const TreeCommand& command) {
    for (const TreeCommand& below : command.commands) {
      text += "      \"" + below.path + "\") command=$place ;;\n";
    }
    for (const TreeOption& option : command.options) {
      if (!option.positional() && !option.value.empty()) {
        text += "      " + places_of(command, option) + ") option=$word ;;\n";
      }
    }
  });
  return text;
}

std::string cases_of_values(const TreeCommand& tree) {
  std::string text;
  for_each_command(tree, [&](const TreeCommand& command) {
    for (const TreeOption& option : command.options) {
      if (!option.positional() && !option.value.empty()) {
        text += "    " + places_of(command, option) + ") " + kind_of(option) + " ;;\n";
      }
    }
  });
  return text;
}

// Commands and arguments come first: options are offered when a dash has been typed, or when there
// is nothing else.
std::string cases_of_places(const TreeCommand& tree) {
  std::string text;
  for_each_command(tree, [&](const TreeCommand& command) {
    std::vector<std::string> options;
    std::vector<std::string> words;
    for (const TreeOption& option : command.options) {
      options.insert(options.end(), option.names.begin(), option.names.end());
      if (option.positional()) {
        const std::vector<std::string> more = option.words();
        words.insert(words.end(), more.begin(), more.end());
      }
    }
    for (const TreeCommand& below : command.commands) {
      words.push_back(below.name);
    }
    text += "    \"" + command.path + " \") options=\"" + joined(options, " ") + "\" words=\"" +
            joined(words, " ") + "\" ;;\n";
  });
  return text;
}

}  // namespace

std::string bash_completion(const TreeCommand& tree) {
  return R"(# Completion of sluice for bash, printed by `sluice completion bash`.
_sluice() {
  local current=${COMP_WORDS[COMP_CWORD]} command=sluice option= place= word= i
  local kind= options= words=
  COMPREPLY=()
  # --option=value arrives in three words.
  [[ $current == = ]] && current=
  # Which command is meant, and whether an option waits for its value.
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    [[ $word == = ]] && continue
    if [[ -n $option ]]; then
      option=
      continue
    fi
    place="$command $word"
    case $place in
)" + cases_of_commands(tree) +
         R"(    esac
  done
  case "$command $option" in
)" + cases_of_values(tree) +
         cases_of_places(tree) + R"(  esac
  if [[ $current == -* || -z $words ]]; then
    words=$options${words:+ $words}
  fi
  case $kind in
    nothing) ;;
    files)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      ;;
    directories)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current") ;;
  esac
}
complete -F _sluice sluice
)";
}

}  // namespace sluice
