// Finding the broker, losing it, and finding it again.
#include "tests/integration/sources/fixture.h"
#include "tests/support/certificates.h"
#include "tests/support/mosquitto.h"
#include "tests/support/process.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::testing_support {
namespace {

void expect_delivery(const RunningSource& source, std::uint16_t port) {
  ASSERT_TRUE(source.connected());
  const std::size_t before = source.count();
  EXPECT_TRUE(eventually([&] {
    publish(port, "hello", {.qos = 0});
    return source.count() > before;
  }));
}

TEST(Connection, IsMadeWhenTheBrokerAppearsLater) {
  Mosquitto broker;
  broker.stop();
  MemoryState state;
  RunningSource source(source_options(broker.port()), state, Settling::AtOnce);

  broker.start();

  expect_delivery(source, broker.port());
}

TEST(Connection, ComesBackWithItsSubscriptionsAfterARestartOfTheBroker) {
  Mosquitto broker(verbose());
  MemoryState state;
  RunningSource source(source_options(broker.port()), state, Settling::AtOnce);
  expect_delivery(source, broker.port());

  broker.stop();
  broker.start();

  ASSERT_TRUE(source.connected(2));
  expect_delivery(source, broker.port());
  EXPECT_EQ(occurrences(broker.log(), "Received SUBSCRIBE from agent"), 2U);
}

TEST(Connection, SubscribesAgainWhenTheBrokerHasForgottenTheSession) {
  Mosquitto broker(verbose("autosave_interval 3600\n"));
  MemoryState state;
  RunningSource source(source_options(broker.port()), state, Settling::AtOnce);
  expect_delivery(source, broker.port());

  broker.kill();
  broker.start();

  ASSERT_TRUE(source.connected(2));
  expect_delivery(source, broker.port());
}

TEST(Connection, WithAWrongPasswordIsTriedAgainForEver) {
  const Mosquitto broker(with_password());
  MemoryState state;
  for (const MqttVersion version : {MqttVersion::V311, MqttVersion::V5}) {
    const std::size_t before = occurrences(broker.log(), "not authorised");
    MqttSourceOptions options = source_options(broker.port());
    options.version = version;
    options.username = "plant";
    options.password = "wrong";
    const RunningSource source(options, state, Settling::AtOnce);

    EXPECT_TRUE(
        eventually([&] { return occurrences(broker.log(), "not authorised") >= before + 3; }));
    EXPECT_TRUE(source.running());
    EXPECT_EQ(source.counts().connects, 0U);
  }
}

TEST(Connection, UsesUserNameAndPasswordOfTheOptionsOrElseOfTheUrl) {
  const Mosquitto broker(with_password());
  MemoryState state;
  MqttSourceOptions options = source_options(broker.port());
  options.username = "plant";
  options.password = "right";
  EXPECT_TRUE(RunningSource(options, state, Settling::AtOnce).connected());

  options.username.clear();
  options.password.clear();
  options.url = *parse_url("mqtt://plant:right@127.0.0.1:" + std::to_string(broker.port()));
  EXPECT_TRUE(RunningSource(options, state, Settling::AtOnce).connected());
}

TEST(Connection, OverTlsNeedsABrokerThatTheAuthorityVouchesFor) {
  Authority authority;
  const KeyPair server = authority.issue("server");
  const Mosquitto broker(with_tls(authority.ca(), server));
  const Authority stranger;
  MemoryState state;
  MqttSourceOptions options = source_options(broker.port());
  options.url = *parse_url("mqtts://localhost:" + std::to_string(broker.port()));

  options.tls.ca = stranger.ca();
  {
    const RunningSource source(options, state, Settling::AtOnce);
    EXPECT_TRUE(eventually([&] { return occurrences(broker.log(), "unknown ca") >= 2; }))
        << broker.log();
    EXPECT_TRUE(source.running());
    EXPECT_EQ(source.counts().connects, 0U);
  }

  options.tls.ca = authority.ca();
  const RunningSource source(options, state, Settling::AtOnce);
  EXPECT_TRUE(source.connected());
}

TEST(Connection, ProvesWhoItIsToABrokerThatWantsACertificate) {
  Authority authority;
  const KeyPair server = authority.issue("server");
  const KeyPair client = authority.issue("client");
  BrokerOptions wants = with_tls(authority.ca(), server);
  wants.require_client_certificate = true;
  wants.extra = "use_identity_as_username true\n";
  const Mosquitto broker(wants);
  MemoryState state;
  MqttSourceOptions options = source_options(broker.port());
  options.url = *parse_url("mqtts://localhost:" + std::to_string(broker.port()));
  options.tls.ca = authority.ca();
  options.tls.cert = client.cert;
  options.tls.key = client.key;

  const RunningSource source(options, state, Settling::AtOnce);

  ASSERT_TRUE(source.connected());
  EXPECT_EQ(occurrences(broker.log(), "u'client'"), 1U) << broker.log();
}

TEST(Connection, GoesThroughAWebSocket) {
  // Mosquitto does not start with a WebSocket listener alone.
  const std::uint16_t plain = free_port();
  BrokerOptions web =
      verbose("socket_domain ipv4\nlistener " + std::to_string(plain) + " 127.0.0.1\n");
  web.websockets = true;
  const Mosquitto broker(web);
  MemoryState state;
  MqttSourceOptions options = source_options(broker.port());
  options.url = *parse_url("ws://127.0.0.1:" + std::to_string(broker.port()) + "/mqtt");
  RunningSource source(options, state, Settling::AtOnce);

  ASSERT_TRUE(source.connected());
  ASSERT_TRUE(
      eventually([&] { return occurrences(broker.log(), "Sending SUBACK to agent") == 1; }));
  publish_numbers(plain, 1000);
  ASSERT_TRUE(source.has(1000));
  EXPECT_EQ(source.payloads(), numbers(1000));
  EXPECT_TRUE(eventually([&] { return source.counts().acknowledged == 1000; }));
  source.stop();
  EXPECT_TRUE(
      eventually([&] { return occurrences(broker.log(), "Received DISCONNECT from agent") == 1; }));
}

TEST(Connection, FollowsABrokerThatWantsAShorterKeepAlive) {
  const Mosquitto broker(verbose("max_keepalive 10\n"));
  MemoryState state;
  const RunningSource source(source_options(broker.port()), state, Settling::AtOnce);

  ASSERT_TRUE(source.connected(2));
  EXPECT_EQ(occurrences(broker.log(), "as agent (p5, c0, k30"), 1U) << broker.log();
  EXPECT_EQ(occurrences(broker.log(), "as agent (p5, c0, k10"), 1U) << broker.log();
}

TEST(Connection, IsMadeAgainAfterAnotherClientHasTakenOverTheSession) {
  const Mosquitto broker;
  MemoryState state;
  RunningSource source(source_options(broker.port()), state, Settling::AtOnce);
  expect_delivery(source, broker.port());

  Process rival(
      {.arguments = {"mosquitto_sub", "-h", "127.0.0.1", "-p", std::to_string(broker.port()), "-V",
                     "5", "-i", "agent", "-c", "-x", "60", "-t", "t/#", "-E"},
       .output = {},
       .environment = {}});
  rival.wait(std::chrono::seconds(30));

  ASSERT_TRUE(source.connected(2));
  expect_delivery(source, broker.port());
}

TEST(Connection, ThatBringsNothingForTooLongIsMadeAnew) {
  const Mosquitto broker(verbose());
  MemoryState state;
  MqttSourceOptions options = source_options(broker.port());
  options.expect_message_every = std::chrono::milliseconds(300);
  RunningSource source(options, state, Settling::AtOnce);

  ASSERT_TRUE(source.connected(3));
  EXPECT_GE(occurrences(broker.log(), "Received DISCONNECT from agent"), 2U);
  expect_delivery(source, broker.port());
}

}  // namespace
}  // namespace sluice::testing_support
