#include "uplink/mqtt_transport.h"

#include "net/name_resolver.h"
#include "uplink/doorbell.h"
#include "uplink/farewell.h"
#include "uplink/mqtt_answers.h"
#include "uplink/mqtt_messages.h"
#include "uplink/mqtt_publisher.h"
#include "uplink/pending_answer.h"
#include "uplink/record_batch.h"
#include "uplink/record_template.h"
#include "uplink/step_deadline.h"
#include "uplink/tls_probe.h"

#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

namespace {

using boost::asio::ip::tcp;

// As many records are on their way at once, unless the broker wants fewer.
constexpr std::uint16_t kWindow = 100;

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : '[' + host + ']';
}

// As Paho wants to read it.
std::string uri_of(const Url& url, const std::string& host) {
  const bool websocket = url.scheme == "ws" || url.scheme == "wss";
  const std::string scheme = websocket ? url.scheme : std::string(url.secure() ? "ssl" : "tcp");
  return scheme + "://" + bracketed(host) + ':' + url.port + (websocket ? url.target : "");
}

class MqttTransport final : public Transport {
 public:
  MqttTransport(boost::asio::io_context& io, MqttTransportOptions options,
                const SenderIdentity& identity, RecordTemplate topic, TlsContext tls)
      : io_(io),
        tls_(std::move(tls)),
        options_(std::move(options)),
        messages_(identity, std::move(topic), options_.compression),
        answer_(io),
        resolver_(io),
        deadline_(io),
        bell_(io, [this] { look(); }) {}

  void send(const Shipment& shipment, AnswerHandler then) override {
    look();  // what happened while nothing was under way is no answer to this
    answer_.expect(std::move(then));
    block_ = shipment.block;
    block_is_out_ = false;
    if (options_.pack == MqttPack::Records) {
      auto batch = RecordBatch::make(block_, delivered_);
      if (!batch) {
        const bool never = batch.error().reaction == Reaction::Reject;
        return conclude({.verdict = never ? Verdict::Refused : Verdict::Retry,
                         .retry_after = {},
                         .detail = batch.error().message});
      }
      batch_ = *std::move(batch);
    }
    bell_.listen();
    deadline_.set(options_.timeout, [this] { timed_out(); });
    if (ready_) {
      feed();
    } else {
      resolve();
    }
  }

  void cancel() override {
    if (!answer_.expected() && publisher_ && ready_) {
      // An orderly end, if there is time for it.
      static_cast<void>(publisher_->disconnect());
    }
    leave();
    conclude(retry("given up"));
    deadline_.close();
  }

 private:
  static Answer retry(std::string why) {
    return {.verdict = Verdict::Retry, .retry_after = {}, .detail = std::move(why)};
  }

  // --- connecting ---

  // Paho would resolve the name while it holds a lock that the MQTT sources need, too. Where the
  // name must be known to Paho, for a certificate or a Host header, it does so once more, briefly.
  void resolve() {
    resolver_.resolve(
        options_.url.host, options_.url.port,
        [this, alive = std::weak_ptr<int>(alive_), attempt = attempt_](
            const boost::system::error_code& failure, const tcp::resolver::results_type& found) {
          if (alive.expired() || attempt != attempt_ || !answer_.expected()) {
            return;
          }
          if (failure) {
            return conclude(
                retry("cannot resolve " + options_.url.host + ": " + failure.message()));
          }
          connect(found);
        });
  }

  void connect(const tcp::resolver::results_type& found) {
    std::vector<std::string> servers;
    if (options_.url.scheme == "mqtt") {
      for (const auto& entry : found) {
        servers.push_back(uri_of(options_.url, entry.endpoint().address().to_string()));
      }
    } else {
      servers.push_back(uri_of(options_.url, options_.url.host));
    }
    auto made = MqttPublisher::make(options_, servers, [this] { bell_.ring(); });
    Status started = made ? Status{} : made.error();
    if (made) {
      publisher_ = *std::move(made);
      started = publisher_->connect();
    }
    if (!started) {
      leave();
      conclude(retry(started.error().message));
    }
  }

  // Paho's threads take up to a second to end.
  void leave() {
    ++attempt_;
    ready_ = false;
    resolver_.cancel();
    if (batch_) {
      batch_->remember(delivered_);
    }
    farewell_.to(std::move(publisher_));
  }

  // --- what has happened ---

  void look() {
    if (!publisher_) {
      return;
    }
    for (const publishing::Event& event : publisher_->take_events()) {
      std::visit([this](const auto& what) { happened(what); }, event);
      if (!publisher_) {
        return;
      }
    }
    if (ready_ && block_) {
      feed();
    }
  }

  void happened(const publishing::BrokerReady& broker) {
    if (!broker.takes_qos1) {
      leave();
      return conclude({.verdict = Verdict::Misconfigured,
                       .retry_after = {},
                       .detail = "the broker takes quality of service 0 only"});
    }
    ready_ = true;
    window_ = std::min(kWindow, broker.receive_maximum);
    largest_packet_ = broker.maximum_packet_size == 0
                          ? options_.max_packet_size
                          : std::min(options_.max_packet_size, broker.maximum_packet_size);
  }

