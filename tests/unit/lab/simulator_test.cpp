// Against the real broker. What it holds for a subscriber is counted by mosquitto_sub, an
// independent reader.
#include "tests/lab/simulator.h"

#include "tests/lab/relay.h"
#include "tests/support/mosquitto.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <fstream>

namespace sluice::lab {
namespace {

using testing_support::eventually;
using testing_support::Mosquitto;
using testing_support::Process;
using testing_support::TempDirectory;

constexpr std::uint64_t kMessages = 3000;

// A subscription whose session outlives the broker's restarts, and the device numbers it brings.
// With QoS 2 mosquitto_sub would confirm before it writes, and lose what it has when it is killed.
class Subscriber {
 public:
  explicit Subscriber(const Mosquitto& broker) : port_(std::to_string(broker.port())) {
    run();
    EXPECT_TRUE(eventually([&] { return broker.log().find("sensors/#") != std::string::npos; }))
        << "not subscribed";
  }
  void run() {
    process_.emplace(Process::Options{.arguments = {"mosquitto_sub", "-p", port_, "-t", "sensors/#",
                                                    "-q", "1", "-i", "watcher", "-c", "-F", "%p"},
                                      .output = directory_.file("lines"),
                                      .environment = {}});
  }
  void kill() { process_->kill(); }

  // Distinct numbers per device. `all` counts them with repetitions.
  DeviceRanges received(std::uint64_t* all = nullptr) const {
    std::ifstream file(directory_.file("lines"));
    simdjson::dom::parser parser;
    DeviceRanges devices;
    for (std::string line; std::getline(file, line);) {
      simdjson::dom::element json;
      if (parser.parse(line).get(json) == simdjson::SUCCESS) {
        devices[std::string(json["device"])].insert(json["n"].get_uint64().value());
        if (all != nullptr) {
          ++*all;
        }
      }
    }
    return devices;
  }
  bool has_all(const DeviceRanges& acked) const {
    return eventually([&] { return difference(acked, received()).empty(); });
  }

