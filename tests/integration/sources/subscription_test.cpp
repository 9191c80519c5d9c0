// What the broker is asked for, and what becomes of its answers.
#include "tests/integration/sources/fixture.h"
#include "tests/support/mosquitto.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <tuple>

namespace sluice::testing_support {
namespace {

std::size_t subscriptions(const Mosquitto& broker) {
  return occurrences(broker.log(), "Sending SUBACK to agent");
}

TEST(Subscription, OfAFilterThatHasLeftTheOptionsIsEnded) {
  const Mosquitto broker(verbose());
  MemoryState state;
  MqttSourceOptions options = source_options(broker.port());
  options.topics = {"t/a", "t/b", "t/c"};
  {
    const RunningSource source(options, state, Settling::AtOnce);
    ASSERT_TRUE(eventually([&] { return subscriptions(broker) == 3; }));
  }
  publish(broker.port(), "waited", {.topic = "t/b"});

  options.topics = {"t/a", "t/c"};
  {
    const RunningSource source(options, state, Settling::AtOnce);
    ASSERT_TRUE(
        eventually([&] { return occurrences(broker.log(), "Sending UNSUBACK to agent") == 1; }));
    publish(broker.port(), "no", {.topic = "t/b"});
    publish(broker.port(), "yes", {.topic = "t/c"});
    // What was published before the change was collected for us, and is delivered.
    ASSERT_TRUE(source.has(2));
    EXPECT_EQ(source.payloads(), (std::vector<std::string>{"waited", "yes"}));
  }

  const RunningSource source(options, state, Settling::AtOnce);
  ASSERT_TRUE(eventually([&] { return subscriptions(broker) == 7; }));
  EXPECT_EQ(occurrences(broker.log(), "Received UNSUBSCRIBE from agent"), 1U);
}

TEST(Subscription, StateOfAnotherClientIdIsLeftAlone) {
  const Mosquitto broker(verbose());
  MemoryState state;
  MqttSourceOptions first = source_options(broker.port());
  first.client_id = "first";
  first.topics = {"t/a"};
  MqttSourceOptions second = first;
  second.client_id = "second";
  second.topics = {"t/a", "t/b"};
  const auto answers = [&](const std::string& client) {
    return occurrences(broker.log(), "Sending SUBACK to " + client);
  };
  {
    const RunningSource source(first, state, Settling::AtOnce);
    ASSERT_TRUE(eventually([&] { return answers("first") == 1; }));
  }
  {
    const RunningSource source(second, state, Settling::AtOnce);
    ASSERT_TRUE(eventually([&] { return answers("second") == 2; }));
  }

  // The session is still there, and never heard of t/b.
  const RunningSource source(first, state, Settling::AtOnce);

  ASSERT_TRUE(eventually([&] { return answers("first") == 2; }));
  EXPECT_EQ(occurrences(broker.log(), "UNSUBSCRIBE"), 0U);
}

class Refused : public testing::TestWithParam<MqttVersion> {};
INSTANTIATE_TEST_SUITE_P(Mqtt, Refused, testing::Values(MqttVersion::V311, MqttVersion::V5),
                         [](const auto& each) {
                           return each.param == MqttVersion::V5 ? "V5" : "V311";
                         });

// Mosquitto's access control files cannot refuse a subscription; its plugin can.
TEST_P(Refused, FilterDoesNotStopTheOthersAndIsAskedForAgain) {
  const std::string plugin = dynamic_security_plugin();
  ASSERT_FALSE(plugin.empty()) << "it belongs to the package mosquitto";
  const TempDirectory directory;
  const std::string rules = directory.file("rules.json");
  std::ofstream(rules) << R"({"defaultACLAccess": {"publishClientSend": true,
      "publishClientReceive": true, "subscribe": false, "unsubscribe": true},
      "anonymousGroup": "all", "groups": [{"groupname": "all", "roles": [{"rolename": "reader"}]}],
      "roles": [{"rolename": "reader", "acls": [{"acltype": "subscribePattern",
      "topic": "t/open/#", "priority": 0, "allow": true}, {"acltype": "publishClientSend",
      "topic": "$CONTROL/#", "priority": 0, "allow": true}]}], "clients": []})";
  const Mosquitto broker(verbose("plugin " + plugin + "\nplugin_opt_config_file " + rules + "\n"));
  MemoryState state;
  MqttSourceOptions options = source_options(broker.port());
  options.version = GetParam();
  options.topics = {"t/closed/#", "t/open/#"};  // the first answer is the refusal
  const RunningSource source(options, state, Settling::AtOnce);
  ASSERT_TRUE(eventually([&] { return subscriptions(broker) >= 2; }));

  publish(broker.port(), "no", {.topic = "t/closed/x"});
  publish(broker.port(), "yes", {.topic = "t/open/x"});
  ASSERT_TRUE(source.has(1));
  EXPECT_EQ(source.payloads().front(), "yes");

  publish(broker.port(),
          R"({"commands": [{"command": "setDefaultACLAccess", "acls": [{"acltype": "subscribe",
              "allow": true}]}]})",
          {.topic = "$CONTROL/dynamic-security/v1"});

  EXPECT_TRUE(eventually([&] {
    publish(broker.port(), "opened", {.topic = "t/closed/x", .qos = 0});
    return source.payloads().back() == "opened";
  })) << broker.log();
  EXPECT_EQ(source.counts().connects, 1U);
}

