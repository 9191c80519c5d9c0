// The loopback connection on which the client library (Paho) believes to be talking to the broker.
#pragma once

#include "sources/packet_reader.h"

#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace sluice {

// Told by the leg, on the link's thread.
class PahoLegOwner {
 public:
  virtual ~PahoLegOwner() = default;

  virtual void from_paho(const PacketReader::Packet& packet) = 0;
  // The connection has ended, or what came is not MQTT. Nothing follows.
  virtual void paho_gone() = 0;
  // What was sent has been taken.
  virtual void paho_drained() = 0;
};

// Used on the link's thread. Created by std::make_shared.
class PahoLeg : public std::enable_shared_from_this<PahoLeg> {
 public:
  // Nobody has proved to be the client library yet, so `limits` should be small.
  PahoLeg(boost::asio::ip::tcp::socket socket, PacketLimits limits);

  // Whom to tell from the next packet on.
  void belong_to(std::weak_ptr<PahoLegOwner> owner) { owner_ = std::move(owner); }
  void set_limits(PacketLimits limits) { reader_.set_limits(limits); }
  void start() { read(); }

  void send(std::span<const std::uint8_t> packets);
  [[nodiscard]] std::size_t unsent() const { return waiting_.size() + writing_.size(); }

  void hold();    // reads nothing more
  void go_on();   // reads again
  void finish();  // closes as soon as what was sent has been taken; tells nobody
  void close();   // at once; tells nobody

 private:
  void read();
  void received(std::size_t bytes);
  void write();
  void drained();
  void end();

  boost::asio::ip::tcp::socket socket_;
  PacketReader reader_;
  std::weak_ptr<PahoLegOwner> owner_;
  std::vector<std::uint8_t> waiting_;  // for the write that is under way
  std::vector<std::uint8_t> writing_;
  bool reading_ = false;
  bool held_ = false;
  bool finishing_ = false;
  bool closed_ = false;
};

}  // namespace sluice
