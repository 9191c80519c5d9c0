// Broker, agent, receiver and load, each a process of its own with its log in one directory: what
// the demo shows and the benchmark measures.
#pragma once

#include "tests/lab/report.h"
#include "tests/lab/simulator.h"
#include "tests/support/mosquitto.h"
#include "tests/support/process.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::lab {

struct RigOptions {
  std::string sluice;     // the agent's program
  std::string directory;  // exists and stays
  SimulatorOptions load;  // its URL is the rig's business
  std::string data{};     // directory of the agent; empty: within the other
  std::string spill_after = "0s";
  std::uint16_t receive_maximum = 800;  // the agent's default
};

// One thread at a time, and always the same: the processes die with it.
class Rig {
 public:
  explicit Rig(const RigOptions& options);  // starts the broker; throws std::runtime_error

  void start_agent();
  // Until the broker has the agent's subscription, so that no message is published before there is
  // a session to keep it. False if the agent has ended or it takes too long.
  bool wait_until_subscribed();
  void kill_agent();                // SIGKILL
  std::optional<int> stop_agent();  // SIGTERM. Nothing if it had to be killed
  [[nodiscard]] bool agent_runs();
  [[nodiscard]] pid_t agent_pid() const { return agent_->pid(); }
  // All agents of this rig so far: CPU and written bytes summed up, the highest peak.
  [[nodiscard]] testing_support::Usage agent_usage() const;
  [[nodiscard]] std::uint64_t data_size() const;  // bytes that the agent's files occupy

  // A receiver goes on counting where the one before it was stopped.
  void start_receiver(const std::vector<std::string>& extra_arguments = {});
  void stop_receiver();
  [[nodiscard]] bool receiver_runs() const { return receiver_.has_value(); }

  void start_load();
  void end_load();  // what is on its way will still be acknowledged
  [[nodiscard]] bool load_runs();

  // Zero before the first report.
  [[nodiscard]] LoadReport load() const;
  [[nodiscard]] ReceiverReport received() const;

  [[nodiscard]] std::string log_tails() const;  // the last lines of every log

 private:
  [[nodiscard]] std::string file(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> logs() const;
  void write_config() const;

  RigOptions options_;
  testing_support::Mosquitto broker_;
  std::uint16_t receiver_port_;
  std::optional<testing_support::Process> agent_;
  testing_support::Usage ended_agents_;
  std::optional<testing_support::Process> receiver_;
  std::optional<testing_support::Process> load_;
};

// A directory for a rig: the named one, which must be new or empty, or a temporary one.
class WorkDirectory {
 public:
  explicit WorkDirectory(const std::string& named);  // throws std::runtime_error
  ~WorkDirectory();                                  // deletes a temporary one, unless kept
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  void keep() { temporary_ = false; }

 private:
  std::string path_;
  bool temporary_ = false;
};

}  // namespace sluice::lab
