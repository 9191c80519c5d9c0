#include "sources/reconnection.h"

#include "sources/reason_codes.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kInitial{100};

MqttSourceOptions options() {
  MqttSourceOptions options;
  options.reconnect = {.initial = kInitial, .max = std::chrono::hours(1)};
  return options;
}

// Ends a connection that has lived so long, as often as said. The wait after the last one.
milliseconds wait_after(seconds life, int times, int disconnect_code) {
  const MqttSourceOptions source = options();
  Reconnection reconnection(source, "mqtt://broker");
  Instant now{};
  milliseconds wait{};
  for (int i = 0; i < times; ++i) {
    reconnection.attempt();
    reconnection.connected(now, true);
    now += life;
    reconnection.broker_says(disconnect_code);
    wait = reconnection.failed(reconnection.reason("lost"), now);
  }
  return wait;
}

// A wait is at least a tenth of its bound, and the bound doubles: after ten of them none is short.
TEST(Reconnection, WaitsLongerAfterEveryConnectionThatDidNotLast) {
  EXPECT_GT(wait_after(seconds(29), 10, 0), kInitial);
}

TEST(Reconnection, StartsFromTheBeginningAfterAConnectionThatLasted) {
  EXPECT_LE(wait_after(seconds(31), 10, 0), kInitial);
}

TEST(Reconnection, DoesNotFightForASessionThatAnotherClientTakesOver) {
  EXPECT_GT(wait_after(seconds(31), 10, kSessionTakenOver), kInitial);
}

TEST(Reconnection, PrefersTheReasonOfTheBrokerToThatOfTheLinkToThatOfPaho) {
  const MqttSourceOptions source = options();
  Reconnection reconnection(source, "mqtt://broker");
  reconnection.attempt();
  EXPECT_EQ(reconnection.reason("lost"), "lost");
  reconnection.link_says("certificate has expired");
  reconnection.link_says("closed");
  EXPECT_EQ(reconnection.reason("lost"), "certificate has expired");
  reconnection.broker_says(kSessionTakenOver);
  EXPECT_EQ(reconnection.reason("lost"), broker_disconnect(kSessionTakenOver));

  reconnection.attempt();
  EXPECT_EQ(reconnection.reason("lost"), "lost");
}

TEST(Reconnection, SuspectsASecondClientWhenConnectionsDoNotLast) {
  const MqttSourceOptions source = options();
  Reconnection reconnection(source, "mqtt://broker");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(reconnection.reason("lost"), "lost");
    reconnection.attempt();
    reconnection.connected(Instant{}, true);
    reconnection.failed("lost", Instant{} + seconds(1));
  }
  EXPECT_NE(reconnection.reason("lost").find("client id"), std::string::npos);
}

TEST(ReasonCodes, AlwaysNameTheNumber) {
  for (int code = 0; code < 256; ++code) {
    const std::string number = "code " + std::to_string(code) + ")";
    EXPECT_NE(connect_refusal(code).find(number), std::string::npos);
    EXPECT_NE(subscribe_refusal(code).find(number), std::string::npos);
    EXPECT_NE(broker_disconnect(code).find(number), std::string::npos);
  }
}

}  // namespace
}  // namespace sluice
