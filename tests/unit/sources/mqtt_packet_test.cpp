#include "sources/mqtt_packet.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

using Bytes = std::vector<std::uint8_t>;

struct Parsed {
  PacketHeader header;
  std::span<const std::uint8_t> body;
};

Parsed split(const Bytes& packet) {
  Parsed parsed;
  EXPECT_EQ(read_header(packet, parsed.header), HeaderState::Complete);
  EXPECT_EQ(parsed.header.packet_size(), packet.size());
  parsed.body = std::span(packet).subspan(parsed.header.size);
  return parsed;
}

Bytes publish(const PublishView& view, MqttVersion version) {
  Bytes packet;
  append_publish(packet, view, version);
  return packet;
}

TEST(MqttHeader, IsIncompleteUntilItsLastByteIsThere) {
  const Bytes longest{0x30, 0xff, 0xff, 0xff, 0x7f};
  PacketHeader header;
  for (std::size_t size = 0; size < longest.size(); ++size) {
    EXPECT_EQ(read_header(std::span(longest).first(size), header), HeaderState::Incomplete);
  }
  EXPECT_EQ(read_header(longest, header), HeaderState::Complete);
  EXPECT_EQ(header.body_size, 268'435'455U);
}

TEST(MqttHeader, WithALengthOfFiveBytesIsMalformed) {
  PacketHeader header;
  EXPECT_EQ(read_header(Bytes{0x30, 0x80, 0x80, 0x80, 0x80, 0x01}, header), HeaderState::Malformed);
}

TEST(MqttHeader, OfTypeZeroIsMalformed) {
  PacketHeader header;
  EXPECT_EQ(read_header(Bytes{0x0f}, header), HeaderState::Malformed);
}

class MqttPublish : public ::testing::TestWithParam<MqttVersion> {};

TEST_P(MqttPublish, IsReadAsItWasWritten) {
  const std::string payload(70'000, 'x');
  for (std::uint8_t qos = 0; qos < 3; ++qos) {
    const Bytes packet = publish({.topic = "a/b",
                                  .payload = payload,
                                  .packet_id = std::uint16_t(qos > 0 ? 0xABCD : 0),
                                  .qos = qos,
                                  .retained = true,
                                  .duplicate = qos > 0},
                                 GetParam());
    const auto [header, body] = split(packet);
    const auto view = parse_publish(header, body, GetParam());
    ASSERT_TRUE(view);
    EXPECT_EQ(view->topic, "a/b");
    EXPECT_EQ(view->payload, payload);
    EXPECT_EQ(view->qos, qos);
    EXPECT_EQ(view->packet_id, qos > 0 ? 0xABCD : 0);
    EXPECT_TRUE(view->retained);
    EXPECT_EQ(view->duplicate, qos > 0);
  }
}

TEST_P(MqttPublish, MayHaveNoPayload) {
  const Bytes packet = publish({.topic = "t", .payload = {}}, GetParam());
  const auto [header, body] = split(packet);
  const auto view = parse_publish(header, body, GetParam());
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->payload.empty());
}

TEST_P(MqttPublish, CutBeforeItsPayloadIsMalformed) {
  const Bytes packet =
      publish({.topic = "topic", .payload = "", .properties = "\x01\x01", .packet_id = 7, .qos = 1},
              GetParam());
  const auto [header, body] = split(packet);
  ASSERT_TRUE(parse_publish(header, body, GetParam()));
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_FALSE(parse_publish(header, body.first(size), GetParam())) << size;
  }
}

TEST_P(MqttPublish, WithQos3IsMalformed) {
  Bytes packet = publish({.topic = "t", .packet_id = 1, .qos = 2}, GetParam());
  packet[0] |= 0x06;
  const auto [header, body] = split(packet);
  EXPECT_FALSE(parse_publish(header, body, GetParam()));
}

TEST_P(MqttPublish, WithPacketIdZeroIsMalformed) {
  const Bytes packet = publish({.topic = "t", .packet_id = 0, .qos = 1}, GetParam());
  const auto [header, body] = split(packet);
  EXPECT_FALSE(parse_publish(header, body, GetParam()));
}

