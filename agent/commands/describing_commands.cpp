#include "commands/describing_commands.h"

#include "commands/completion.h"
#include "commands/manual.h"
#include "commands/printing.h"
#include "config/schema.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace sluice {

namespace {

using Writer = std::string (*)(const CLI::App& app);

// A command that prints what `write` makes.
void add_page(CLI::App& app, const ToolCommand& chosen, const char* name, const char* about,
              Writer write) {
  app.add_subcommand(name, about)->final_callback([&app, chosen, write] {
    *chosen = [&app, write] { return print(write(app)); };
  });
}

struct Choice {
  std::string word;
  Writer write;
};

// A command with one argument, which says what to print.
void add_pages(CLI::App& app, const ToolCommand& chosen, const char* name, const char* about,
               const char* argument, std::vector<Choice> choices) {
  std::vector<std::string> words;
  std::string type;
  for (const Choice& choice : choices) {
    words.push_back(choice.word);
    type += (type.empty() ? "" : "|") + choice.word;
  }
  auto word = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(name, about);
  command->add_option(argument, *word, "Which one")
      ->required()
      ->check(CLI::IsMember(words).description(""))
      ->type_name(type);
  command->final_callback([&app, chosen, word, choices = std::move(choices)] {
    *chosen = [&app, word, choices] {
      const auto choice = std::ranges::find(choices, *word, &Choice::word);
      return print(choice->write(app));
    };
  });
}

}  // namespace

ToolCommand add_describing_commands(CLI::App& app) {
  auto chosen = std::make_shared<std::function<ExitCode()>>();
  add_page(app, chosen, "schema", "Print a JSON Schema of the configuration file",
           [](const CLI::App& /*app*/) { return config_schema(); });
  add_page(app, chosen, "docs", "Print the reference of the configuration file, in Markdown",
           [](const CLI::App& /*app*/) { return config_reference(); });
  add_pages(app, chosen, "completion", "Print the completion of this command line for a shell",
            "shell",
            {{"bash", [](const CLI::App& all) { return bash_completion(command_tree(all)); }},
             {"zsh", [](const CLI::App& all) { return zsh_completion(command_tree(all)); }},
             {"fish", [](const CLI::App& all) { return fish_completion(command_tree(all)); }}});
  add_pages(app, chosen, "man",
            "Print a page of the manual: 1 for the commands, 5 for the configuration file",
            "section",
            {{"1", [](const CLI::App& all) { return manual_of_commands(command_tree(all)); }},
             {"5", [](const CLI::App& /*app*/) { return manual_of_config(); }}});
  return chosen;
}

}  // namespace sluice
