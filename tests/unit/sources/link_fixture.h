// A broker link between two raw sockets: a broker and a client library that do what the test says.
#pragma once

#include "core/clock.h"
#include "core/mutex.h"
#include "core/source.h"
#include "sources/acknowledgements.h"
#include "sources/broker_link.h"
#include "sources/packet_reader.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace sluice::testing_support {

using Bytes = std::vector<std::uint8_t>;

struct ReadPacket {
  PacketType type{};
  Bytes whole;
  Bytes body;

  [[nodiscard]] std::uint16_t id() const { return parse_packet_id(body).value_or(0); }
};

// One end of a TCP connection, with blocking calls that give up after some seconds.
class Peer {
 public:
  Peer() = default;
  explicit Peer(int socket);
  static Peer connect_to(std::uint16_t port);
  ~Peer() { close(); }
  Peer(Peer&& other) noexcept;
  Peer& operator=(Peer&& other) noexcept;
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void send(const Bytes& bytes);
  void send(PacketType type) { send(empty(type)); }
  // Nothing if the connection has ended; a failure of the test if nothing arrives.
  std::optional<ReadPacket> read();
  // What one read from the socket returns.
  Bytes read_raw();
  // True if the other side has closed; packets before that are skipped.
  bool is_closed();
  void close();

  static Bytes empty(PacketType type);

 private:
  std::size_t receive(std::uint8_t* into, std::size_t size);

  int socket_ = -1;
  std::unique_ptr<PacketReader> reader_;
};

class Listener {
 public:
  Listener();
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  Peer accept() const;

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

struct KeptMessage {
  std::string topic;
  std::string payload;
  std::uint8_t qos = 0;
  bool retained = false;
  std::uint64_t full_size = 0;
};

// Keeps what is delivered. Any thread.
class KeepingInlet final : public Inlet {
 public:
  Ticket deliver(MessageBatch& batch) override;
  [[nodiscard]] bool full() const override { return full_; }
  void flush() override { ++flushes_; }

  [[nodiscard]] std::vector<KeptMessage> messages() const;
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::uint64_t flushes() const { return flushes_; }
  [[nodiscard]] std::uint64_t batches() const { return batches_; }
  void set_full(bool full) { full_ = full; }
  void set_full_after(std::size_t messages) { full_after_ = messages; }

 private:
  mutable Mutex mutex_;
  std::vector<KeptMessage> messages_ SLUICE_GUARDED_BY(mutex_);
  std::atomic<bool> full_{false};
  std::atomic<std::size_t> full_after_{SIZE_MAX};
  std::atomic<std::uint64_t> flushes_{0};
  std::atomic<std::uint64_t> batches_{0};
};

class LinkTest : public ::testing::Test, public BrokerLinkListener {
 public:
  LinkTest();
  ~LinkTest() override;
  void TearDown() override;  // not the destructor: the link calls the listener, which must be whole

 protected:
  // Makes the link; the broker is at url "mqtt://127.0.0.1".
  void start(BrokerLinkOptions options = {});
  // Also lets a client library connect. Protocol 5 unless said otherwise.
  void start_session(BrokerLinkOptions options = {}, MqttVersion version = MqttVersion::V5);
  void connect_session(MqttVersion version = MqttVersion::V5, bool session_present = false);
  // Runs it on the link's thread and waits.
  void on_link(const std::function<void()>& action);

  // The broker sends a message.
  void publish(std::uint16_t packet_id, std::uint8_t qos, std::string_view payload = "x",
               bool duplicate = false);
  [[nodiscard]] Bytes publish_bytes(std::uint16_t packet_id, std::uint8_t qos,
                                    std::string_view payload, bool duplicate = false) const;
  void delivered(std::size_t count);  // waits for it
  void settle(std::uint64_t last) { link_->settled(Ticket(last)); }

  // The next packet that the broker receives is this, and not an acknowledgement before it.
  void broker_receives(PacketType type, std::uint16_t id = 0);
  void paho_receives(PacketType type);

  [[nodiscard]] std::vector<std::string> lost() const;

  Listener listener_;
  KeepingInlet inlet_;
  Acknowledgements acknowledgements_;
  SystemClock clock_;
  std::unique_ptr<BrokerLink> link_;
  Peer broker_;
  Peer paho_;
  MqttVersion version_ = MqttVersion::V5;

 private:
  void broker_lost(const std::string& reason) override;

  mutable Mutex mutex_;
  std::vector<std::string> lost_ SLUICE_GUARDED_BY(mutex_);
  boost::asio::io_context io_{1};
  boost::asio::any_io_executor work_;  // keeps io_ running
  std::thread thread_;
};

Bytes connect_bytes(std::string_view token, MqttVersion version = MqttVersion::V5);
Bytes connack_bytes(MqttVersion version, bool session_present, std::uint8_t code = 0);
Bytes acknowledgement(PacketType type, std::uint16_t packet_id);

}  // namespace sluice::testing_support
