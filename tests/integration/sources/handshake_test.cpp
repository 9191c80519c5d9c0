// What the broker gets to see, and answers that mosquitto does not give.
#include "sources/mqtt_packet.h"
#include "tests/integration/sources/fixture.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::testing_support {
namespace {

// Says what the test tells it to. Gives up after 30 s.
class ScriptedBroker {
 public:
  ScriptedBroker() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    const timeval limit{.tv_sec = 30, .tv_usec = 0};
    if (bind(listener_, generic, size) != 0 || listen(listener_, 4) != 0 ||
        getsockname(listener_, generic, &size) != 0 ||
        setsockopt(listener_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0) {
      throw std::runtime_error("cannot listen");
    }
    port_ = ntohs(address.sin_port);
  }
  ~ScriptedBroker() {
    hang_up();
    close(listener_);
  }
  ScriptedBroker(const ScriptedBroker&) = delete;
  ScriptedBroker& operator=(const ScriptedBroker&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

  // The first packet of the next connection; empty if none comes.
  std::vector<std::uint8_t> next_connection() {
    hang_up();
    connection_ = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    std::vector<std::uint8_t> packet;
    PacketHeader header;
    std::uint8_t byte = 0;
    while (connection_ >= 0 && recv(connection_, &byte, 1, 0) == 1) {
      packet.push_back(byte);
      if (read_header(packet, header) == HeaderState::Complete &&
          packet.size() == header.packet_size()) {
        return packet;
      }
    }
    return {};
  }
  void say(const std::vector<std::uint8_t>& bytes) const {
    static_cast<void>(send(connection_, bytes.data(), bytes.size(), MSG_NOSIGNAL));  // it may go
  }
  void hang_up() {
    if (connection_ >= 0) {
      close(connection_);
    }
    connection_ = -1;
  }

 private:
  int listener_;
  int connection_ = -1;
  std::uint16_t port_ = 0;
};

std::optional<ConnectOptions> parse(const std::vector<std::uint8_t>& packet) {
  PacketHeader header;
  if (read_header(packet, header) != HeaderState::Complete ||
      header.type() != PacketType::Connect) {
    return std::nullopt;
  }
  return parse_connect(header, std::span(packet).subspan(header.size));
}

bool has(std::string_view properties, std::string_view bytes) {
  return properties.find(bytes) != std::string_view::npos;
}

TEST(Handshake, AsksForTheSessionThatTheOptionsDescribe) {
  ScriptedBroker broker;
  MemoryState state;
  MqttSourceOptions options = source_options(broker.port());
  options.username = "plant";
  options.password = "secret";
  options.keep_alive = std::chrono::seconds(77);
  options.session_expiry = std::chrono::seconds(0x01020304);
  options.receive_maximum = 0x0506;
  options.max_message_size = 0x02000000 - 128UL * 1024;
  const RunningSource source(options, state, Settling::AtOnce);

  const std::vector<std::uint8_t> packet = broker.next_connection();

  const auto connect = parse(packet);
  ASSERT_TRUE(connect.has_value());
  EXPECT_EQ(connect->version, MqttVersion::V5);
  EXPECT_EQ(connect->client_id, "agent");
  EXPECT_FALSE(connect->clean_start);
  EXPECT_EQ(connect->keep_alive, 77);
  EXPECT_EQ(connect->username, "plant");
  EXPECT_EQ(connect->password, "secret");
  EXPECT_FALSE(connect->will.has_value());
  EXPECT_TRUE(has(connect->properties, {"\x11\x01\x02\x03\x04", 5})) << "session expiry";
  EXPECT_TRUE(has(connect->properties, {"\x21\x05\x06", 3})) << "Receive Maximum";
  EXPECT_TRUE(has(connect->properties, {"\x27\x02\x00\x00\x00", 5})) << "Maximum Packet Size";
  EXPECT_EQ(connect->properties.size(), 13U) << "nothing else, above all no topic aliases";
}

TEST(Handshake, OfProtocol311KeepsTheSession) {
  ScriptedBroker broker;
  MemoryState state;
  MqttSourceOptions options = source_options(broker.port());
  options.version = MqttVersion::V311;
  const RunningSource source(options, state, Settling::AtOnce);

  const std::vector<std::uint8_t> packet = broker.next_connection();

  const auto connect = parse(packet);
  ASSERT_TRUE(connect.has_value());
  EXPECT_EQ(connect->version, MqttVersion::V311);
  EXPECT_FALSE(connect->clean_start);
  EXPECT_FALSE(connect->username.has_value()) << "the token of the link is nobody's business";
}

TEST(Handshake, IsTriedAgainWhateverTheBrokerAnswers) {
  ScriptedBroker broker;
  MemoryState state;
  MqttSourceOptions options = source_options(broker.port());
  options.reconnect.max = std::chrono::milliseconds(100);
  const RunningSource source(options, state, Settling::AtOnce);
  const std::vector<std::vector<std::uint8_t>> answers{
      {},                                                      // hangs up
      {0x20, 0x03, 0x00, 0x8A, 0x00},                          // banned
      {0x20, 0x03, 0x00, 0x97, 0x00},                          // quota exceeded
      {0x20, 0x03, 0x00, 0x85, 0x00},                          // client id not valid
      {0x20, 0x02, 0x00, 0x01},                                // a broker that knows 3.1.1 only
      {0xFF, 0xFF, 0xFF, 0xFF, 0xFF},                          // not MQTT
      {0x20, 0x03, 0x00, 0x00, 0x00, 0xE0, 0x02, 0x8E, 0x00},  // accepted, then taken over
      {0x20, 0x03, 0x00, 0x00, 0x00, 0xE0, 0x00},              // accepted, then thrown out
  };
  for (std::size_t i = 0; i < answers.size(); ++i) {
    SCOPED_TRACE("answer " + std::to_string(i));
    ASSERT_FALSE(broker.next_connection().empty());
    broker.say(answers[i]);
  }
  ASSERT_FALSE(broker.next_connection().empty());
  EXPECT_EQ(source.counts().connects, 2U);
  EXPECT_TRUE(source.running());
}

}  // namespace
}  // namespace sluice::testing_support
