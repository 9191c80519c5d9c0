// The sinks beside HTTP: what is checked before they are made.
#include "tests/unit/config/loading.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using testing_support::findings;
using testing_support::kFlow;
using testing_support::kSource;
using testing_support::load;
using testing_support::report;
using List = std::vector<std::string>;

// The sink of the parts, but of another kind.
std::string of_kind(const std::string& options) {
  return "sinks: {cloud: {" + options + "}}\n" + kSource + kFlow;
}

TEST(KafkaSinks, HaveTopicsThatKafkaTakes) {
  const auto with = [](const std::string& topic) {
    return of_kind("type: kafka, brokers: [a], topic: " + topic);
  };
  EXPECT_EQ(findings(with("edge.telemetry")), List{});
  EXPECT_EQ(findings(with("\"edge-{agent}.{flow}_{topic}\"")), List{});
  for (const char* topic : {"a/b", "\"\"", "\"{site}\"", "\"{flow\"", "\"flow}\"", "ä"}) {
    EXPECT_EQ(findings(with(topic)), List{"1:51 error sinks.cloud.topic"}) << topic;
  }
}

TEST(KafkaSinks, HaveBrokersOneByOne) {
  EXPECT_EQ(findings(of_kind("type: kafka, topic: t, brokers: [\"a:1,b:2\"]")),
            List{"1:50 error sinks.cloud.brokers[0]"});
}

TEST(KafkaSinks, PassSettingsToLibrdkafkaIfItTakesThem) {
  const auto with = [](const std::string& properties) {
    return of_kind("type: kafka, brokers: [a], topic: t, properties: {" + properties + "}");
  };
  EXPECT_EQ(findings(with("security.protocol: SASL_SSL, sasl.password: \"${HOME}\"")), List{});
  EXPECT_EQ(findings(with("ssl.key.location: /etc/key.pem")), List{});
  EXPECT_EQ(findings(with("no.such.thing: 1")),
            List{"1:67 error sinks.cloud.properties.no.such.thing"});
  EXPECT_NE(report(with("no.such.thing: 1")).find("No such configuration property"),
            std::string::npos);
  const std::string wrong = report(with("security.protocol: nonsense"));
  EXPECT_NE(wrong.find("is refused by librdkafka: Invalid value"), std::string::npos) << wrong;
  EXPECT_EQ(findings(with("message.timeout.ms: 5")),
            List{"1:67 error sinks.cloud.properties.message.timeout.ms"});
}

TEST(KafkaSinks, DoNotShowTheirPasswords) {
  const std::string text = report(
      of_kind("type: kafka, brokers: [a], topic: t, properties: {sasl.password: hunter2, x: 1}"));
  EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
  EXPECT_NE(text.find("plain text"), std::string::npos) << text;
}

TEST(MqttSinks, HaveTopicsThatOneMayPublishTo) {
  const auto with = [](const std::string& more) {
    return of_kind("type: mqtt, url: \"mqtt://h\", " + more);
  };
  EXPECT_EQ(findings(with("topic: a/b")), List{});
  EXPECT_EQ(findings(with("topic: a/#")), List{"1:53 error sinks.cloud.topic"});
  EXPECT_EQ(findings(with("topic: \"{topic}\"")), List{"1:53 error sinks.cloud.topic"});
  EXPECT_EQ(findings(with("topic: \"{topic}\", pack: records")), List{});
}

TEST(MqttSinks, CompressBlocksOnly) {
  const std::string records = "type: mqtt, url: \"mqtt://h\", pack: records";
  EXPECT_EQ(load(of_kind(records)).config.sinks.at(0).mqtt.compression, MqttCompression::None);
  EXPECT_EQ(findings(of_kind(records + ", compression: zstd")),
            List{"1:74 error sinks.cloud.compression"});
}

TEST(MqttSinks, HaveClientIdsOfTheirOwn) {
  const auto with = [](const std::string& more) {
    return "agent: {id: edge}\n" + of_kind("type: mqtt, url: \"mqtt://localhost\"" + more);
  };
  EXPECT_EQ(load(with("")).config.sinks.at(0).mqtt.client_id, "sluice-edge-cloud");
  EXPECT_EQ(findings(with("")), List{});
  EXPECT_EQ(findings(with(", client_id: sluice-edge-plant")),
            List{"2:65 error sinks.cloud.client_id"});
  EXPECT_EQ(findings("sinks:\n  cloud: {type: mqtt, url: \"mqtt://h\", client_id: a}\n"
                     "  other: {type: mqtt, url: \"mqtt://h\", client_id: a}\n" +
                     kSource + "flows: {all: {from: [plant], to: [cloud, other]}}\n"),
            List{"3:51 error sinks.other.client_id"});
}

TEST(MqttSinks, FindTheirCredentialsInTheUrl) {
  const LoadedConfig loaded = load(of_kind("type: mqtt, url: \"mqtt://me@h\""));
  EXPECT_EQ(loaded.config.sinks.at(0).mqtt.username, "me");
  EXPECT_EQ(loaded.config.sinks.at(0).mqtt.url.user, "");
  EXPECT_EQ(
      findings(of_kind("type: mqtt, url: \"mqtt://h\", protocol: 3.1.1, password: \"${HOME}\"")),
      List{"1:73 error sinks.cloud.password"});
  EXPECT_EQ(findings(of_kind("type: mqtt, url: \"mqtt://h\", tls: {ca: c}")),
            List{"1:51 error sinks.cloud.tls"});
}

TEST(FileSinks, HaveFilesOfTheirOwn) {
  const auto with = [](const std::string& path) { return of_kind("type: file, path: " + path); };
  EXPECT_EQ(findings(with("/data/records.ndjson")), List{});
  EXPECT_EQ(findings(with("records.ndjson")), List{"1:35 error sinks.cloud.path"});
  EXPECT_EQ(findings(with("/data/")), List{"1:35 error sinks.cloud.path"});
  EXPECT_EQ(
      findings("sinks: {cloud: {type: file, path: /a/b}, other: {type: file, path: /a/./b}}\n" +
               kSource + "flows: {all: {from: [plant], to: [cloud, other]}}\n"),
      List{"1:68 error sinks.other.path"});
}

}  // namespace
}  // namespace sluice
