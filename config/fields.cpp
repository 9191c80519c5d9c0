#include "config/fields.h"

#include "config/rules.h"

namespace sluice::configuration {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::int64_t kTiB = kMiB * 1024 * 1024;

std::vector<Field> agent_fields(AgentOptions& agent) {
  return {
      text("id", agent.id, "Names this agent upstream and in the MQTT client id.")
          .checked(check_agent_id)
          .shown_as("${HOSTNAME}"),
      text("data_dir", agent.data_dir, "Directory of the buffer and of everything else to keep.")
          .checked(check_not_empty),
      duration("shutdown_timeout", agent.shutdown_timeout, 1s, 1h,
               "How long a stop may take to store and acknowledge what has arrived."),
      section("log",
              {choice<LogLevel>("level", agent.log_level,
                                {{"trace", LogLevel::Trace},
                                 {"debug", LogLevel::Debug},
                                 {"info", LogLevel::Info},
                                 {"warn", LogLevel::Warn},
                                 {"error", LogLevel::Error}},
                                "The least important lines that are written."),
               choice<LogFormat>("format", agent.log_format,
                                 {{"text", LogFormat::Text}, {"json", LogFormat::Json}},
                                 "How a line is written to standard error.")},
              "What the agent says about itself."),
  };
}

std::vector<Field> buffer_fields(Config& config) {
  return {
      size("max_size", config.buffer.max_size, {kMiB, 16 * kTiB},
           "Size of the whole file, for all flows; when it is reached, everything waits."),
      duration("flush_interval", config.blocks.flush_interval, 1ms, 1min,
               "What has arrived is stored and acknowledged at least this often."),
      size("block_size", config.blocks.block_size, {4 * kKiB, 16 * kMiB},
           "Bytes of records at which a block is closed before the interval is over."),
      duration(
          "spill_after", config.buffer.spill_after, 0s, 10min,
          "How long a block may wait in memory to be delivered before it is written; 0s: it is "
          "written first."),
      choice<Durability>("durability", config.buffer.durability,
                         {{"power", Durability::Power}, {"process", Durability::Process}},
                         "What stored data survives: a power cut, or only the end of the process."),
      integer("compression_level", config.blocks.compression_level, {1, 19},
              "zstd level: higher is smaller and slower."),
      secret("encryption_key", config.buffer.encryption_key,
             "Encrypts what is stored: 32 random bytes, as 64 hexadecimal digits or in base64.")
          .checked(check_encryption_key),
      secret_list("encryption_old_keys", config.buffer.encryption_old_keys,
                  "Earlier keys: what they have encrypted can still be read.")
          .checked(check_encryption_key),
  };
}

// The files have become one before the fields are read.
Field include_field() {
  Field field;
  field.kind = FieldKind::TextList;
  field.name = "include";
  field.help = "Further files, or patterns like conf.d/*.yaml, beside this one.";
  field.store = [](const FieldValue&) {};
  return field;
}

}  // namespace

std::vector<Field> tls_fields(TlsOptions& tls) {
  return {
      text("ca", tls.ca, "PEM file with the issuers to trust; default: those of the system.")
          .checked(check_pem_path),
      text("cert", tls.cert, "PEM file with the agent's certificate and its chain.")
          .checked(check_pem_path),
      text("key", tls.key, "PEM file with the private key of the certificate.")
          .checked(check_pem_path),
      text("server_name", tls.server_name,
           "Name expected in the server's certificate; default: the host of the URL.")
          .checked(check_not_empty),
      boolean("insecure_skip_verify", tls.insecure_skip_verify,
              "Encrypt without checking who answers."),
  };
}

std::vector<Field> config_fields(Config& config) {
  return {
      include_field(),
      section("agent", agent_fields(config.agent), "The agent itself."),
      section("admin", admin_fields(config.admin), "Status over HTTP, and the tools' way in."),
      section("buffer", buffer_fields(config), "The store between the field and the cloud side."),
      named(
          "sources",
          [&config](const std::string& name) {
            SourceConfig& source = config.sources.emplace_back();
            source.name = name;
            return source_fields(source);
          },
          "Where messages come from.")
          .require(),
      named(
          "flows",
          [&config](const std::string& name) {
            FlowConfig& flow = config.flows.emplace_back();
            flow.name = name;
            return flow_fields(flow);
          },
          "What becomes of the messages, and where they go.")
          .require(),
      named(
          "sinks",
          [&config](const std::string& name) {
            SinkConfig& sink = config.sinks.emplace_back();
            sink.name = name;
            return sink_fields(sink);
          },
          "Where records are delivered.")
          .require(),
      items(
          "tests", [&config] { return test_fields(config.tests.emplace_back()); },
          "What flows are expected to make of messages; run by `sluice test`."),
  };
}

}  // namespace sluice::configuration
