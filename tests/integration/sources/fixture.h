// A source at work, between a broker and a test that plays the rest of the agent.
#pragma once

#include "core/buffer.h"
#include "core/clock.h"
#include "core/mutex.h"
#include "core/source.h"
#include "sources/mqtt_source.h"
#include "tests/support/certificates.h"
#include "tests/support/mosquitto.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace sluice::testing_support {

// A buffer's state without a buffer. Survives the sources of a test like a disk. Any thread.
class MemoryState final : public StateStore {
 public:
  [[nodiscard]] std::optional<std::string> load(std::string_view key) const override;
  void put(StateRow row) override;

 private:
  mutable Mutex mutex_;
  std::map<std::string, std::string, std::less<>> rows_ SLUICE_GUARDED_BY(mutex_);
};

struct Arrived {
  std::string topic;
  std::string payload;
  std::uint8_t qos = 0;
  bool retained = false;
};

enum class Settling { AtOnce, ByHand };

// Runs one source on a thread of its own, keeps what it delivers, and settles it on another thread,
// with the source's state, as the buffer would. Any thread.
class RunningSource final : public Inlet {
 public:
  RunningSource(MqttSourceOptions options, MemoryState& state, Settling settling);
  ~RunningSource() override;
  RunningSource(const RunningSource&) = delete;
  RunningSource& operator=(const RunningSource&) = delete;

  Ticket deliver(MessageBatch& batch) override;
  [[nodiscard]] bool full() const override;
  void flush() override { ++flushes_; }

  [[nodiscard]] std::vector<Arrived> arrived() const;
  [[nodiscard]] std::vector<std::string> payloads() const;
  [[nodiscard]] std::size_t count() const;
  [[nodiscard]] std::size_t flushes() const { return flushes_; }
  [[nodiscard]] SourceCounts counts() const { return source_->counts(); }

  void settle(std::uint64_t up_to);  // by hand
  // What a crash right after a commit leaves: the state is on disk, the source was not told.
  void store(std::uint64_t up_to);
  void settle_all() { settle(count()); }
  void set_full(bool full);

  // All of them wait up to 30 s and answer whether it has come to pass.
  [[nodiscard]] bool connected(std::uint64_t times = 1) const;
  [[nodiscard]] bool has(std::size_t messages) const;

  void request_stop() { runner_.request_stop(); }
  // Waits for run() to return. How long that took from the request, and what it returned.
  std::chrono::milliseconds stop();
  [[nodiscard]] bool running() const;
  [[nodiscard]] const std::optional<Status>& result() const { return result_; }  // after stop()

 private:
  void settle_on_demand(const std::stop_token& stop);

  MemoryState& state_;
  const std::string state_key_;
  const SystemClock clock_;
  std::unique_ptr<Source> source_;

  std::atomic<std::size_t> flushes_{0};
  mutable std::mutex mutex_;  // guards everything down to result_
  std::condition_variable_any wanted_;
  std::vector<Arrived> arrived_;
  bool settle_at_once_;
  std::uint64_t to_settle_ = 0;
  bool full_ = false;
  bool ended_ = false;

  std::optional<Status> result_;
  std::jthread settler_;
  std::jthread runner_;
};

// A broker that logs every packet.
BrokerOptions verbose(std::string extra = {});
// A broker that wants user name "plant" and password "right".
BrokerOptions with_password();
BrokerOptions with_tls(const std::string& ca, const KeyPair& server);

// For a broker on `port`: filter t/#, QoS 1, protocol 5, quick reconnects.
MqttSourceOptions source_options(std::uint16_t port);

// With mosquitto_pub.
struct Publication {
  std::string topic = "t/a";
  int qos = 1;
  bool retain = false;
};
void publish(std::uint16_t port, const std::string& payload, const Publication& how = {});
// The numbers from 1 to `count`, in order.
void publish_numbers(std::uint16_t port, int count, const Publication& how = {});
std::vector<std::string> numbers(int count);

std::size_t occurrences(std::string_view text, std::string_view what);

}  // namespace sluice::testing_support
