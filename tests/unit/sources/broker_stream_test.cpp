// The link with a real broker, over everything that MQTT travels on.
#include "tests/support/certificates.h"
#include "tests/support/mosquitto.h"
#include "tests/support/process.h"
#include "tests/unit/sources/link_fixture.h"

namespace sluice::testing_support {
namespace {

struct Transport {
  const char* scheme;
  bool tls;
  bool websockets;
};

class BrokerStreamTest : public LinkTest {
 protected:
  void start_broker(const Transport& transport) {
    BrokerOptions options;
    options.websockets = transport.websockets;
    if (transport.websockets) {
      // Debian's mosquitto wants IPv4 to be named, and a listener that is not a WebSocket.
      options.extra =
          "socket_domain ipv4\nlistener " + std::to_string(free_port()) + " 127.0.0.1\n";
    }
    if (transport.tls) {
      const KeyPair pair = authority_.issue("localhost");
      options.cert = pair.cert;
      options.key = pair.key;
      options.ca = authority_.ca();
    }
    mosquitto_ = std::make_unique<Mosquitto>(options);
  }

  [[nodiscard]] BrokerLinkOptions link_options(const Transport& transport) const {
    BrokerLinkOptions options;
    options.url = {.scheme = transport.scheme,
                   .user = "",
                   .password = "",
                   .host = "localhost",
                   .port = std::to_string(mosquitto_->port()),
                   .target = "/mqtt"};
    options.tls.ca = authority_.ca();
    return options;
  }

  // The client library connects and subscribes to everything.
  void subscribe() {
    paho_ = Peer::connect_to(link_->port());
    Bytes connect;
    append_connect(connect, {.client_id = "stream-test",
                             .properties = std::string_view("\x21\xff\xff", 3),
                             .username = link_->token()});
    paho_.send(connect);
    paho_receives(PacketType::Connack);
    paho_.send({0x82, 7, 0, 1, 0, 0, 1, '#', 1});
    paho_receives(PacketType::Suback);
  }

  Authority authority_;
  std::unique_ptr<Mosquitto> mosquitto_;
};

class EachTransport : public BrokerStreamTest, public ::testing::WithParamInterface<Transport> {};

TEST_P(EachTransport, CarriesMessagesBothWaysCompleteAndInOrder) {
  constexpr std::uint16_t kMessages = 3'000;
  // mosquitto 2.0.11 sends 4 KiB of a large message every 100 ms over a WebSocket.
  const std::size_t large = GetParam().websockets ? 20'000 : 400'000;
  start_broker(GetParam());
  start(link_options(GetParam()));
  subscribe();
  Bytes sent;
  for (std::uint16_t id = 1; id <= kMessages; ++id) {
    const Bytes one = publish_bytes(id, 1, std::string(id % 700U, 'x'));
    sent.insert(sent.end(), one.begin(), one.end());
  }
  // What the client library publishes comes back as messages.
  std::thread sender([&] {
    paho_.send(sent);
    paho_.send(publish_bytes(kMessages + 1, 1, std::string(large, 'L')));
  });
  EXPECT_TRUE(eventually([&] {
    settle(inlet_.size());
    return inlet_.size() > kMessages;
  })) << inlet_.size();
  sender.join();
  const auto messages = inlet_.messages();
  ASSERT_EQ(messages.size(), kMessages + 1U);
  for (std::uint16_t id = 1; id <= kMessages; ++id) {
    ASSERT_EQ(messages[id - 1U].topic, "t/" + std::to_string(id));
    ASSERT_EQ(messages[id - 1U].payload, std::string(id % 700U, 'x'));
  }
  EXPECT_EQ(messages.back().payload.size(), large);
  settle(kMessages + 1);
  // They are counted when they have been written, which is after they have been taken out.
  EXPECT_TRUE(eventually([&] { return acknowledgements_.sent() == kMessages + 1U; }))
      << acknowledgements_.sent();
  EXPECT_EQ(acknowledgements_.owed(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Over, EachTransport,
                         ::testing::Values(Transport{"mqtt", false, false},
                                           Transport{"mqtts", true, false},
                                           Transport{"ws", false, true},
                                           Transport{"wss", true, true}),
                         [](const auto& each) { return std::string(each.param.scheme); });

class BadCertificate : public BrokerStreamTest, public ::testing::WithParamInterface<Transport> {};

TEST_P(BadCertificate, IsRefusedInPlainWords) {
  start_broker(GetParam());
  const Authority other;
  BrokerLinkOptions options = link_options(GetParam());
  options.tls.ca = other.ca();
  start(options);
  paho_ = Peer::connect_to(link_->port());
  paho_.send(connect_bytes(link_->token()));
  EXPECT_TRUE(paho_.is_closed());
  ASSERT_TRUE(eventually([&] { return !lost().empty(); }));
  EXPECT_NE(lost()[0].find("tls.ca"), std::string::npos) << lost()[0];
}

TEST_P(BadCertificate, ThatCannotBeLoadedIsNamed) {
  start_broker(GetParam());
  BrokerLinkOptions options = link_options(GetParam());
  options.tls.ca = "/nowhere/ca.pem";
  start(options);
  paho_ = Peer::connect_to(link_->port());
  paho_.send(connect_bytes(link_->token()));
  EXPECT_TRUE(paho_.is_closed());
  ASSERT_TRUE(eventually([&] { return !lost().empty(); }));
  EXPECT_NE(lost()[0].find("/nowhere/ca.pem"), std::string::npos) << lost()[0];
}

INSTANTIATE_TEST_SUITE_P(Over, BadCertificate,
                         ::testing::Values(Transport{"mqtts", true, false},
                                           Transport{"wss", true, true}),
                         [](const auto& each) { return std::string(each.param.scheme); });

TEST_F(BrokerStreamTest, AServerThatIsNoWebSocketIsNamedAsSuch) {
  BrokerLinkOptions options;
  options.url = {.scheme = "ws",
                 .user = "",
                 .password = "",
                 .host = "127.0.0.1",
                 .port = std::to_string(listener_.port()),
                 .target = "/wrong"};
  start(options);
  paho_ = Peer::connect_to(link_->port());
  paho_.send(connect_bytes(link_->token()));
  broker_ = listener_.accept();
  const Bytes request = broker_.read_raw();
  const std::string text(request.begin(), request.end());
  EXPECT_NE(text.find("GET /wrong HTTP/1.1"), std::string::npos);
  EXPECT_NE(text.find("Sec-WebSocket-Protocol: mqtt"), std::string::npos);
  const std::string answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
  broker_.send(Bytes(answer.begin(), answer.end()));
  ASSERT_TRUE(eventually([&] { return !lost().empty(); }));
  EXPECT_NE(lost()[0].find("404"), std::string::npos) << lost()[0];
}

}  // namespace
}  // namespace sluice::testing_support
