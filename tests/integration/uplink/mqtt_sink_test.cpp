// The MQTT sink and a real broker.
#include "tests/support/certificates.h"
#include "tests/support/mosquitto.h"
#include "tests/support/mqtt_archive.h"
#include "tests/support/transport_driver.h"
#include "uplink/mqtt_publisher.h"
#include "uplink/mqtt_transport.h"
#include "uplink/record_lines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using testing_support::ArchivedMessage;
using testing_support::Authority;
using testing_support::block_of;
using testing_support::BrokerOptions;
using testing_support::identity;
using testing_support::line_of;
using testing_support::Mosquitto;
using testing_support::MqttArchive;
using testing_support::TempDirectory;
using testing_support::TransportDriver;

class MqttSink : public ::testing::Test {
 protected:
  Mosquitto& start(const BrokerOptions& broker = {}) {
    broker_.emplace(broker);
    options_.url = *parse_url("mqtt://127.0.0.1:" + std::to_string(broker_->port()));
    options_.client_id = "sluice-gateway-7-central";
    return *broker_;
  }
  TransportDriver& driver() {
    if (!driver_) {
      driver_.emplace([this](boost::asio::io_context& io) {
        return make_mqtt_transport(io, options_, identity());
      });
    }
    return *driver_;
  }
  void expect_confirmed(const BlockPtr& block) {
    const Answer answer = driver().send_until_decided(block);
    EXPECT_EQ(answer.verdict, Verdict::Confirmed) << answer.detail;
  }
  void one_by_one() {
    options_.pack = MqttPack::Records;
    options_.compression = MqttCompression::None;
    options_.topic = "up/{topic}";
  }

  std::optional<Mosquitto> broker_;
  MqttTransportOptions options_;
  std::optional<TransportDriver> driver_;
};

TEST_F(MqttSink, PublishesBlocksAsTheyAreStored) {
  MqttArchive archive(start().port());
  expect_confirmed(block_of(1, 100));
  const auto messages = archive.take(1);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].topic, "sluice/gateway-7/telemetry");
  EXPECT_EQ(messages[0].content_type, "application/x-ndjson");
  EXPECT_EQ(messages[0].payload, block_of(1, 100)->data);
  for (const char* property :
       {"sluice-agent:gateway-7", "sluice-epoch:0000000000000abc", "sluice-flow:telemetry",
        "sluice-first-seq:1", "sluice-count:100", "sluice-encoding:zstd"}) {
    EXPECT_NE(messages[0].properties.find(property), std::string::npos)
        << property << " in " << messages[0].properties;
  }
}

TEST_F(MqttSink, PublishesPlainLinesIfWanted) {
  MqttArchive archive(start().port());
  options_.compression = MqttCompression::None;
  expect_confirmed(block_of(1, 3));
  EXPECT_EQ(archive.take(1).at(0).payload,
            line_of(1) + '\n' + line_of(2) + '\n' + line_of(3) + '\n');
}

TEST_F(MqttSink, PublishesRecordsOneByOneInOrderToTheirTopics) {
  MqttArchive archive(start().port());
  one_by_one();
  expect_confirmed(block_of(1, 500));
  const auto messages = archive.take(500);
  ASSERT_EQ(messages.size(), 500U);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    EXPECT_EQ(messages[i].payload, line_of(i + 1));
    EXPECT_EQ(messages[i].topic, "up/sensors/" + std::to_string((i + 1) % 5) + "/t");
    EXPECT_EQ(messages[i].content_type, "application/json");
  }
}

TEST_F(MqttSink, SpeaksTheOldProtocolToo) {
  MqttArchive archive(start().port());
  one_by_one();
  options_.version = MqttSinkVersion::V311;
  expect_confirmed(block_of(1, 300));
  const auto messages = archive.take(300);
  EXPECT_EQ(messages.back().payload, line_of(300));
  EXPECT_EQ(messages.back().properties, "");
}

