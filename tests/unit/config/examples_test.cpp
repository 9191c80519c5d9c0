// The examples work, and no mutation of them brings the loader down.
#include "tests/support/temp_directory.h"
#include "tests/unit/config/loading.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <set>
#include <sstream>
#include <string>

namespace sluice {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): this is a test

const std::string kExamples = SLUICE_SOURCE_DIR "/config/examples/";

std::string content(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class Examples : public ::testing::Test {
 protected:
  EnvironmentVariable plant_{"PLANT_PASSWORD", "p"};
  EnvironmentVariable ingest_{"INGEST_TOKEN", "t"};
  EnvironmentVariable archive_{"ARCHIVE_PASSWORD", "a"};
  EnvironmentVariable kafka_{"KAFKA_PASSWORD", "k"};
  EnvironmentVariable central_{"CENTRAL_PASSWORD", "c"};
  EnvironmentVariable fleet_{"FLEET_TOKEN", "f"};
  EnvironmentVariable broker_{"MQTT_URL", "mqtt://broker:1883"};
  EnvironmentVariable endpoint_{"INGEST_URL", "https://ingest.example.com/in"};

  // What has to be in a file on the real machine.
  static void put(const TempDirectory& directory, const std::string& name,
                  const std::string& value) {
    std::ofstream(directory.file(name)) << value << '\n';
  }

  TempDirectory secrets_;
  EnvironmentVariable credentials_{"CREDENTIALS_DIRECTORY", secrets_.path()};
};

// An example for which no test asks would not be checked.
TEST_F(Examples, AreAllKnownHere) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kExamples)) {
    names.insert(entry.path().filename().string());
  }
  EXPECT_EQ(names, (std::set<std::string>{"container.yaml", "factory.yaml", "kafka.yaml",
                                          "logs.yaml", "minimal.yaml", "sluice.yaml",
                                          "sparkplug.yaml", "vehicle.yaml"}));
}

TEST_F(Examples, FactoryShowsWhoItIsToBothSides) {
  put(secrets_, "sluice-buffer-key", std::string(64, 'a'));
  const LoadedConfig loaded = load_config(kExamples + "factory.yaml");
  EXPECT_TRUE(loaded.diagnostics.empty()) << report(loaded);
  EXPECT_EQ(loaded.config.sources.at(0).mqtt.tls.cert, "/etc/sluice/agent.pem");
  EXPECT_EQ(loaded.config.sinks.at(0).http.tls.cert, "/etc/sluice/agent.pem");
  EXPECT_EQ(loaded.config.flows.at(1).when_full, WhenFull::DropOldest);
  EXPECT_FALSE(loaded.config.buffer.encryption_key.empty());
}

TEST_F(Examples, VehicleIsCarefulWithTheLink) {
  const LoadedConfig loaded = load_config(kExamples + "vehicle.yaml");
  EXPECT_TRUE(loaded.diagnostics.empty()) << report(loaded);
  const DeliveryOptions& fleet = loaded.config.sinks.at(0).delivery;
  EXPECT_EQ(fleet.order, DeliveryOrder::LiveFirst);
  EXPECT_GT(fleet.rate_limit.monthly, 0U);
  EXPECT_TRUE(loaded.config.sinks.at(1).delivery.rate_limit.metered);
}

TEST_F(Examples, LogsGoToFilesAndACollector) {
  const LoadedConfig loaded = load_config(kExamples + "logs.yaml");
  EXPECT_TRUE(loaded.diagnostics.empty()) << report(loaded);
  EXPECT_EQ(loaded.config.flows.at(0).decode.kind, DecoderKind::Text);
  EXPECT_EQ(loaded.config.sinks.at(0).kind, SinkKind::File);
}

TEST_F(Examples, SparkplugHasADecoderForEveryKindOfMachine) {
  const LoadedConfig loaded = load_config(kExamples + "sparkplug.yaml");
  EXPECT_TRUE(loaded.diagnostics.empty()) << report(loaded);
  ASSERT_EQ(loaded.config.flows.size(), 3U);
  EXPECT_EQ(loaded.config.flows[0].decode.kind, DecoderKind::SparkplugB);
  EXPECT_EQ(loaded.config.flows[1].decode.layout.fields.size(), 5U);
  EXPECT_EQ(loaded.config.flows[2].decode.csv.delimiter, ';');
  EXPECT_EQ(loaded.config.flows[2].decode.decompress, Decompression::Gzip);
}

TEST_F(Examples, KafkaIsValidOnceItsPasswordIsThere) {
  put(secrets_, "kafka-password", "k");
  std::string text = content(kExamples + "kafka.yaml");
  const std::string path = "/run/secrets/kafka-password";
  const std::size_t found = text.find(path);
  ASSERT_NE(found, std::string::npos);
  text.replace(found, path.size(), secrets_.file("kafka-password"));
  const LoadedConfig loaded = load(text);
  EXPECT_TRUE(loaded.diagnostics.empty()) << report(loaded);
  EXPECT_EQ(loaded.config.sinks.at(0).kind, SinkKind::Kafka);
}

