// What passes, who may connect, and how a session ends.
#include "tests/support/process.h"
#include "tests/unit/sources/link_fixture.h"

namespace sluice::testing_support {
namespace {

class BrokerLinkSession : public LinkTest {};

TEST_F(BrokerLinkSession, PassesConnectOnWithTheConfiguredCredentialsInPlaceOfTheToken) {
  start({.username = "edge", .password = "secret"});
  paho_ = Peer::connect_to(link_->port());
  paho_.send(connect_bytes(link_->token()));
  broker_ = listener_.accept();
  const auto packet = broker_.read();
  ASSERT_TRUE(packet);
  PacketHeader header;
  read_header(packet->whole, header);
  const auto connect = parse_connect(header, packet->body);
  ASSERT_TRUE(connect);
  EXPECT_EQ(connect->client_id, "sluice-test");
  EXPECT_EQ(connect->username, "edge");
  EXPECT_EQ(connect->password, "secret");
}

TEST_F(BrokerLinkSession, PassesConnectOnWithoutCredentialsIfNoneAreConfigured) {
  start();
  paho_ = Peer::connect_to(link_->port());
  paho_.send(connect_bytes(link_->token()));
  broker_ = listener_.accept();
  const auto packet = broker_.read();
  ASSERT_TRUE(packet);
  PacketHeader header;
  read_header(packet->whole, header);
  const auto connect = parse_connect(header, packet->body);
  ASSERT_TRUE(connect);
  EXPECT_FALSE(connect->username);
  EXPECT_FALSE(connect->password);
}

TEST_F(BrokerLinkSession, ClosesAConnectionWithTheWrongToken) {
  start();
  const std::string same_length(link_->token().size(), '0');
  for (const std::string& token : {std::string(), std::string("guess"), same_length}) {
    Peer stranger = Peer::connect_to(link_->port());
    stranger.send(connect_bytes(token));
    EXPECT_TRUE(stranger.is_closed());
  }
  // The broker has not heard of any of them: the first to arrive there is the real one.
  connect_session();
}

TEST_F(BrokerLinkSession, ClosesAConnectionThatDoesNotBeginWithConnect) {
  start();
  for (const Bytes& bytes : {Peer::empty(PacketType::Pingreq), Bytes(100, 'G'),
                             Bytes{0x10, 0xff, 0xff, 0xff, 0x7f}, Bytes{0x30, 2, 0, 0}}) {
    Peer stranger = Peer::connect_to(link_->port());
    stranger.send(bytes);
    EXPECT_TRUE(stranger.is_closed());
  }
}

TEST_F(BrokerLinkSession, StrangersDoNotDisturbTheSession) {
  start_session();
  std::vector<Peer> silent;
  for (int i = 0; i < 20; ++i)
    silent.push_back(Peer::connect_to(link_->port()));
  EXPECT_TRUE(silent.front().is_closed()) << "only so many may wait";
  paho_.send(PacketType::Pingreq);
  broker_receives(PacketType::Pingreq);
}

TEST_F(BrokerLinkSession, ANewConnectionOfTheClientLibraryReplacesTheOldOne) {
  start_session();
  Peer old_broker = std::move(broker_);
  Peer old_paho = std::move(paho_);
  connect_session();
  EXPECT_TRUE(old_broker.is_closed());
  EXPECT_TRUE(old_paho.is_closed());
  paho_.send(PacketType::Pingreq);
  broker_receives(PacketType::Pingreq);
}

TEST_F(BrokerLinkSession, PassesEverythingButTheMessagesInBothDirections) {
  start_session();
  const Bytes subscribe{0x82, 7, 0, 1, 0, 0, 1, '#', 1};
  paho_.send(subscribe);
  const auto forwarded = broker_.read();
  ASSERT_TRUE(forwarded);
  EXPECT_EQ(forwarded->whole, subscribe);

  const Bytes suback{0x90, 4, 0, 1, 0, 1};
  Bytes bytes = publish_bytes(1, 0, "x");
  bytes.insert(bytes.end(), suback.begin(), suback.end());
  broker_.send(bytes);
  const auto answered = paho_.read();
  ASSERT_TRUE(answered);
  EXPECT_EQ(answered->whole, suback);
  delivered(1);

  // What the client library publishes itself is acknowledged to it.
  Bytes own;
  append_publish(own,
                 {.topic = "out", .payload = std::string(300'000, 'y'), .packet_id = 5, .qos = 2},
                 version_);
  paho_.send(own);
  const auto received = broker_.read();
  ASSERT_TRUE(received);
  EXPECT_EQ(received->whole, own);
  broker_.send(acknowledgement(PacketType::Pubrec, 5));
  paho_receives(PacketType::Pubrec);
  paho_.send(acknowledgement(PacketType::Pubrel, 5));
  broker_receives(PacketType::Pubrel, 5);
}

TEST_F(BrokerLinkSession, PassesARefusalOfTheBroker) {
  start();
  paho_ = Peer::connect_to(link_->port());
  paho_.send(connect_bytes(link_->token()));
  broker_ = listener_.accept();
  broker_receives(PacketType::Connect);
  broker_.send(connack_bytes(MqttVersion::V5, false, 0x87));
  broker_.close();
  const auto refusal = paho_.read();
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->whole, connack_bytes(MqttVersion::V5, false, 0x87));
  EXPECT_TRUE(paho_.is_closed());
}

TEST_F(BrokerLinkSession, TellsWhyTheBrokerCannotBeReached) {
  BrokerLinkOptions options;
  options.url = {.scheme = "mqtt",
                 .user = "",
                 .password = "",
                 .host = "127.0.0.1",
                 .port = std::to_string(free_port()),
                 .target = "/"};
  start(options);
  paho_ = Peer::connect_to(link_->port());
  paho_.send(connect_bytes(link_->token()));
  EXPECT_TRUE(paho_.is_closed());
  ASSERT_TRUE(eventually([&] { return !lost().empty(); }));
  EXPECT_NE(lost()[0].find("refused"), std::string::npos) << lost()[0];
}

TEST_F(BrokerLinkSession, GivesUpABrokerThatDoesNotAnswerTheHandshake) {
  BrokerLinkOptions options;
  options.url = {.scheme = "ws",
                 .user = "",
                 .password = "",
                 .host = "127.0.0.1",
                 .port = std::to_string(listener_.port()),
                 .target = "/mqtt"};
  options.connect_timeout = std::chrono::milliseconds(50);
  start(options);
  paho_ = Peer::connect_to(link_->port());
  paho_.send(connect_bytes(link_->token()));
  EXPECT_TRUE(paho_.is_closed());
  ASSERT_TRUE(eventually([&] { return !lost().empty(); }));
  EXPECT_NE(lost()[0].find("WebSocket"), std::string::npos) << lost()[0];
}

TEST_F(BrokerLinkSession, EndsWithTheBrokersConnection) {
  start_session();
  broker_.close();
  EXPECT_TRUE(paho_.is_closed());
  ASSERT_TRUE(eventually([&] { return lost().size() == 1; }));
  connect_session();  // and another one can be had
}

TEST_F(BrokerLinkSession, EndsWithTheClientLibrarysConnection) {
  start_session();
  paho_.close();
  EXPECT_TRUE(broker_.is_closed());
  EXPECT_TRUE(lost().empty());
}

TEST_F(BrokerLinkSession, AMalformedPacketEndsItAfterWhatCameBefore) {
  const std::vector<Bytes> malformed{
      {0x36, 5, 0, 1, 't', 0, 1},              // QoS 3
      {0x32, 6, 0, 1, 't', 0, 0, 0},           // packet id 0
      {0x30, 4, 0, 0, 0, 'x'},                 // no topic
      {0x30, 4, 0, 9, 't', 0},                 // topic longer than the packet
      {0x30, 6, 0, 1, 't', 0xff, 0xff, 0x7f},  // properties longer than the packet
      {0x62, 2, 0, 0},                         // PUBREL without id
      {0x00, 0},                               // type 0
      {0x90, 0xff, 0xff, 0xff, 0xff, 0x01},    // length of five bytes
      {0x90, 0xff, 0xff, 0xff, 0x7f},          // a SUBACK of 256 MB
      {0xc0, 0},                               // PINGREQ from a broker
      {0x20, 3, 0, 0, 0},                      // a second CONNACK
  };
  start();
  std::size_t expected = 0;
  for (const Bytes& bad : malformed) {
    SCOPED_TRACE(&bad - malformed.data());
    connect_session();
    Bytes bytes = publish_bytes(1, 0, "before");
    bytes.insert(bytes.end(), bad.begin(), bad.end());
    broker_.send(bytes);
    EXPECT_TRUE(broker_.is_closed());
    EXPECT_TRUE(paho_.is_closed());
    delivered(++expected);
  }
}

TEST_F(BrokerLinkSession, AMessageBeforeTheSessionIsAcceptedEndsIt) {
  start();
  paho_ = Peer::connect_to(link_->port());
  paho_.send(connect_bytes(link_->token()));
  broker_ = listener_.accept();
  broker_receives(PacketType::Connect);
  publish(1, 1);
  EXPECT_TRUE(broker_.is_closed());
  EXPECT_EQ(inlet_.size(), 0U);
}

TEST_F(BrokerLinkSession, SendsNothingAfterDisconnect) {
  start_session();
  publish(1, 1);
  delivered(1);
  paho_.send(PacketType::Disconnect);
  // Neither what settles now ...
  settle(1);
  // ... nor what arrives now.
  broker_.send(acknowledgement(PacketType::Pubrel, 9));
  const auto last = broker_.read();
  ASSERT_TRUE(last);
  EXPECT_TRUE(last->type == PacketType::Disconnect || last->type == PacketType::Puback);
  if (last->type == PacketType::Puback) broker_receives(PacketType::Disconnect);
  EXPECT_FALSE(broker_.read());
  EXPECT_TRUE(paho_.is_closed());
  EXPECT_TRUE(lost().empty());
}

TEST_F(BrokerLinkSession, DisconnectReachesTheBrokerThoughTheClientLibraryLeavesAtOnce) {
  start_session();
  paho_.send(PacketType::Disconnect);
  paho_.close();
  broker_receives(PacketType::Disconnect);
  EXPECT_TRUE(broker_.is_closed());
}

TEST_F(BrokerLinkSession, CloseEndsEverythingAndAcceptsNobody) {
  start_session();
  const std::uint16_t port = link_->port();
  on_link([&] { link_->close(); });
  EXPECT_TRUE(broker_.is_closed());
  EXPECT_TRUE(paho_.is_closed());
  EXPECT_FALSE(port_answers(port));
  EXPECT_TRUE(lost().empty());
}

TEST_F(BrokerLinkSession, KnowsWhenTheLastMessageCame) {
  const Instant before = clock_.elapsed();
  start_session();
  const Instant accepted = link_->last_message();
  EXPECT_GE(accepted, before);
  publish(1, 0);
  delivered(1);
  EXPECT_GT(link_->last_message(), accepted);
  EXPECT_EQ(link_->counts().messages, 1U);
}

}  // namespace
}  // namespace sluice::testing_support
