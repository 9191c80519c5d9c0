#include "tests/lab/rig.h"

#include "tests/lab/load_flags.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace sluice::lab {

namespace {

using testing_support::eventually;
using testing_support::Process;
using testing_support::Usage;

constexpr std::chrono::seconds kPatience{30};
constexpr const char* kReportEvery = "0.2";  // seconds; the display looks once a second

testing_support::BrokerOptions broker_options(const std::string& directory) {
  testing_support::BrokerOptions options;
  options.directory = directory + "/broker";
  options.extra = "log_type subscribe";
  std::filesystem::create_directories(options.directory);
  return options;
}

void add(Usage& sum, const Usage& usage) {
  sum.cpu_seconds += usage.cpu_seconds;
  sum.written_bytes += usage.written_bytes;
  sum.peak_rss_bytes = std::max(sum.peak_rss_bytes, usage.peak_rss_bytes);
}

std::string tail(const std::string& path) {
  constexpr std::size_t kLines = 15;
  std::ifstream file(path);
  std::deque<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(std::move(line));
    if (lines.size() > kLines) {
      lines.pop_front();
    }
  }
  std::string text = "--- " + path + '\n';
  for (const std::string& line : lines) {
    text += line + '\n';
  }
  return text;
}

}  // namespace

Rig::Rig(const RigOptions& options)
    : options_(options),
      broker_(broker_options(options.directory)),
      receiver_port_(testing_support::free_port()) {
  // A name without a slash would be looked up in PATH.
  options_.sluice = std::filesystem::absolute(options.sluice);
  options_.load.url = fmt::format("mqtt://127.0.0.1:{}", broker_.port());
  if (options_.data.empty()) {
    options_.data = file("data");
  }
  std::filesystem::create_directories(options_.data);
  write_config();
}

std::string Rig::file(const std::string& name) const {
  return options_.directory + '/' + name;
}

void Rig::write_config() const {
  std::ofstream config(file("sluice.yaml"));
  config << "agent: {id: demo, data_dir: \"" << options_.data << "\"}\nadmin: {listen: off}\n"
         << "buffer: {spill_after: " << options_.spill_after << "}\n"
         << "sources:\n  plant:\n    type: mqtt\n    url: " << options_.load.url
         << "\n    topics: [\"sensors/#\"]\n    qos: " << options_.load.qos
         << "\n    receive_maximum: " << options_.receive_maximum << "\n"
         << "flows:\n  telemetry:\n    from: [plant]\n    to: [cloud]\n"
         << "sinks:\n  cloud:\n    type: http\n    url: http://127.0.0.1:" << receiver_port_
         << "/ingest\n    retry: {initial: 200ms, max: 2s}\n";
  config.close();
  if (!config) {
    throw std::runtime_error("cannot write " + file("sluice.yaml"));
  }
}

void Rig::start_agent() {
  agent_.emplace(Process::Options{.arguments = {options_.sluice, "run", "-c", file("sluice.yaml")},
                                  .output = file("agent.log"),
                                  .environment = {}});
}

bool Rig::wait_until_subscribed() {
  const auto subscribed = [this] {
    return broker_.log().find(" sensors/#\n") != std::string::npos;
  };
  eventually([&] { return subscribed() || !agent_runs(); }, kPatience);
  return agent_runs() && subscribed();
}

void Rig::kill_agent() {
  agent_->kill();
  add(ended_agents_, agent_->usage());
  agent_.reset();
}

std::optional<int> Rig::stop_agent() {
  if (!agent_) {
    return std::nullopt;
  }
  agent_->signal(SIGTERM);
  const std::optional<int> exit_code = agent_->wait(kPatience);
  kill_agent();
  return exit_code;
}

bool Rig::agent_runs() {
  return agent_ && agent_->running();
}

Usage Rig::agent_usage() const {
  Usage sum = ended_agents_;
  if (agent_) {
    const Usage now = agent_->usage();
    add(sum, now);
    sum.rss_bytes = now.rss_bytes;
  }
  return sum;
}

