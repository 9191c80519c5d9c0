#include "tests/lab/bench.h"
#include "tests/lab/commands.h"
#include "tests/lab/flash.h"
#include "tests/lab/load_flags.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace sluice::lab {

namespace {

void add_ingest(CLI::App& bench, int& exit_code) {
  auto options = std::make_shared<BenchOptions>();
  options->load.count = 500'000;
  CLI::App* command = bench.add_subcommand(
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

void add_flash(CLI::App& bench, int& exit_code) {
  auto options = std::make_shared<FlashOptions>();
  options->load.count = 450'000;
  options->load.rate = 10'000;
  CLI::App* command = bench.add_subcommand("flash",
                                           "Bytes that reach the device under the agent, on an "
                                           "ext4 of its own; needs the rights of root");
  command->add_option("--sluice", options->sluice, "The agent's program")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--count", options->load.count, "Messages to publish in each run")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      ->add_option("--spill-after", options->spill_after,
                   "What the configuration says; one run with each")
      ->capture_default_str();
  command
      ->add_option("--receive-maximum", options->receive_maximum,
                   "Unacknowledged messages the broker may send")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--disk", options->disk_mebibytes, "Size of the file system in MiB")
      ->check(CLI::Range(64, 65'536))
      ->capture_default_str();
  command->add_option("--work-dir", options->work_dir,
                      "New or empty directory for logs and data; default: a temporary one");
  add_load_flags(*command, options->load);
  command->callback([options, &exit_code] { exit_code = run_flash_bench(*options); });
}

}  // namespace

void add_bench(CLI::App& app, int& exit_code) {
  CLI::App* bench = app.add_subcommand("bench", "Measure what a message costs the agent");
  bench->require_subcommand(1);
  add_ingest(*bench, exit_code);
  add_flash(*bench, exit_code);
}

}  // namespace sluice::lab
