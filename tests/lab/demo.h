// The promise, for everybody to watch: devices publish, the agent and the endpoint are killed and
// stopped, and in the end every acknowledged message has arrived.
#pragma once

#include "tests/lab/simulator.h"

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::lab {

struct DemoOptions {
  std::string sluice;             // the agent's program
  std::optional<double> seconds;  // nothing: until Ctrl-C
  bool chaos = false;
  std::uint64_t chaos_seed = 0;  // 0: another one each time
  std::string work_dir;          // empty: a temporary one
  SimulatorOptions load;
};

// The exit code: 0 if every acknowledged message has arrived.
int run_demo(const DemoOptions& options);

}  // namespace sluice::lab
