// What is sent again is what was sent before: the far side can tell, by the key, and need not
// compare.
#include "tests/integration/agent/agent_fixture.h"
#include "tests/integration/agent/load.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using testing_support::AgentProcess;
using testing_support::eventually;
using testing_support::Load;
using testing_support::local_url;
using testing_support::Mosquitto;

// Every body that came under a key. Any thread.
class Ledger {
 public:
  using Headers = std::map<std::string, std::string>;

  void note(const Headers& headers, const std::string& body) {
    const std::lock_guard lock(mutex_);
    ++requests_;
    bodies_[headers.at("idempotency-key")].push_back(body);
  }
  [[nodiscard]] std::size_t requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  [[nodiscard]] std::map<std::string, std::vector<std::string>> bodies() const {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }

 private:
  mutable std::mutex mutex_;
  std::size_t requests_ = 0;
  std::map<std::string, std::vector<std::string>> bodies_;
};

std::size_t repeated(const std::map<std::string, std::vector<std::string>>& bodies) {
  std::size_t count = 0;
  for (const auto& [key, each] : bodies) {
    count += each.size() > 1 ? 1U : 0U;
    for (const std::string& body : each) {
      EXPECT_EQ(body, each.front()) << "other bytes under the key " << key;
    }
  }
  return count;
}

TEST(RetryAfterAKill, IsTheSameRequestIfThereWasNoAnswer) {
  const Mosquitto broker;
  lab::Receiver receiver({});
  Ledger ledger;
  std::atomic<bool> hang = true;
  receiver.follow([&](const Ledger::Headers& headers, const std::string& body) {
    const bool hangs = hang;  // asked first: who sees the request noted may change it at once
    ledger.note(headers, body);
    return lab::Behaviour{.hang = hangs};
  });
  AgentProcess agent({.broker_url = local_url("mqtt", broker.port()),
                      .sink_url = local_url("http", receiver.port())});
  agent.start();
  ASSERT_TRUE(eventually([&] { return agent.count_in_log("subscribed") > 0; })) << agent.log();
  Load load(broker.port(), {.count = 5'000});
  ASSERT_TRUE(load.finish());
  constexpr std::size_t kKills = 3;
  for (std::size_t kill = 1; kill <= kKills; ++kill) {
    ASSERT_TRUE(eventually([&] { return ledger.requests() >= kill; })) << agent.log();
    agent.kill();
    agent.start();
  }
  ASSERT_TRUE(eventually([&] { return ledger.requests() > kKills; })) << agent.log();
  agent.kill();  // first: it may have more than one request under way
  hang = false;
  agent.start();
  EXPECT_TRUE(eventually([&] { return load.arrived_at(receiver); })) << load.missing_at(receiver);
  EXPECT_EQ(agent.stop(), 0);
  const auto bodies = ledger.bodies();
  EXPECT_EQ(repeated(bodies), 1U) << "the first block, again and again";
  EXPECT_EQ(receiver.counts().duplicates, 0U);
}

TEST(RetryAfterAKill, IsTheSameRequestIfTheAnswerWasForgotten) {
  const Mosquitto broker;
  lab::Receiver receiver({});
  Ledger ledger;
  receiver.follow([&](const Ledger::Headers& headers, const std::string& body) {
    ledger.note(headers, body);
    return lab::Behaviour{};
  });
  AgentProcess agent({.broker_url = local_url("mqtt", broker.port()),
                      .sink_url = local_url("http", receiver.port()),
                      .buffer = "buffer: {flush_interval: 2s}\n"});
  agent.start();
  ASSERT_TRUE(eventually([&] { return agent.count_in_log("subscribed") > 0; })) << agent.log();
  Load load(broker.port(), {.rate = 2'000});
  // A confirmation is on disk with the next commit; a kill before that brings the block again.
  std::size_t again = 0;
  for (int kill = 0; kill < 20 && again == 0; ++kill) {
    const std::size_t before = ledger.requests();
    ASSERT_TRUE(eventually([&] { return ledger.requests() > before; })) << agent.log();
    agent.kill();
    agent.start();
    again = repeated(ledger.bodies());
  }
  ASSERT_TRUE(load.finish());
  EXPECT_TRUE(eventually([&] { return load.arrived_at(receiver); })) << load.missing_at(receiver);
  EXPECT_EQ(agent.stop(), 0);
  EXPECT_GT(repeated(ledger.bodies()), 0U) << "no block came twice: the test has shown nothing";
}

}  // namespace
}  // namespace sluice
