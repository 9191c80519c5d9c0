#include "sources/broker_leg.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kReadSize = 256UL * 1024;
constexpr std::size_t kFullRead = 128UL * 1024;  // so much in one read: no rest before the next
constexpr std::chrono::milliseconds kSparse{20};
constexpr int kNoWakeBelow = 64 * 1024;  // while resting; more would make the kernel's buffer grow
constexpr std::size_t kMaxOther = 256UL * 1024;  // SUBACK and the like, properties included
constexpr std::size_t kMaxUnsent = 1024UL * 1024;

}  // namespace

BrokerLeg::BrokerLeg(LinkContext& context, BrokerLegOwner& owner)
    : context_(context),
      owner_(owner),
      reader_(kReadSize, {.publish = context.options.max_message_size, .other = kMaxOther}),
      delivery_(context.options.skip_retained, context.inlet, context.acknowledgements,
                context.totals),
      window_(context.options.quiet, context.options.few),
      timer_(context.io),
      heard_at_(context.clock.elapsed()) {
}

void BrokerLeg::connect(MqttVersion version, const std::shared_ptr<void>& keep) {
  version_ = version;
  keep_ = keep;
  auto stream = make_broker_stream(context_.io, context_.options.url, context_.options.tls);
  if (!stream) {
    asio::post(context_.io, [this, keep, reason = stream.error().message] { end(reason); });
    return;
  }
  stream_ = *stream;
  stream_->connect(context_.options.connect_timeout,
                   [this, keep](const Status& status) { connected(status); });
}

void BrokerLeg::connected(const Status& status) {
  if (closed_) return;
  if (!status) {
    end(status.error().message);
    return;
  }
  connected_ = true;
  write();
  read();
}

void BrokerLeg::end(const std::string& reason) {
  if (closed_) return;
  close();
  owner_.broker_gone(reason);  // last, because the owner may let go of us
}

void BrokerLeg::close() {
  if (std::exchange(closed_, true)) return;
  ++timer_number_;
  timer_.cancel();
  delivery_.hand_over();
  context_.acknowledgements.disconnected();
  if (stream_) stream_->close();
}

// ---- to the broker

void BrokerLeg::send(std::span<const std::uint8_t> packets) {
  if (finishing_) return;
  waiting_.insert(waiting_.end(), packets.begin(), packets.end());
  write();
}

void BrokerLeg::finish(std::span<const std::uint8_t> packet) {
  send(packet);
  finishing_ = true;
  if (!connected_) end({});
}

void BrokerLeg::write() {
  if (!connected_ || closed_ || waiting_.empty() || !writing_.empty()) return;
  std::swap(waiting_, writing_);
  stream_->write(writing_, [this, keep = keep_.lock()](const Status& status) { written(status); });
}

void BrokerLeg::written(const Status& status) {
  if (closed_) return;
  if (!status) {
    end(finishing_ ? std::string() : status.error().message);
    return;
  }
  writing_.clear();
  write();
  if (unsent() > 0) return;
  if (finishing_) {
    end({});
    return;
  }
  owner_.broker_drained();
  resume();
}

void BrokerLeg::send_settled() {
  if (closed_ || finishing_) return;
  const std::size_t owed = delivery_.owed();
  if (context_.acknowledgements.take_ready(waiting_) > 0) {
    window_.acknowledged(context_.clock.elapsed(), owed);
    write();
  }
}

// ---- from the broker

bool BrokerLeg::blocked() const {
  return context_.inlet.full() || unsent() > kMaxUnsent || owner_.congested();
}

void BrokerLeg::read() {
  if (!connected_ || closed_ || finishing_ || stopped_ || reading_) return;
  if (blocked()) {
    pause();
    return;
  }
  paused_ = false;
  reading_ = true;
  if (std::exchange(resting_, false)) stream_->wake_after(1);
  stream_->read_some(reader_.space(), [this, keep = keep_.lock()](const Result<Received>& result) {
    reading_ = false;
    received(result);
  });
}

void BrokerLeg::pause() {
  if (std::exchange(paused_, true)) return;
  // Room comes from what settles, so nothing may wait for a tick.
  delivery_.hand_over();
  context_.inlet.flush();
  send_settled();
  owner_.broker_paused();
}

void BrokerLeg::resume() {
  if (paused_) read_and_watch();
}

void BrokerLeg::stop_reading() {
  if (std::exchange(stopped_, true) || closed_) return;
  ++timer_number_;
  timer_.cancel();
  delivery_.hand_over();
  delivery_.stop();
  context_.inlet.flush();
  send_settled();
  owner_.broker_paused();
}

