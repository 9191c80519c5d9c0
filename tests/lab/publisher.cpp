#include "tests/lab/publisher.h"

#include "tests/lab/connack_limits.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

namespace sluice::lab {

namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kRetryAfter{100};
constexpr std::size_t kReadSize = 16UL * 1024;
// Bytes that wait for the socket; with QoS 0 nothing else bounds them.
constexpr std::size_t kMaxPending = 256UL * 1024;
// Protocol 3.1.1 has no way to say how many QoS 2 messages a broker takes at a time. mosquitto
// takes 20 by default; it disconnects who sends more, and then loses some that it has acknowledged.
constexpr std::uint16_t kUnspokenLimit = 20;
constexpr std::uint8_t kDuplicate = 0x08;
constexpr std::uint8_t kFirstError = 0x80;  // reason codes from here on are refusals

}  // namespace

Publisher::Publisher(boost::asio::io_context& context, const PublisherOptions& options,
                     unsigned index, Load& load)
    : options_(options),
      index_(index),
      load_(load),
      resolver_(context),
      socket_(context),
      retry_(context),
      slots_(options.qos == 0 ? 0 : options.window),
      in_(kReadSize) {
  for (std::size_t id = slots_.size(); id > 0; --id) {
    free_.push_back(static_cast<std::uint16_t>(id));
  }
}

void Publisher::connect() {
  const std::uint64_t generation = ++generation_;
  resolver_.async_resolve(
      options_.host, options_.port,
      [this, generation](const error_code& error, const tcp::resolver::results_type& found) {
        if (generation != generation_) {
          return;
        }
        if (error) {
          drop("cannot find " + options_.host + ": " + error.message());
          return;
        }
        boost::asio::async_connect(socket_, found,
                                   [this, generation](const error_code& failure, const auto&) {
                                     if (generation != generation_) {
                                       return;
                                     }
                                     if (failure) {
                                       drop("cannot connect to " + options_.host + ":" +
                                            options_.port + ": " + failure.message());
                                       return;
                                     }
                                     say_hello();
                                   });
      });
}

void Publisher::say_hello() {
  error_code ignored;  // only makes it slower
  socket_.set_option(tcp::no_delay(true), ignored);
  in_size_ = 0;
  // Session expiry: an hour. Without it the session would end with the connection.
  constexpr std::string_view kExpiry("\x11\x00\x00\x0e\x10", 5);
  ConnectOptions hello;
  hello.version = options_.protocol;
  hello.client_id = options_.client_id;
  hello.clean_start = false;
  hello.keep_alive = 0;  // a broker that is gone is noticed by the next write
  if (options_.protocol == MqttVersion::V5) {
    hello.properties = kExpiry;
  }
  if (!options_.username.empty()) {
    hello.username = options_.username;
    hello.password = options_.password;
  }
  append_connect(out_, hello);
  flush();
  read();
}

void Publisher::drop(const std::string& problem) {
  ++generation_;
  error_code ignored;  // the descriptor is gone either way
  socket_.close(ignored);
  connected_ = false;
  writing_ = false;
  out_.clear();
  load_.failed(problem);
  retry_.expires_after(kRetryAfter);
  retry_.async_wait([this](const error_code& cancelled) {
    if (!cancelled) {
      connect();
    }
  });
}

void Publisher::leave() {
  retry_.cancel();
  if (connected_ && !writing_) {
    append_empty(out_, PacketType::Disconnect);
    error_code ignored;  // a courtesy: the broker copes without
    socket_.non_blocking(true, ignored);
    socket_.write_some(boost::asio::buffer(out_), ignored);
  }
  ++generation_;
  connected_ = false;
  error_code ignored;  // as above
  socket_.close(ignored);
}

bool Publisher::has_room() const {
  return connected_ && out_.size() < kMaxPending && (options_.qos == 0 || in_flight_ < limit_);
}

void Publisher::pump() {
  while (has_room()) {
    const auto draft = load_.next(index_);
    if (!draft) {
      break;
    }
    send(*draft);
  }
  flush();
}

void Publisher::send(const Draft& draft) {
  PublishView message;
  message.topic = draft.topic;
  message.payload = draft.payload;
  message.qos = options_.qos;
  if (options_.qos == 0) {
    append_publish(out_, message, options_.protocol);
    return;
  }
  message.packet_id = free_.back();
  free_.pop_back();
  Slot& slot = slots_[message.packet_id - 1U];
  slot.state = State::Published;
  slot.mark = draft.mark;
  slot.order = ++order_;
  slot.packet.clear();
  append_publish(slot.packet, message, options_.protocol);
  out_.insert(out_.end(), slot.packet.begin(), slot.packet.end());
  ++in_flight_;
}

