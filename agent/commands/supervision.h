// What the supervisor of the process is told, and when.
#pragma once

#include "commands/assembly.h"
#include "commands/service_manager.h"

#include <chrono>
#include <optional>
#include <string>

namespace sluice {

// One thread at a time.
class Supervision {
 public:
  explicit Supervision(ServiceManager::Options options);

  // How long to wait between two calls of alive() at most.
  [[nodiscard]] std::optional<std::chrono::microseconds> interval() const {
    return manager_.interval();
  }

  // Once a second. Ready is who collects for the first time: until then a start that takes long is
  // asked to be borne with, as a broker may be away for a week.
  void look(const AgentState& state);

  // A sign of life, as long as every thread gets on.
  void alive();

  void stopping(std::chrono::milliseconds at_most);

  static constexpr unsigned kLooksBetweenRequests = 10;
  static constexpr std::chrono::seconds kMoreTime{60};

 private:
  void told(const Status& status);

  ServiceManager manager_;
  bool ready_ = false;
  bool alive_ = true;
  bool troubled_ = false;
  unsigned looks_ = 0;
  std::string words_;
};

}  // namespace sluice
