// Taking leave: nothing that is settled stays unacknowledged, and it is quick.
#include "tests/integration/sources/fixture.h"
#include "tests/support/mosquitto.h"
#include "tests/support/process.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>

namespace sluice::testing_support {
namespace {

using std::chrono::milliseconds;

// A second is promised; the rest is for a machine that has other things to do.
constexpr milliseconds kPrompt{4'000};

bool subscribed(const Mosquitto& broker) {
  return eventually([&] { return occurrences(broker.log(), "Sending SUBACK to agent") >= 1; });
}

TEST(Stop, WaitsForSettlementsAndAcknowledgesThemBeforeItDisconnects) {
  constexpr std::size_t kFew = 5;  // too few for the link to hurry them on its own
  const Mosquitto broker(verbose());
  MemoryState state;
  RunningSource source(source_options(broker.port()), state, Settling::ByHand);
  ASSERT_TRUE(subscribed(broker));
  publish_numbers(broker.port(), kFew);
  ASSERT_TRUE(source.has(kFew));
  ASSERT_EQ(source.flushes(), 0U);

  source.request_stop();
  ASSERT_TRUE(eventually([&] { return source.flushes() > 0; })) << "a stop hurries what is owed";
  source.settle(kFew);
  source.stop();

  ASSERT_TRUE(
      eventually([&] { return occurrences(broker.log(), "Client agent disconnected") == 1; }));
  const std::string log = broker.log();
  const std::size_t farewell = log.find("Received DISCONNECT from agent");
  ASSERT_NE(farewell, std::string::npos) << log;
  EXPECT_EQ(occurrences(log.substr(0, farewell), "Received PUBACK from agent"), kFew);
  EXPECT_EQ(source.counts().acknowledged, kFew);
}

TEST(Stop, ReadsNothingMoreAndLosesNothing) {
  const Mosquitto broker(verbose());
  MemoryState state;
  std::size_t first = 0;
  {
    RunningSource source(source_options(broker.port()), state, Settling::AtOnce);
    ASSERT_TRUE(subscribed(broker));
    Process flood({.arguments = {"sh", "-c",
                                 "seq 1 20000 | mosquitto_pub -h 127.0.0.1 -q 1 -t t/a -l -p " +
                                     std::to_string(broker.port())},
                   .output = {},
                   .environment = {}});
    ASSERT_TRUE(source.has(1000));
    source.stop();
    first = source.count();
    flood.wait(std::chrono::seconds(60));
  }
  ASSERT_LT(first, 20000U);

  RunningSource source(source_options(broker.port()), state, Settling::AtOnce);

  ASSERT_TRUE(source.has(20000 - first));
  publish(broker.port(), "end");
  ASSERT_TRUE(eventually([&] { return source.payloads().back() == "end"; }));
  EXPECT_EQ(source.payloads().front(), std::to_string(first + 1));
  EXPECT_EQ(source.count(), 20000 - first + 1);
}

TEST(Stop, DoesNotWaitForSettlementsLongerThanItMay) {
  const Mosquitto broker(verbose());
  MemoryState state;
  MqttSourceOptions options = source_options(broker.port());
  options.drain_time = milliseconds(100);
  {
    RunningSource source(options, state, Settling::ByHand);
    ASSERT_TRUE(subscribed(broker));
    publish(broker.port(), "kept by the broker");
    ASSERT_TRUE(source.has(1));
    EXPECT_LT(source.stop(), kPrompt);
    EXPECT_EQ(source.counts().acknowledged, 0U);
  }

  const RunningSource source(options, state, Settling::AtOnce);
  ASSERT_TRUE(source.has(1));
  EXPECT_EQ(source.payloads().front(), "kept by the broker");
}

TEST(Stop, IsPromptWithoutABroker) {
  Mosquitto broker;
  broker.stop();
  MemoryState state;
  MqttSourceOptions options = source_options(broker.port());
  options.reconnect = {.initial = std::chrono::minutes(10), .max = std::chrono::minutes(10)};
  RunningSource source(options, state, Settling::AtOnce);

  EXPECT_LT(source.stop(), kPrompt);
  ASSERT_TRUE(source.result().has_value());
  EXPECT_TRUE(*source.result());
}

TEST(Stop, IsPromptWhileABrokerDoesNotAnswer) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(bind(listener, generic, size), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  ASSERT_EQ(getsockname(listener, generic, &size), 0);
  MemoryState state;
  RunningSource source(source_options(ntohs(address.sin_port)), state, Settling::AtOnce);
  const int accepted = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  ASSERT_GE(accepted, 0);

  EXPECT_LT(source.stop(), kPrompt);

  close(accepted);
  close(listener);
}

TEST(Options, ThatCanNeverWorkEndTheSource) {
  MemoryState state;
  const auto refuses = [&](auto change) {
    MqttSourceOptions options = source_options(1);
    change(options);
    RunningSource source(options, state, Settling::AtOnce);
    const bool ended = eventually([&] { return !source.running(); });
    source.stop();
    return ended && !*source.result() && source.result()->error().reaction == Reaction::Reject;
  };
  EXPECT_TRUE(refuses([](MqttSourceOptions& options) { options.client_id.clear(); }));
  EXPECT_TRUE(refuses([](MqttSourceOptions& options) { options.topics.clear(); }));
  EXPECT_TRUE(refuses([](MqttSourceOptions& options) { options.topics = {"t/#/x"}; }));
  EXPECT_TRUE(refuses([](MqttSourceOptions& options) { options.qos = 3; }));
  EXPECT_TRUE(refuses([](MqttSourceOptions& options) { options.receive_maximum = 0; }));
  EXPECT_TRUE(
      refuses([](MqttSourceOptions& options) { options.url = *parse_url("http://127.0.0.1"); }));
}

}  // namespace
}  // namespace sluice::testing_support
