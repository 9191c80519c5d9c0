#include "tests/lab/commands.h"

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>
#include <stdexcept>

namespace {

constexpr int kFailed = 1;
constexpr int kUsedWrongly = 2;

int complain(const std::exception& error, int exit_code) {
  std::cerr << "sluice-lab: " << error.what() << '\n';
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("sluice-lab: load, an endpoint and a bad network for trying out sluice");
  app.require_subcommand(1);
  int exit_code = 0;
  sluice::lab::add_simulate(app, exit_code);
  sluice::lab::add_receive(app, exit_code);
  sluice::lab::add_relay(app, exit_code);
  sluice::lab::add_demo(app, exit_code);
  sluice::lab::add_bench(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsedWrongly;  // 0: it was --help
  } catch (const std::invalid_argument& error) {
    return complain(error, kUsedWrongly);
  } catch (const std::exception& error) {
    return complain(error, kFailed);
  }
  return exit_code;
}
