#include "uplink/mqtt_publisher.h"

#include "core/mutex.h"
#include "uplink/mqtt_answers.h"

#include <mqtt/async_client.h>

#include <algorithm>
#include <mutex>

namespace sluice {

namespace {

// Paho would format a line of trace for every packet, for nobody to read, and set up OpenSSL, which
// sets itself up. The MQTT sources do the same, whoever comes first.
void prepare_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    MQTTAsync_init_options options = MQTTAsync_init_options_initializer;
    options.do_openssl_init = 0;
    MQTTAsync_global_init(&options);
    MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_FATAL);
  });
}

// Between Paho's threads and ours.
class EventBox {
 public:
  explicit EventBox(std::function<void()> ring) : ring_(std::move(ring)) {}

  void put(const publishing::Event& event) {
    const MutexLock lock(mutex_);
    if (open_) {
      events_.push_back(event);
      ring_();
    }
  }
  std::vector<publishing::Event> take() {
    const MutexLock lock(mutex_);
    return std::exchange(events_, {});
  }
  void close() {
    const MutexLock lock(mutex_);
    open_ = false;
  }

 private:
  Mutex mutex_;
  const std::function<void()> ring_;
  bool open_ SLUICE_GUARDED_BY(mutex_) = true;
  std::vector<publishing::Event> events_ SLUICE_GUARDED_BY(mutex_);
};

void* context_of(std::uint64_t ticket) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): Paho keeps a pointer for us; ours is a number
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(ticket));
}
std::uint64_t ticket_of(const mqtt::token& token) {
  return reinterpret_cast<std::uintptr_t>(token.get_user_context());
}

// Called by Paho on its threads, under its global lock and from C. Nothing here may block or throw:
// noexcept ends the process where an exception would cross frames of C.
class PublishCallbacks final : public virtual mqtt::callback,
                               public virtual mqtt::iaction_listener {
 public:
  explicit PublishCallbacks(std::shared_ptr<EventBox> box) : box_(std::move(box)) {}

  void connection_lost(const std::string& /*cause*/) noexcept override {
    box_->put(publishing::BrokerLost{});
  }
  void disconnected(mqtt::ReasonCode reason) noexcept { box_->put(publishing::BrokerLost{reason}); }

  void on_success(const mqtt::token& token) noexcept override {
    switch (token.get_type()) {
      case mqtt::token::CONNECT:
        return box_->put(connected(token));
      case mqtt::token::PUBLISH:
        return box_->put(publishing::PublishAnswered{ticket_of(token),
                                                     std::max<int>(token.get_reason_code(), 0)});
      case mqtt::token::SUBSCRIBE:
      case mqtt::token::UNSUBSCRIBE:
      case mqtt::token::DISCONNECT:
        return;
    }
  }

  void on_failure(const mqtt::token& token) noexcept override {
    switch (token.get_type()) {
      case mqtt::token::CONNECT:
        return box_->put(publishing::BrokerRefused{std::max(token.get_return_code(), 0)});
      case mqtt::token::PUBLISH: {
        const int code = token.get_reason_code();
        return code >= kMqttErrors ? box_->put(publishing::PublishAnswered{ticket_of(token), code})
                                   : box_->put(publishing::PublishLost{ticket_of(token)});
      }
      case mqtt::token::SUBSCRIBE:
      case mqtt::token::UNSUBSCRIBE:
      case mqtt::token::DISCONNECT:
        return;
    }
  }

 private:
  static publishing::BrokerReady connected(const mqtt::token& token) {
    const mqtt::connect_response response = token.get_connect_response();
    const mqtt::properties& properties = response.get_properties();
    publishing::BrokerReady event;
    if (properties.contains(mqtt::property::RECEIVE_MAXIMUM)) {
      event.receive_maximum = mqtt::get<std::uint16_t>(properties, mqtt::property::RECEIVE_MAXIMUM);
    }
    if (properties.contains(mqtt::property::MAXIMUM_PACKET_SIZE)) {
      event.maximum_packet_size =
          mqtt::get<std::uint32_t>(properties, mqtt::property::MAXIMUM_PACKET_SIZE);
    }
    event.takes_qos1 = !properties.contains(mqtt::property::MAXIMUM_QOS) ||
                       mqtt::get<std::uint8_t>(properties, mqtt::property::MAXIMUM_QOS) > 0;
    return event;
  }

  const std::shared_ptr<EventBox> box_;
};

int version_number(MqttSinkVersion version) {
  return version == MqttSinkVersion::V5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
}

// Without an error handler: of the objects that Paho C++ 1.2 copies and moves on the way, it calls
// one that does not exist any more.
mqtt::ssl_options tls_options(const TlsOptions& tls) {
  mqtt::ssl_options options;
  if (!tls.ca.empty()) {
    options.set_trust_store(tls.ca);
  }
  if (!tls.cert.empty()) {
    options.set_key_store(tls.cert);
    options.set_private_key(tls.key);
  }
  if (!tls.alpn.empty()) {
    options.set_alpn_protos(tls.alpn);
  }
  options.set_enable_server_cert_auth(!tls.insecure_skip_verify);
  options.set_verify(!tls.insecure_skip_verify);  // the name in the certificate
  return options;
}

