// Flags that describe a load, for all subcommands that make one.
#pragma once

#include "tests/lab/simulator.h"

#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}  // namespace CLI

namespace sluice::lab {

// --devices, --rate, --qos, --payload, --size, --seed, --protocol, --connections, --window. What
// `options` holds is the default.
void add_load_flags(CLI::App& command, SimulatorOptions& options);

// The same as arguments, for a simulator that is a process of its own.
std::vector<std::string> load_arguments(const SimulatorOptions& options);

}  // namespace sluice::lab
