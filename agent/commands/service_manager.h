// Tells a supervisor like systemd how the agent is: datagrams to the socket in NOTIFY_SOCKET, see
// sd_notify(3).
#pragma once

#include "core/result.h"

#include <chrono>
#include <optional>
#include <string>

namespace sluice {

// One thread at a time. Without a supervisor nothing is sent.
class ServiceManager {
 public:
  struct Options {
    std::string socket;                     // a path, or '@' and an abstract name; empty: nobody
    std::chrono::microseconds watchdog{0};  // alive() is expected so often; 0: never
  };

  // Out of NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
  static Options from_environment();

  explicit ServiceManager(Options options) : options_(std::move(options)) {}

  // Half of what it waits for; nothing: it does not wait.
  [[nodiscard]] std::optional<std::chrono::microseconds> interval() const;

  // Each says what could not be told, and why: somebody should know.
  Status ready(const std::string& words);
  Status starting(const std::string& words, std::chrono::seconds more_time);  // not ready yet
  Status words(const std::string& words);
  Status alive();
  Status stopping(std::chrono::milliseconds at_most);

 private:
  [[nodiscard]] Status send(const std::string& message) const;

  Options options_;
};

}  // namespace sluice
