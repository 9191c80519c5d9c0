#include "tests/lab/load_flags.h"

#include <CLI/CLI.hpp>

#include <map>

namespace sluice::lab {

namespace {

const std::map<std::string, PayloadKind>& payload_kinds() {
  static const std::map<std::string, PayloadKind> kinds{{"sensor", PayloadKind::Sensor},
                                                        {"calm", PayloadKind::Calm},
                                                        {"tiny", PayloadKind::Tiny},
                                                        {"log", PayloadKind::Log},
                                                        {"mixed", PayloadKind::Mixed}};
  return kinds;
}

const std::map<std::string, MqttVersion>& protocols() {
  static const std::map<std::string, MqttVersion> versions{{"5", MqttVersion::V5},
                                                           {"3.1.1", MqttVersion::V311}};
  return versions;
}

template <class Value>
std::string name_of(const std::map<std::string, Value>& names, Value value) {
  for (const auto& [name, each] : names) {
    if (each == value) {
      return name;
    }
  }
  return {};
}

// An option that takes one of the names, and shows names in its help, not numbers.
template <class Value>
void add_choice(CLI::App& command, const std::string& flag, const std::string& help,
                const std::map<std::string, Value>& names, Value& value) {
  std::vector<std::string> choices;
  for (const auto& [name, each] : names) {
    choices.push_back(name);
  }
  command
      .add_option_function<std::string>(
          flag, [&names, &value](const std::string& name) { value = names.at(name); }, help)
      ->check(CLI::IsMember(choices))
      ->default_str(name_of(names, value));
}

}  // namespace

void add_load_flags(CLI::App& command, SimulatorOptions& options) {
  command.add_option("--devices", options.payload.devices, "How many devices publish")
      ->check(CLI::Range(1U, 1'000'000U))
      ->capture_default_str();
  command.add_option("--rate", options.rate, "Messages a second in total; 0: as fast as possible")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--qos", options.qos, "Quality of service of the messages")
      ->check(CLI::Range(0U, 2U))
      ->capture_default_str();
  add_choice(command, "--payload", "What the messages are like", payload_kinds(),
             options.payload.kind);
  command.add_option("--size", options.payload.size, "Average bytes of a sensor's message")
      ->check(CLI::Range(60U, 1'000'000U))
      ->capture_default_str();
  command.add_option("--seed", options.payload.seed, "The same seed makes the same messages")
      ->capture_default_str();
  add_choice(command, "--protocol", "Version of MQTT", protocols(), options.protocol);
  command.add_option("--connections", options.connections, "Shared evenly by the devices")
      ->check(CLI::Range(1U, 1000U))
      ->capture_default_str();
  command.add_option("--window", options.window, "Unacknowledged messages per connection")
      ->check(CLI::Range(1U, 65535U))
      ->capture_default_str();
}

std::vector<std::string> load_arguments(const SimulatorOptions& options) {
  return {"--url",         options.url,
          "--devices",     std::to_string(options.payload.devices),
          "--rate",        std::to_string(options.rate),
          "--count",       std::to_string(options.count),
          "--qos",         std::to_string(options.qos),
          "--payload",     name_of(payload_kinds(), options.payload.kind),
          "--size",        std::to_string(options.payload.size),
          "--seed",        std::to_string(options.payload.seed),
          "--protocol",    name_of(protocols(), options.protocol),
          "--connections", std::to_string(options.connections),
          "--window",      std::to_string(options.window)};
}

}  // namespace sluice::lab
