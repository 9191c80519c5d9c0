// What arrives, and when the broker is told so.
#include "tests/integration/sources/fixture.h"
#include "tests/support/mosquitto.h"
#include "tests/support/process.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <tuple>

namespace sluice::testing_support {
namespace {

// Protocol and QoS.
class Each : public testing::TestWithParam<std::tuple<MqttVersion, int>> {
 protected:
  static MqttSourceOptions options(std::uint16_t port) {
    MqttSourceOptions options = source_options(port);
    options.version = std::get<0>(GetParam());
    options.qos = std::get<1>(GetParam());
    return options;
  }
  static int qos() { return std::get<1>(GetParam()); }
};

std::string name_of(const testing::TestParamInfo<std::tuple<MqttVersion, int>>& info) {
  const std::string version = std::get<0>(info.param) == MqttVersion::V5 ? "V5" : "V311";
  return version + "Qos" + std::to_string(std::get<1>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Mqtt, Each,
                         testing::Combine(testing::Values(MqttVersion::V311, MqttVersion::V5),
                                          testing::Values(0, 1, 2)),
                         name_of);

TEST_P(Each, MessageArrivesOnceAndInOrder) {
  const Mosquitto broker;
  MemoryState state;
  RunningSource source(options(broker.port()), state, Settling::AtOnce);
  ASSERT_TRUE(source.connected());
  // Not before the subscription: what is published earlier is not for us.
  ASSERT_TRUE(eventually([&] {
    publish(broker.port(), "probe", {.topic = "t/probe", .qos = 0});
    return source.count() > 0;
  }));
  const auto is_probe = [](const std::string& payload) { return payload == "probe"; };

  publish_numbers(broker.port(), 1000, {.qos = qos()});

  ASSERT_TRUE(eventually([&] {
    const auto all = source.payloads();
    return all.size() - static_cast<std::size_t>(std::ranges::count_if(all, is_probe)) >= 1000;
  }));
  auto payloads = source.payloads();
  std::erase_if(payloads, is_probe);
  EXPECT_EQ(payloads, numbers(1000));
  EXPECT_EQ(source.arrived().back().topic, "t/a");
  EXPECT_EQ(source.arrived().back().qos, qos());
  EXPECT_TRUE(
      eventually([&] { return source.counts().acknowledged == (qos() == 0 ? 0U : 1000U); }));
  EXPECT_EQ(source.counts().messages, source.count());
}

TEST_P(Each, WhatWaitedAtTheBrokerArrivesAfterARestartOfTheAgent) {
  const Mosquitto broker;
  MemoryState state;
  {
    RunningSource source(options(broker.port()), state, Settling::AtOnce);
    ASSERT_TRUE(source.connected());
    ASSERT_TRUE(eventually([&] {
      publish(broker.port(), "probe", {.topic = "t/probe", .qos = 0});
      return source.count() > 0;
    }));
  }
  publish_numbers(broker.port(), 100, {.qos = qos()});

  RunningSource source(options(broker.port()), state, Settling::AtOnce);

  ASSERT_TRUE(source.has(100));
  auto payloads = source.payloads();
  std::erase(payloads, "probe");
  EXPECT_EQ(payloads, numbers(100));
}

TEST(Acknowledgement, IsSentForWhatIsSettledAndNothingElse) {
  const Mosquitto broker(verbose());
  MemoryState state;
  RunningSource source(source_options(broker.port()), state, Settling::ByHand);
  ASSERT_TRUE(source.connected());
  ASSERT_TRUE(
      eventually([&] { return occurrences(broker.log(), "Sending SUBACK to agent") == 1; }));
  const auto acknowledged = [&] { return occurrences(broker.log(), "Received PUBACK from agent"); };

  publish_numbers(broker.port(), 3);
  ASSERT_TRUE(source.has(3));
  publish(broker.port(), "later");
  ASSERT_TRUE(source.has(4));
  EXPECT_EQ(acknowledged(), 0U);

  source.settle(2);
  ASSERT_TRUE(eventually([&] { return acknowledged() == 2; }));
  publish(broker.port(), "still later");
  ASSERT_TRUE(source.has(5));
  EXPECT_EQ(acknowledged(), 2U);

  source.settle(5);
  EXPECT_TRUE(eventually([&] { return acknowledged() == 5; }));
}

// The broker knows nothing of the settlement, sends everything again, and is answered from memory.
TEST(Redelivery, OfWhatWasSettledWhileTheBrokerWasAwayIsNotDeliveredTwice) {
  Mosquitto broker(verbose());
  MemoryState state;
  RunningSource source(source_options(broker.port()), state, Settling::ByHand);
  ASSERT_TRUE(source.connected());
  ASSERT_TRUE(
      eventually([&] { return occurrences(broker.log(), "Sending SUBACK to agent") == 1; }));
  publish_numbers(broker.port(), 10);
  ASSERT_TRUE(source.has(10));

  broker.stop();
  // Before that, acknowledgements would be sent to nobody.
  ASSERT_TRUE(eventually([&] { return !source.counts().connected; }));
  source.settle(10);
  broker.start();
  ASSERT_TRUE(source.connected(2));

  EXPECT_TRUE(eventually([&] { return source.counts().acknowledged == 10; }));
  EXPECT_EQ(source.counts().redelivered, 10U);
  publish(broker.port(), "last");
  ASSERT_TRUE(source.has(11));
  auto expected = numbers(10);
  expected.emplace_back("last");
  EXPECT_EQ(source.payloads(), expected);
  source.settle_all();
}

TEST(Redelivery, OfQos2MessagesThatWereStoredBeforeACrashIsNotDeliveredTwice) {
  const Mosquitto broker;
  MemoryState state;
  MqttSourceOptions options = source_options(broker.port());
  options.qos = 2;
  options.drain_time = std::chrono::milliseconds(0);  // leaves with debts, like a crash
  {
    RunningSource source(options, state, Settling::ByHand);
    ASSERT_TRUE(source.connected());
    ASSERT_TRUE(eventually([&] {
      publish(broker.port(), "1", {.qos = 2});
      return source.count() > 0;
    }));
    publish(broker.port(), "2", {.qos = 2});
    ASSERT_TRUE(eventually([&] { return source.payloads().back() == "2"; }));
    source.store(source.count() - 1);
  }

  RunningSource source(options, state, Settling::AtOnce);

  ASSERT_TRUE(source.has(1));
  publish(broker.port(), "last", {.qos = 2});
  ASSERT_TRUE(source.has(2));
  EXPECT_EQ(source.payloads(), (std::vector<std::string>{"2", "last"}));
  EXPECT_GE(source.counts().redelivered, 1U);
}

}  // namespace
}  // namespace sluice::testing_support