std::uint64_t Rig::data_size() const {
  std::uint64_t size = 0;
  std::error_code vanished;  // files come and go while we look
  for (const auto& entry : std::filesystem::recursive_directory_iterator(options_.data, vanished)) {
    struct stat status {};
    constexpr std::uint64_t kUnitOfBlocks = 512;
    if (stat(entry.path().c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
      size += static_cast<std::uint64_t>(status.st_blocks) * kUnitOfBlocks;
    }
  }
  return size;
}

void Rig::start_receiver(const std::vector<std::string>& extra_arguments) {
  std::vector<std::string> arguments{
      "/proc/self/exe", "receive",          "--port",   std::to_string(receiver_port_),
      "--state",        file("state.json"), "--report", file("received.json"),
      "--report-every", kReportEvery};
  arguments.insert(arguments.end(), extra_arguments.begin(), extra_arguments.end());
  receiver_.emplace(
      Process::Options{.arguments = arguments, .output = file("receiver.log"), .environment = {}});
  const bool up = eventually(
      [this] { return testing_support::port_answers(receiver_port_) || !receiver_->running(); },
      kPatience);
  if (!up || !receiver_->running()) {
    throw std::runtime_error("the receiver did not start\n" + tail(file("receiver.log")));
  }
}

void Rig::stop_receiver() {
  if (!receiver_) {
    return;
  }
  receiver_->signal(SIGTERM);
  const std::optional<int> exit_code = receiver_->wait(kPatience);
  receiver_.reset();
  if (exit_code != 0) {
    // It may have lost its account, and without that every figure would be wrong.
    throw std::runtime_error("the receiver did not stop as it should\n" +
                             tail(file("receiver.log")));
  }
}

void Rig::start_load() {
  std::vector<std::string> arguments{"/proc/self/exe",  "simulate",       "--report",
                                     file("load.json"), "--report-every", kReportEvery};
  const std::vector<std::string> load = load_arguments(options_.load);
  arguments.insert(arguments.end(), load.begin(), load.end());
  load_.emplace(
      Process::Options{.arguments = arguments, .output = file("load.log"), .environment = {}});
}

void Rig::end_load() {
  if (load_) {
    load_->signal(SIGTERM);
  }
}

bool Rig::load_runs() {
  return load_ && load_->running();
}

LoadReport Rig::load() const {
  const Result<std::string> text = read_file(file("load.json"));
  Result<LoadReport> report = text ? parse_load_report(*text) : Result<LoadReport>(text.error());
  return report ? *std::move(report) : LoadReport{};
}

ReceiverReport Rig::received() const {
  const Result<std::string> text = read_file(file("received.json"));
  Result<ReceiverReport> report =
      text ? parse_receiver_report(*text) : Result<ReceiverReport>(text.error());
  return report ? *std::move(report) : ReceiverReport{};
}

std::vector<std::string> Rig::logs() const {
  return {file("agent.log"), file("receiver.log"), file("load.log"), file("broker/mosquitto.log")};
}

std::string Rig::log_tails() const {
  std::string all;
  for (const std::string& log : logs()) {
    all += tail(log);
  }
  return all;
}

WorkDirectory::WorkDirectory(const std::string& named) : temporary_(named.empty()) {
  if (!temporary_) {
    std::filesystem::create_directories(named);
    // Messages that an earlier run has left there would be counted with ours.
    if (!std::filesystem::is_empty(named)) {
      throw std::runtime_error(named + " is not empty");
    }
    path_ = std::filesystem::canonical(named);
    return;
  }
  path_ = std::filesystem::temp_directory_path() / "sluice-lab-XXXXXX";
  if (mkdtemp(path_.data()) == nullptr) {
    throw std::runtime_error("cannot make a temporary directory");
  }
}

WorkDirectory::~WorkDirectory() {
  if (temporary_) {
    std::error_code ignored;  // a leftover in /tmp is no failure
    std::filesystem::remove_all(path_, ignored);
  }
}

}  // namespace sluice::lab