 private:
  std::string port_;
  TempDirectory directory_;
  std::optional<Process> process_;
};

testing_support::BrokerOptions logging_subscriptions() {
  testing_support::BrokerOptions options;
  options.extra = "log_type subscribe";
  return options;
}

SimulatorOptions options_for(std::uint16_t port, unsigned qos) {
  SimulatorOptions options;
  options.url = "mqtt://127.0.0.1:" + std::to_string(port);
  options.qos = qos;
  options.count = kMessages;
  options.payload.devices = 20;
  return options;
}

struct Session {
  unsigned qos;
  MqttVersion protocol;
};

class EachSession : public testing::TestWithParam<Session> {
 protected:
  Mosquitto broker_{logging_subscriptions()};
  Subscriber subscriber_{broker_};
};

class EachAcknowledgedSession : public EachSession {};

TEST_P(EachSession, PublishesAllAndKnowsWhatIsAcknowledged) {
  SimulatorOptions options = options_for(broker_.port(), GetParam().qos);
  options.protocol = GetParam().protocol;
  Simulator simulator(options);
  ASSERT_TRUE(simulator.wait_until_connected()) << simulator.last_problem();
  simulator.start();
  ASSERT_TRUE(simulator.wait_until_published(kMessages));
  ASSERT_TRUE(simulator.wait_until_settled());
  EXPECT_FALSE(simulator.loading());
  const LoadCounts counts = simulator.counts();
  EXPECT_EQ(counts.published, kMessages);
  EXPECT_EQ(counts.acked, GetParam().qos == 0 ? 0 : kMessages);
  EXPECT_EQ(counts.redelivered, 0U);
  EXPECT_EQ(counts.refused, 0U);
  EXPECT_GT(counts.payload_bytes, kMessages * 150);
  EXPECT_EQ(total(simulator.acked()), counts.acked);

  // Every device in turn, but each connection as fast as it can.
  std::uint64_t expected = 0;
  for (const auto& [device, numbers] : simulator.acked()) {
    EXPECT_EQ(numbers.gaps(), 0U) << device;
    expected += numbers.size();
  }
  EXPECT_EQ(expected, counts.acked);
  EXPECT_TRUE(eventually([&] { return total(subscriber_.received()) == kMessages; }));
  EXPECT_TRUE(difference(simulator.acked(), subscriber_.received()).empty());
}

// Restarted while messages are on their way: none that was called acknowledged is missing, all are
// acknowledged in the end, and with QoS 2 none came twice.
TEST_P(EachAcknowledgedSession, KeepsTheAccountExactWhenTheBrokerIsRestarted) {
  SimulatorOptions options = options_for(broker_.port(), GetParam().qos);
  options.protocol = GetParam().protocol;
  options.window = 20;
  Simulator simulator(options);
  ASSERT_TRUE(simulator.wait_until_connected());
  simulator.start();
  ASSERT_TRUE(simulator.wait_until_published(kMessages / 3));
  broker_.stop();
  subscriber_.kill();
  const DeviceRanges acked_before = simulator.acked();
  broker_.start();
  subscriber_.run();
  ASSERT_TRUE(simulator.wait_until_published(kMessages)) << simulator.last_problem();
  ASSERT_TRUE(simulator.wait_until_settled()) << simulator.last_problem();
  const LoadCounts counts = simulator.counts();
  EXPECT_EQ(counts.published, kMessages);
  EXPECT_EQ(counts.acked, kMessages);
  EXPECT_GE(counts.reconnects, 4U);
  EXPECT_EQ(total(simulator.acked()), kMessages);
  EXPECT_TRUE(difference(acked_before, simulator.acked()).empty());
  EXPECT_TRUE(subscriber_.has_all(simulator.acked()));
}

const auto kAcknowledged =
    testing::Values(Session{1, MqttVersion::V5}, Session{1, MqttVersion::V311},
                    Session{2, MqttVersion::V5}, Session{2, MqttVersion::V311});

std::string name_of(const testing::TestParamInfo<Session>& each) {
  return "Qos" + std::to_string(each.param.qos) +
         (each.param.protocol == MqttVersion::V5 ? "Protocol5" : "Protocol311");
}

INSTANTIATE_TEST_SUITE_P(Unacknowledged, EachSession, testing::Values(Session{0, MqttVersion::V5}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Acknowledged, EachSession, kAcknowledged, name_of);
INSTANTIATE_TEST_SUITE_P(Each, EachAcknowledgedSession, kAcknowledged, name_of);

// The acknowledgements are cut off on their way back, so every message in the window is sent twice;
// the broker recognises the packet ids of QoS 2 and passes each on once.
TEST(Simulator, SendsAgainUnderTheSamePacketIds) {
  Mosquitto broker(logging_subscriptions());
  const Subscriber subscriber(broker);
  Relay relay({.port = broker.port()});
  Simulator simulator(options_for(relay.port(), 2));
  ASSERT_TRUE(simulator.wait_until_connected());
  relay.pause(Direction::Back);
  simulator.start();
  ASSERT_TRUE(eventually([&] { return relay.bytes(Direction::Forward) > 2000; }));
  relay.cut();
  relay.resume(Direction::Back);
  ASSERT_TRUE(simulator.wait_until_published(kMessages)) << simulator.last_problem();
  ASSERT_TRUE(simulator.wait_until_settled());
  EXPECT_GT(simulator.counts().redelivered, 0U);
  EXPECT_EQ(total(simulator.acked()), kMessages);
  ASSERT_TRUE(subscriber.has_all(simulator.acked()));
  std::uint64_t with_repetitions = 0;
  static_cast<void>(subscriber.received(&with_repetitions));
  EXPECT_EQ(with_repetitions, kMessages);
}

TEST(Simulator, CountsNothingAsAcknowledgedThatIsNot) {
  Mosquitto broker;
  Relay relay({.port = broker.port()});
  Simulator simulator(options_for(relay.port(), 1));
  ASSERT_TRUE(simulator.wait_until_connected());
  relay.pause(Direction::Back);
  simulator.start();
  ASSERT_TRUE(simulator.wait_until_published(4));
  EXPECT_EQ(simulator.counts().acked, 0U);
  EXPECT_FALSE(simulator.settled());
  EXPECT_TRUE(simulator.acked().empty());
  relay.resume(Direction::Back);
  EXPECT_TRUE(simulator.wait_until_published(kMessages));
  EXPECT_TRUE(simulator.wait_until_settled());
  EXPECT_EQ(simulator.counts().acked, kMessages);
}

TEST(Simulator, GoesOnWhereItStoppedWhenStartedAgain) {
  Mosquitto broker;
  SimulatorOptions options = options_for(broker.port(), 1);
  options.rate = 20000;
  options.count = 0;
  Simulator simulator(options);
  ASSERT_TRUE(simulator.wait_until_connected());
  simulator.start();
  ASSERT_TRUE(simulator.wait_until_published(500));
  simulator.stop_load();
  ASSERT_TRUE(simulator.wait_until_settled());
  const LoadCounts stopped = simulator.counts();
  EXPECT_EQ(stopped.acked, stopped.published);
  simulator.start();
  ASSERT_TRUE(simulator.wait_until_published(stopped.published + 500));
  simulator.stop_load();
  ASSERT_TRUE(simulator.wait_until_settled());
  EXPECT_EQ(total(simulator.acked()), simulator.counts().published);
}

TEST(Simulator, KeepsMessagesThatDoNotCountOutOfTheAccountPerDevice) {
  Mosquitto broker;
  SimulatorOptions options = options_for(broker.port(), 1);
  options.payload.kind = PayloadKind::Mixed;
  Simulator simulator(options);
  simulator.start();
  ASSERT_TRUE(simulator.wait_until_published(kMessages));
  ASSERT_TRUE(simulator.wait_until_settled());
  EXPECT_EQ(simulator.counts().acked, kMessages);
  const DeviceRanges acked = simulator.acked();
  EXPECT_LT(total(acked), kMessages);
  EXPECT_GT(total(acked), kMessages / 2);
  for (const auto& [device, numbers] : acked) {
    EXPECT_EQ(numbers.gaps(), 0U) << device;
  }
}

TEST(Simulator, LogsInWithTheNameAndPasswordOfItsUrl) {
  testing_support::BrokerOptions with_password;
  with_password.username = "plant";
  with_password.password = "secret";
  Mosquitto broker(with_password);
  SimulatorOptions options = options_for(broker.port(), 1);
  const Simulator stranger(options);
  EXPECT_TRUE(eventually(
      [&] { return stranger.last_problem().find("refused the connection") != std::string::npos; }));
  options.url = "mqtt://plant:secret@127.0.0.1:" + std::to_string(broker.port());
  Simulator known(options);
  EXPECT_TRUE(known.wait_until_connected()) << known.last_problem();
}

TEST(Simulator, RefusesOptionsThatMakeNoSense) {
  EXPECT_THROW(Simulator({.url = "mqtts://localhost"}), std::invalid_argument);
  EXPECT_THROW(Simulator({.url = "nonsense"}), std::invalid_argument);
  EXPECT_THROW(Simulator({.qos = 3}), std::invalid_argument);
  EXPECT_THROW(Simulator({.connections = 0}), std::invalid_argument);
  EXPECT_THROW(Simulator({.rate = -1}), std::invalid_argument);
}

}  // namespace
}  // namespace sluice::lab
