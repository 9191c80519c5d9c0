// From a real broker through a real agent to a real endpoint: everything arrives, whatever
// restarts.
#include "tests/integration/agent/agent_fixture.h"
#include "tests/integration/agent/load.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace sluice {
namespace {

using testing_support::AgentProcess;
using testing_support::eventually;
using testing_support::Load;
using testing_support::local_url;
using testing_support::Mosquitto;
using testing_support::wait_for_subscription;

struct Mode {
  int qos;
  const char* protocol;

  friend void PrintTo(const Mode& each, std::ostream* out) {
    *out << "QoS " << each.qos << ", protocol " << each.protocol;
  }
};

class EveryQos : public testing::TestWithParam<Mode> {};

TEST_P(EveryQos, EveryMessageArrivesOnceAndInOrder) {
  const Mosquitto broker({.verbose = true});
  lab::Receiver receiver({});
  AgentProcess agent({.broker_url = local_url("mqtt", broker.port()),
                      .sink_url = local_url("http", receiver.port()),
                      .qos = GetParam().qos,
                      .protocol = GetParam().protocol});
  agent.start();
  ASSERT_TRUE(wait_for_subscription(broker)) << agent.log();

  constexpr std::uint64_t kMessages = 3'000;
  Load load(broker.port(),
            {.count = kMessages, .qos = GetParam().qos, .protocol = GetParam().protocol});
  ASSERT_TRUE(load.finish());
  ASSERT_TRUE(eventually([&] { return receiver.counts().distinct >= kMessages; }))
      << receiver.counts().distinct << '\n'
      << agent.log();

  EXPECT_EQ(agent.stop(), 0) << agent.log();
  const lab::ReceiverCounts counts = receiver.counts();
  EXPECT_EQ(counts.distinct, kMessages);
  EXPECT_EQ(counts.duplicates, 0U);
  EXPECT_EQ(counts.gaps, 0U);
  EXPECT_EQ(counts.malformed, 0U) << counts.last_problem;
  EXPECT_EQ(counts.out_of_order, 0U);
}

INSTANTIATE_TEST_SUITE_P(Each, EveryQos,
                         testing::Values(Mode{0, "5"}, Mode{1, "5"}, Mode{2, "5"}, Mode{0, "3.1.1"},
                                         Mode{1, "3.1.1"}, Mode{2, "3.1.1"}),
                         [](const auto& instance) {
                           return "Qos" + std::to_string(instance.param.qos) +
                                  (std::string(instance.param.protocol) == "5" ? "Version5"
                                                                               : "Version311");
                         });

TEST(Delivery, SurvivesARestartOfTheBroker) {
  Mosquitto broker({.verbose = true});
  lab::Receiver receiver({});
  AgentProcess agent({.broker_url = local_url("mqtt", broker.port()),
                      .sink_url = local_url("http", receiver.port()),
                      .source_extra = "    keep_alive: 5s\n"});
  agent.start();
  ASSERT_TRUE(wait_for_subscription(broker));

  Load load(broker.port(), {.count = 6'000, .rate = 3'000});
  ASSERT_TRUE(eventually([&] { return load.acked() > 1'500; }));
  broker.stop();
  broker.start();
  ASSERT_TRUE(load.finish());
  EXPECT_TRUE(eventually([&] { return load.arrived_at(receiver); })) << load.missing_at(receiver);
  EXPECT_TRUE(wait_for_subscription(broker, 2)) << "it must subscribe again on every connect";
  EXPECT_EQ(agent.stop(), 0);
  EXPECT_EQ(receiver.counts().malformed, 0U) << receiver.counts().last_problem;
}

TEST(Delivery, KeepsEverythingWhileTheReceiverIsAway) {
  const Mosquitto broker({.verbose = true});
  lab::Receiver receiver({});
  AgentProcess agent({.broker_url = local_url("mqtt", broker.port()),
                      .sink_url = local_url("http", receiver.port())});
  agent.start();
  ASSERT_TRUE(wait_for_subscription(broker));

  receiver.behave({.status = 503, .retry_after = "1"});
  Load load(broker.port(), {.count = 10'000});
  ASSERT_TRUE(load.finish()) << "a dead sink must not stop the input";
  ASSERT_TRUE(eventually([&] { return receiver.counts().refused >= 2; }));
  EXPECT_EQ(receiver.counts().records, 0U);
  receiver.behave({});
  EXPECT_TRUE(eventually([&] { return load.arrived_at(receiver); })) << load.missing_at(receiver);
  EXPECT_EQ(agent.stop(), 0);
  EXPECT_EQ(receiver.counts().duplicates, 0U) << "what was refused was not stored there";
  EXPECT_EQ(receiver.counts().out_of_order, 0U);
}

TEST(Delivery, StartsBeforeTheBrokerIsThere) {
  Mosquitto broker({.verbose = true});
  broker.stop();
  lab::Receiver receiver({});
  AgentProcess agent({.broker_url = local_url("mqtt", broker.port()),
                      .sink_url = local_url("http", receiver.port())});
  agent.start();
  ASSERT_TRUE(eventually([&] { return agent.count_in_log("refused") > 0; })) << agent.log();
  broker.start();
  ASSERT_TRUE(wait_for_subscription(broker)) << agent.log();
  Load load(broker.port(), {.count = 100});
  ASSERT_TRUE(load.finish());
  EXPECT_TRUE(eventually([&] { return load.arrived_at(receiver); }));
  EXPECT_EQ(agent.stop(), 0);
}

TEST(Delivery, OneDeadSinkChangesNothingForTheOther) {
  const Mosquitto broker({.verbose = true});
  lab::Receiver alive({});
  lab::Receiver dead({});
  dead.behave({.hang = true});
  const std::string http = "    type: http\n    retry: {initial: 50ms, max: 500ms}\n    url: ";
  AgentProcess agent(
      {.broker_url = "",
       .sink_url = "",
       .sections = "sources:\n  plant: {type: mqtt, url: \"" + local_url("mqtt", broker.port()) +
                   "\", topics: [\"sensors/#\"]}\n"
                   "flows:\n"
                   "  both: {from: [plant], to: [alive, dead]}\n"
                   "  other: {from: [plant], topics: [\"sensors/+/telemetry\"], to: [alive]}\n"
                   "sinks:\n  alive:\n" +
                   http + local_url("http", alive.port(), "/a") + "\n  dead:\n" + http +
                   local_url("http", dead.port(), "/d") + "\n"});
  agent.start();
  ASSERT_TRUE(wait_for_subscription(broker)) << agent.log();
  constexpr std::uint64_t kMessages = 5'000;
  Load load(broker.port(), {.count = kMessages});
  ASSERT_TRUE(load.finish());
  // Every message comes twice, once through each flow.
  ASSERT_TRUE(eventually([&] { return alive.counts().records >= 2 * kMessages; }))
      << alive.counts().records;
  EXPECT_EQ(dead.counts().records, 0U);
  dead.behave({});
  agent.kill();
  agent.start();  // a restart ends the hanging request
  EXPECT_TRUE(eventually([&] { return load.arrived_at(dead); })) << load.missing_at(dead);
  EXPECT_EQ(agent.stop(), 0);
}

}  // namespace
}  // namespace sluice
