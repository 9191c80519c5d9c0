#include "sources/paho_connection.h"

#include "sources/reason_codes.h"

#include <boost/asio/post.hpp>
#include <mqtt/async_client.h>

#include <algorithm>
#include <mutex>
#include <utility>

namespace sluice {

namespace {

// Without this Paho formats a line of trace for every packet, for nobody to read, and would set up
// OpenSSL although that is the agent's own business: Paho only ever speaks to the link.
void prepare_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    MQTTAsync_init_options options = MQTTAsync_init_options_initializer;
    options.do_openssl_init = 0;
    MQTTAsync_global_init(&options);
    MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_FATAL);
  });
}

// What Paho reports travels through here to the session's thread. Outlives the connection as long
// as posted events are on their way; `open` is only touched on the session's thread.
struct Mailbox {
  boost::asio::io_context& io;
  PahoConnection::Handler handler;
  bool open = true;
};

void deliver(const std::shared_ptr<Mailbox>& mailbox, paho::Event event) {
  boost::asio::post(mailbox->io, [mailbox, event = std::move(event)] {
    if (mailbox->open) {
      mailbox->handler(event);
    }
  });
}

// The answer to a SUBSCRIBE or UNSUBSCRIBE that has failed: version 5 has it in the reason code,
// 3.1.1 in the return code, which is negative if there was no answer.
int code_of(const mqtt::token& token) {
  const int reason = token.get_reason_code();
  const bool has_reason = reason != mqtt::SUCCESS && reason != mqtt::MQTTPP_V3_CODE;
  return has_reason ? reason : std::max(token.get_return_code(), -1);
}

std::string filter_of(const mqtt::token& token) {
  const auto topics = token.get_topics();
  return topics && !topics->empty() ? (*topics)[0] : std::string();
}

// Called by Paho on its threads, under its global lock and from C. Nothing here may block or throw:
// noexcept ends the process where an exception would cross frames of C.
class Callbacks final : public virtual mqtt::callback, public virtual mqtt::iaction_listener {
 public:
  Callbacks(std::shared_ptr<Mailbox> mailbox, MqttVersion version)
      : mailbox_(std::move(mailbox)), version_(version) {}

  void connection_lost(const std::string& /*cause*/) noexcept override {
    deliver(mailbox_, paho::Lost{});
  }
  void message_arrived(mqtt::const_message_ptr /*message*/) noexcept override {
    deliver(mailbox_, paho::StrayMessage{});
  }
  void disconnected(mqtt::ReasonCode reason) noexcept {
    deliver(mailbox_, paho::DisconnectedByBroker{reason});
  }

  void on_success(const mqtt::token& token) noexcept override {
    switch (token.get_type()) {
      case mqtt::token::CONNECT:
        return deliver(mailbox_, connected(token));
      case mqtt::token::SUBSCRIBE:
        return deliver(mailbox_, paho::Subscribed{filter_of(token), granted(token)});
      case mqtt::token::UNSUBSCRIBE:
        return deliver(mailbox_, paho::Unsubscribed{filter_of(token), token.get_reason_code()});
      case mqtt::token::PUBLISH:
        return;
      case mqtt::token::DISCONNECT:
        return deliver(mailbox_, paho::Closed{});
    }
  }

  void on_failure(const mqtt::token& token) noexcept override {
    switch (token.get_type()) {
      case mqtt::token::CONNECT:
        return deliver(mailbox_, failed(token.get_return_code()));
      case mqtt::token::SUBSCRIBE:
        return deliver(mailbox_, paho::Subscribed{filter_of(token), code_of(token)});
      case mqtt::token::UNSUBSCRIBE:
        return deliver(mailbox_, paho::Unsubscribed{filter_of(token), code_of(token)});
      case mqtt::token::PUBLISH:
        return;
      case mqtt::token::DISCONNECT:
        return deliver(mailbox_, paho::Closed{});
    }
  }

 private:
  static paho::Connected connected(const mqtt::token& token) {
    const mqtt::connect_response response = token.get_connect_response();
    paho::Connected event{.session_present = response.is_session_present(),
                          .server_keep_alive = std::nullopt};
    const mqtt::properties& properties = response.get_properties();
    if (properties.contains(mqtt::property::SERVER_KEEP_ALIVE)) {
      event.server_keep_alive = std::chrono::seconds(
          mqtt::get<std::uint16_t>(properties, mqtt::property::SERVER_KEEP_ALIVE));
    }
    return event;
  }

  static paho::ConnectFailed failed(int code) {
    if (code > 0) {
      return {code, connect_refusal(code)};
    }
    return {0, "the connection ended before the broker answered"};
  }