mqtt::connect_options connect_options(const MqttTransportOptions& options,
                                      const std::vector<std::string>& servers) {
  constexpr int kNoLimitOfPahoItself = 65'535;
  mqtt::connect_options connect;
  connect.set_mqtt_version(version_number(options.version));
  connect.set_keep_alive_interval(options.keep_alive);
  connect.set_connect_timeout(std::chrono::ceil<std::chrono::seconds>(options.timeout));
  connect.set_automatic_reconnect(false);
  connect.set_max_inflight(kNoLimitOfPahoItself);
  connect.set_servers(mqtt::string_collection::create(servers));
  // What is not acknowledged is sent again anyway; the broker need not remember us.
  if (options.version == MqttSinkVersion::V5) {
    connect.set_clean_start(true);
  } else {
    connect.set_clean_session(true);
  }
  if (!options.username.empty()) {
    connect.set_user_name(options.username);
  }
  if (!options.password.empty()) {
    connect.set_password(options.password);
  }
  if (options.url.secure()) {
    connect.set_ssl(tls_options(options.tls));
  }
  return connect;
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

class Publisher final : public MqttPublisher {
 public:
  Publisher(const MqttTransportOptions& options, const std::vector<std::string>& servers,
            std::function<void()> ring)
      : version_(options.version),
        box_(std::make_shared<EventBox>(std::move(ring))),
        callbacks_(box_),
        connect_(connect_options(options, servers)),
        client_(servers.front(), options.client_id,
                mqtt::create_options(version_number(options.version))) {
    client_.set_callback(callbacks_);
    if (version_ == MqttSinkVersion::V5) {
      client_.set_disconnected_handler(
          [this](const mqtt::properties& /*unused*/, mqtt::ReasonCode reason) {
            callbacks_.disconnected(reason);
          });
    }
  }
  // Paho frees what is under way when it disconnects, and not when it ends without that.
  ~Publisher() override {
    box_->close();
    static_cast<void>(guarded("leave", [&] {
      if (client_.is_connected()) {
        client_.disconnect(0)->wait_for(std::chrono::seconds(1));
      }
    }));
  }
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  Status connect() override {
    return guarded("start to connect", [&] { client_.connect(connect_, nullptr, callbacks_); });
  }

  Status publish(std::uint64_t ticket, const MqttMessage& message) override {
    constexpr int kQuality = 1;
    return guarded("publish", [&] {
      auto made = mqtt::make_message(std::string(message.topic), message.payload.data(),
                                     message.payload.size(), kQuality, false);
      if (version_ == MqttSinkVersion::V5) {
        made->set_properties(properties_of(message));
      }
      client_.publish(made, context_of(ticket), callbacks_);
    });
  }

  Status disconnect() override {
    return guarded("disconnect", [&] { client_.disconnect(0, nullptr, callbacks_); });
  }

  std::vector<publishing::Event> take_events() override { return box_->take(); }

 private:
  static mqtt::properties properties_of(const MqttMessage& message) {
    mqtt::properties properties;
    properties.add({mqtt::property::CONTENT_TYPE, std::string(message.content_type)});
    for (const auto& [name, value] : message.properties) {
      properties.add({mqtt::property::USER_PROPERTY, name, value});
    }
    return properties;
  }

  const MqttSinkVersion version_;
  const std::shared_ptr<EventBox> box_;
  PublishCallbacks callbacks_;
  const mqtt::connect_options connect_;
  mqtt::async_client client_;  // last: its end is the end of all callbacks
};

// MQTT 5.0, 1.5.5: seven bits in each byte.
std::uint64_t bytes_of_number(std::uint64_t value) {
  constexpr std::uint64_t kBase = 128;
  std::uint64_t bytes = 1;
  while (value >= kBase) {
    value /= kBase;
    ++bytes;
  }
  return bytes;
}

}  // namespace

std::uint64_t packet_size_of(const MqttMessage& message, MqttSinkVersion version) {
  constexpr std::uint64_t kLength = 2;  // of a string
  constexpr std::uint64_t kIdentifier = 2;
  std::uint64_t content = kLength + message.topic.size() + kIdentifier + message.payload.size();
  if (version == MqttSinkVersion::V5) {
    std::uint64_t properties = 1 + kLength + message.content_type.size();
    for (const auto& [name, value] : message.properties) {
      properties += 1 + kLength + name.size() + kLength + value.size();
    }
    content += bytes_of_number(properties) + properties;
  }
  return 1 + bytes_of_number(content) + content;
}

Result<std::unique_ptr<MqttPublisher>> MqttPublisher::make(const MqttTransportOptions& options,
                                                           const std::vector<std::string>& servers,
                                                           std::function<void()> ring) {
  prepare_library();
  std::unique_ptr<MqttPublisher> publisher;
  const Status made = guarded("set up Paho", [&] {
    publisher = std::make_unique<Publisher>(options, servers, std::move(ring));
  });
  if (!made) {
    return made.error();
  }
  return publisher;
}

}  // namespace sluice