// The broker has answered CONNECT: what it has not acknowledged goes out again, in its old order.
// If it has forgotten the session, it has forgotten what it has acknowledged half (QoS 2) as well.
void Publisher::resume(bool session_present) {
  std::vector<std::uint16_t> ids;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].state != State::Free) {
      ids.push_back(static_cast<std::uint16_t>(i + 1));
    }
  }
  std::sort(ids.begin(), ids.end(), [this](std::uint16_t left, std::uint16_t right) {
    return slots_[left - 1U].order < slots_[right - 1U].order;
  });
  for (const std::uint16_t id : ids) {
    Slot& slot = slots_[id - 1U];
    if (session_present && slot.state == State::Released) {
      append_acknowledgement(out_, PacketType::Pubrel, id);
      continue;
    }
    const unsigned without = slot.packet[0] & ~unsigned{kDuplicate};
    slot.packet[0] = static_cast<std::uint8_t>(without | (session_present ? kDuplicate : 0U));
    slot.state = State::Published;
    out_.insert(out_.end(), slot.packet.begin(), slot.packet.end());
    load_.sent_again();
  }
}

void Publisher::flush() {
  if (writing_ || out_.empty() || !socket_.is_open()) {
    return;
  }
  writing_ = true;
  being_written_.swap(out_);
  out_.clear();
  boost::asio::async_write(
      socket_, boost::asio::buffer(being_written_),
      [this, generation = generation_](const error_code& error, std::size_t /*size*/) {
        if (generation != generation_) {
          return;
        }
        writing_ = false;
        if (error) {
          drop("cannot write to the broker: " + error.message());
          return;
        }
        pump();
      });
}

void Publisher::read() {
  socket_.async_read_some(
      boost::asio::buffer(in_.data() + in_size_, in_.size() - in_size_),
      [this, generation = generation_](const error_code& error, std::size_t size) {
        if (generation != generation_) {
          return;
        }
        if (error) {
          drop("the broker closed the connection: " + error.message());
          return;
        }
        in_size_ += size;
        if (!take_packets()) {
          return;
        }
        pump();
        read();
      });
}

// False if the connection has been dropped.
bool Publisher::take_packets() {
  std::size_t at = 0;
  while (true) {
    const std::span<const std::uint8_t> rest(in_.data() + at, in_size_ - at);
    PacketHeader header;
    const HeaderState state = read_header(rest, header);
    if (state == HeaderState::Malformed ||
        (state == HeaderState::Complete && header.packet_size() > in_.size())) {
      drop("the broker sent what is not an answer to a publisher");
      return false;
    }
    if (state == HeaderState::Incomplete || rest.size() < header.packet_size()) {
      break;
    }
    if (!take(header, rest.subspan(header.size, header.body_size))) {
      return false;
    }
    at += header.packet_size();
  }
  std::memmove(in_.data(), in_.data() + at, in_size_ - at);
  in_size_ -= at;
  return true;
}

bool Publisher::take(const PacketHeader& header, std::span<const std::uint8_t> body) {
  switch (header.type()) {
    case PacketType::Connack:
      return take_connack(body);
    case PacketType::Puback:
    case PacketType::Pubrec:
    case PacketType::Pubcomp:
      take_acknowledgement(header.type(), body);
      return true;
    case PacketType::Disconnect:
      drop("the broker disconnected us, reason " + std::to_string(body.empty() ? 0 : body[0]));
      return false;
    default:
      return true;  // nothing else concerns a publisher
  }
}

bool Publisher::take_connack(std::span<const std::uint8_t> body) {
  const auto answer = parse_connack(body);
  if (!answer || answer->code != 0) {
    drop("the broker refused the connection, reason " +
         (answer ? std::to_string(answer->code) : std::string("unreadable")));
    return false;
  }
  ConnackLimits limits;
  if (options_.protocol == MqttVersion::V5) {
    limits = connack_limits(body);
  } else if (options_.qos == 2) {
    limits.receive_maximum = kUnspokenLimit;
  }
  if (limits.maximum_qos < options_.qos) {
    drop("the broker does not take QoS " + std::to_string(options_.qos));
    return false;
  }
  limit_ = std::min<std::size_t>(slots_.size(), limits.receive_maximum);
  connected_ = true;
  ++connects_;
  resume(answer->session_present);
  return true;
}

void Publisher::take_acknowledgement(PacketType type, std::span<const std::uint8_t> body) {
  const auto id = parse_packet_id(body);
  if (!id || *id == 0 || *id > slots_.size() || slots_[*id - 1U].state == State::Free) {
    return;  // of a message that is done: the broker has answered a resent one twice
  }
  Slot& slot = slots_[*id - 1U];
  // Whatever PUBCOMP says, the broker has had the message since PUBREC.
  const bool accepted = type == PacketType::Pubcomp || body.size() < 3 || body[2] < kFirstError;
  if (type == PacketType::Pubrec && accepted) {
    slot.state = State::Released;
    append_acknowledgement(out_, PacketType::Pubrel, *id);
    return;
  }
  slot.state = State::Free;
  free_.push_back(*id);
  --in_flight_;
  load_.acknowledged(slot.mark, accepted);
}

}  // namespace sluice::lab
