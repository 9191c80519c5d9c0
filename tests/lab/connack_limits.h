// What an MQTT 5 broker demands of those who publish.
#pragma once

#include <cstdint>
#include <span>

namespace sluice::lab {

struct ConnackLimits {
  std::uint16_t receive_maximum = 65535;  // unacknowledged messages it takes at a time
  std::uint8_t maximum_qos = 2;
};

// From the body of an MQTT 5 CONNACK (3.2.2.3). What cannot be read is as if it were absent.
ConnackLimits connack_limits(std::span<const std::uint8_t> body);

}  // namespace sluice::lab
