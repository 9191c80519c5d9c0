#include "sources/session_options.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sluice {

BrokerLinkOptions link_options(const MqttSourceOptions& options) {
  BrokerLinkOptions link;
  link.url = options.url;
  link.tls = options.tls;
  const bool in_url = options.username.empty();
  link.username = in_url ? options.url.user : options.username;
  link.password = in_url ? options.url.password : options.password;
  link.max_message_size = options.max_message_size;
  link.skip_retained = options.retained == RetainedPolicy::Skip;
  return link;
}

PahoOptions paho_options(const MqttSourceOptions& options) {
  constexpr std::int64_t kForever = 0xFFFFFFFF;  // session expiry, MQTT 5.0, 3.1.2.11.2
  // Maximum Packet Size counts the whole packet: topic, packet id and properties come on top.
  constexpr std::size_t kHeaderRoom = 128UL * 1024;
  constexpr std::size_t kLargestPacket = 268'435'460;  // MQTT 5.0, 2.1.4
  PahoOptions paho;
  paho.client_id = options.client_id;
  paho.version = options.version;
  paho.keep_alive = options.keep_alive;
  paho.session_expiry =
      std::chrono::seconds(std::clamp<std::int64_t>(options.session_expiry.count(), 0, kForever));
  paho.receive_maximum = options.receive_maximum;
  paho.maximum_packet_size = static_cast<std::uint32_t>(
      std::min(std::min(options.max_message_size, kLargestPacket) + kHeaderRoom, kLargestPacket));
  return paho;
}

}  // namespace sluice