void BrokerLeg::received(const Result<Received>& result) {
  if (closed_ || finishing_) return;
  if (!result) {
    end(result.error().message);
    return;
  }
  const Instant now = context_.clock.elapsed();
  const bool sparse = now - std::exchange(heard_at_, now) > kSparse;
  const std::size_t owed = delivery_.owed();
  owner_.broker_heard();
  reader_.filled(result->bytes);
  delivery_.begin(context_.clock.now(), now);
  bool published = false;
  const bool well_formed = take_packets(published);
  if (closed_ || finishing_) return;
  if (!well_formed) {
    end("the broker sent something that is not MQTT; the connection was ended");
    return;
  }
  if (published) {
    window_.arrived(now, owed);
    context_.last_message = now.time_since_epoch().count();
    hurried_ = false;
  }
  write();  // PUBCOMP
  pace(*result, sparse, published);
}

bool BrokerLeg::take_packets(bool& published) {
  PacketReader::Packet packet;
  while (!closed_ && !finishing_) {
    switch (reader_.next(packet)) {
      case PacketReader::Next::Packet:
        if (!take(packet, published)) return false;
        continue;
      case PacketReader::Next::Cut:
        published = true;
        if (!session_ || !delivery_.take_cut(packet, version_)) return false;
        continue;
      case PacketReader::Next::Nothing:
        return true;
      case PacketReader::Next::Malformed:
        return false;
    }
  }
  return true;
}

bool BrokerLeg::take(const PacketReader::Packet& packet, bool& published) {
  if (packet.header.type() != PacketType::Publish) return take_session_packet(packet);
  published = true;
  return session_ && delivery_.take(packet, version_);
}

bool BrokerLeg::take_session_packet(const PacketReader::Packet& packet) {
  switch (packet.header.type()) {
    case PacketType::Pubrel: {
      const auto packet_id = parse_packet_id(packet.body);
      if (!session_ || !packet_id) return false;
      context_.acknowledgements.released(*packet_id);
      append_acknowledgement(waiting_, PacketType::Pubcomp, *packet_id);
      return true;
    }
    case PacketType::Connack:
      return accept_session(packet);
    case PacketType::Auth:
      owner_.from_broker(packet);
      return true;
    case PacketType::Puback:
    case PacketType::Pubrec:
    case PacketType::Pubcomp:
    case PacketType::Suback:
    case PacketType::Unsuback:
    case PacketType::Pingresp:
    case PacketType::Disconnect:
      owner_.from_broker(packet);
      return session_;
    default:  // what only a client sends
      return false;
  }
}

bool BrokerLeg::accept_session(const PacketReader::Packet& connack) {
  const auto answer = parse_connack(connack.body);
  if (!answer || session_) return false;
  if (answer->code == 0) {
    session_ = true;
    context_.acknowledgements.connected(answer->session_present);
    context_.last_message = context_.clock.elapsed().time_since_epoch().count();
  }
  owner_.from_broker(connack);
  return true;
}

// ---- the pace
//
// Wake-ups are the main cost while messages flow slowly, so the leg rests between two reads, and
// hands over what several reads have brought. Where messages are rare, each is handed over at once.

void BrokerLeg::pace(const Received& received, bool sparse, bool published) {
  const auto patience = window_.patience(delivery_.owed());
  const bool urgent = published && patience && patience->count() == 0;
  if (sparse || urgent || stopped_ || delivery_.due(heard_at_)) delivery_.hand_over();
  if (urgent || stopped_) {
    context_.inlet.flush();
    hurried_ = true;
  }
  send_settled();  // what needed no waiting
  if (sparse || urgent || received.more || received.bytes >= kFullRead) {
    read_and_watch();
  } else {
    rest();
  }
}

void BrokerLeg::rest() {
  if (stopped_ || closed_) return;
  resting_ = true;
  stream_->wake_after(kNoWakeBelow);
  set_timer(context_.options.nap, &BrokerLeg::read_and_watch);
}

void BrokerLeg::read_and_watch() {
  read();
  if (reading_) watch(Instant::duration(0));
}

// Sets the timer, if there is anything to be done should nothing arrive.
void BrokerLeg::watch(Instant::duration silence) {
  if (!delivery_.empty()) {
    set_timer(context_.options.quiet, &BrokerLeg::quiet);
  } else if (const auto patience = window_.patience(delivery_.owed()); patience && !hurried_) {
    const Instant::duration rest = *patience - silence;
    set_timer(std::max<Instant::duration>(rest, std::chrono::milliseconds(1)), &BrokerLeg::quiet);
  }
}

void BrokerLeg::quiet() {
  if (!reading_ || closed_) return;
  delivery_.hand_over();
  send_settled();
  const Instant::duration silence = context_.clock.elapsed() - heard_at_;
  const auto patience = window_.patience(delivery_.owed());
  if (patience && !hurried_ && silence >= *patience) {
    hurried_ = true;
    context_.inlet.flush();
  }
  watch(silence);
}

void BrokerLeg::set_timer(Instant::duration delay, void (BrokerLeg::*then)()) {
  const std::uint64_t number = ++timer_number_;
  timer_.expires_after(delay);
  timer_.async_wait([this, keep = keep_.lock(), number, then](const boost::system::error_code&) {
    if (number == timer_number_) (this->*then)();
  });
}

}  // namespace sluice
