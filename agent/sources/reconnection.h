// Why a connection could not be made or has ended, what of that is worth a line in the log, and how
// long to wait before the next attempt.
#pragma once

#include "core/backoff.h"
#include "core/clock.h"
#include "sources/mqtt_source.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace sluice {

// One thread at a time.
class Reconnection {
 public:
  // `options` outlives the object. `broker` names it in logs: no password in it.
  Reconnection(const MqttSourceOptions& options, std::string broker);

  void attempt();  // a new one begins
  void connected(Instant now, bool session_present);

  // What is learned about the end of this connection, from different sides and in any order.
  void link_says(const std::string& reason);
  void broker_says(int disconnect_code);
  // The best of it, or else what the caller knows.
  [[nodiscard]] std::string reason(const std::string& otherwise) const;

  // The attempt or the connection has failed; says so. Returns how long to wait.
  std::chrono::milliseconds failed(const std::string& reason, Instant now);
  // The connection was ended on purpose.
  std::chrono::milliseconds left() { return backoff_.next(); }

 private:
  const MqttSourceOptions& options_;
  const std::string broker_;
  Backoff backoff_;
  std::optional<Instant> connected_at_;
  std::string link_reason_;
  int disconnect_code_ = 0;
  int short_connections_ = 0;  // in a row
  std::string last_failure_;
  std::uint64_t repetitions_ = 0;  // of the last failure
};

}  // namespace sluice
