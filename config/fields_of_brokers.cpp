// The sinks that are brokers: Kafka and MQTT.
#include "config/fields.h"
#include "config/rules.h"
#include "config/rules_of_sinks.h"

#include <algorithm>

namespace sluice::configuration {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kLongestKeepAlive{65'535};  // two bytes in CONNECT
constexpr std::int64_t kLargestPacket = 256LL * 1024 * 1024;

}  // namespace

std::vector<Field> kafka_fields(KafkaTransportOptions& kafka) {
  Field properties =
      text_map("properties", kafka.properties, check_kafka_property,
               "Settings of librdkafka by their names there: security.protocol, sasl.username, …");
  properties.may_hold_secrets = true;
  properties.is_secret_key = is_secret_property;
  return {
      text_list("brokers", kafka.brokers, "host:port of one or more brokers to begin with.")
          .checked(check_broker_address)
          .require(),
      text("topic", kafka.topic, "Kafka topic; may hold {agent}, {flow} and {topic}.")
          .checked(check_kafka_topic)
          .require(),
      text("key", kafka.key,
           "Key of every message; may hold {agent}, {flow} and {topic}; empty: none.")
          .checked(check_template),
      choice<KafkaCompression>("compression", kafka.compression,
                               {{"zstd", KafkaCompression::Zstd},
                                {"lz4", KafkaCompression::Lz4},
                                {"snappy", KafkaCompression::Snappy},
                                {"gzip", KafkaCompression::Gzip},
                                {"none", KafkaCompression::None}},
                               "Of batches of messages."),
      duration("timeout", kafka.timeout, 100ms, 10min,
               "Without an answer for this long, the sink counts as stuck."),
      std::move(properties),
  };
}

std::vector<Field> mqtt_sink_fields(MqttTransportOptions& mqtt) {
  std::vector<Field> tls = tls_fields(mqtt.tls);
  std::erase_if(tls, [](const Field& field) { return field.name == "server_name"; });
  tls.push_back(text_list("alpn", mqtt.tls.alpn, "Protocols to offer in the TLS handshake.")
                    .checked(check_protocol_name));
  return {
      url("url", mqtt.url, {"mqtt", "mqtts", "ws", "wss"}, "Address of the broker.").require(),
      text("topic", mqtt.topic, "Topic to publish to; may hold {agent}, {flow} and {topic}.")
          .checked(check_publish_topic),
      choice<MqttPack>("pack", mqtt.pack,
                       {{"block", MqttPack::Block}, {"records", MqttPack::Records}},
                       "What is one message: a block of records, or a record."),
      choice<MqttCompression>("compression", mqtt.compression,
                              {{"zstd", MqttCompression::Zstd}, {"none", MqttCompression::None}},
                              "Of blocks; a record alone is never compressed."),
      choice<MqttSinkVersion>("protocol", mqtt.version,
                              {{"5", MqttSinkVersion::V5}, {"3.1.1", MqttSinkVersion::V311}},
                              "Version of MQTT."),
      text("client_id", mqtt.client_id, "How the broker knows the sink.")
          .checked(check_not_empty)
          .shown_as("sluice-<agent.id>-<sink>"),
      text("username", mqtt.username, "User name for the broker.").checked(check_not_empty),
      secret("password", mqtt.password, "Password for the broker."),
      duration("keep_alive", mqtt.keep_alive, 1s, kLongestKeepAlive,
               "The connection is checked when nothing was sent for this long."),
      duration("timeout", mqtt.timeout, 100ms, 10min,
               "To connect, and until everything of a block is acknowledged."),
      size("max_packet_size", mqtt.max_packet_size, {1024, kLargestPacket},
           "Larger packets are not sent; protocol 5 brokers say themselves what they take."),
      section("tls", std::move(tls), "For mqtts and wss."),
  };
}

}  // namespace sluice::configuration
