// Publishes records to an MQTT broker.
#pragma once

#include "core/result.h"
#include "core/transport.h"
#include "net/tls_options.h"
#include "net/url.h"
#include "uplink/sender_identity.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
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
  // Larger packets are not sent. A broker of protocol 5 says what it takes; this is for the others.
  std::uint32_t max_packet_size = 256U * 1024 * 1024;
  TlsOptions tls;  // server_name is not for this one: Paho expects the host of the URL
  std::chrono::milliseconds timeout{30'000};  // to connect, and until everything is acknowledged
};

// Message:  of a block, its lines, as stored in one zstd frame or plain; of a record, its line
// without
//           the line break. With protocol 5 a content type and user properties say what it is:
//           sluice-agent, -epoch and -flow; for a block also -first-seq, -count and -encoding.
// Quality:  1. A block is confirmed when the broker has acknowledged all of its messages. Of a
// block
//           that is turned down, what was acknowledged is not sent again.
// Limits:   keeps to the broker's Receive Maximum and Maximum Packet Size.
// Errors:   rejects certificates that do not load.
Result<std::unique_ptr<Transport>> make_mqtt_transport(boost::asio::io_context& io,
                                                       const MqttTransportOptions& options,
                                                       const SenderIdentity& identity);

}  // namespace sluice