  [[nodiscard]] int granted(const mqtt::token& token) const {
    return version_ == MqttVersion::V5 ? token.get_reason_code()
                                       : token.get_subscribe_response().get_reason_codes().front();
  }

  const std::shared_ptr<Mailbox> mailbox_;
  const MqttVersion version_;
};

int version_number(MqttVersion version) {
  return version == MqttVersion::V5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
}

mqtt::connect_options connect_options(const PahoOptions& options) {
  mqtt::connect_options connect;
  connect.set_mqtt_version(version_number(options.version));
  connect.set_keep_alive_interval(options.keep_alive);
  connect.set_connect_timeout(options.connect_timeout);
  connect.set_automatic_reconnect(false);
  connect.set_user_name(options.token);
  if (options.version == MqttVersion::V311) {
    connect.set_clean_session(false);
    return connect;
  }
  connect.set_clean_start(false);
  // Topic Alias Maximum is left out, which means 0: the link cannot resolve aliases.
  const auto number = [](auto value) { return static_cast<std::int32_t>(value); };
  connect.set_properties(mqtt::properties{
      {mqtt::property::SESSION_EXPIRY_INTERVAL, number(options.session_expiry.count())},
      {mqtt::property::RECEIVE_MAXIMUM, number(options.receive_maximum)},
      {mqtt::property::MAXIMUM_PACKET_SIZE, number(options.maximum_packet_size)}});
  return connect;
}

mqtt::subscribe_options subscribe_options(RetainedPolicy retained) {
  mqtt::subscribe_options options;
  switch (retained) {
    case RetainedPolicy::Keep:
      options.set_retain_handling(mqtt::subscribe_options::SEND_RETAINED_ON_SUBSCRIBE);
      break;
    case RetainedPolicy::Skip:
      options.set_retain_handling(mqtt::subscribe_options::DONT_SEND_RETAINED);
      break;
    case RetainedPolicy::Once:
      options.set_retain_handling(mqtt::subscribe_options::SEND_RETAINED_ON_NEW);
      break;
  }
  return options;
}

template <class Call>
Status guarded(const char* what, Call call) {
  try {
    call();
    return {};
  } catch (const std::exception& error) {
    return Error{Reaction::Retry, std::string("cannot ") + what + ": " + error.what()};
  }
}

class Connection final : public PahoConnection {
 public:
  Connection(boost::asio::io_context& io, PahoOptions options, Handler handler)
      : options_(std::move(options)),
        mailbox_(std::make_shared<Mailbox>(Mailbox{io, std::move(handler), true})),
        callbacks_(mailbox_, options_.version),
        client_("tcp://127.0.0.1:" + std::to_string(options_.port), options_.client_id,
                mqtt::create_options(version_number(options_.version))) {
    client_.set_callback(callbacks_);  // before connect(): Paho would queue and acknowledge
    if (options_.version == MqttVersion::V5) {
      client_.set_disconnected_handler(
          [this](const mqtt::properties& /*unused*/, mqtt::ReasonCode reason) {
            callbacks_.disconnected(reason);
          });
    }
  }
  ~Connection() override { mailbox_->open = false; }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Status connect() override {
    return guarded("start to connect",
                   [&] { client_.connect(connect_options(options_), nullptr, callbacks_); });
  }

  [[nodiscard]] bool connected() const override { return client_.is_connected(); }

  Status subscribe(const std::string& filter, int qos, RetainedPolicy retained) override {
    return guarded("subscribe", [&] {
      client_.subscribe(filter, qos, nullptr, callbacks_,
                        options_.version == MqttVersion::V5 ? subscribe_options(retained)
                                                            : mqtt::subscribe_options());
    });
  }

  Status unsubscribe(const std::string& filter) override {
    return guarded("unsubscribe", [&] { client_.unsubscribe(filter, nullptr, callbacks_); });
  }

  Status disconnect() override {
    return guarded("disconnect", [&] { client_.disconnect(0, nullptr, callbacks_); });
  }

 private:
  const PahoOptions options_;
  const std::shared_ptr<Mailbox> mailbox_;
  Callbacks callbacks_;
  mqtt::async_client client_;  // last: its end is the end of all callbacks
};

}  // namespace

Result<std::unique_ptr<PahoConnection>> PahoConnection::make(boost::asio::io_context& io,
                                                             PahoOptions options, Handler handler) {
  prepare_library();
  std::unique_ptr<PahoConnection> connection;
  const Status made = guarded("set up Paho", [&] {
    connection = std::make_unique<Connection>(io, std::move(options), std::move(handler));
  });
  if (!made) {
    return made.error();
  }
  return connection;
}

}  // namespace sluice
