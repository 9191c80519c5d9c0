// What a message costs the flash: bytes that reach the device, the file system's own included.
#pragma once

#include "tests/lab/simulator.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::lab {

struct FlashOptions {
  std::string sluice;                                // the agent's program
  std::vector<std::string> spill_after{"0s", "5s"};  // one run with each
  std::uint16_t receive_maximum = 65'535;            // messages a run may owe the broker
  std::uint64_t disk_mebibytes = 512;                // size of the file system
  std::string work_dir;                              // empty: a temporary one
  SimulatorOptions load;
};

// Gives the agent an ext4 file system of its own on a loop device, which needs the rights of root,
// and prints a table. The exit code: 0 if every acknowledged message has arrived.
int run_flash_bench(const FlashOptions& options);

}  // namespace sluice::lab
