// What only several values of a sink, or several sinks, together can be wrong about.
#include "config/checks.h"

#include <algorithm>
#include <filesystem>

namespace sluice::configuration {

namespace {

bool same_broker(const Url& one, const Url& other) {
  return one.host == other.host && one.port == other.port;
}

// At its broker, every client must have a name of its own.
void check_client_id(const SinkConfig& sink, const Config& config, const Places& places,
                     Findings& findings) {
  const std::string path = "sinks." + sink.name + ".client_id";
  const auto taken_by = [&](const std::string& whom) {
    findings.error(place_of(places, path), path,
                   whom +
                       " has the same client_id at the same broker: each would disconnect the "
                       "other for ever");
  };
  for (const SourceConfig& source : config.sources) {
    if (source.kind == SourceKind::Mqtt && source.mqtt.client_id == sink.mqtt.client_id &&
        same_broker(source.mqtt.url, sink.mqtt.url)) {
      taken_by("sources." + source.name);
    }
  }
  for (const SinkConfig& other : config.sinks) {
    if (&other == &sink) {
      return;
    }
    if (other.kind == SinkKind::Mqtt && other.mqtt.client_id == sink.mqtt.client_id &&
        same_broker(other.mqtt.url, sink.mqtt.url)) {
      taken_by("sinks." + other.name);
    }
  }
}

void check_mqtt(const SinkConfig& sink, const Config& config, const Places& places,
                Findings& findings) {
  const std::string path = "sinks." + sink.name;
  const auto error = [&](const std::string& key, std::string message) {
    findings.error(place_of(places, path + '.' + key), path + '.' + key, std::move(message));
  };
  const MqttTransportOptions& mqtt = sink.mqtt;
  const bool plain = mqtt.url.scheme == "mqtt" || mqtt.url.scheme == "mqtts";
  if (plain && mqtt.url.target != "/") {
    error("url", "an " + mqtt.url.scheme + ":// URL ends after the port: write topic below it");
  }
  if (mqtt.pack == MqttPack::Block && mqtt.topic.find("{topic}") != std::string::npos) {
    error("topic", "a block holds records of many topics: remove {topic}, or write pack: records");
  }
  if (mqtt.pack == MqttPack::Records && mqtt.compression == MqttCompression::Zstd) {
    error("compression", "a record alone is never compressed: remove it, or write pack: block");
  }
  if (mqtt.version == MqttSinkVersion::V311 && !mqtt.password.empty() && mqtt.username.empty()) {
    error("password", "MQTT 3.1.1 allows a password only together with a username");
  }
  check_tls(mqtt.tls, mqtt.url, path, places, findings);
  check_client_id(sink, config, places, findings);
}

// Two sinks that write the same files would destroy each other's work; so would the buffer's.
void check_file(const SinkConfig& sink, const Config& config, const Places& places,
                Findings& findings) {
  namespace fs = std::filesystem;
  const std::string path = "sinks." + sink.name + ".path";
  const fs::path file = fs::path(sink.file.path).lexically_normal();
  for (const SinkConfig& other : config.sinks) {
    if (&other == &sink) {
      break;
    }
    if (other.kind == SinkKind::File && fs::path(other.file.path).lexically_normal() == file) {
      findings.error(place_of(places, path), path,
                     "sinks." + other.name + " writes the same files: give each its own path");
    }
  }
}

}  // namespace

void complete_sink(SinkConfig& sink, const Config& config, const Places& places,
                   Findings& findings) {
  if (sink.kind != SinkKind::Mqtt) {
    return;
  }
  const std::string path = "sinks." + sink.name;
  const bool has_username = places.contains(path + ".username");
  move_credentials(sink.mqtt.url, sink.mqtt.username, sink.mqtt.password, path,
                   path + (has_username ? ".username" : ".password"), places, findings);
  if (sink.mqtt.client_id.empty()) {
    sink.mqtt.client_id = "sluice-" + config.agent.id + '-' + sink.name;
  }
  if (sink.mqtt.pack == MqttPack::Records && !places.contains(path + ".compression")) {
    sink.mqtt.compression = MqttCompression::None;
  }
}

void check_sink_of_kind(const SinkConfig& sink, const Config& config, const Places& places,
                        Findings& findings) {
  switch (sink.kind) {
    case SinkKind::Mqtt:
      return check_mqtt(sink, config, places, findings);
    case SinkKind::File:
      return check_file(sink, config, places, findings);
    case SinkKind::Http:
      return check_http(sink.http, "sinks." + sink.name, places, findings);
    case SinkKind::Kafka:
    case SinkKind::Stdout:
      return;
  }
}

}  // namespace sluice::configuration