TEST(Subscription, GrantedWithALowerQosStillDelivers) {
  const Mosquitto broker(verbose("max_qos 1\n"));
  MemoryState state;
  MqttSourceOptions options = source_options(broker.port());
  options.qos = 2;
  const RunningSource source(options, state, Settling::AtOnce);
  ASSERT_TRUE(eventually([&] { return subscriptions(broker) == 1; }));

  publish(broker.port(), "hello");

  ASSERT_TRUE(source.has(1));
  EXPECT_EQ(source.arrived().front().qos, 1);
}

class Retained : public testing::TestWithParam<std::tuple<MqttVersion, RetainedPolicy>> {};

std::string name_of(const testing::TestParamInfo<std::tuple<MqttVersion, RetainedPolicy>>& info) {
  std::string version = std::get<0>(info.param) == MqttVersion::V5 ? "V5" : "V311";
  switch (std::get<1>(info.param)) {
    case RetainedPolicy::Keep:
      return version + "Keep";
    case RetainedPolicy::Skip:
      return version + "Skip";
    case RetainedPolicy::Once:
      return version + "Once";
  }
  return version;
}

INSTANTIATE_TEST_SUITE_P(Mqtt, Retained,
                         testing::Combine(testing::Values(MqttVersion::V311, MqttVersion::V5),
                                          testing::Values(RetainedPolicy::Keep,
                                                          RetainedPolicy::Skip,
                                                          RetainedPolicy::Once)),
                         name_of);

TEST_P(Retained, MessageArrivesAtEverySubscriptionOrOnceOrNever) {
  const auto [version, policy] = GetParam();
  const Mosquitto broker(verbose());
  publish(broker.port(), "old", {.retain = true});
  MemoryState state;
  MqttSourceOptions options = source_options(broker.port());
  options.version = version;
  options.retained = policy;
  for (std::size_t round = 1; round <= 3; ++round) {
    SCOPED_TRACE("connection " + std::to_string(round));
    const RunningSource source(options, state, Settling::AtOnce);
    ASSERT_TRUE(eventually([&] { return subscriptions(broker) == round; }));
    publish(broker.port(), "new");
    const bool expected =
        policy == RetainedPolicy::Keep || (policy == RetainedPolicy::Once && round == 1);
    ASSERT_TRUE(eventually(
        [&] { return !source.payloads().empty() && source.payloads().back() == "new"; }));
    EXPECT_EQ(source.count(), expected ? 2U : 1U);
  }
}

}  // namespace
}  // namespace sluice::testing_support
