#include "commands/connect_check.h"

#include "admin/json_writer.h"
#include "commands/version.h"
#include "core/join.h"
#include "sources/broker_check.h"
#include "uplink/file_check.h"
#include "uplink/http_check.h"
#include "uplink/http_stop.h"
#include "uplink/kafka_check.h"

#include <utility>

namespace sluice {

namespace {

// Without user, password and query.
std::string shown(const Url& url) {
  std::string name = name_of(url);
  if (name.ends_with('/')) {
    name.pop_back();
  }
  return name;
}

BrokerCheckOptions broker_check_of(const MqttTransportOptions& sink) {
  return {.url = sink.url,
          .tls = sink.tls,
          .version = sink.version == MqttSinkVersion::V5 ? MqttVersion::V5 : MqttVersion::V311,
          .client_id = sink.client_id,
          .username = sink.username,
          .password = sink.password,
          .filters = {}};
}

class ConnectCheck {
 public:
  ConnectCheck(const Config& config, std::chrono::milliseconds at_most,
               const ConnectListener& listener)
      : config_(config), at_most_(at_most), listener_(listener) {
    identity_.agent = config.agent.id;
    identity_.version = version();
  }

  bool run() {
    for (const SourceConfig& source : config_.sources) {
      if (source.kind == SourceKind::Mqtt) {
        enter("source", source.name);
        check(sluice::broker_check_of(source.mqtt));
      }
    }
    for (const SinkConfig& sink : config_.sinks) {
      enter("sink", sink.name);
      check(sink);
    }
    return all_ok_;
  }

 private:
  void enter(const char* part, const std::string& name) {
    part_ = part;
    name_ = name;
  }

  void tell(const char* item, std::string target, const Result<std::string>& outcome) {
    all_ok_ = all_ok_ && outcome;
    listener_({.part = part_,
               .name = name_,
               .item = item,
               .target = std::move(target),
               .ok = static_cast<bool>(outcome),
               .words = outcome ? *outcome : outcome.error().message});
  }

  void check(BrokerCheckOptions options) {
    options.at_most = at_most_;
    const BrokerFindings findings = check_broker(options);
    tell("broker", shown(options.url), findings.connection);
    for (const FilterFinding& finding : findings.filters) {
      tell("topic", finding.filter, finding.verdict);
    }
  }

  void check(const SinkConfig& sink) {
    switch (sink.kind) {
      case SinkKind::Http:
        return check(sink.http);
      case SinkKind::Kafka:
        return tell("brokers", joined(sink.kafka.brokers, ","),
                    check_kafka_brokers(sink.kafka, identity_, at_most_));
      case SinkKind::Mqtt:
        return check(broker_check_of(sink.mqtt));
      case SinkKind::File:
        return tell("directory", sink.file.path, check_file_directory(sink.file));
      case SinkKind::Stdout:
        return tell("output", "-", std::string("standard output needs no connection"));
    }
  }

  void check(HttpTransportOptions http) {
    if (!http.auth.oauth2.client_id.empty()) {
      const Result<std::string> token = check_http_token(http, at_most_);
      tell("token", shown(http.auth.oauth2.token_url), token);
      if (!token) {
        http.auth.oauth2 = {};  // the endpoint may be all right, and can be told apart like this
      }
    }
    std::vector<Url> urls = http.fallback_urls;
    urls.insert(urls.begin(), http.url);
    for (const Url& url : urls) {
      http.url = url;
      tell("endpoint", shown(url), check_http_endpoint(http, identity_, at_most_));
    }
  }

  const Config& config_;
  const std::chrono::milliseconds at_most_;
  const ConnectListener& listener_;
  SenderIdentity identity_;
  std::string part_;
  std::string name_;
  bool all_ok_ = true;
};

}  // namespace

bool try_connections(const Config& config, std::chrono::milliseconds at_most,
                     const ConnectListener& listener) {
  return ConnectCheck(config, at_most, listener).run();
}

std::string to_text(const ConnectFinding& finding) {
  return (finding.ok ? "ok      " : "FAILED  ") + finding.part + ' ' + finding.name + ", " +
         finding.item + ' ' + finding.target + ": " + finding.words;
}

std::string to_json(const ConnectFinding& finding) {
  JsonWriter json;
  json.begin_object()
      .field("part", finding.part)
      .field("name", finding.name)
      .field("item", finding.item)
      .field("target", finding.target)
      .field("ok", finding.ok)
      .field("words", finding.words)
      .end_object();
  return json.text();
}

}  // namespace sluice
