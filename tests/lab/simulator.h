// Many devices that publish, and an exact account of what the broker has acknowledged.
#pragma once

#include "core/result.h"
#include "sources/mqtt_packet.h"
#include "tests/lab/payloads.h"
#include "tests/lab/ranges.h"
#include "tests/lab/report.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace sluice::lab {

struct SimulatorOptions {
  std::string url = "mqtt://127.0.0.1:1883";
  // With initialisers, so that they may be left out of a designated list without a warning.
  std::string username{};  // if empty, those of the URL
  std::string password{};
  std::string client_id{};  // each connection appends its number; empty: one that nobody else has
  MqttVersion protocol = MqttVersion::V5;
  unsigned qos = 1;
  std::string topic = "sensors/<device>/telemetry";
  unsigned connections = 4;    // the devices share them evenly
  std::uint16_t window = 100;  // unacknowledged messages per connection
  double rate = 0;             // messages a second in total; 0: as fast as possible
  std::uint64_t count = 0;     // stops the load after so many messages; 0: never
  PayloadOptions payload{};    // and how many devices there are
};

// Connects at once and keeps connecting; publishes from start() to stop_load(). A stall of the
// broker is made up for by at most a second's worth of messages. Runs on a thread of its own; every
// method: any thread.
class Simulator {
 public:
  explicit Simulator(const SimulatorOptions& options);  // throws std::invalid_argument
  ~Simulator();
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  void start();  // again after stop_load(): goes on
  void stop_load();

  [[nodiscard]] bool connected() const;  // all connections
  [[nodiscard]] bool loading() const;    // false before start() and when `count` is reached
  // Everything that has been published is acknowledged (with QoS 0: written to a connection).
  [[nodiscard]] bool settled() const;
  [[nodiscard]] LoadCounts counts() const;
  [[nodiscard]] DeviceRanges acked() const;  // of the messages that count
  [[nodiscard]] std::string last_problem() const;

  // Each waits at most so long, and says whether it has come true.
  bool wait_until_connected(std::chrono::milliseconds at_most = std::chrono::seconds(30)) const;
  bool wait_until_published(std::uint64_t messages,
                            std::chrono::milliseconds at_most = std::chrono::seconds(60)) const;
  bool wait_until_settled(std::chrono::milliseconds at_most = std::chrono::seconds(60)) const;

 private:
  class Fleet;
  std::unique_ptr<Fleet> fleet_;
};

}  // namespace sluice::lab
