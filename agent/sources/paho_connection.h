// Paho MQTT C++ as the session needs it: one object is one connection, from CONNECT to its end.
// The only file that includes Paho's headers is paho_connection.cpp.
#pragma once

#include "core/result.h"
#include "sources/mqtt_packet.h"
#include "sources/mqtt_source.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace sluice {

struct PahoOptions {
  std::uint16_t port = 0;  // of the link, on 127.0.0.1
  std::string token;       // goes as user name
  std::string client_id;
  MqttVersion version = MqttVersion::V5;
  std::chrono::seconds keep_alive{30};
  std::chrono::seconds connect_timeout{30};  // until CONNACK
  // Protocol 5 only.
  std::chrono::seconds session_expiry{0};
  std::uint16_t receive_maximum = 0;
  std::uint32_t maximum_packet_size = 0;
};

namespace paho {

struct Connected {
  bool session_present = false;
  std::optional<std::chrono::seconds> server_keep_alive;  // the broker wants another one
};
struct ConnectFailed {
  int refusal = 0;  // code in CONNACK; 0 if there was none
  std::string reason;
};
struct DisconnectedByBroker {  // protocol 5: the reason in DISCONNECT; Lost may follow or not
  int code = 0;
};
struct Lost {};  // the connection has ended, not at our wish
struct Subscribed {
  std::string filter;
  int code = 0;  // granted QoS or error code; -1: no answer came
};
struct Unsubscribed {
  std::string filter;
  int code = 0;  // below kFirstErrorCode: done; -1: no answer came
};
struct Closed {};        // after disconnect()
struct StrayMessage {};  // a PUBLISH that should never have reached Paho

using Event = std::variant<Connected, ConnectFailed, DisconnectedByBroker, Lost, Subscribed,
                           Unsubscribed, Closed, StrayMessage>;

}  // namespace paho

// Order:   events come in the order in which Paho reports them.
// Errors:  nothing is thrown; what a call cannot start is its Status, what fails later is an event.
// Threads: all methods, and the handler, on the thread that runs `io`. Paho's own threads only post
//          to it. After the destructor the handler is not called any more.
// Time:    only the destructor may block: up to about a second when this was Paho's last client in
//          the process, since it waits for Paho's threads.
class PahoConnection {
 public:
  using Handler = std::function<void(const paho::Event&)>;

  static Result<std::unique_ptr<PahoConnection>> make(boost::asio::io_context& io,
                                                      PahoOptions options, Handler handler);
  virtual ~PahoConnection() = default;
  PahoConnection(const PahoConnection&) = delete;
  PahoConnection& operator=(const PahoConnection&) = delete;

  virtual Status connect() = 0;
  [[nodiscard]] virtual bool connected() const = 0;

  // One packet for each filter: Paho C++ 1.2 hides the codes of a SUBACK whose first one is an
  // error, and some brokers limit how many filters one packet may carry.
  virtual Status subscribe(const std::string& filter, int qos, RetainedPolicy retained) = 0;
  virtual Status unsubscribe(const std::string& filter) = 0;

  // Sends DISCONNECT after everything before it; Closed follows.
  virtual Status disconnect() = 0;

 protected:
  PahoConnection() = default;
};

}  // namespace sluice