  void happened(const publishing::BrokerRefused& refusal) {
    leave();
    if (refusal.code > 0) {
      return conclude(mqtt_connect_answer(refusal.code));
    }
    if (!tls_ || !answer_.expected()) {
      return could_not_connect({});
    }
    // Paho does not say what is wrong with a certificate.
    constexpr std::chrono::milliseconds kPatience{1'000};
    probe_ = probe_tls(io_, options_.url, options_.tls, tls_, std::min(options_.timeout, kPatience),
                       [this](const std::string& why) { could_not_connect(why); });
  }

  void could_not_connect(const std::string& why) {
    conclude(
        retry("cannot connect to " + options_.url.authority() + (why.empty() ? "" : ": ") + why));
  }

  void happened(const publishing::BrokerLost& loss) {
    leave();
    conclude(loss.code >= kMqttErrors ? mqtt_disconnect_answer(loss.code)
                                      : retry("the connection was lost"));
  }

  void happened(const publishing::PublishAnswered& answered) {
    if (!block_) {
      return;
    }
    const Sequence sequence{answered.ticket};
    if (answered.code >= kMqttErrors) {
      const Answer why = mqtt_publish_answer(answered.code);
      settle(sequence, why.verdict, why.detail);
    } else {
      settle(sequence, Verdict::Confirmed, {});
    }
  }

  // Paho has given up the message, so the connection is at its end or of no use.
  void happened(const publishing::PublishLost& /*loss*/) {
    leave();
    conclude(retry("the connection was lost"));
  }

  void timed_out() {
    const std::string when = ready_ ? "no acknowledgement" : "no connection";
    const std::string state =
        batch_ && ready_ ? ", acknowledged=" + std::to_string(batch_->arrived()) : "";
    leave();
    conclude(retry(when + " in time from " + options_.url.authority() + state));
  }

  void conclude(Answer answer) {
    if (answer.verdict == Verdict::Confirmed) {
      delivered_.remove(block_->first, block_->last());
    }
    batch_.reset();
    block_.reset();
    probe_.reset();
    bell_.rest();
    deadline_.clear();
    answer_.give(std::move(answer));
  }

  // --- publishing ---

  void feed() {
    const Status fed = options_.pack == MqttPack::Records ? feed_records() : feed_block();
    if (!fed) {
      leave();
      return conclude(retry(fed.error().message));
    }
    if (batch_ && batch_->done()) {
      if (batch_->anything_failed()) {
        batch_->remember(delivered_);
      }
      conclude(batch_->answer());
    }
  }

  Status feed_records() {
    while (batch_->front() && batch_->outstanding() < window_) {
      const RecordBatch::Item item = *batch_->front();
      batch_->pop();
      if (Status sent = publish(item.sequence, messages_.of_record(*block_, item.line)); !sent) {
        return sent;
      }
    }
    return {};
  }

  Status feed_block() {
    if (std::exchange(block_is_out_, true)) {
      return {};
    }
    const auto message = messages_.of_block(block_);
    if (!message) {
      const bool never = message.error().reaction == Reaction::Reject;
      settle(block_->first, never ? Verdict::Refused : Verdict::Retry, message.error().message);
      return {};
    }
    return publish(block_->first, *message);
  }

  Status publish(Sequence sequence, const MqttMessage& message) {
    const std::uint64_t size = packet_size_of(message, options_.version);
    if (size > largest_packet_) {
      settle(sequence, Verdict::TooLarge,
             "a packet of " + std::to_string(size) + " bytes, and the broker takes " +
                 std::to_string(largest_packet_));
      return {};
    }
    if (message.topic.empty()) {
      settle(sequence, Verdict::Refused, "the record has no topic to be published to");
      return {};
    }
    return publisher_->publish(number(sequence), message);
  }

  // What has become of one message.
  void settle(Sequence sequence, Verdict verdict, std::string_view words) {
    if (!batch_) {
      conclude({.verdict = verdict, .retry_after = {}, .detail = std::string(words)});
    } else if (verdict == Verdict::Confirmed) {
      batch_->delivered(sequence);
    } else {
      batch_->failed(sequence, verdict, words);
    }
  }

  boost::asio::io_context& io_;  // outlives the transport
  const TlsContext tls_;         // nothing if the URL does not use it
  const MqttTransportOptions options_;
  MqttMessages messages_;
  PendingAnswer answer_;
  NameResolver resolver_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // known to handlers that wait
  std::uint64_t attempt_ = 0;                              // to connect
  StepDeadline deadline_;
  BlockPtr block_;                      // being sent
  bool block_is_out_ = false;           // as one message
  std::unique_ptr<RecordBatch> batch_;  // or as many
  SequenceRanges delivered_;            // of blocks that were not confirmed as a whole
  bool ready_ = false;                  // the broker has accepted the connection
  std::uint16_t window_ = 1;
  std::uint32_t largest_packet_ = 0;
  std::shared_ptr<void> probe_;
  Doorbell bell_;
  std::unique_ptr<MqttPublisher> publisher_;
  Farewell farewell_;  // to earlier ones
};

}  // namespace

Result<std::unique_ptr<Transport>> make_mqtt_transport(boost::asio::io_context& io,
                                                       const MqttTransportOptions& options,
                                                       const SenderIdentity& identity) {
  auto topic = RecordTemplate::make(options.topic);
  if (!topic) {
    return Error{Reaction::Reject, "topic " + topic.error().message};
  }
  TlsContext tls;
  if (options.url.secure()) {
    auto made = make_client_tls(options.tls);  // says what does not load, as Paho would not
    if (!made) {
      return made.error();
    }
    tls = *std::move(made);
  }
  return std::unique_ptr<Transport>(
      std::make_unique<MqttTransport>(io, options, identity, *std::move(topic), std::move(tls)));
}

}  // namespace sluice
