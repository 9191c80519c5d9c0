// A real sluice process between a real broker and a real receiver.
#pragma once

#include "tests/lab/receiver.h"
#include "tests/support/mosquitto.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::testing_support {

// What differs from the plainest configuration that works.
struct AgentSettings {
  std::string broker_url{};  // REQUIRED
  std::string sink_url{};    // REQUIRED
  int qos = 1;
  std::string protocol = "5";
  std::string source_extra{};  // further lines of the source, each "    key: value\n"
  std::string sink_extra{};    // of the sink
  std::string retry = "{initial: 50ms, max: 500ms}";
  std::string admin = "off";  // where its admin endpoint listens
  std::string buffer{};       // the buffer section, e.g. "buffer: {max_size: 1MiB}\n"
  std::string sections{};     // instead of sources, flows and sinks, if not empty
  std::string log = "{level: debug}";
  std::vector<std::string> environment{};  // NAME=value
  bool ledger_may_be_wrong = false;        // the test has damaged it
};

// The agent's directory outlives its processes: start, kill and start again.
class AgentProcess {
 public:
  explicit AgentProcess(const AgentSettings& settings);
  // Whatever became of the agent: its ledger must add up.
  ~AgentProcess();
  AgentProcess(const AgentProcess&) = delete;
  AgentProcess& operator=(const AgentProcess&) = delete;

  void start();
  void kill() { process_->kill(); }
  // SIGTERM and wait; the exit code.
  std::optional<int> stop();
  [[nodiscard]] bool running() { return process_ && process_->running(); }
  std::optional<int> wait_for_exit() { return process_->wait(std::chrono::seconds(30)); }

  // What `sluice buffer verify` finds to be wrong with what is on the disk; empty if nothing.
  [[nodiscard]] std::string faults_of_buffer() const;

  // What the agent says about itself now, for the message of a failed test.
  [[nodiscard]] std::string status() const;

  [[nodiscard]] std::string log() const;
  // How often `text` occurs in the log of all its processes.
  [[nodiscard]] std::size_t count_in_log(const std::string& text) const;
  [[nodiscard]] std::string data_dir() const { return directory_.file("data"); }
  [[nodiscard]] const std::string& config() const { return config_; }
  [[nodiscard]] pid_t pid() const { return process_->pid(); }

  // Faults of its disk, see tests/support/disk_faults.cpp. Before start() or while it runs.
  void hold_sync(bool on) { fault("hold-sync", on); }
  void no_space(bool on) { fault("no-space", on); }

 private:
  void fault(const std::string& name, bool on);

  TempDirectory directory_;
  std::string config_;
  std::vector<std::string> environment_;
  bool check_ledger_;
  std::optional<Process> process_;
};

// What a program that ends has said, and how it ended.
struct Outcome {
  int code = -1;
  std::string text;
};
Outcome run(const std::vector<std::string>& arguments);

// How often `text` occurs in `log`.
std::size_t occurrences(const std::string& log, const std::string& text);

// Waits until the agent's client has its subscription acknowledged for the n-th time.
bool wait_for_subscription(const Mosquitto& broker, std::size_t times = 1);

std::string local_url(const std::string& scheme, std::uint16_t port, const std::string& path = "");

}  // namespace sluice::testing_support
