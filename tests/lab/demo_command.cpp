#include "tests/lab/commands.h"
#include "tests/lab/demo.h"
#include "tests/lab/load_flags.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace sluice::lab {

void add_demo(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<DemoOptions>();
  options->load.rate = 5000;
  CLI::App* command = app.add_subcommand(
      "demo",
      "Broker, agent, receiver and load on this machine, watched live; exit code 0 only if "
      "every acknowledged message has arrived");
  command->add_option("--sluice", options->sluice, "The agent's program")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--seconds", options->seconds, "How long to publish; default: until Ctrl-C")
      ->check(CLI::PositiveNumber);
  command->add_flag("--chaos", options->chaos,
                    "Kill the agent and stop the receiver at random moments");
  command
      ->add_option("--chaos-seed", options->chaos_seed,
                   "The same seed makes the same moments; 0: another one each time")
      ->capture_default_str();
  command->add_option("--work-dir", options->work_dir,
                      "New or empty directory for logs and data; default: a temporary one");
  add_load_flags(*command, options->load);
  command->callback([options, &exit_code] { exit_code = run_demo(*options); });
}

}  // namespace sluice::lab
