#include "tests/integration/agent/load.h"

#include "tests/support/process.h"

#include <algorithm>

namespace sluice::testing_support {

namespace {

lab::SimulatorOptions options_of(std::uint16_t broker_port, const LoadSettings& settings) {
  lab::SimulatorOptions options;
  options.url = "mqtt://127.0.0.1:" + std::to_string(broker_port);
  options.protocol = settings.protocol == "5" ? MqttVersion::V5 : MqttVersion::V311;
  options.qos = static_cast<unsigned>(settings.qos);
  options.rate = settings.rate;
  options.count = settings.count;
  options.payload.devices = settings.devices;
  return options;
}

}  // namespace

Load::Load(std::uint16_t broker_port, const LoadSettings& settings)
    : settings_(settings), simulator_(options_of(broker_port, settings)) {
  simulator_.wait_until_connected();
  simulator_.start();
}

bool Load::finish() {
  if (settings_.count == 0) {
    simulator_.stop_load();
  }
  return eventually([this] { return !simulator_.loading(); }, std::chrono::seconds(60)) &&
         simulator_.wait_until_settled();
}

bool Load::arrived_at(const lab::Receiver& receiver) const {
  const lab::DeviceRanges acked = simulator_.acked();
  if (receiver.counts().distinct < lab::total(acked)) {
    return false;  // the cheap question first
  }
  return missing_at(receiver).empty();
}

std::string Load::missing_at(const lab::Receiver& receiver) const {
  std::uint64_t missing = 0;
  std::string first;
  for (const auto& [device, numbers] : simulator_.acked()) {
    for (const auto& [begin, end] : numbers.spans()) {
      for (std::uint64_t n = begin; n <= end; ++n) {
        if (!receiver.has(device, n) && missing++ == 0) {
          first = device + " n=" + std::to_string(n);
        }
      }
    }
  }
  return missing == 0 ? "" : std::to_string(missing) + " missing, the first is " + first;
}

}  // namespace sluice::testing_support
