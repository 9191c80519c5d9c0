#include "commands/health_command.h"

#include "admin/client.h"
#include "commands/config_options.h"
#include "commands/printing.h"
#include "tools/backend.h"

#include <simdjson.h>

#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

namespace sluice {

namespace {

constexpr const char* kFooter =
    "Asks the agent that runs with this configuration, through the socket in its data directory.\n"
    "Exit codes: 0 it collects (\"degraded\": but somebody should look), 1 it does not, or nobody "
    "answers.";

// A container counts a check that takes longer as failed.
constexpr std::chrono::seconds kHealthPatience{5};

struct HealthOptions {
  ConfigFiles config;
  std::string directory;
  bool json = false;
};

ExitCode failed(const std::string& why) {
  std::cerr << "sluice health: " << why << '\n';
  return ExitCode::Failure;
}

// One line for the state, and one for each reason.
std::string in_words(const std::string& answer) {
  simdjson::dom::parser parser;
  simdjson::dom::element health;
  std::string_view state;
  if (parser.parse(answer).get(health) != simdjson::SUCCESS ||
      health["state"].get(state) != simdjson::SUCCESS) {
    return answer;
  }
  std::string words = std::string(state) + '\n';
  simdjson::dom::array reasons;
  if (health["reasons"].get(reasons) == simdjson::SUCCESS) {
    for (const simdjson::dom::element reason : reasons) {
      std::string_view code;
      std::string_view text;
      if (reason["code"].get(code) == simdjson::SUCCESS &&
          reason["text"].get(text) == simdjson::SUCCESS) {
        words.append("  ").append(code).append(": ").append(text) += '\n';
      }
    }
  }
  return words;
}

ExitCode show_health(const HealthOptions& options) {
  std::string directory = options.directory;
  if (directory.empty()) {
    const LoadedConfig loaded = load_config(options.config);
    if (!print_problems(loaded)) {
      return ExitCode::BadConfig;
    }
    directory = loaded.config.buffer.directory;
  }
  Result<AdminClient> agent = AdminClient::connect(own_socket_of(directory), kHealthPatience);
  if (!agent) {
    return failed(agent.error().message);
  }
  std::string answer;
  const Status asked = agent->ask(AdminMethod::Get, "/readyz", [&answer](std::string_view piece) {
    answer += piece;
    return Status();
  });
  if (!asked) {
    return failed(asked.error().message);
  }
  return print(options.json ? answer : in_words(answer));
}

}  // namespace

ToolCommand add_health_command(CLI::App& app) {
  auto chosen = std::make_shared<std::function<ExitCode()>>();
  auto options = std::make_shared<HealthOptions>();
  CLI::App* health = app.add_subcommand("health", "Say how the running agent is");
  health->footer(kFooter);
  const ConfigOptions config = add_config_options(*health, options->config);
  health
      ->add_option("--data-dir", options->directory,
                   "Directory of the buffer, instead of a configuration")
      ->type_name("DIR")
      ->excludes(config.config)
      ->excludes(config.environment);
  health->add_flag("--json", options->json, "As the agent says it: what /readyz answers");
  health->final_callback(
      [chosen, options] { *chosen = [options] { return show_health(*options); }; });
  return chosen;
}

}  // namespace sluice
