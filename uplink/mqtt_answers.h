// What the reason codes of MQTT mean for a block. Sources: MQTT 3.1.1, 3.2.2.3; MQTT 5.0, 2.4.
#pragma once

#include "core/transport.h"

namespace sluice {

constexpr int kMqttErrors = 0x80;  // codes from here on are errors in protocol 5

// CONNACK of either version: 3.1.1 uses 1 to 5.
Answer mqtt_connect_answer(int code);
// PUBACK of protocol 5, an error. 3.1.1 has none.
Answer mqtt_publish_answer(int code);
// DISCONNECT of protocol 5.
Answer mqtt_disconnect_answer(int code);

}  // namespace sluice
