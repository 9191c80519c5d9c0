#include "tests/lab/bench.h"
#include "tests/lab/bench_store.h"
#include "tests/lab/commands.h"
#include "tests/lab/flash.h"
#include "tests/lab/load_flags.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace sluice::lab {

namespace {

CLI::App* add_store_command(CLI::App& bench, const char* name, const char* help,
                            std::string& directory) {
  CLI::App* command = bench.add_subcommand(name, help);
  command->add_option("--dir", directory,
                      "Where the file is to be, on the storage to be measured; default: temporary");
  return command;
}

void add_store_benches(CLI::App& bench, int& exit_code) {
  auto store = std::make_shared<StoreBenchOptions>();
  CLI::App* command = add_store_command(
      bench, "store", "The store alone: append and commit, then drain", store->directory);
  command->add_option("--records", store->records, "How many")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--rate", store->rate, "Records a commit; commits are a second apart")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--size", store->size, "Average bytes of a payload")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->callback([store, &exit_code] { exit_code = run_store_bench(*store); });

  auto fifo = std::make_shared<FifoBenchOptions>();
  command = add_store_command(bench, "fifo", "The size of the file while records pass through it",
                              fifo->directory);
  command->add_option("--records", fifo->records, "How many")->capture_default_str();
  command->add_option("--held", fifo->held, "Records that are in it at any time")
      ->capture_default_str();
  command->callback([fifo, &exit_code] { exit_code = run_fifo_bench(*fifo); });

  auto backlog = std::make_shared<BacklogBenchOptions>();
  command = add_store_command(bench, "backlog", "A large backlog: memory, time to open, order",
                              backlog->directory);
  command->add_option("--gib", backlog->gibibytes, "Size of the backlog")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->callback([backlog, &exit_code] { exit_code = run_backlog_bench(*backlog); });
}

CLI::App* add_agent_bench(CLI::App& bench, const char* name, const char* help,
                          const std::shared_ptr<BenchOptions>& options, int& exit_code) {
  CLI::App* command = bench.add_subcommand(name, help);
  command->add_option("--sluice", options->sluice, "The agent's program")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--count", options->load.count, "Messages to publish")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--work-dir", options->work_dir,
                      "New or empty directory for logs and data; default: a temporary one");
  add_load_flags(*command, options->load);
  command->callback([options, &exit_code] { exit_code = run_ingest_bench(*options); });
  return command;
}

void add_agent_benches(CLI::App& bench, int& exit_code) {
  auto ingest = std::make_shared<BenchOptions>();
  ingest->load.count = 500'000;
  CLI::App* command = add_agent_bench(
      bench, "ingest", "From the broker through the agent to a receiver; give it a release build",
      ingest, exit_code);
  command->add_flag("--hold", ingest->hold,
                    "The receiver answers 503 until all is published and stored, then all drains");

  auto drain = std::make_shared<BenchOptions>();
  drain->load.count = 1'000'000;
  drain->hold = true;
  add_agent_bench(bench, "drain", "What delivering a backlog costs: ingest --hold", drain,
                  exit_code);
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
  add_agent_benches(*bench, exit_code);
  add_store_benches(*bench, exit_code);
  add_flash(*bench, exit_code);
}

}  // namespace sluice::lab
