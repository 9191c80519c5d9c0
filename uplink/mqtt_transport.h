// Publishes records to an MQTT broker.
#pragma once

#include "core/transport.h"
#include "net/tls_options.h"
#include "net/url.h"
#include "uplink/sender_identity.h"

#include <chrono>
#include <string>

namespace sluice {

enum class MqttPack {
  Block,    // a block is one message
  Records,  // every record is one
};
enum class MqttCompression { Zstd, None };
enum class MqttSinkVersion { V5, V311 };

struct MqttTransportOptions {
  Url url;
  std::string topic = "sluice/{agent}/{flow}";  // template, see record_template.h
  MqttPack pack = MqttPack::Block;
  MqttCompression compression = MqttCompression::Zstd;  // None is the only choice for Records
  MqttSinkVersion version = MqttSinkVersion::V5;
  std::string client_id;
  std::string username;
  std::string password;
  std::chrono::seconds keep_alive{30};
  TlsOptions tls;  // server_name is not for this one: Paho expects the host of the URL
  std::chrono::milliseconds timeout{30'000};  // to connect, and until everything is acknowledged
};

}  // namespace sluice