TEST_F(MqttSink, KeepsToTheBrokersReceiveMaximum) {
  start({.extra = "max_inflight_messages 3", .verbose = true});
  one_by_one();
  expect_confirmed(block_of(1, 200));
  // One that sends more is thrown out.
  const std::string log = broker_->log();
  EXPECT_EQ(log.find("exceeded"), std::string::npos);
  EXPECT_NE(log.find("Sending CONNACK to sluice-gateway-7-central"), std::string::npos);
  EXPECT_EQ(log.find("Sending CONNACK to sluice-gateway-7-central"),
            log.rfind("Sending CONNACK to sluice-gateway-7-central"));
}

TEST_F(MqttSink, KeepsToTheBrokersMaximumPacketSize) {
  MqttArchive archive(start({.extra = "max_packet_size 3000"}).port());
  const Answer answer = driver().send(block_of(1, 100));
  EXPECT_EQ(answer.verdict, Verdict::TooLarge) << answer.detail;
  EXPECT_NE(answer.detail.find("the broker takes 3000"), std::string::npos) << answer.detail;
  expect_confirmed(block_of(1, 10));
  EXPECT_EQ(archive.take(1).at(0).payload, block_of(1, 10)->data);
}

TEST_F(MqttSink, ExactlyTheMaximumPacketSizeIsTaken) {
  const BlockPtr block = block_of(1, 10);
  MqttMessage as_sent{.topic = "sluice/gateway-7/telemetry",
                      .payload = block->data,
                      .content_type = "application/x-ndjson",
                      .properties = {{"sluice-agent", "gateway-7"},
                                     {"sluice-epoch", "0000000000000abc"},
                                     {"sluice-flow", "telemetry"},
                                     {"sluice-first-seq", "1"},
                                     {"sluice-count", "10"},
                                     {"sluice-encoding", "zstd"}}};
  const auto size = packet_size_of(as_sent, MqttSinkVersion::V5);
  start({.extra = "max_packet_size " + std::to_string(size)});
  expect_confirmed(block);
}

TEST_F(MqttSink, RecordsThatAreTooLargeDoNotKeepTheOthers) {
  MqttArchive archive(start({.extra = "max_packet_size 1000"}).port());
  one_by_one();
  Block mixed = *block_of(1, 10, 40, Codec::Ndjson);
  mixed.data.clear();
  for (std::uint64_t sequence = 1; sequence <= 10; ++sequence) {
    mixed.data += line_of(sequence, sequence == 4 ? 5000 : 40) + '\n';
  }
  const Answer answer = driver().send(std::make_shared<const Block>(mixed));
  EXPECT_EQ(answer.verdict, Verdict::TooLarge);
  EXPECT_NE(answer.detail.find("seq=4"), std::string::npos) << answer.detail;
  // As the dispatcher goes on: without it.
  expect_confirmed(block_of(1, 3));
  expect_confirmed(block_of(5, 6));
  expect_confirmed(block_of(11, 1));
  std::vector<std::uint64_t> sequences;
  for (const ArchivedMessage& message : archive.take(10)) {
    sequences.push_back(number(*sequence_of(message.payload)));
  }
  EXPECT_EQ(sequences, (std::vector<std::uint64_t>{1, 2, 3, 5, 6, 7, 8, 9, 10, 11}));
}

TEST_F(MqttSink, SurvivesARestartOfTheBroker) {
  MqttArchive archive(start().port());
  expect_confirmed(block_of(1, 10));
  broker_->kill();
  EXPECT_EQ(driver().send(block_of(11, 10)).verdict, Verdict::Retry);
  const Answer away = driver().send(block_of(11, 10));
  EXPECT_EQ(away.verdict, Verdict::Retry);
  EXPECT_NE(away.detail.find(options_.url.authority()), std::string::npos) << away.detail;
  broker_->start();
  expect_confirmed(block_of(11, 10));
}

TEST_F(MqttSink, ABrokerThatStopsAnsweringIsGivenUpInTime) {
  start();
  options_.timeout = milliseconds(300);
  expect_confirmed(block_of(1, 10));
  broker_->freeze();  // its sockets stay open
  EXPECT_EQ(driver().send(block_of(11, 10)).verdict, Verdict::Retry);
  broker_->thaw();
  expect_confirmed(block_of(11, 10));
}

