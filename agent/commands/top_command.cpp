#include "commands/top_command.h"

#include "commands/duration_option.h"
#include "commands/own_agent.h"
#include "top/top.h"

#include <chrono>
#include <functional>
#include <iostream>
#include <memory>

namespace sluice {

namespace {

constexpr const char* kFooter =
    "Asks the agent that runs with this configuration, through the socket in its data directory.\n"
    "Keys: q quits, s sorts (name, backlog, rate, time to full), up and down select a flow or a "
    "sink,\n"
    "enter or space shows more of it. \"-\": not known, or not where it goes. \"stuck\": nothing "
    "gets\n"
    "through. NO_COLOR=1 in the environment does without colours.\n"
    "Exit codes: 0 success, 1 nobody answers, 2 wrong usage, 78 bad configuration.";

struct TopOptions {
  OwnAgent agent;
  std::chrono::milliseconds interval{2000};
  bool once = false;
  bool json = false;
};

ExitCode show_top(TopOptions& options) {
  if (!find_directory(options.agent)) {
    return ExitCode::BadConfig;
  }
  const TopQuestion ask = [&options] { return ask_own_agent(options.agent.directory, "/status"); };
  Status shown;
  if (options.json) {
    shown = top_as_json(ask, options.interval, options.once, std::cout);
  } else if (options.once) {
    shown = top_once(ask, std::cout);
  } else {
    shown = top_on_terminal(ask, options.interval);
  }
  std::cout.flush();
  if (!shown) {
    std::cerr << "sluice top: " << shown.error().message << '\n';
  }
  return shown && std::cout ? ExitCode::Success : ExitCode::Failure;
}

}  // namespace

ToolCommand add_top_command(CLI::App& app) {
  auto chosen = std::make_shared<std::function<ExitCode()>>();
  auto options = std::make_shared<TopOptions>();
  CLI::App* top = app.add_subcommand("top", "Watch the running agent: flows, sinks, sources");
  top->footer(kFooter);
  add_own_agent_options(*top, options->agent);
  add_duration_option(*top, "--interval", options->interval, "Time between two looks");
  top->add_flag("--once", options->once, "Print it once as text, and end");
  top->add_flag("--json", options->json,
                "What /status answers, a line for each look; with --once one line");
  top->final_callback([chosen, options] { *chosen = [options] { return show_top(*options); }; });
  return chosen;
}

}  // namespace sluice
