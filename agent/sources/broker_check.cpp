#include "sources/broker_check.h"

#include "sources/broker_stream.h"
#include "sources/packet_reader.h"
#include "sources/reason_codes.h"
#include "sources/session_options.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

constexpr std::string_view kShared = "$share/";
constexpr int kClientIdInvalid311 = 0x02;
constexpr int kClientIdInvalid5 = 0x85;

std::string refusal(const std::string& client_id, int code) {
  std::string text = connect_refusal(code);
  if (code == kClientIdInvalid311 || code == kClientIdInvalid5) {
    text += "; this check calls itself " + check_client_id(client_id) +
            ", to leave the session of the agent alone: allow this name as well, or judge by the "
            "agent's own log";
  }
  return text;
}

Result<std::string> verdict_on(int asked, int code) {
  if (code >= kFirstErrorCode) {
    return Error{Reaction::Reject, "the broker does not allow it: " + subscribe_refusal(code)};
  }
  if (code < asked) {
    return "allowed, but only with quality of service " + std::to_string(code) + " instead of " +
           std::to_string(asked) + (code == 0 ? ": messages can be lost on the way" : "");
  }
  return std::string("allowed");
}

class BrokerCheck {
 public:
  explicit BrokerCheck(const BrokerCheckOptions& options)
      : options_(options),
        timer_(io_),
        reader_(kReadSize, {.publish = kReadSize, .other = kReadSize}) {}

  BrokerFindings run() {
    auto stream = make_broker_stream(io_, options_.url, options_.tls);
    if (!stream) {
      return {.connection = stream.error(), .filters = {}};
    }
    stream_ = *std::move(stream);
    end_ = boost::asio::steady_timer::clock_type::now() + options_.at_most;
    stream_->connect(options_.at_most, [this](const Status& connected) {
      connected ? log_in() : fail(connected.error().message);
    });
    io_.run();
    return {.connection = *std::move(connection_), .filters = std::move(filters_)};
  }

 private:
  static constexpr std::size_t kReadSize = 64UL * 1024;

  void log_in() {
    waiting_for_ = "the answer to CONNECT";
    // Until now it was the stream that watched the time.
    timer_.expires_at(end_);
    timer_.async_wait([this](const boost::system::error_code& stopped) {
      if (!stopped) {
        fail("no answer from " + options_.url.authority() + " within " +
             std::to_string(options_.at_most.count()) + " ms, while waiting for " + waiting_for_);
      }
    });
    // Receive Maximum 1: the broker need not send much to somebody who acknowledges nothing.
    constexpr std::string_view kReceiveMaximumOne{"\x21\x00\x01", 3};
    const std::string client_id = check_client_id(options_.client_id);
    ConnectOptions connect{
        .version = options_.version, .client_id = client_id, .properties = kReceiveMaximumOne};
    if (!options_.username.empty()) {
      connect.username = options_.username;
    }
    if (!options_.password.empty()) {
      connect.password = options_.password;
    }
    append_connect(out_, connect);
    send();
    read();
  }

  void send() {
    stream_->write(out_, [this](const Status& sent) {
      if (!sent) {
        lost(sent.error().message);
        return;
      }
      out_.clear();
      if (leaving_) {
        end();
      }
    });
  }

  void read() {
    stream_->read_some(reader_.space(), [this](const Result<Received>& received) {
      if (!received) {
        lost(received.error().message);
        return;
      }
      reader_.filled(received->bytes);
      if (take_packets()) {
        read();
      }
    });
  }

  // False: nothing more is to be read.
  bool take_packets() {
    PacketReader::Packet packet;
    for (;;) {
      switch (reader_.next(packet)) {
        case PacketReader::Next::Nothing:
          return true;
        case PacketReader::Next::Malformed:
          fail(kNotMqtt);
          return false;
        case PacketReader::Next::Cut:
          break;  // a message
        case PacketReader::Next::Packet:
          if (!take(packet)) {
            return false;
          }
      }
    }
  }

  bool take(const PacketReader::Packet& packet) {
    switch (packet.header.type()) {
      case PacketType::Connack:
        return accepted(packet);
      case PacketType::Suback:
        return answered(packet);
      case PacketType::Disconnect:
        fail(packet.body.empty() ? "the broker has ended the connection"
                                 : broker_disconnect(packet.body.front()));
        return false;
      default:
        return true;  // messages above all
    }
  }

