// The configuration: YAML files become the option structs of every module.
#pragma once

#include "admin/options.h"
#include "buffers/sqlite_buffer.h"
#include "config/diagnostic.h"
#include "decoders/decoders.h"
#include "pipeline/flow_options.h"
#include "sources/internal_source.h"
#include "sources/mqtt_source.h"
#include "transforms/chain.h"
#include "transforms/field_steps.h"
#include "transforms/record_steps.h"
#include "transforms/sql_steps.h"
#include "transforms/text_steps.h"
#include "transforms/thinning_steps.h"
#include "transforms/value_steps.h"
#include "transforms/window_step.h"
#include "uplink/dispatcher.h"
#include "uplink/file_transport.h"
#include "uplink/http_transport.h"
#include "uplink/kafka_transport.h"
#include "uplink/mqtt_transport.h"

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sluice {

enum class LogLevel { Trace, Debug, Info, Warn, Error };
enum class LogFormat { Text, Json };

struct AgentOptions {
  std::string id;
  std::string data_dir = "/var/lib/sluice";
  std::chrono::milliseconds shutdown_timeout{10'000};
  LogLevel log_level = LogLevel::Info;
  LogFormat log_format = LogFormat::Text;
};

// One step of a flow; of the options, those of its kind count.
struct StepConfig {
  std::string kind;                                        // the word in the file
  std::string text;                                        // filter, topic_tags, split
  std::vector<std::string> names;                          // drop, keep
  std::vector<std::pair<std::string, std::string>> pairs;  // set, rename, stamp
  FlattenOptions flatten;
  std::deque<Scaling> scale;
  std::deque<Mapping> map;
  DeadbandOptions deadband;
  DedupeOptions dedupe;
  SampleOptions sample;
  ThrottleOptions throttle;
  WindowOptions window;
  ParseOptions parse;
  RedactOptions redact;
  ValidateOptions validate;
  std::deque<FieldRule> rules;  // of validate
  StampOptions stamp;
  SqlSelectOptions sql;
};

enum class SourceKind { Mqtt, Internal };

struct SourceConfig {
  std::string name;
  SourceKind kind = SourceKind::Mqtt;
  MqttSourceOptions mqtt;  // of these, the one of its kind counts
  InternalSourceOptions internal;

  // What it brings, as topic filters.
  [[nodiscard]] std::vector<std::string> topics() const {
    return kind == SourceKind::Mqtt ? mqtt.topics : std::vector<std::string>{internal.topic};
  }
};

struct FlowConfig {
  std::string name;
  std::vector<std::string> from;  // names of sources
  std::vector<std::string> topics;
  DecoderOptions decode;
  LineShape shape = LineShape::Envelope;
  OnError on_error = OnError::DeadLetter;
  std::deque<StepConfig> transforms;
  SqlTypes types;
  std::uint64_t max_size = 256ULL * 1024 * 1024;
  std::chrono::milliseconds max_age{0};  // 0: no limit
  WhenFull when_full = WhenFull::Block;
  Priority priority = Priority::Normal;
  std::vector<std::string> to;  // names of sinks
  std::string hash;             // 16 hex digits over the definition as it is in force: lineage
};

enum class SinkKind { Http, Kafka, Mqtt, File, Stdout };

struct SinkConfig {
  std::string name;
  SinkKind kind = SinkKind::Http;
  HttpTransportOptions http;  // of these, the one of its kind counts
  KafkaTransportOptions kafka;
  MqttTransportOptions mqtt;
  FileTransportOptions file;
  DeliveryOptions delivery;
};

// What a flow is expected to make of messages.
struct FlowTestInput {
  std::chrono::milliseconds after{0};  // time that passes before it
  std::string topic;                   // empty: nothing arrives, only time passes
  std::string payload;
  bool retained = false;
};
struct FlowTest {
  std::string name;
  std::string flow;
  std::deque<FlowTestInput> inputs;
  std::string expect;  // JSON: a list of what its records must have; empty: not said
  std::string dead;    // likewise of its dead letters
  bool exact = false;  // the records have nothing else
};

struct Config {
  AgentOptions agent;
  AdminOptions admin;
  SqliteBufferOptions buffer;  // directory and routes are filled in from agent and flows
  BlockOptions blocks;
  std::vector<SourceConfig> sources;
  std::vector<FlowConfig> flows;
  std::vector<SinkConfig> sinks;
  std::deque<FlowTest> tests;
};

// Which files a configuration is read from.
struct ConfigFiles {
  ConfigFiles() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): one file is the usual case, and reads as such
  ConfigFiles(std::string path) : paths{std::move(path)} {}

  std::vector<std::string> paths;  // at least one; later ones are laid over earlier ones
  std::string environment;  // "staging": also sluice.staging.yaml, over the first, sluice.yaml
};

struct LoadedConfig {
  Config config;                        // usable only if there is no error
  std::vector<Diagnostic> diagnostics;  // every one of them, in the order of the files

  [[nodiscard]] bool ok() const;
};

// Reads, merges, checks and fills in. Looks at everything before it reports: all errors come in one
// run, each with the place where the value really stands. ${…} is replaced in scalar values, after
// parsing, so that no value can change the structure of the file.
LoadedConfig load_config(const ConfigFiles& files);
LoadedConfig parse_config(const std::string& text, const std::string& name);

// The steps of a flow, ready to run. Rejects what no single value shows to be wrong, with the path
// of the value below "flows.<name>." in front.
struct StepError {
  std::string path;  // "transforms[2].topic_tags"
  std::string message;
  std::optional<std::size_t> offset{};  // within the value, where it is a text with a language
};
struct MadeSteps {
  std::vector<NamedStep> steps;
  std::vector<StepError> warnings;  // what is allowed but probably not meant
  std::vector<StepError> errors;    // of those that could not be made
};
MadeSteps make_steps(const FlowConfig& flow);

// Everything as it is in force: merged, references replaced, secrets masked, and every default as a
// comment, so that it can be read again. In YAML.
Result<std::string> effective_config(const ConfigFiles& files);

}  // namespace sluice
