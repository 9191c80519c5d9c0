#include "commands/health_command.h"

#include "commands/own_agent.h"
#include "commands/printing.h"

#include <simdjson.h>

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

struct HealthOptions {
  OwnAgent agent;
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

ExitCode show_health(HealthOptions& options) {
  if (!find_directory(options.agent)) {
    return ExitCode::BadConfig;
  }
  const Result<std::string> answer = ask_own_agent(options.agent.directory, "/readyz");
  if (!answer) {
    return failed(answer.error().message);
  }
  return print(options.json ? *answer : in_words(*answer));
}

}  // namespace

ToolCommand add_health_command(CLI::App& app) {
  auto chosen = std::make_shared<std::function<ExitCode()>>();
  auto options = std::make_shared<HealthOptions>();
  CLI::App* health = app.add_subcommand("health", "Say how the running agent is");
  health->footer(kFooter);
  add_own_agent_options(*health, options->agent);
  health->add_flag("--json", options->json, "As the agent says it: what /readyz answers");
  health->final_callback(
      [chosen, options] { *chosen = [options] { return show_health(*options); }; });
  return chosen;
}

}  // namespace sluice
