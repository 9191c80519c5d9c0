// kill -9 at random moments, and SIGTERM under load.
#include "tests/integration/agent/agent_fixture.h"
#include "tests/integration/agent/load.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <ostream>
#include <random>
#include <string>
#include <thread>

namespace sluice {
namespace {

using testing_support::AgentProcess;
using testing_support::eventually;
using testing_support::Load;
using testing_support::local_url;
using testing_support::Mosquitto;

// mosquitto 2.0.11 lets more messages of QoS 2 be under way than it was allowed to, and looks
// through all of them for each answer: after some kills it can be busy with that for a minute.
constexpr std::chrono::seconds kPatience{180};

// SLUICE_KILLS=200 makes it a long test.
int number_of_kills() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
  const char* wanted = std::getenv("SLUICE_KILLS");
  return wanted != nullptr ? std::atoi(wanted) : 20;
}

struct Way {
  std::string name;
  int qos;
  std::string buffer;  // section of the configuration

  friend void PrintTo(const Way& each, std::ostream* out) { *out << each.name; }
};

class KillNine : public testing::TestWithParam<Way> {};

TEST_P(KillNine, LosesNoAcknowledgedMessageAndNoRecordFromTheLedger) {
  const Mosquitto broker;
  lab::Receiver receiver({});
  AgentProcess agent({.broker_url = local_url("mqtt", broker.port()),
                      .sink_url = local_url("http", receiver.port()),
                      .qos = GetParam().qos,
                      .buffer = GetParam().buffer});
  agent.start();
  ASSERT_TRUE(eventually([&] { return agent.count_in_log("subscribed") > 0; })) << agent.log();

  const unsigned seed = std::random_device{}();
  std::cout << "seed " << seed << '\n';
  std::mt19937 random(seed);
  // The moment of a kill is drawn in messages received, not in time: it means the same on any
  // machine.
  std::uniform_int_distribution<std::uint64_t> messages(50, 1'500);
  Load load(broker.port(), {.rate = 2'000, .qos = GetParam().qos});
  for (int kill = 0; kill < number_of_kills(); ++kill) {
    const std::uint64_t moment = receiver.counts().distinct + messages(random);
    ASSERT_TRUE(eventually([&] { return receiver.counts().distinct >= moment; }, kPatience))
        << "kill " << kill << '\n'
        << agent.status();
    agent.kill();
    ASSERT_EQ(agent.faults_of_buffer(), "") << "kill " << kill;
    agent.start();
  }
  ASSERT_TRUE(load.finish());
  EXPECT_TRUE(eventually([&] { return load.arrived_at(receiver); }, kPatience))
      << load.missing_at(receiver) << '\n'
      << agent.status();
  EXPECT_EQ(agent.stop(), 0);
  const lab::ReceiverCounts counts = receiver.counts();
  EXPECT_EQ(counts.malformed, 0U) << counts.last_problem;
  std::cout << "acked " << load.acked() << ", duplicates " << counts.duplicates << '\n';
}

INSTANTIATE_TEST_SUITE_P(Each, KillNine,
                         testing::Values(Way{"Qos1", 1, ""}, Way{"Qos2", 2, ""},
                                         Way{"Qos1FromMemory", 1, "buffer: {spill_after: 2s}\n"},
                                         Way{"Qos2FromMemory", 2, "buffer: {spill_after: 2s}\n"}),
                         [](const auto& instance) { return instance.param.name; });

TEST(Terminate, UnderLoadLosesNothingAndRepeatsNothing) {
  const Mosquitto broker;
  lab::Receiver receiver({});
  AgentProcess agent({.broker_url = local_url("mqtt", broker.port()),
                      .sink_url = local_url("http", receiver.port())});
  agent.start();
  ASSERT_TRUE(eventually([&] { return agent.count_in_log("subscribed") > 0; })) << agent.log();
  Load load(broker.port(), {.rate = 2'000});
  for (int restart = 1; restart <= 5; ++restart) {
    const std::uint64_t before = receiver.counts().distinct;
    ASSERT_TRUE(eventually([&] { return receiver.counts().distinct > before + 1'000; }));
    ASSERT_EQ(agent.stop(), 0) << agent.log();
    agent.start();
  }
  ASSERT_TRUE(load.finish());
  EXPECT_TRUE(eventually([&] { return load.arrived_at(receiver); })) << load.missing_at(receiver);
  EXPECT_EQ(agent.stop(), 0);
  EXPECT_EQ(receiver.counts().duplicates, 0U)
      << "a stop waits for the answer of the request that is under way";
}

}  // namespace
}  // namespace sluice
