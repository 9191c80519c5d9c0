#include "tests/unit/sources/link_fixture.h"

#include "tests/support/process.h"

#include <arpa/inet.h>
#include <boost/asio/post.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <future>
#include <limits>
#include <stdexcept>
#include <utility>

namespace sluice::testing_support {
namespace {

constexpr timeval kGiveUp{.tv_sec = 20, .tv_usec = 0};
constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

int new_socket() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) throw std::runtime_error("no socket");
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &kGiveUp, sizeof kGiveUp);
  return socket;
}

}  // namespace

Peer::Peer(int socket)
    : socket_(socket),
      reader_(std::make_unique<PacketReader>(
          64 * 1024, PacketLimits{.publish = kNoLimit, .other = kNoLimit})) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &kGiveUp, sizeof kGiveUp);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &kGiveUp, sizeof kGiveUp);
}

Peer Peer::connect_to(std::uint16_t port) {
  const int socket = new_socket();
  const sockaddr_in address = loopback(port);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket);
    throw std::runtime_error("cannot connect");
  }
  return Peer(socket);
}

Peer::Peer(Peer&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), reader_(std::move(other.reader_)) {
}

Peer& Peer::operator=(Peer&& other) noexcept {
  if (this != &other) {
    close();
    socket_ = std::exchange(other.socket_, -1);
    reader_ = std::move(other.reader_);
  }
  return *this;
}

void Peer::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

void Peer::send(const Bytes& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const auto count = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return;  // closed by the other side: what the test reads next will show it
    sent += static_cast<std::size_t>(count);
  }
}

std::size_t Peer::receive(std::uint8_t* into, std::size_t size) {
  const auto count = ::recv(socket_, into, size, 0);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    ADD_FAILURE() << "nothing arrives";
  }
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

std::optional<ReadPacket> Peer::read() {
  PacketReader::Packet packet;
  while (true) {
    const auto next = reader_->next(packet);
    if (next == PacketReader::Next::Packet) {
      return ReadPacket{.type = packet.header.type(),
                        .whole = Bytes(packet.whole.begin(), packet.whole.end()),
                        .body = Bytes(packet.body.begin(), packet.body.end())};
    }
    if (next != PacketReader::Next::Nothing) {
      ADD_FAILURE() << "what arrives is not MQTT";
      return std::nullopt;
    }
    const auto space = reader_->space();
    const std::size_t count = receive(space.data(), space.size());
    if (count == 0) return std::nullopt;
    reader_->filled(count);
  }
}

Bytes Peer::read_raw() {
  Bytes bytes(64UL * 1024);
  bytes.resize(receive(bytes.data(), bytes.size()));
  return bytes;
}

bool Peer::is_closed() {
  while (read()) {
  }
  return !::testing::Test::HasFailure();
}

Bytes Peer::empty(PacketType type) {
  Bytes bytes;
  append_empty(bytes, type);
  return bytes;
}

Listener::Listener() : socket_(new_socket()) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(socket_, 8) != 0 ||
      ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    ::close(socket_);
    throw std::runtime_error("cannot listen");
  }
  port_ = ntohs(address.sin_port);
}

Listener::~Listener() {
  ::close(socket_);
}

Peer Listener::accept() const {
  const int socket = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
  if (socket < 0) throw std::runtime_error("nobody connects");
  return Peer(socket);
}

Ticket KeepingInlet::deliver(MessageBatch& batch) {
  const MutexLock lock(mutex_);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Message message = batch[i];
    messages_.push_back({.topic = std::string(message.topic),
                         .payload = std::string(message.payload),
                         .qos = message.qos,
                         .retained = message.retained,
                         .full_size = message.full_size});
  }
  batch.clear();
  ++batches_;
  if (messages_.size() >= full_after_) full_ = true;
  return Ticket(messages_.size());
}

std::vector<KeptMessage> KeepingInlet::messages() const {
  const MutexLock lock(mutex_);
  return messages_;
}

std::size_t KeepingInlet::size() const {
  const MutexLock lock(mutex_);
  return messages_.size();
}