TEST_F(MqttSink, CredentialsThatAreWrongAreAMatterOfConfiguration) {
  start({.username = "me", .password = "right"});
  options_.username = "me";
  for (const MqttSinkVersion version : {MqttSinkVersion::V5, MqttSinkVersion::V311}) {
    options_.version = version;
    options_.password = "wrong";
    driver_.reset();
    const Answer answer = driver().send(block_of(1, 10));
    EXPECT_EQ(answer.verdict, Verdict::Misconfigured) << answer.detail;
    options_.password = "right";
    driver_.reset();
    expect_confirmed(block_of(1, 10));
  }
}

TEST_F(MqttSink, TopicsThatAreForbiddenAreAMatterOfConfiguration) {
  const TempDirectory directory;
  std::ofstream(directory.file("acl")) << "topic write allowed/#\n";
  start({.extra = "acl_file " + directory.file("acl")});
  const Answer answer = driver().send(block_of(1, 10));
  EXPECT_EQ(answer.verdict, Verdict::Misconfigured);
  EXPECT_NE(answer.detail.find("not authorised"), std::string::npos) << answer.detail;
}

TEST_F(MqttSink, SpeaksTls) {
  Authority authority;
  const auto server = authority.issue("broker");
  const auto client = authority.issue("agent");
  start({.ca = authority.ca(),
         .cert = server.cert,
         .key = server.key,
         .require_client_certificate = true});
  options_.url = *parse_url("mqtts://localhost:" + std::to_string(broker_->port()));
  options_.tls.ca = authority.ca();
  const Answer answer = driver().send(block_of(1, 10));
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_NE(answer.detail.find("TLS handshake failed"), std::string::npos) << answer.detail;
  options_.tls.cert = client.cert;
  options_.tls.key = client.key;
  driver_.reset();
  expect_confirmed(block_of(1, 10));

  options_.tls.ca = Authority().ca();
  boost::asio::io_context io;
  EXPECT_FALSE(make_mqtt_transport(io, options_, identity())) << "the file is gone";
}

TEST_F(MqttSink, TrustsNobodyWithAnotherName) {
  Authority authority;
  const auto server = authority.issue("other", "DNS:other.example");
  start({.ca = authority.ca(), .cert = server.cert, .key = server.key});
  options_.url = *parse_url("mqtts://localhost:" + std::to_string(broker_->port()));
  options_.tls.ca = authority.ca();
  const Answer answer = driver().send(block_of(1, 10));
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_NE(answer.detail.find("does not verify"), std::string::npos) << answer.detail;
  options_.tls.insecure_skip_verify = true;
  driver_.reset();
  expect_confirmed(block_of(1, 10));
}

TEST_F(MqttSink, TrustsNobodyOfAnotherAuthority) {
  Authority authority;
  Authority other;
  const auto server = authority.issue("broker");
  start({.ca = authority.ca(), .cert = server.cert, .key = server.key});
  options_.url = *parse_url("mqtts://localhost:" + std::to_string(broker_->port()));
  options_.tls.ca = other.ca();
  const Answer answer = driver().send(block_of(1, 10));
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_NE(answer.detail.find("does not verify"), std::string::npos) << answer.detail;
}

TEST_F(MqttSink, SpeaksWebSocket) {
  // Mosquitto does not start with a WebSocket listener alone.
  start({.websockets = true,
         .extra = "socket_domain ipv4\nlistener " + std::to_string(testing_support::free_port()) +
                  " 127.0.0.1\n"});
  options_.url = *parse_url("ws://127.0.0.1:" + std::to_string(broker_->port()) + "/mqtt");
  expect_confirmed(block_of(1, 10));
}

TEST_F(MqttSink, NothingKeepsTheIoContextWhenNothingIsUnderWay) {
  start();
  expect_confirmed(block_of(1, 10));
  driver().transport().cancel();
  driver().io().restart();
  driver().io().run();  // returns
}

}  // namespace
}  // namespace sluice
