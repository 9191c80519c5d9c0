// The session with the broker, connection after connection: connect, subscribe, watch, reconnect,
// and take leave.
#pragma once

#include "core/clock.h"
#include "core/source.h"
#include "sources/mqtt_source.h"

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <cstdint>
#include <memory>

namespace sluice {

class Acknowledgements;
class BrokerLink;
class StateStore;

// Written by the thread that the comment names, read by any.
struct MqttSourceCounters {
  std::atomic<std::uint64_t> settled{0};   // last ticket that is safe; whoever settles
  std::atomic<std::uint64_t> connects{0};  // the session's thread
  std::atomic<bool> connected{false};      // the session's thread
};

// Threads: everything on the thread that runs `io`; construction and destruction too, while nobody
// runs it. stop() ends in io.stop().
class MqttSession {
 public:
  // All references outlive the session.
  MqttSession(boost::asio::io_context& io, const MqttSourceOptions& options, Inlet& inlet,
              Acknowledgements& acknowledgements, StateStore& state, const Clock& clock,
              MqttSourceCounters& counters);
  ~MqttSession();
  MqttSession(const MqttSession&) = delete;
  MqttSession& operator=(const MqttSession&) = delete;

  [[nodiscard]] BrokerLink& link();

  void start();
  // Reads nothing more, waits until what was delivered is settled and acknowledged, at most
  // drain_time, and takes leave of the broker.
  void stop();

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace sluice
