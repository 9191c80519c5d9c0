#include "tests/integration/agent/agent_fixture.h"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sluice::testing_support {

namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string default_sections(const AgentSettings& settings) {
  std::ostringstream yaml;
  yaml << "sources:\n  plant:\n    type: mqtt\n    url: " << settings.broker_url
       << "\n    topics: [\"sensors/#\"]\n    qos: " << settings.qos
       << "\n    protocol: " << settings.protocol << '\n'
       << settings.source_extra << "flows:\n  telemetry:\n    from: [plant]\n    to: [cloud]\n"
       << "sinks:\n  cloud:\n    type: http\n    url: " << settings.sink_url
       << "\n    retry: " << settings.retry << '\n'
       << settings.sink_extra;
  return yaml.str();
}

}  // namespace

AgentProcess::AgentProcess(const AgentSettings& settings)
    : config_(directory_.file("sluice.yaml")),
      environment_(settings.environment),
      check_ledger_(!settings.ledger_may_be_wrong) {
  std::filesystem::create_directory(directory_.file("faults"));
  std::ofstream yaml(config_);
  yaml << "agent: {id: test, data_dir: " << data_dir() << ", log: " << settings.log
       << "}\nadmin: {listen: " << settings.admin << "}\n"
       << settings.buffer
       << (settings.sections.empty() ? default_sections(settings) : settings.sections);
}

AgentProcess::~AgentProcess() {
  process_.reset();
  if (check_ledger_) {
    EXPECT_EQ(faults_of_buffer(), "") << log();
  }
}

void AgentProcess::start() {
  std::vector<std::string> environment = environment_;
  environment.insert(environment.end(), {"LD_PRELOAD=" SLUICE_DISK_FAULTS_LIBRARY,
                                         "SLUICE_DISK_FAULTS=" + directory_.file("faults")});
  process_.emplace(Process::Options{.arguments = {SLUICE_BINARY, "run", "-c", config_},
                                    .output = directory_.file("agent.log"),
                                    .environment = environment});
}

std::string AgentProcess::faults_of_buffer() const {
  if (!std::filesystem::exists(data_dir() + "/buffer.db")) {
    return {};  // it has never got so far
  }
  std::vector<std::string> words{"env"};
  words.insert(words.end(), environment_.begin(), environment_.end());
  words.insert(words.end(), {SLUICE_BINARY, "buffer", "verify", "-c", config_});
  const Outcome verified = run(words);
  return verified.code == 0 ? std::string() : verified.text;
}

std::string AgentProcess::status() const {
  return run({SLUICE_BINARY, "top", "--once", "--json", "--data-dir", data_dir()}).text;
}

std::optional<int> AgentProcess::stop() {
  process_->signal(SIGTERM);
  return process_->wait(std::chrono::seconds(30));
}

std::string AgentProcess::log() const {
  return read_file(directory_.file("agent.log"));
}

std::size_t AgentProcess::count_in_log(const std::string& text) const {
  return occurrences(log(), text);
}

void AgentProcess::fault(const std::string& name, bool on) {
  const std::string path = directory_.file("faults/" + name);
  if (on) {
    std::ofstream(path) << '\n';
  } else {
    std::filesystem::remove(path);
  }
}

Outcome run(const std::vector<std::string>& arguments) {
  const TempDirectory directory;
  Process process({.arguments = arguments, .output = directory.file("out"), .environment = {}});
  Outcome outcome;
  outcome.code = process.wait(std::chrono::seconds(60)).value_or(-1);
  outcome.text = read_file(directory.file("out"));
  return outcome;
}

std::size_t occurrences(const std::string& log, const std::string& text) {
  std::size_t count = 0;
  for (std::size_t at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) {
    ++count;
  }
  return count;
}

bool wait_for_subscription(const Mosquitto& broker, std::size_t times) {
  return eventually(
      [&] { return occurrences(broker.log(), "Sending SUBACK to sluice-test-plant") >= times; });
}

std::string local_url(const std::string& scheme, std::uint16_t port, const std::string& path) {
  return scheme + "://127.0.0.1:" + std::to_string(port) + path;
}

}  // namespace sluice::testing_support
