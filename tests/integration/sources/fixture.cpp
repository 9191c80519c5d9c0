#include "tests/integration/sources/fixture.h"

#include "tests/support/process.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace sluice::testing_support {

std::optional<std::string> MemoryState::load(std::string_view key) const {
  const MutexLock lock(mutex_);
  const auto row = rows_.find(key);
  return row == rows_.end() ? std::nullopt : std::optional(row->second);
}

void MemoryState::put(StateRow row) {
  const MutexLock lock(mutex_);
  rows_[row.key] = std::move(row.value);
}

RunningSource::RunningSource(MqttSourceOptions options, MemoryState& state, Settling settling)
    : state_(state),
      state_key_(mqtt_state_key(options.name)),
      source_(make_mqtt_source(std::move(options), state, clock_)),
      settle_at_once_(settling == Settling::AtOnce),
      settler_([this](const std::stop_token& stop) { settle_on_demand(stop); }),
      runner_([this](const std::stop_token& stop) {
        Status status = source_->run(*this, stop);
        const std::lock_guard lock(mutex_);
        result_ = std::move(status);
        ended_ = true;
      }) {
}

// The runner first: a source that stops waits for what is being settled.
RunningSource::~RunningSource() {
  stop();
}

Ticket RunningSource::deliver(MessageBatch& batch) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Message message = batch[i];
    arrived_.push_back({.topic = std::string(message.topic),
                        .payload = std::string(message.payload),
                        .qos = message.qos,
                        .retained = message.retained});
  }
  batch.clear();
  if (settle_at_once_) {
    to_settle_ = arrived_.size();
    wanted_.notify_all();
  }
  return Ticket{arrived_.size()};
}

bool RunningSource::full() const {
  const std::lock_guard lock(mutex_);
  return full_;
}

std::vector<Arrived> RunningSource::arrived() const {
  const std::lock_guard lock(mutex_);
  return arrived_;
}

std::vector<std::string> RunningSource::payloads() const {
  std::vector<std::string> result;
  for (const Arrived& each : arrived()) {
    result.push_back(each.payload);
  }
  return result;
}

std::size_t RunningSource::count() const {
  const std::lock_guard lock(mutex_);
  return arrived_.size();
}

void RunningSource::settle(std::uint64_t up_to) {
  const std::lock_guard lock(mutex_);
  to_settle_ = std::max(to_settle_, up_to);
  wanted_.notify_all();
}

void RunningSource::store(std::uint64_t up_to) {
  state_.put({.key = state_key_, .value = source_->state_at(Ticket{up_to})});
}

void RunningSource::settle_on_demand(const std::stop_token& stop) {
  std::uint64_t settled = 0;
  std::unique_lock lock(mutex_);
  while (wanted_.wait(lock, stop, [&] { return to_settle_ > settled; })) {
    settled = to_settle_;
    lock.unlock();
    store(settled);
    source_->settled(Ticket{settled});
    lock.lock();
  }
}

void RunningSource::set_full(bool full) {
  {
    const std::lock_guard lock(mutex_);
    full_ = full;
  }
  if (!full) {
    source_->resume();
  }
}

bool RunningSource::connected(std::uint64_t times) const {
  return eventually([&] {
    const SourceCounts now = counts();
    return now.connects >= times && now.connected;
  });
}

bool RunningSource::has(std::size_t messages) const {
  return eventually([&] { return count() >= messages; });
}

std::chrono::milliseconds RunningSource::stop() {
  const auto begin = std::chrono::steady_clock::now();
  runner_.request_stop();
  if (runner_.joinable()) {
    runner_.join();
  }
  return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
}

bool RunningSource::running() const {
  const std::lock_guard lock(mutex_);
  return !ended_;
}

BrokerOptions verbose(std::string extra) {
  BrokerOptions options;
  options.extra = std::move(extra);
  options.verbose = true;
  return options;
}

BrokerOptions with_password() {
  BrokerOptions options;
  options.username = "plant";
  options.password = "right";
  return options;
}

BrokerOptions with_tls(const std::string& ca, const KeyPair& server) {
  BrokerOptions options;
  options.ca = ca;
  options.cert = server.cert;
  options.key = server.key;
  return options;
}

MqttSourceOptions source_options(std::uint16_t port) {
  MqttSourceOptions options;
  options.name = "plant";
  options.url = *parse_url("mqtt://127.0.0.1:" + std::to_string(port));
  options.topics = {"t/#"};
  options.client_id = "agent";
  options.reconnect = {.initial = std::chrono::milliseconds(100),
                       .max = std::chrono::milliseconds(500)};
  return options;
}

namespace {

std::vector<std::string> publisher(std::uint16_t port, const Publication& how) {
  std::vector<std::string> arguments{"mosquitto_pub",        "-h", "127.0.0.1", "-p",
                                     std::to_string(port),   "-t", how.topic,   "-q",
                                     std::to_string(how.qos)};
  if (how.retain) {
    arguments.emplace_back("-r");
  }
  return arguments;
}

void run(std::vector<std::string> arguments) {
  Process process({.arguments = std::move(arguments), .output = {}, .environment = {}});
  if (process.wait(std::chrono::seconds(30)) != 0) {
    throw std::runtime_error("cannot publish");
  }
}

}  // namespace

void publish(std::uint16_t port, const std::string& payload, const Publication& how) {
  std::vector<std::string> arguments = publisher(port, how);
  arguments.insert(arguments.end(), {"-m", payload});
  run(std::move(arguments));
}

void publish_numbers(std::uint16_t port, int count, const Publication& how) {
  std::string command = "seq 1 " + std::to_string(count) + " |";
  for (const std::string& argument : publisher(port, how)) {
    command += " '" + argument + "'";
  }
  run({"sh", "-c", command + " -l"});
}

std::vector<std::string> numbers(int count) {
  std::vector<std::string> result;
  for (int i = 1; i <= count; ++i) {
    result.push_back(std::to_string(i));
  }
  return result;
}

std::size_t occurrences(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos;
       at = text.find(what, at + what.size())) {
    ++count;
  }
  return count;
}

}  // namespace sluice::testing_support
