// Paho MQTT C++ as the MQTT sink needs it: one object is one connection, from CONNECT to its end.
// The only file of this folder that includes Paho's headers is mqtt_publisher.cpp.
#pragma once

#include "core/result.h"
#include "uplink/mqtt_transport.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sluice {

namespace publishing {

struct BrokerReady {  // and what the broker can take
  std::uint16_t receive_maximum = 65'535;
  std::uint32_t maximum_packet_size = 0;  // 0: nothing said
  bool takes_qos1 = true;
};
struct BrokerRefused {  // code of CONNACK; 0 if there was none: no connection, or no TLS
  int code = 0;
};
struct BrokerLost {  // code of the broker's DISCONNECT; 0 if there was none
  int code = 0;
};
struct PublishAnswered {  // the message with this ticket; below kMqttErrors the broker has it
  std::uint64_t ticket = 0;
  int code = 0;
};
struct PublishLost {  // no acknowledgement will come
  std::uint64_t ticket = 0;
};

using Event = std::variant<BrokerReady, BrokerRefused, BrokerLost, PublishAnswered, PublishLost>;

}  // namespace publishing

struct MqttMessage {
  std::string_view topic;
  std::string_view payload;  // copied
  std::string_view content_type;
  // User properties. This and the content type exist in protocol 5 only.
  std::vector<std::pair<std::string, std::string>> properties;
};

// Bytes of the PUBLISH packet of quality 1.
std::uint64_t packet_size_of(const MqttMessage& message, MqttSinkVersion version);

// Errors:  nothing is thrown; what a call cannot start is its Status, what fails later is an event.
// Threads: one at a time. Paho's own threads only leave events, and ring. After the destructor
//          nobody rings any more.
// Time:    only the destructor may block: up to about a second when this was Paho's last client in
//          the process, since it waits for Paho's threads.
class MqttPublisher {
 public:
  // `servers` are Paho's URIs of the same broker, tried in order. `ring` is called on Paho's
  // threads and must neither block nor throw.
  static Result<std::unique_ptr<MqttPublisher>> make(const MqttTransportOptions& options,
                                                     const std::vector<std::string>& servers,
                                                     std::function<void()> ring);
  virtual ~MqttPublisher() = default;
  MqttPublisher(const MqttPublisher&) = delete;
  MqttPublisher& operator=(const MqttPublisher&) = delete;

  virtual Status connect() = 0;
  virtual Status publish(std::uint64_t ticket, const MqttMessage& message) = 0;
  // Sends DISCONNECT behind everything else.
  virtual Status disconnect() = 0;

  // What has happened since the last call, in order.
  virtual std::vector<publishing::Event> take_events() = 0;

 protected:
  MqttPublisher() = default;
};

}  // namespace sluice
