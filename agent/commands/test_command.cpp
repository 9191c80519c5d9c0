#include "commands/test_command.h"

#include "commands/config_options.h"
#include "commands/flow_test.h"
#include "commands/printing.h"
#include "config/config.h"

#include <CLI/CLI.hpp>

#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

namespace {

constexpr const char* kFooter =
    "Exit codes: 0 all have passed, 1 one has failed, 78 the configuration is bad.\n"
    "Tests stand under `tests:` in the configuration, or in a file given with a further -c.";

struct TestOptions {
  ConfigFiles config;
  std::string junit;
  std::string flow;
  bool verbose = false;
};

std::string words_for(const FlowTestResult& result, bool verbose) {
  std::string text =
      (result.failures.empty() ? "ok      " : "FAILED  ") + result.flow + ": " + result.name + '\n';
  for (const std::string& failure : result.failures) {
    text += "  " + failure + '\n';
  }
  if (verbose) {
    for (const std::string& record : result.records) {
      text += "  > " + record + '\n';
    }
    for (const std::string& letter : result.dead) {
      text += "  dead > " + letter + '\n';
    }
  }
  return text;
}

bool write_junit(const std::string& path, const std::vector<FlowTestResult>& results) {
  std::ofstream file(path);
  file << to_junit(results) << std::flush;
  if (!file) {
    std::cerr << "cannot write " << path << '\n';
  }
  return file.good();
}

ExitCode run_tests(const TestOptions& options) {
  const LoadedConfig loaded = load_config(options.config);
  if (!print_problems(loaded)) {
    return ExitCode::BadConfig;
  }
  std::vector<FlowTestResult> results;
  std::size_t failed = 0;
  std::string text;
  for (const FlowTest& test : loaded.config.tests) {
    if (options.flow.empty() || options.flow == test.flow) {
      results.push_back(run_flow_test(loaded.config, test));
      failed += results.back().failures.empty() ? 0U : 1U;
      text += words_for(results.back(), options.verbose);
    }
  }
  if (print(text) != ExitCode::Success) {
    return ExitCode::Failure;
  }
  if (!options.junit.empty() && !write_junit(options.junit, results)) {
    return ExitCode::Failure;
  }
  if (results.empty()) {
    std::cerr << "there are no tests"
              << (options.flow.empty() ? "" : " of the flow " + options.flow)
              << ": add some under `tests:`\n";
    return ExitCode::Failure;
  }
  const ExitCode printed = print(std::to_string(results.size() - failed) + " passed, " +
                                 std::to_string(failed) + " failed\n");
  return failed > 0 ? ExitCode::Failure : printed;
}

}  // namespace

ToolCommand add_test_command(CLI::App& app) {
  auto chosen = std::make_shared<std::function<ExitCode()>>();
  auto options = std::make_shared<TestOptions>();
  CLI::App* test =
      app.add_subcommand("test", "Run the tests of the flows that the configuration holds");
  test->footer(kFooter);
  add_config_options(*test, options->config);
  test->add_option("--flow", options->flow, "Only the tests of this flow")->type_name("NAME");
  test->add_option("--junit", options->junit, "Write the results as JUnit XML as well")
      ->type_name("FILE");
  test->add_flag("-v,--verbose", options->verbose, "Show the records that came out");
  test->final_callback([chosen, options] { *chosen = [options] { return run_tests(*options); }; });
  return chosen;
}

}  // namespace sluice