LinkTest::LinkTest()
    : work_(boost::asio::require(io_.get_executor(),
                                 boost::asio::execution::outstanding_work.tracked)),
      thread_([this] { io_.run(); }) {
}

void LinkTest::TearDown() {
  if (link_) {
    on_link([this] { link_.reset(); });
  }
}

LinkTest::~LinkTest() {
  io_.stop();
  thread_.join();
}

void LinkTest::on_link(const std::function<void()>& action) {
  std::promise<void> done;
  boost::asio::post(io_, [&] {
    action();
    done.set_value();
  });
  done.get_future().wait();
}

void LinkTest::start(BrokerLinkOptions options) {
  if (options.url.host.empty()) {
    options.url = {.scheme = "mqtt",
                   .user = "",
                   .password = "",
                   .host = "127.0.0.1",
                   .port = std::to_string(listener_.port()),
                   .target = "/"};
  }
  on_link([&] {
    link_ = std::make_unique<BrokerLink>(io_, std::move(options), inlet_, acknowledgements_, *this,
                                         clock_);
  });
}

void LinkTest::start_session(BrokerLinkOptions options, MqttVersion version) {
  start(std::move(options));
  connect_session(version);
}

void LinkTest::connect_session(MqttVersion version, bool session_present) {
  version_ = version;
  paho_ = Peer::connect_to(link_->port());
  paho_.send(connect_bytes(link_->token(), version));
  broker_ = listener_.accept();
  broker_receives(PacketType::Connect);
  broker_.send(connack_bytes(version, session_present));
  paho_receives(PacketType::Connack);
}

Bytes LinkTest::publish_bytes(std::uint16_t packet_id, std::uint8_t qos, std::string_view payload,
                              bool duplicate) const {
  Bytes bytes;
  append_publish(bytes,
                 {.topic = "t/" + std::to_string(packet_id),
                  .payload = payload,
                  .packet_id = packet_id,
                  .qos = qos,
                  .duplicate = duplicate},
                 version_);
  return bytes;
}

void LinkTest::publish(std::uint16_t packet_id, std::uint8_t qos, std::string_view payload,
                       bool duplicate) {
  broker_.send(publish_bytes(packet_id, qos, payload, duplicate));
}

void LinkTest::delivered(std::size_t count) {
  ASSERT_TRUE(eventually([&] { return inlet_.size() >= count; }))
      << inlet_.size() << " of " << count;
}

void LinkTest::broker_receives(PacketType type, std::uint16_t id) {
  const auto packet = broker_.read();
  ASSERT_TRUE(packet) << "the link has closed the connection to the broker";
  EXPECT_EQ(packet->type, type);
  if (id != 0) {
    EXPECT_EQ(packet->id(), id);
  }
}

void LinkTest::paho_receives(PacketType type) {
  const auto packet = paho_.read();
  ASSERT_TRUE(packet) << "the link has closed the connection to the client library";
  EXPECT_EQ(packet->type, type);
}

std::vector<std::string> LinkTest::lost() const {
  const MutexLock lock(mutex_);
  return lost_;
}

void LinkTest::broker_lost(const std::string& reason) {
  const MutexLock lock(mutex_);
  lost_.push_back(reason);
}

Bytes connect_bytes(std::string_view token, MqttVersion version) {
  Bytes bytes;
  append_connect(bytes, {.version = version,
                         .client_id = "sluice-test",
                         .clean_start = false,
                         .keep_alive = 30,
                         .username = token});
  return bytes;
}

Bytes connack_bytes(MqttVersion version, bool session_present, std::uint8_t code) {
  const auto present = static_cast<std::uint8_t>(session_present ? 1 : 0);
  if (version == MqttVersion::V5) return {0x20, 3, present, code, 0};
  return {0x20, 2, present, code};
}

Bytes acknowledgement(PacketType type, std::uint16_t packet_id) {
  Bytes bytes;
  append_acknowledgement(bytes, type, packet_id);
  return bytes;
}

}  // namespace sluice::testing_support
