// What a message costs the agent: CPU, memory, storage, bytes on the wire.
#pragma once

#include "tests/lab/simulator.h"

#include <string>

namespace sluice::lab {

struct BenchOptions {
  std::string sluice;  // the agent's program
  // The receiver refuses everything until all is published, so that all of it has to be stored.
  bool hold = false;
  std::string work_dir;  // empty: a temporary one
  SimulatorOptions load;
};

// Prints a table. The exit code: 0 if every acknowledged message has arrived.
int run_ingest_bench(const BenchOptions& options);

}  // namespace sluice::lab
