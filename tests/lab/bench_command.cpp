#include "tests/lab/bench.h"
#include "tests/lab/commands.h"
#include "tests/lab/load_flags.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace sluice::lab {

void add_bench(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<BenchOptions>();
  options->load.count = 500'000;
  CLI::App* bench = app.add_subcommand("bench", "Measure what a message costs the agent");
  bench->require_subcommand(1);
  CLI::App* command = bench->add_subcommand(
      "ingest", "From the broker through the agent to a receiver; give it a release build");
  command->add_option("--sluice", options->sluice, "The agent's program")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--count", options->load.count, "Messages to publish")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_flag("--hold", options->hold,
                    "The receiver answers 503 until all is published and stored, then all drains");
  command->add_option("--work-dir", options->work_dir,
                      "New or empty directory for logs and data; default: a temporary one");
  add_load_flags(*command, options->load);
  command->callback([options, &exit_code] { exit_code = run_ingest_bench(*options); });
}

}  // namespace sluice::lab
