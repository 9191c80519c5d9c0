// Subscribes to an MQTT broker.
#pragma once

#include "core/backoff.h"
#include "core/clock.h"
#include "core/source.h"
#include "net/tls_options.h"
#include "net/url.h"
#include "sources/mqtt_packet.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

class StateStore;

enum class RetainedPolicy {
  Keep,  // like any other message
  Skip,  // retained messages are not collected
  Once,  // only when the subscription is new, not again at every reconnect
};

struct MqttSourceOptions {
  std::string name;  // of the source, in logs and state keys
  Url url;
  std::vector<std::string> topics;  // filters, $share/… included
  int qos = 1;                      // highest QoS asked for: 0, 1, 2
  MqttVersion version = MqttVersion::V5;
  std::string client_id;  // fixed: the broker keeps the session under this name
  std::string username;
  std::string password;
  std::chrono::seconds keep_alive{30};
  std::chrono::seconds session_expiry{7 * 24 * 3600};  // protocol 5 only
  std::uint16_t receive_maximum = 800;                 // protocol 5 only
  RetainedPolicy retained = RetainedPolicy::Keep;
  std::chrono::milliseconds expect_message_every{0};  // 0: never silent for too long
  std::size_t max_message_size = 1024UL * 1024;       // bytes of one PUBLISH packet
  TlsOptions tls;
  BackoffOptions reconnect;                     // full jitter, 1 s to 60 s
  std::chrono::milliseconds drain_time{8'000};  // how long a stop may wait for the last settlements
};

// Keys of the two rows of state. The first goes with the blocks: what state_at() returns belongs
// under it (see Intake::attach). The second the source writes itself.
std::string mqtt_state_key(const std::string& source);    // QoS 2 packet ids
std::string mqtt_filters_key(const std::string& source);  // what the session is subscribed to

// Order:      messages are delivered in the order in which the broker sends them.
// Durability: a message is acknowledged (PUBACK, or PUBREC for QoS 2) after settled() has covered
//             its ticket, never before. What was not acknowledged when a connection ends is sent
//             again by the broker; what of that is known to be settled is acknowledged, counted and
//             not delivered twice.
// Errors:     an unreachable broker, wrong credentials, a certificate that does not verify and a
//             refused subscription are logged with what to do, and tried again for ever.
// `state` must outlive the source: it holds the subscriptions and QoS 2 packet ids of the session.
std::unique_ptr<Source> make_mqtt_source(MqttSourceOptions options, StateStore& state,
                                         const Clock& clock);

}  // namespace sluice
