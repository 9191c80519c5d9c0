// The connection to the broker: reads at a measured pace, takes the messages out of the stream, and
// acknowledges what has settled.
#pragma once

#include "core/clock.h"
#include "core/source.h"
#include "sources/acknowledgements.h"
#include "sources/broker_link.h"
#include "sources/broker_stream.h"
#include "sources/delivery.h"
#include "sources/packet_reader.h"
#include "sources/send_window.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

// What every connection of one link shares. The references outlive the link.
struct LinkContext {
  LinkContext(boost::asio::io_context& on, BrokerLinkOptions with, Inlet& to,
              Acknowledgements& through, const Clock& by)
      : io(on), options(std::move(with)), inlet(to), acknowledgements(through), clock(by) {}

  boost::asio::io_context& io;
  BrokerLinkOptions options;
  Inlet& inlet;
  Acknowledgements& acknowledgements;
  const Clock& clock;
  LinkTotals totals;
  std::atomic<Instant::rep> last_message{0};
};

// Told by the leg, on the link's thread.
class BrokerLegOwner {
 public:
  virtual ~BrokerLegOwner() = default;

  virtual void from_broker(const PacketReader::Packet& packet) = 0;  // neither PUBLISH nor PUBREL
  virtual void broker_heard() = 0;    // bytes have arrived, before any packet in them is passed on
  virtual void broker_paused() = 0;   // nothing is read from now on
  virtual void broker_drained() = 0;  // what was sent has been taken
  // The connection could not be made or has ended. Nothing follows. Empty after finish().
  virtual void broker_gone(const std::string& reason) = 0;
  [[nodiscard]] virtual bool congested() const = 0;  // no further packets, please
};

// A member of its owner, which asynchronous operations keep alive, and which keeps the context.
// Used on the link's thread. After close() nothing outside of the leg is touched any more.
class BrokerLeg {
 public:
  BrokerLeg(LinkContext& context, BrokerLegOwner& owner);

  // `keep` shares the ownership of the owner.
  void connect(MqttVersion version, const std::shared_ptr<void>& keep);

  void send(std::span<const std::uint8_t> packets);   // as soon as there is a connection
  void finish(std::span<const std::uint8_t> packet);  // sends this, then nothing, and closes
  [[nodiscard]] std::size_t unsent() const { return waiting_.size() + writing_.size(); }

  void send_settled();
  void resume();  // if it was paused and there is no reason left
  void stop_reading();
  void skip_retained(bool skip) { delivery_.skip_retained(skip); }
  [[nodiscard]] bool paused() const { return paused_ || stopped_; }

  // Delivers what has been read and forgets what is owed. Tells nobody.
  void close();

 private:
  void connected(const Status& status);
  void end(const std::string& reason);

  void write();
  void written(const Status& status);

  void read();
  void received(const Result<Received>& result);
  void pace(const Received& received, bool sparse, bool published);
  bool take_packets(bool& published);
  bool take(const PacketReader::Packet& packet, bool& published);
  bool take_session_packet(const PacketReader::Packet& packet);
  bool accept_session(const PacketReader::Packet& connack);
  [[nodiscard]] bool blocked() const;
  void pause();

  void rest();
  void read_and_watch();
  void watch(Instant::duration silence);
  void quiet();
  void set_timer(Instant::duration delay, void (BrokerLeg::*then)());

  LinkContext& context_;
  BrokerLegOwner& owner_;
  std::weak_ptr<void> keep_;
  MqttVersion version_ = MqttVersion::V5;
  std::shared_ptr<BrokerStream> stream_;
  PacketReader reader_;
  Delivery delivery_;
  SendWindow window_;

  boost::asio::steady_timer timer_;
  std::uint64_t timer_number_ = 0;  // an expiry that was queued before the timer was set anew
  Instant heard_at_;
  bool hurried_ = false;  // in this silence

  std::vector<std::uint8_t> waiting_;  // for the connection, or the write that is under way
  std::vector<std::uint8_t> writing_;

  bool connected_ = false;
  bool session_ = false;  // the broker has accepted it (CONNACK)
  bool reading_ = false;
  bool resting_ = false;  // between two reads
  bool paused_ = false;
  bool stopped_ = false;    // stop_reading()
  bool finishing_ = false;  // nothing may be sent any more
  bool closed_ = false;
};

}  // namespace sluice