  bool accepted(const PacketReader::Packet& packet) {
    const auto connack = parse_connack(packet.body);
    if (!connack || connection_) {
      fail(kNotMqtt);
      return false;
    }
    if (connack->code != 0) {
      fail(refusal(options_.client_id, connack->code));
      return false;
    }
    connection_ = std::string("connected and logged in");
    return subscribe();
  }

  // To the next filter; false if there is none.
  bool subscribe() {
    if (filters_.size() == options_.filters.size()) {
      leave();
      return false;
    }
    const std::string& filter = options_.filters[filters_.size()];
    const std::string asked = check_filter_of(filter);
    waiting_for_ = "the answer to SUBSCRIBE";
    append_subscribe(out_,
                     {.packet_id = packet_id(),
                      .filter = asked,
                      .qos = static_cast<std::uint8_t>(options_.qos),
                      .without_retained = true},
                     options_.version);
    send();
    return true;
  }

  bool answered(const PacketReader::Packet& packet) {
    const auto suback = parse_suback(packet.body, options_.version);
    if (!suback || !connection_ || suback->packet_id != packet_id()) {
      fail(kNotMqtt);
      return false;
    }
    filters_.push_back({options_.filters[filters_.size()], verdict_on(options_.qos, suback->code)});
    return subscribe();
  }

  // Of the SUBSCRIBE that is to be sent or answered next.
  [[nodiscard]] std::uint16_t packet_id() const {
    return static_cast<std::uint16_t>(filters_.size() % 0xFFFF + 1);
  }

  void leave() {
    leaving_ = true;
    append_empty(out_, PacketType::Disconnect);
    send();
  }

  void lost(const std::string& why) {
    if (connection_) {
      fail(why + ", while waiting for " + waiting_for_);
    } else {
      fail(why + ", while waiting for " + waiting_for_ + "; check that the port is one for " +
           options_.url.scheme + ", and what the broker logs");
    }
  }

  // Before there is a connection this is its fault, after that the one of the filter that is asked
  // for.
  void fail(std::string why) {
    if (leaving_ || ended_) {
      end();
      return;
    }
    Error error{Reaction::Retry, std::move(why)};
    if (!connection_) {
      connection_ = std::move(error);
    } else {
      filters_.push_back({options_.filters[filters_.size()], std::move(error)});
    }
    end();
  }

  void end() {
    ended_ = true;
    timer_.cancel();
    stream_->close();
  }

  static constexpr const char* kNotMqtt =
      "what answers there does not speak MQTT as it should; check the port in the URL";

  const BrokerCheckOptions& options_;
  boost::asio::io_context io_{1};
  boost::asio::steady_timer timer_;
  std::shared_ptr<BrokerStream> stream_;
  PacketReader reader_;
  std::vector<std::uint8_t> out_;
  boost::asio::steady_timer::time_point end_;
  const char* waiting_for_ = "";
  bool leaving_ = false;  // nothing is waited for any more
  bool ended_ = false;
  std::optional<Result<std::string>> connection_;
  std::vector<FilterFinding> filters_;
};

}  // namespace

BrokerCheckOptions broker_check_of(const MqttSourceOptions& source) {
  BrokerLinkOptions link = link_options(source);
  return {.url = source.url,
          .tls = source.tls,
          .version = source.version,
          .client_id = source.client_id,
          .username = std::move(link.username),
          .password = std::move(link.password),
          .filters = source.topics,
          .qos = source.qos};
}

std::string check_client_id(const std::string& client_id) {
  return client_id + "-check";
}

std::string check_filter_of(const std::string& filter) {
  const std::size_t group_end =
      filter.starts_with(kShared) ? filter.find('/', kShared.size()) : std::string::npos;
  if (group_end == std::string::npos) {
    return filter;
  }
  return std::string(kShared) + "sluice-check" + filter.substr(group_end);
}

BrokerFindings check_broker(const BrokerCheckOptions& options) {
  return BrokerCheck(options).run();
}

}  // namespace sluice