TEST_P(MqttPublish, WithoutTopicIsMalformed) {
  const Bytes packet = publish({.topic = "", .payload = "x"}, GetParam());
  const auto [header, body] = split(packet);
  EXPECT_FALSE(parse_publish(header, body, GetParam()));
}

TEST_P(MqttPublish, IsKnownFromItsBeginning) {
  const std::string payload(5'000, 'p');
  const Bytes packet = publish(
      {.topic = "a/b", .payload = payload, .properties = "\x01\x01", .packet_id = 9, .qos = 1},
      GetParam());
  const auto [header, body] = split(packet);
  const auto head = parse_publish_head(header, body.first(1'000), GetParam());
  ASSERT_TRUE(head);
  EXPECT_EQ(head->view.topic, "a/b");
  EXPECT_EQ(head->view.packet_id, 9);
  EXPECT_EQ(head->payload_size, 5'000U);
  EXPECT_EQ(head->view.payload, std::string(head->view.payload.size(), 'p'));
  EXPECT_GT(head->view.payload.size(), 900U);
}

INSTANTIATE_TEST_SUITE_P(Each, MqttPublish, ::testing::Values(MqttVersion::V311, MqttVersion::V5),
                         [](const auto& each) {
                           return each.param == MqttVersion::V5 ? "V5" : "V311";
                         });

TEST(MqttPublishV5, WithPropertiesLongerThanThePacketIsMalformed) {
  // topic "t", then a length of properties that would reach far beyond the packet.
  const Bytes packet{0x30, 7, 0, 1, 't', 0xff, 0xff, 0xff, 0x7f};
  const auto [header, body] = split(packet);
  EXPECT_FALSE(parse_publish(header, body, MqttVersion::V5));
  EXPECT_FALSE(parse_publish_head(header, body, MqttVersion::V5));
}

TEST(MqttPublishV5, WithAPropertyLengthThatNeverEndsIsMalformed) {
  const Bytes packet{0x30, 9, 0, 1, 't', 0x80, 0x80, 0x80, 0x80, 0x80, 0x01};
  const auto [header, body] = split(packet);
  EXPECT_FALSE(parse_publish(header, body, MqttVersion::V5));
}

ConnectOptions with_everything(MqttVersion version) {
  return {
      .version = version,
      .client_id = "sensor-1",
      .clean_start = false,
      .keep_alive = 30,
      .properties = version == MqttVersion::V5 ? std::string_view("\x11\x00\x00\x0e\x10", 5) : "",
      .will =
          ConnectOptions::Will{
              .topic = "gone", .payload = "bye", .properties = "", .qos = 1, .retain = true},
      .username = "token",
      .password = "secret"};
}

TEST(MqttConnect, IsReadAsItWasWritten) {
  for (const MqttVersion version : {MqttVersion::V311, MqttVersion::V5}) {
    Bytes packet;
    append_connect(packet, with_everything(version));
    const auto [header, body] = split(packet);
    const auto connect = parse_connect(header, body);
    ASSERT_TRUE(connect);
    EXPECT_EQ(connect->version, version);
    EXPECT_EQ(connect->client_id, "sensor-1");
    EXPECT_FALSE(connect->clean_start);
    EXPECT_EQ(connect->keep_alive, 30);
    EXPECT_EQ(connect->properties, with_everything(version).properties);
    ASSERT_TRUE(connect->will);
    EXPECT_EQ(connect->will->topic, "gone");
    EXPECT_EQ(connect->will->payload, "bye");
    EXPECT_EQ(connect->will->qos, 1);
    EXPECT_TRUE(connect->will->retain);
    EXPECT_EQ(connect->username, "token");
    EXPECT_EQ(connect->password, "secret");
  }
}

TEST(MqttConnect, KeepsEverythingElseWhenTheCredentialsAreTakenAway) {
  for (const MqttVersion version : {MqttVersion::V311, MqttVersion::V5}) {
    ConnectOptions without = with_everything(version);
    without.username.reset();
    without.password.reset();
    Bytes expected;
    append_connect(expected, without);

    Bytes packet;
    append_connect(packet, with_everything(version));
    const auto [header, body] = split(packet);
    auto connect = parse_connect(header, body);
    ASSERT_TRUE(connect);
    connect->username.reset();
    connect->password.reset();
    Bytes rewritten;
    append_connect(rewritten, *connect);
    EXPECT_EQ(rewritten, expected);
    EXPECT_EQ(rewritten[9] & 0xC0, 0);  // the flags, behind "MQTT" and the protocol level
  }
}

TEST(MqttConnect, CutAnywhereIsMalformed) {
  for (const MqttVersion version : {MqttVersion::V311, MqttVersion::V5}) {
    Bytes packet;
    append_connect(packet, with_everything(version));
    const auto [header, body] = split(packet);
    for (std::size_t size = 0; size < body.size(); ++size) {
      EXPECT_FALSE(parse_connect(header, body.first(size))) << size;
    }
    Bytes longer(body.begin(), body.end());
    longer.push_back(0);
    EXPECT_FALSE(parse_connect(header, longer));
  }
}

TEST(MqttConnect, OfAnotherProtocolLevelIsRefused) {
  Bytes packet;
  append_connect(packet, {.client_id = "c"});
  for (const std::uint8_t level : Bytes{0, 3, 6, 0x84}) {
    packet[8] = level;
    const auto [header, body] = split(packet);
    EXPECT_FALSE(parse_connect(header, body)) << unsigned{level};
  }
}

TEST(MqttConnack, TellsSessionAndCode) {
  const auto connack = parse_connack(Bytes{1, 0x87, 0});
  ASSERT_TRUE(connack);
  EXPECT_TRUE(connack->session_present);
  EXPECT_EQ(connack->code, 0x87);
  EXPECT_FALSE(parse_connack(Bytes{1}));
}

// Field by field, MQTT 5.0, 3.8 and MQTT 3.1.1, 3.8.
TEST(MqttSubscribe, IsWrittenAsTheStandardSays) {
  const SubscribeOptions options{
      .packet_id = 0x0102, .filter = "a/#", .qos = 1, .without_retained = true};
  Bytes v5;
  append_subscribe(v5, options, MqttVersion::V5);
  EXPECT_EQ(v5, (Bytes{0x82, 9, 1, 2, 0, 0, 3, 'a', '/', '#', 0x21}));
  Bytes v311;
  append_subscribe(v311, options, MqttVersion::V311);
  EXPECT_EQ(v311, (Bytes{0x82, 8, 1, 2, 0, 3, 'a', '/', '#', 1}));
}

TEST(MqttSuback, TellsTheCodeOfItsOnlyFilter) {
  const Bytes with_reason{1, 2, 4, 0x1F, 0, 1, 'x', 0x87};
  const auto answer = parse_suback(with_reason, MqttVersion::V5);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->packet_id, 0x0102);
  EXPECT_EQ(answer->code, 0x87);
  const auto granted = parse_suback(Bytes{0, 7, 1}, MqttVersion::V311);
  ASSERT_TRUE(granted);
  EXPECT_EQ(granted->packet_id, 7);
  EXPECT_EQ(granted->code, 1);
}

TEST(MqttSuback, CutAnywhereOrTooLongIsMalformed) {
  const Bytes whole{1, 2, 4, 0x1F, 0, 1, 'x', 0x87};
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_suback(std::span(whole).first(size), MqttVersion::V5)) << size;
  }
  EXPECT_FALSE(parse_suback(Bytes{0, 7, 1, 1}, MqttVersion::V311));
  EXPECT_FALSE(parse_suback(Bytes{0, 0, 1}, MqttVersion::V311));
}

TEST(MqttPacketId, ZeroOrMissingIsMalformed) {
  EXPECT_EQ(parse_packet_id(Bytes{0x12, 0x34, 0x00}), 0x1234);
  EXPECT_FALSE(parse_packet_id(Bytes{0, 0}));
  EXPECT_FALSE(parse_packet_id(Bytes{1}));
}

TEST(MqttAcknowledgement, HasTheFlagsOfItsType) {
  Bytes packets;
  append_acknowledgement(packets, PacketType::Puback, 0x0102);
  append_acknowledgement(packets, PacketType::Pubrel, 3);
  append_empty(packets, PacketType::Pingresp);
  EXPECT_EQ(packets, (Bytes{0x40, 2, 1, 2, 0x62, 2, 0, 3, 0xd0, 0}));
}

}  // namespace
}  // namespace sluice
