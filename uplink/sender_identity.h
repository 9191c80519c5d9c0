// Who is speaking: what every destination is told about the sender, in its own way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice {

// Becomes the Sluice-* headers and the idempotency key, the headers of Kafka messages, the user
// properties of MQTT 5.
struct SenderIdentity {
  std::string agent;
  std::string version = "dev";  // of sluice, for the User-Agent header
  std::uint64_t epoch = 0;
  std::vector<std::string> flows;         // by FlowIndex
  std::vector<std::string> flow_configs;  // hash of each flow's definition, by FlowIndex
};

}  // namespace sluice
