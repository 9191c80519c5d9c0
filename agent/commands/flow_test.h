// Runs the tests of flows that a configuration holds.
#pragma once

#include "config/config.h"

#include <string>
#include <vector>

namespace sluice {

struct FlowTestResult {
  std::string name;
  std::string flow;
  std::vector<std::string> failures;  // in words, one line or more each; none: it has passed
  std::vector<std::string> records;   // that came out, as JSON
  std::vector<std::string> dead;      // {"topic":…,"reason":…,"detail":…,"payload":…}
};

// The messages go through the real decoder and transforms of the flow, with a clock that begins at
// 2025-01-01T00:00:00Z and moves only as the test says. Inputs without time between them arrive
// together. Nothing is opened and nothing is sent.
FlowTestResult run_flow_test(const Config& config, const FlowTest& test);

// JUnit's XML, as continuous integration reads it.
std::string to_junit(const std::vector<FlowTestResult>& results);

}  // namespace sluice
