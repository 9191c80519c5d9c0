// Devices that publish to the broker of a test, and the question whether what was acknowledged to
// them has arrived.
#pragma once

#include "tests/lab/receiver.h"
#include "tests/lab/simulator.h"

#include <cstdint>
#include <string>

namespace sluice::testing_support {

struct LoadSettings {
  std::uint64_t count = 0;  // messages; 0: until finish()
  double rate = 0;          // a second; 0: as fast as possible
  int qos = 1;
  std::string protocol = "5";
  unsigned devices = 20;
};

// Publishes from its construction on. One thread at a time.
class Load {
 public:
  Load(std::uint16_t broker_port, const LoadSettings& settings);

  // Stops the load, unless it has a count, and waits until everything is published and
  // acknowledged.
  bool finish();
  void go_on() { simulator_.start(); }  // after finish() without a count

  [[nodiscard]] std::uint64_t acked() const { return simulator_.counts().acked; }
  [[nodiscard]] bool arrived_at(const lab::Receiver& receiver) const;
  // In words, for the message of a failed test.
  [[nodiscard]] std::string missing_at(const lab::Receiver& receiver) const;

 private:
  LoadSettings settings_;
  lab::Simulator simulator_;
};

}  // namespace sluice::testing_support
