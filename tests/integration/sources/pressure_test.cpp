// The session outlives a store that stands still, and a line that is slow.
#include "tests/integration/sources/fixture.h"
#include "tests/integration/sources/throttle.h"
#include "tests/support/mosquitto.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <string>

namespace sluice::testing_support {
namespace {

TEST(Pressure, HeldForThreeKeepAlivesNeitherEndsTheSessionNorLosesAnything) {
  const Mosquitto broker(verbose());
  const auto pings = [&] { return occurrences(broker.log(), "Received PINGREQ from agent"); };
  MemoryState state;
  MqttSourceOptions options = source_options(broker.port());
  options.keep_alive = std::chrono::seconds(2);
  RunningSource source(options, state, Settling::AtOnce);
  ASSERT_TRUE(source.connected());
  ASSERT_TRUE(
      eventually([&] { return occurrences(broker.log(), "Sending SUBACK to agent") == 1; }));

  source.set_full(true);
  publish_numbers(broker.port(), 20000);
  const std::size_t held = source.count();
  const std::size_t before = pings();
  // At least one keep alive lies between two of them.
  ASSERT_TRUE(eventually([&] { return pings() >= before + 4; }));
  EXPECT_EQ(source.count(), held) << "the source went on reading";
  source.set_full(false);

  ASSERT_TRUE(source.has(20000));
  EXPECT_EQ(source.payloads(), numbers(20000));
  EXPECT_EQ(source.counts().connects, 1U);
  EXPECT_EQ(occurrences(broker.log(), "exceeded timeout"), 0U);
}

TEST(Pressure, OfAMessageThatTakesManyKeepAlivesToArriveDoesNotEndTheSession) {
  constexpr std::size_t kSize = 3'000'000;
  const Mosquitto broker(verbose());
  const Throttle line(broker.port(), 200'000);
  MemoryState state;
  MqttSourceOptions options = source_options(line.port());
  options.keep_alive = std::chrono::seconds(3);
  options.max_message_size = 2 * kSize;
  const RunningSource source(options, state, Settling::AtOnce);
  ASSERT_TRUE(
      eventually([&] { return occurrences(broker.log(), "Sending SUBACK to agent") == 1; }));
  const TempDirectory directory;
  const std::string large(kSize, 'x');
  std::ofstream(directory.file("large")) << large;

  Process publisher(
      {.arguments = {"mosquitto_pub", "-h", "127.0.0.1", "-p", std::to_string(broker.port()), "-q",
                     "1", "-t", "t/large", "-f", directory.file("large")},
       .output = {},
       .environment = {}});
  ASSERT_EQ(publisher.wait(std::chrono::seconds(30)), 0);
  publish(broker.port(), "after");

  ASSERT_TRUE(eventually([&] { return source.count() >= 2; }, std::chrono::seconds(60)));
  EXPECT_EQ(source.payloads(), (std::vector<std::string>{large, "after"}));
  EXPECT_TRUE(eventually([&] { return source.counts().acknowledged == 2; }));
  EXPECT_EQ(source.counts().connects, 1U);
  EXPECT_EQ(occurrences(broker.log(), "exceeded timeout"), 0U);
}

}  // namespace
}  // namespace sluice::testing_support
