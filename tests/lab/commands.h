// The subcommands of sluice-lab. Each function adds one; when the command line asks for it, it runs
// while that is parsed and leaves its exit code: 0 as it should be, 1 failed, 2 used wrongly.
#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}  // namespace CLI

namespace sluice::lab {

void add_simulate(CLI::App& app, int& exit_code);
void add_receive(CLI::App& app, int& exit_code);
void add_relay(CLI::App& app, int& exit_code);
void add_demo(CLI::App& app, int& exit_code);
void add_bench(CLI::App& app, int& exit_code);

}  // namespace sluice::lab
