// `sluice check --connect` beside the agent whose configuration it tries.
#include "tests/integration/agent/agent_fixture.h"
#include "tests/integration/agent/load.h"
#include "tests/lab/receiver.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using testing_support::AgentProcess;
using testing_support::eventually;
using testing_support::Load;
using testing_support::local_url;
using testing_support::Mosquitto;
using testing_support::occurrences;
using testing_support::Process;
using testing_support::TempDirectory;
using testing_support::wait_for_subscription;

TEST(Connect, LeavesTheSessionOfTheRunningAgentAlone) {
  const Mosquitto broker({.verbose = true});
  const lab::Receiver receiver({});
  AgentProcess agent({.broker_url = local_url("mqtt", broker.port()),
                      .sink_url = local_url("http", receiver.port())});
  agent.start();
  ASSERT_TRUE(wait_for_subscription(broker)) << agent.log();

  const TempDirectory directory;
  constexpr std::uint64_t kMessages = 5'000;
  Load load(broker.port(), {.count = kMessages});
  Process check({.arguments = {SLUICE_BINARY, "check", "--connect", "-c", agent.config()},
                 .output = directory.file("out"),
                 .environment = {}});
  EXPECT_EQ(check.wait(std::chrono::seconds(30)), 0);
  ASSERT_TRUE(load.finish());

  EXPECT_TRUE(eventually([&] { return receiver.counts().distinct == kMessages; }))
      << receiver.counts().distinct << '\n'
      << agent.log();
  EXPECT_EQ(receiver.counts().duplicates, 0U);
  // One connection of the agent, and one of the check.
  EXPECT_EQ(occurrences(broker.log(), " as sluice-test-plant "), 1U) << broker.log();
  EXPECT_EQ(occurrences(broker.log(), " as sluice-test-plant-check "), 1U) << broker.log();
  EXPECT_EQ(occurrences(broker.log(), "Received PUBACK from sluice-test-plant-check"), 0U);
  EXPECT_EQ(agent.stop(), 0);
}

}  // namespace
}  // namespace sluice
