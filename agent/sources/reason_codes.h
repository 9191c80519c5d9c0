// What the numbers in CONNACK, SUBACK and DISCONNECT mean for whoever operates the agent. Sources:
// MQTT 3.1.1, 3.2.2.3 and 3.9.3; MQTT 5.0, 2.4. All functions: any thread.
#pragma once

#include <string>

namespace sluice {

constexpr int kFirstErrorCode = 0x80;  // SUBACK, UNSUBACK, DISCONNECT and CONNACK of protocol 5
constexpr int kSessionTakenOver = 0x8E;

// Each answers in plain words why, and what to do where that is known.
std::string connect_refusal(int code);  // CONNACK of either version: 3.1.1 uses 1 to 5
std::string subscribe_refusal(int code);
std::string broker_disconnect(int code);

}  // namespace sluice