TEST_F(Examples, ContainerIsConfiguredByItsEnvironmentAlone) {
  const EnvironmentVariable qos("MQTT_QOS", "2");
  const EnvironmentVariable buffer("SLUICE_BUFFER", "4GiB");
  const LoadedConfig loaded = load_config(kExamples + "container.yaml");
  EXPECT_TRUE(loaded.diagnostics.empty()) << report(loaded);
  EXPECT_EQ(loaded.config.sources.at(0).mqtt.qos, 2);
  EXPECT_EQ(loaded.config.sources.at(0).mqtt.url.host, "broker");
  EXPECT_EQ(loaded.config.buffer.max_size, 4ULL << 30U);
}

TEST_F(Examples, MinimalIsEnough) {
  const LoadedConfig loaded = load_config(kExamples + "minimal.yaml");
  EXPECT_TRUE(loaded.diagnostics.empty()) << report(loaded);
}

TEST_F(Examples, FullIsValid) {
  const LoadedConfig loaded = load_config(kExamples + "sluice.yaml");
  EXPECT_TRUE(loaded.diagnostics.empty()) << report(loaded);
  EXPECT_EQ(loaded.config.sources.size(), 3U);
  EXPECT_EQ(loaded.config.flows.size(), 4U);
  EXPECT_EQ(loaded.config.sinks.size(), 7U);
  EXPECT_EQ(loaded.config.sources[0].mqtt.expect_message_every.count(), 0);
}

// Pieces that mean something to YAML or to us.
const std::vector<std::string> kPieces{"\n",
                                       " ",
                                       "\t",
                                       ":",
                                       ": ",
                                       "- ",
                                       "[",
                                       "]",
                                       "{",
                                       "}",
                                       ",",
                                       "\"",
                                       "'",
                                       "&a",
                                       "*a",
                                       "<<:",
                                       "---",
                                       "...",
                                       "#",
                                       "|",
                                       ">",
                                       "!!",
                                       "${",
                                       "${X}",
                                       "$$",
                                       "}",
                                       "%",
                                       "@",
                                       "~",
                                       "\\x",
                                       "?",
                                       "é",
                                       "\r",
                                       "off",
                                       "1e9",
                                       "-1",
                                       "<<: *a",
                                       "0s",
                                       "\n  ",
                                       "\n    ",
                                       std::string(1, '\0'),
                                       "\xff",
                                       "99999999999999999999",
                                       "${file:/dev/zero}"};

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  std::string mutate(std::string text) {
    const std::size_t changes = 1 + below(4);
    for (std::size_t i = 0; i < changes; ++i) {
      change(text);
    }
    return text;
  }

 private:
  std::size_t below(std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
  }

  void change(std::string& text) {
    const std::size_t at = below(text.size() + 1);
    const std::size_t from = below(text.size() + 1);
    const std::size_t length = below(40);
    switch (below(6)) {
      case 0:
        text.insert(at, kPieces[below(kPieces.size())]);
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, text.substr(from, length));
        break;
      case 3:
        text.resize(at);
        break;
      case 4:
        text.replace(at, length, kPieces[below(kPieces.size())]);
        break;
      default:
        if (at < text.size()) {
          text[at] = static_cast<char>(below(256));
        }
        break;
    }
  }

  std::mt19937_64 random_;
};

// To repeat a failure, or to go on for longer.
std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
  return value == nullptr ? otherwise : std::stoull(value);
}

TEST_F(Examples, MayBeMutilatedWithoutHarm) {
  const std::uint64_t seed = setting("SLUICE_TEST_SEED", std::random_device{}());
  std::cout << "SLUICE_TEST_SEED=" << seed << '\n';
  Mutator mutator(seed);
  const std::string full = content(kExamples + "sluice.yaml");
  const std::string minimal = content(kExamples + "minimal.yaml");
  ASSERT_FALSE(full.empty());
  const std::uint64_t rounds = setting("SLUICE_TEST_ROUNDS", 300);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const std::string text = mutator.mutate(round % 2 == 0 ? minimal : full);
    const LoadedConfig loaded = load(text);
    for (const Diagnostic& each : loaded.diagnostics) {
      EXPECT_FALSE(each.message.empty());
      EXPECT_EQ(to_text(each).find('\x1b'), std::string::npos);
    }
    if (loaded.ok()) {
      EXPECT_FALSE(loaded.config.flows.empty());
      EXPECT_EQ(loaded.config.flows.size(), loaded.config.buffer.routes.size());
    }
    ASSERT_FALSE(HasFailure()) << text;
  }
}

}  // namespace
}  // namespace sluice
