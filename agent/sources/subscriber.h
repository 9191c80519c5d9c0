// Brings the broker's subscriptions in line with the options, on every connection anew.
#pragma once

#include "sources/mqtt_source.h"
#include "sources/paho_connection.h"
#include "sources/subscriptions.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace sluice {

class StateStore;

// Promise: every wanted filter is subscribed again on every connection, whatever the broker says
//          about the session; every answer is looked at; a refused filter is tried again for ever,
//          while the others deliver; a filter that has left the options is unsubscribed.
// Threads: everything on the thread that runs `io`.
class Subscriber {
 public:
  // All references outlive the subscriber.
  Subscriber(boost::asio::io_context& io, const MqttSourceOptions& options, StateStore& state);

  // The broker should have a session for this client id.
  [[nodiscard]] bool expects_session() const { return subscriptions_.expects_session(); }

  // Protocol 3.1.1 has no option for it: the broker is about to send retained messages that were
  // collected when the subscriptions were new. Ask before begin().
  [[nodiscard]] bool must_skip_retained(bool session_present) const;

  // `connection` has been made; it stays until end().
  void begin(PahoConnection& connection, bool session_present);
  void end();

  void on(const paho::Subscribed& answer);
  void on(const paho::Unsubscribed& answer);

 private:
  void subscribe(const std::vector<std::string>& filters);
  void unsubscribe(const std::vector<std::string>& filters);
  void granted(const std::string& filter, int qos);
  void refused(const std::string& filter, int code, const std::string& reason);
  void answered_all();
  void save();

  const MqttSourceOptions& options_;
  StateStore& state_;
  const std::string key_;
  std::string saved_;
  Subscriptions subscriptions_;
  PahoConnection* connection_ = nullptr;
  std::size_t open_ = 0;  // SUBSCRIBE packets without an answer
  bool first_round_ = false;
  Backoff backoff_;
  boost::asio::steady_timer retry_;
};

}  // namespace sluice
