// What a valid configuration becomes.
#include "config/config.h"
#include "config/fields.h"
#include "tests/unit/config/loading.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>

namespace sluice {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): this is a test
using namespace std::chrono_literals;

const char* const kEverything = R"(
agent:
  id: edge.7
  data_dir: /tmp/data
  shutdown_timeout: 20s
  log: {level: debug, format: json}
admin:
  listen: "[::]:9700"
  token: ${SLUICE_TEST_PASSWORD}
  tls: {cert: a.pem, key: a.key, client_ca: ops.pem}
buffer:
  max_size: 2GiB
  flush_interval: 250ms
  block_size: 2MiB
  spill_after: 5s
  durability: process
  compression_level: 3
sources:
  plant:
    type: mqtt
    url: wss://broker:9001/mqtt?x=1
    topics: ["sensors/#", $share/g/logs/#]
    qos: 2
    protocol: 3.1.1
    client_id: a-client-id-of-more-than-23-characters
    username: u
    password: ${SLUICE_TEST_PASSWORD}
    keep_alive: 2m
    session_expiry: 1d
    receive_maximum: 20
    retained: once
    expect_message_every: 5m
    max_message_size: 64KiB
    tls:
      ca: ca.pem
      cert: cert.pem
      key: key.pem
      server_name: other
      alpn: [mqtt, x-amzn-mqtt-ca]
      insecure_skip_verify: true
flows:
  telemetry:
    from: [plant]
    topics: ["sensors/+/telemetry", "#"]
    decode: json
    shape: flat
    buffer: {max_size: 1MiB, max_age: 30d, when_full: drop_oldest, priority: high}
    to: [cloud, other]
sinks:
  cloud:
    type: http
    url: https://example.com:8443/v1?a=b
    method: PUT
    headers: {X-Site: plant-7, x-other: ""}
    compression: gzip
    auth: {bearer: "${SLUICE_TEST_PASSWORD}"}
    tls: {ca: c, cert: d, key: e, server_name: f, insecure_skip_verify: false}
    timeout: 500ms
    retry: {initial: 100ms, max: 1h}
    order: oldest_first
  other:
    url: http://localhost
    compression: none
    auth: {basic: {username: me, password: "${SLUICE_TEST_PASSWORD}"}}
)";

class EveryKey : public ::testing::Test {
 protected:
  EnvironmentVariable password_{"SLUICE_TEST_PASSWORD", "s3cret"};
  LoadedConfig loaded_ = load(kEverything);
  Config& config_ = loaded_.config;
};

TEST_F(EveryKey, IsAccepted) {
  EXPECT_TRUE(loaded_.ok()) << report(loaded_);
}

TEST_F(EveryKey, OfAgentAndBufferGoesToItsPlace) {
  EXPECT_EQ(config_.agent.id, "edge.7");
  EXPECT_EQ(config_.agent.data_dir, "/tmp/data");
  EXPECT_EQ(config_.agent.shutdown_timeout, 20s);
  EXPECT_EQ(config_.agent.log_level, LogLevel::Debug);
  EXPECT_EQ(config_.agent.log_format, LogFormat::Json);
  EXPECT_EQ(config_.buffer.max_size, 2ULL << 30U);
  EXPECT_EQ(config_.buffer.durability, Durability::Process);
  EXPECT_EQ(config_.buffer.spill_after, 5s);
  EXPECT_EQ(config_.blocks.flush_interval, 250ms);
  EXPECT_EQ(config_.blocks.block_size, 2UL << 20U);
  EXPECT_EQ(config_.blocks.compression_level, 3);
}

