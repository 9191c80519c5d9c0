// The promise itself, seen from the broker: no acknowledgement before the data is on disk.
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
using testing_support::occurrences;
using testing_support::wait_for_subscription;

struct Handshake {
  int qos;
  const char* protocol;
  const char* acknowledgement;  // as the broker's log names it

  friend void PrintTo(const Handshake& each, std::ostream* out) {
    *out << each.acknowledgement << ", protocol " << each.protocol;
  }
};

class Acknowledgement : public testing::TestWithParam<Handshake> {};

TEST_P(Acknowledgement, WaitsForTheDisk) {
  const Mosquitto broker({.verbose = true});
  lab::Receiver receiver({});
  AgentProcess agent({.broker_url = local_url("mqtt", broker.port()),
                      .sink_url = local_url("http", receiver.port()),
                      .qos = GetParam().qos,
                      .protocol = GetParam().protocol,
                      .source_extra = "    keep_alive: 2s\n"});
  agent.start();
  ASSERT_TRUE(wait_for_subscription(broker)) << agent.log();

  agent.hold_sync(true);
  // Fewer than the smallest window, that of protocol 3.1.1: the broker sends them all.
  constexpr std::uint64_t kMessages = 15;
  Load load(broker.port(), {.count = kMessages, .qos = GetParam().qos});
  ASSERT_TRUE(load.finish()) << "the broker itself acknowledges to the publisher";
  ASSERT_TRUE(eventually([&] {
    return occurrences(broker.log(), "Sending PUBLISH to sluice-test-plant") == kMessages;
  })) << broker.log();
  const std::string received =
      std::string("Received ") + GetParam().acknowledgement + " from sluice-test-plant";
  // The agent answers a ping that it got after the messages, and still has acknowledged none.
  const std::size_t pings = occurrences(broker.log(), "Received PINGREQ from sluice-test-plant");
  ASSERT_TRUE(eventually([&] {
    return occurrences(broker.log(), "Received PINGREQ from sluice-test-plant") > pings;
  })) << broker.log();
  EXPECT_EQ(occurrences(broker.log(), received), 0U);
  EXPECT_EQ(receiver.counts().records, 0U);

  agent.hold_sync(false);
  EXPECT_TRUE(eventually([&] { return occurrences(broker.log(), received) == kMessages; }))
      << broker.log();
  EXPECT_TRUE(eventually([&] { return load.arrived_at(receiver); }));
  EXPECT_EQ(agent.stop(), 0);
}

INSTANTIATE_TEST_SUITE_P(Each, Acknowledgement,
                         testing::Values(Handshake{1, "5", "PUBACK"}, Handshake{2, "5", "PUBREC"},
                                         Handshake{1, "3.1.1", "PUBACK"},
                                         Handshake{2, "3.1.1", "PUBREC"}),
                         [](const auto& instance) {
                           return std::string(instance.param.acknowledgement) +
                                  (std::string(instance.param.protocol) == "5" ? "Version5"
                                                                               : "Version311");
                         });

}  // namespace
}  // namespace sluice