TEST_F(EveryKey, OfASourceGoesToItsPlace) {
  ASSERT_EQ(config_.sources.size(), 1U);
  const MqttSourceOptions& source = config_.sources[0].mqtt;
  EXPECT_EQ(source.name, "plant");
  EXPECT_EQ(source.url.scheme, "wss");
  EXPECT_EQ(source.url.authority(), "broker:9001");
  EXPECT_EQ(source.url.target, "/mqtt?x=1");
  EXPECT_EQ(source.topics, (std::vector<std::string>{"sensors/#", "$share/g/logs/#"}));
  EXPECT_EQ(source.qos, 2);
  EXPECT_EQ(source.version, MqttVersion::V311);
  EXPECT_EQ(source.client_id, "a-client-id-of-more-than-23-characters");
  EXPECT_EQ(source.username, "u");
  EXPECT_EQ(source.password, "s3cret");
  EXPECT_EQ(source.keep_alive, 120s);
  EXPECT_EQ(source.session_expiry, 24h);
  EXPECT_EQ(source.receive_maximum, 20);
  EXPECT_EQ(source.retained, RetainedPolicy::Once);
  EXPECT_EQ(source.expect_message_every, 300s);
  EXPECT_EQ(source.max_message_size, 65'536U);
}

TEST_F(EveryKey, OfTlsGoesToItsPlace) {
  const TlsOptions& tls = config_.sources.at(0).mqtt.tls;
  EXPECT_EQ(tls.ca, "ca.pem");
  EXPECT_EQ(tls.cert, "cert.pem");
  EXPECT_EQ(tls.key, "key.pem");
  EXPECT_EQ(tls.server_name, "other");
  EXPECT_EQ(tls.alpn, (std::vector<std::string>{"mqtt", "x-amzn-mqtt-ca"}));
  EXPECT_TRUE(tls.insecure_skip_verify);
  EXPECT_EQ(config_.sinks.at(0).http.tls.server_name, "f");
}

TEST_F(EveryKey, OfAFlowGoesToItsPlace) {
  ASSERT_EQ(config_.flows.size(), 1U);
  const FlowConfig& flow = config_.flows[0];
  EXPECT_EQ(flow.name, "telemetry");
  EXPECT_EQ(flow.from, std::vector<std::string>{"plant"});
  EXPECT_EQ(flow.topics, (std::vector<std::string>{"sensors/+/telemetry", "#"}));
  EXPECT_EQ(flow.decode.kind, DecoderKind::Json);
  EXPECT_EQ(flow.shape, LineShape::Flat);
  EXPECT_EQ(flow.max_size, 1U << 20U);
  EXPECT_EQ(flow.max_age, 24h * 30);
  EXPECT_EQ(flow.when_full, WhenFull::DropOldest);
  EXPECT_EQ(flow.priority, Priority::High);
  EXPECT_EQ(flow.to, (std::vector<std::string>{"cloud", "other"}));
}

TEST_F(EveryKey, OfASinkGoesToItsPlace) {
  ASSERT_EQ(config_.sinks.size(), 2U);
  const HttpTransportOptions& http = config_.sinks[0].http;
  EXPECT_EQ(http.url.authority(), "example.com:8443");
  EXPECT_EQ(http.method, "PUT");
  EXPECT_EQ(http.headers, (std::vector<std::pair<std::string, std::string>>{{"X-Site", "plant-7"},
                                                                            {"x-other", ""}}));
  EXPECT_EQ(http.compression, HttpCompression::Gzip);
  EXPECT_EQ(http.auth.bearer, "s3cret");
  EXPECT_EQ(http.timeout, 500ms);
  EXPECT_EQ(config_.sinks[0].delivery.retry.initial, 100ms);
  EXPECT_EQ(config_.sinks[0].delivery.retry.max, 1h);
  EXPECT_EQ(config_.sinks[1].http.auth.username, "me");
  EXPECT_EQ(config_.sinks[1].http.auth.password, "s3cret");
}

TEST_F(EveryKey, TellsTheOtherPartsWhatTheyNeed) {
  EXPECT_EQ(config_.buffer.directory, "/tmp/data");
  EXPECT_EQ(config_.buffer.flush_interval, 250ms);
  ASSERT_EQ(config_.buffer.routes.size(), 1U);
  EXPECT_EQ(config_.buffer.routes[0].flow, "telemetry");
  EXPECT_EQ(config_.buffer.routes[0].sinks, (std::vector<std::string>{"cloud", "other"}));
  EXPECT_EQ(config_.buffer.routes[0].max_size, 1U << 20U);
  EXPECT_EQ(config_.buffer.routes[0].max_age, 24h * 30);
  EXPECT_EQ(config_.buffer.routes[0].when_full, WhenFull::DropOldest);
  EXPECT_EQ(config_.buffer.routes[0].priority, Priority::High);
  EXPECT_EQ(config_.sources.at(0).mqtt.drain_time, 16s);
  EXPECT_EQ(config_.blocks.source_budget, 8UL << 20U);
}

// The contract of names, units and defaults, as the reference of the configuration states them.
const std::map<std::string, std::string> kDefaults{
    {"agent.id", "${HOSTNAME}"},
    {"agent.data_dir", "/var/lib/sluice"},
    {"agent.shutdown_timeout", "10s"},
    {"agent.log.level", "info"},
    {"agent.log.format", "text"},
    {"admin.listen", "127.0.0.1:9600"},
    {"buffer.max_size", "1GiB"},
    {"buffer.flush_interval", "1s"},
    {"buffer.block_size", "256KiB"},
    {"buffer.spill_after", "0s"},
    {"buffer.durability", "power"},
    {"buffer.compression_level", "1"},
    {"sources.x.type", "mqtt"},
    {"sources.x.internal:every", "60s"},
    {"sources.x.mqtt:qos", "1"},
    {"sources.x.mqtt:protocol", "5"},
    {"sources.x.mqtt:client_id", "sluice-<agent.id>-<source>"},
    {"sources.x.mqtt:keep_alive", "30s"},
    {"sources.x.mqtt:session_expiry", "7d"},
    {"sources.x.mqtt:receive_maximum", "800"},
    {"sources.x.mqtt:retained", "keep"},
    {"sources.x.mqtt:expect_message_every", "off"},
    {"sources.x.mqtt:max_message_size", "1MiB"},
    {"sources.x.mqtt:tls.insecure_skip_verify", "false"},
    {"flows.x.csv:csv.delimiter", ","},
    {"flows.x.decode", "auto"},
    {"flows.x.decompress", "none"},
    {"flows.x.max_decompressed_size", "1MiB"},
    {"flows.x.shape", "envelope"},
    {"flows.x.on_error", "dead_letter"},
    {"flows.x.transforms.deadband.change", "0"},
    {"flows.x.transforms.deadband.percent", "false"},
    {"flows.x.transforms.deadband.max_silence", "off"},
    {"flows.x.transforms.deadband.max_groups", "10000"},
    {"flows.x.transforms.dedupe.max_silence", "off"},
    {"flows.x.transforms.dedupe.max_groups", "10000"},
    {"flows.x.transforms.sample.take", "first"},
    {"flows.x.transforms.sample.max_groups", "10000"},
    {"flows.x.transforms.throttle.per", "1s"},
    {"flows.x.transforms.throttle.max_groups", "10000"},
    {"flows.x.transforms.window.grace", "0s"},
    {"flows.x.transforms.window.late", "emit"},
    {"flows.x.transforms.window.max_groups", "10000"},
    {"flows.x.transforms.sql.max_rows", "10000"},
    {"flows.x.transforms.sql.timeout", "50ms"},
    {"flows.x.transforms.parse.field", "text"},
    {"flows.x.transforms.parse.keep", "false"},
    {"flows.x.transforms.redact.find", "all"},
    {"flows.x.transforms.redact.with", "mask"},
    {"flows.x.transforms.validate.fields.x.required", "false"},
    {"flows.x.transforms.validate.fields.x.unit_field", "unit"},
    {"flows.x.transforms.validate.on_fail", "dead_letter"},
    {"flows.x.transforms.validate.tag", "_invalid"},
    {"flows.x.transforms.stamp.field", "lineage"},
    {"flows.x.transforms.flatten.separator", "_"},
    {"flows.x.transforms.flatten.depth", "8"},
    {"flows.x.transforms.scale.x.factor", "1"},
    {"flows.x.transforms.scale.x.offset", "0"},
    {"flows.x.struct:struct.endian", "little"},
    {"flows.x.struct:struct.size", "0"},
    {"flows.x.struct:struct.start", "0"},
    {"flows.x.buffer.max_size", "256MiB"},
    {"flows.x.buffer.max_age", "off"},
    {"flows.x.buffer.when_full", "block"},
    {"flows.x.buffer.priority", "normal"},
    {"sinks.x.type", "http"},
    {"sinks.x.http:method", "POST"},
    {"sinks.x.http:failback_after", "60s"},
    {"sinks.x.http:follow_redirects", "false"},
    {"sinks.x.http:compression", "zstd"},
    {"sinks.x.http:tls.insecure_skip_verify", "false"},
    {"sinks.x.http:timeout", "30s"},
    {"sinks.x.kafka:key", "{topic}"},
    {"sinks.x.kafka:compression", "zstd"},
    {"sinks.x.kafka:timeout", "30s"},
    {"sinks.x.mqtt:topic", "sluice/{agent}/{flow}"},
    {"sinks.x.mqtt:pack", "block"},
    {"sinks.x.mqtt:compression", "zstd"},
    {"sinks.x.mqtt:protocol", "5"},
    {"sinks.x.mqtt:client_id", "sluice-<agent.id>-<sink>"},
    {"sinks.x.mqtt:keep_alive", "30s"},
    {"sinks.x.mqtt:timeout", "30s"},
    {"sinks.x.mqtt:max_packet_size", "256MiB"},
    {"sinks.x.mqtt:tls.insecure_skip_verify", "false"},
    {"sinks.x.file:max_size", "64MiB"},
    {"sinks.x.file:max_age", "1h"},
    {"sinks.x.file:keep", "0"},
    {"sinks.x.file:compression", "none"},
    {"sinks.x.retry.initial", "1s"},
    {"sinks.x.retry.max", "60s"},
    {"sinks.x.rate_limit.metered", "false"},
    {"sinks.x.order", "oldest_first"},
    {"tests.input.retained", "false"},
    {"tests.exact", "false"},
    {"sinks.x.live_share", "80"},
};

using configuration::Field;
using configuration::FieldKind;

void walk(const std::vector<Field>& fields, const std::string& path,
          const std::function<void(const std::string&, const Field&)>& visit) {
  for (const Field& field : fields) {
    visit(path + field.name, field);
    walk(field.fields, path + field.name + '.', visit);
    for (std::size_t i = 0; i < field.alternatives.size(); ++i) {
      walk(field.alternatives[i], path + field.words.at(i) + ':', visit);
    }
    if (field.kind == FieldKind::Named) {
      walk(field.entry("x"), path + field.name + ".x.", visit);
    } else if (field.kind == FieldKind::Steps || field.kind == FieldKind::Items) {
      walk(field.entry(""), path + field.name + '.', visit);
    }
  }
}

TEST(Fields, HaveTheDefaultsOfTheReference) {
  Config config;
  std::map<std::string, std::string> defaults;
  walk(configuration::config_fields(config), "", [&](const std::string& path, const Field& field) {
    if (!field.default_value.empty()) {
      defaults[path] = field.default_value == "1m" ? "60s" : field.default_value;
    }
  });
  EXPECT_EQ(defaults, kDefaults);
}

TEST(Fields, ExplainThemselves) {
  Config config;
  walk(configuration::config_fields(config), "", [](const std::string& path, const Field& field) {
    EXPECT_FALSE(field.help.empty()) << path;
  });
}

TEST(Fields, AcceptTheDefaultsTheyState) {
  const LoadedConfig loaded = load(R"(
agent: {id: "${HOSTNAME}", data_dir: /var/lib/sluice, shutdown_timeout: 10s}
buffer: {max_size: 1GiB, flush_interval: 1s, block_size: 256KiB}
sources:
  x: {url: "mqtt://h", topics: [a], keep_alive: 30s, session_expiry: 7d, retained: keep,
      receive_maximum: 800, expect_message_every: off, max_message_size: 1MiB, protocol: 5}
flows: {f: {from: [x], to: [y], decode: auto, buffer: {max_size: 256MiB}}}
sinks: {y: {url: "http://h", retry: {initial: 1s, max: 60s}, timeout: 30s}}
)");
  EXPECT_TRUE(loaded.diagnostics.empty()) << report(loaded);
}

TEST(Defaults, AreFilledInWhereTheyDependOnTheRest) {
  const EnvironmentVariable host("HOSTNAME", "not-used-for-the-default");
  const LoadedConfig loaded = load(with_top("agent: {id: edge-1}"));
  EXPECT_EQ(loaded.config.sources.at(0).mqtt.client_id, "sluice-edge-1-plant");
  EXPECT_EQ(loaded.config.sources.at(0).mqtt.drain_time, 8s);
  EXPECT_EQ(loaded.config.buffer.directory, "/var/lib/sluice");
  EXPECT_EQ(loaded.config.blocks.source_budget, 4UL << 20U);
}

TEST(Defaults, NameTheAgentAfterItsHost) {
  const LoadedConfig loaded = load(kSource + kFlow + kSink);
  EXPECT_FALSE(loaded.config.agent.id.empty());
}

TEST(Urls, GiveTheirCredentialsAway) {
  const EnvironmentVariable password("SLUICE_TEST_PASSWORD", "p%40ss");
  const LoadedConfig loaded =
      load("sources: {plant: {url: \"mqtt://me:${SLUICE_TEST_PASSWORD}@broker\", topics: [a]}}\n" +
           kFlow + "sinks: {cloud: {url: \"http://you:${SLUICE_TEST_PASSWORD}@host/path\"}}\n");
  EXPECT_TRUE(loaded.diagnostics.empty()) << report(loaded);
  EXPECT_EQ(loaded.config.sources.at(0).mqtt.username, "me");
  EXPECT_EQ(loaded.config.sources.at(0).mqtt.password, "p@ss");
  EXPECT_EQ(
      loaded.config.sources.at(0).mqtt.url.user + loaded.config.sources.at(0).mqtt.url.password,
      "");
  EXPECT_EQ(loaded.config.sinks.at(0).http.auth.username, "you");
  EXPECT_EQ(loaded.config.sinks.at(0).http.auth.password, "p@ss");
}

TEST(EncryptionKeys, ComeFromOutsideTheFile) {
  const std::string key(64, 'a');
  const EnvironmentVariable now("SLUICE_TEST_KEY", key.c_str());
  const EnvironmentVariable before("SLUICE_TEST_OLD_KEY",
                                   "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
  const LoadedConfig loaded =
      load(with_top("buffer:\n  encryption_key: ${SLUICE_TEST_KEY}\n"
                    "  encryption_old_keys: [\"${SLUICE_TEST_OLD_KEY}\"]"));
  EXPECT_TRUE(loaded.diagnostics.empty()) << report(loaded);
  EXPECT_EQ(loaded.config.buffer.encryption_key, key);
  EXPECT_EQ(loaded.config.buffer.encryption_old_keys.size(), 1U);
}

TEST(EncryptionKeys, AreNoPassPhrases) {
  const EnvironmentVariable phrase("SLUICE_TEST_KEY", "correct horse");
  const std::string text = report(with_top("buffer: {encryption_key: \"${SLUICE_TEST_KEY}\"}"));
  EXPECT_NE(text.find("buffer.encryption_key: the secret is not a key"), std::string::npos) << text;
  EXPECT_NE(text.find("openssl rand -hex 32"), std::string::npos) << text;
}

TEST(Anchors, AndMergeKeysAreFollowed) {
  const LoadedConfig loaded = load(R"(
sources:
  one: &base
    url: mqtt://h
    topics: &topics [a/#]
    keep_alive: 5s
    client_id: one
  two:
    <<: *base
    client_id: two
    qos: 2
  three:
    <<: [{keep_alive: 7s}, *base]
    client_id: three
    topics: *topics
flows: {f: {from: [one, two, three], to: [y]}}
sinks: {y: {url: "http://h"}}
)");
  EXPECT_TRUE(loaded.diagnostics.empty()) << report(loaded);
  ASSERT_EQ(loaded.config.sources.size(), 3U);
  EXPECT_EQ(loaded.config.sources[1].mqtt.keep_alive, 5s);
  EXPECT_EQ(loaded.config.sources[1].mqtt.client_id, "two");
  EXPECT_EQ(loaded.config.sources[1].mqtt.qos, 2);
  EXPECT_EQ(loaded.config.sources[2].mqtt.keep_alive, 7s);
  EXPECT_EQ(loaded.config.sources[2].mqtt.topics, std::vector<std::string>{"a/#"});
}

std::string hash_of(const std::string& text) {
  const LoadedConfig loaded = load(text);
  return loaded.config.flows.at(0).hash;
}

TEST(FlowHash, DoesNotChangeBetweenRunsAndVersions) {
  EXPECT_EQ(hash_of(kSource + kFlow + kSink), "db467b4b3b9699f5");
}

TEST(FlowHash, DependsOnWhatTheRecordsAreMadeOf) {
  const std::string base = hash_of(kSource + kFlow + kSink);
  EXPECT_NE(hash_of(with_flow("decode: json")), base);
  EXPECT_NE(hash_of(with_flow("shape: flat")), base);
  EXPECT_NE(hash_of(with_flow("decompress: gzip")), base);
  EXPECT_NE(hash_of(with_flow("decode: csv")), hash_of(with_flow(R"(decode: csv
    csv: {delimiter: ";"})")));
  EXPECT_NE(hash_of(with_flow(R"(decode: csv
    csv: {header: [a, b]})")),
            hash_of(with_flow(R"(decode: csv
    csv: {header: [b, a]})")));
  EXPECT_NE(hash_of(with_flow(R"(decode: struct
    struct: {fields: {a: "u8 @0"}})")),
            hash_of(with_flow(R"(decode: struct
    struct: {fields: {a: "u8 @0 * 0.1"}})")));
  EXPECT_NE(hash_of(with_flow("topics: [a/b]")), base);
  std::string other_topics = kSource + kFlow + kSink;
  other_topics.replace(other_topics.find("a/#"), 3, "a/+");
  EXPECT_NE(hash_of(other_topics), base);
}

TEST(FlowHash, DoesNotDependOnAnythingElse) {
  const std::string base = hash_of(kSource + kFlow + kSink);
  EXPECT_EQ(hash_of(with_flow("decode: auto # the default")), base);
  EXPECT_EQ(hash_of(with_flow("buffer: {max_size: 2MiB}")), base);
  EXPECT_EQ(hash_of(with_source("keep_alive: 5s")), base);
  EXPECT_EQ(hash_of(with_sink("timeout: 5s")), base);
  EXPECT_EQ(hash_of(with_flow("topics: [a/x, a/y]")), hash_of(with_flow("topics: [a/y, a/x]")));
}

}  // namespace
}  // namespace sluice
