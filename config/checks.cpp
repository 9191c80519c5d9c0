#include "config/checks.h"

#include "config/convert.h"
#include "config/nearest.h"
#include "config/rules.h"
#include "config/scalars.h"
#include "config/topic_filter.h"

#include <algorithm>
#include <vector>

namespace sluice::configuration {

namespace {

// Findings about one source, flow or sink.
class Checker {
 public:
  Checker(std::string path, const Places& places, Findings& findings)
      : path_(std::move(path)), places_(places), findings_(findings) {}

  void error(const std::string& key, std::string message) const {
    findings_.error(place_of(places_, path_to(key)), path_to(key), std::move(message));
  }
  void warning(const std::string& key, std::string message) const {
    findings_.warning(place_of(places_, path_to(key)), path_to(key), std::move(message));
  }
  [[nodiscard]] bool given(const std::string& key) const { return places_.contains(path_to(key)); }

 private:
  [[nodiscard]] std::string path_to(const std::string& key) const {
    return key.empty() ? path_ : path_ + '.' + key;
  }

  std::string path_;
  const Places& places_;
  Findings& findings_;
};

std::string item(const char* list, std::size_t index) {
  return std::string(list) + '[' + std::to_string(index) + ']';
}

bool is_listed(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

void check_session(const MqttSourceOptions& source, const Checker& checker) {
  constexpr int kMostUnacknowledged = 900;
  constexpr std::chrono::seconds kShortSession{60};
  if (source.version == MqttVersion::V311) {
    for (const char* key : {"session_expiry", "receive_maximum"}) {
      if (checker.given(key)) {
        checker.warning(key, "has no effect with protocol 3.1.1");
      }
    }
    if (!source.password.empty() && source.username.empty()) {
      checker.error("password", "MQTT 3.1.1 allows a password only together with a username");
    }
    return;
  }
  if (source.receive_maximum > kMostUnacknowledged) {
    checker.warning("receive_maximum",
                    "brokers often keep no more than 1000 messages for a client and drop the "
                    "rest: stay at or below 900");
  }
  if (source.qos > 0 && source.session_expiry < kShortSession) {
    checker.warning("session_expiry",
                    "what is published while the agent is away for longer than this is lost");
  }
}

void check_shared(const MqttSourceOptions& source, const Checker& checker) {
  for (std::size_t i = 0; i < source.topics.size(); ++i) {
    if (!is_shared(source.topics[i])) {
      continue;
    }
    if (source.version == MqttVersion::V311) {
      checker.warning(item("topics", i),
                      "$share is not part of MQTT 3.1.1: the broker may refuse it or take it for "
                      "an ordinary topic");
    }
    if (source.qos == 2) {
      checker.warning(item("topics", i),
                      "with qos 2, a message under way to a member of the group that does not "
                      "come back is given to no other: use qos 1");
    }
  }
}

// The checks below compare every topic with every other: not if somebody lists thousands of them.
bool too_many_topics(const Config& config) {
  constexpr std::size_t kMost = 2'000;
  std::size_t topics = 0;
  for (const SourceConfig& source : config.sources) {
    topics += source.topics().size();
  }
  for (const FlowConfig& flow : config.flows) {
    topics += flow.topics.size();
  }
  return topics > kMost;
}

bool takes_anything(const FlowConfig& flow, const std::vector<std::string>& topics) {
  return flow.topics.empty() || std::ranges::any_of(topics, [&](const std::string& brings) {
           return std::ranges::any_of(flow.topics, [&](const std::string& takes) {
             return filters_overlap(filter_of(brings), takes);
           });
         });
}

// No flow takes a topic like this from the source.
bool is_unwanted(const std::string& topic, const SourceConfig& source, const Config& config) {
  return std::ranges::none_of(config.flows, [&](const FlowConfig& flow) {
    return is_listed(flow.from, source.name) &&
           (flow.topics.empty() || std::ranges::any_of(flow.topics, [&](const std::string& takes) {
              return filters_overlap(filter_of(topic), takes);
            }));
  });
}

void check_use(const SourceConfig& source, const Config& config, const Checker& checker) {
  const bool used = std::ranges::any_of(
      config.flows, [&](const FlowConfig& flow) { return is_listed(flow.from, source.name); });
  if (!used) {
    checker.warning("", "no flow collects from this source");
  }
  if (!used || too_many_topics(config)) {
    return;
  }
  const std::vector<std::string> topics = source.topics();
  for (std::size_t i = 0; i < topics.size(); ++i) {
    if (is_unwanted(topics[i], source, config)) {
      checker.warning(source.kind == SourceKind::Mqtt ? item("topics", i) : "",
                      "no flow takes what this brings: it is acknowledged and forgotten");
    }
  }
}

void check_feed(const FlowConfig& flow, const Config& config, const Checker& checker) {
  if (too_many_topics(config)) {
    return;
  }
  bool known = false;
  bool fed = false;
  for (const SourceConfig& source : config.sources) {
    if (is_listed(flow.from, source.name)) {
      const std::vector<std::string> topics = source.topics();
      known = true;
      fed = fed || topics.empty() || takes_anything(flow, topics);
    }
  }
  if (known && !fed) {
    checker.warning("topics", "its sources bring no such topics: nothing will flow");
  }
}

void check_client_ids(const Config& config, const Places& places, Findings& findings) {
  for (auto later = config.sources.begin(); later != config.sources.end(); ++later) {
    const auto earlier = std::find_if(config.sources.begin(), later, [&](const auto& each) {
      return each.kind == SourceKind::Mqtt && later->kind == SourceKind::Mqtt &&
             each.mqtt.client_id == later->mqtt.client_id &&
             each.mqtt.url.host == later->mqtt.url.host &&
             each.mqtt.url.port == later->mqtt.url.port;
    });
    if (earlier != later) {
      Checker("sources." + later->name, places, findings)
          .error("client_id", "sources." + earlier->name +
                                  " has the same client_id at the same broker: each would "
                                  "disconnect the other for ever");
    }
  }
}

template <class T>
std::vector<std::string> names_of(const std::vector<T>& things) {
  std::vector<std::string> names;
  names.reserve(things.size());
  for (const T& thing : things) {
    names.push_back(thing.name);
  }
  return names;
}

void check_references(const std::vector<std::string>& used, const char* key, const char* what,
                      const std::vector<std::string>& known, const Checker& checker) {
  if (known.empty()) {
    return;  // which has been said
  }
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (!is_listed(known, used[i])) {
      const auto meant = nearest(used[i], known);
      checker.error(item(key, i), std::string("there is no ") + what + " of this name" +
                                      (meant ? ": did you mean " + *meant + "?"
                                             : "; there are: " + joined(known)));
    }
  }
}

void check_delivery(const DeliveryOptions& delivery, const Checker& checker) {
  if (delivery.retry.initial > delivery.retry.max) {
    checker.error(checker.given("retry.initial") ? "retry.initial" : "retry.max",
                  "initial must not be longer than max");
  }
  const RateLimitOptions& limit = delivery.rate_limit;
  if (limit.monthly > 0 && limit.daily > limit.monthly) {
    checker.error("rate_limit.daily", "daily must not be more than monthly");
  }
  if (limit.burst > 0 && limit.bytes_per_second == 0) {
    checker.warning("rate_limit.burst", "has no effect without bytes_per_second");
  }
  if (delivery.order == DeliveryOrder::OldestFirst && checker.given("live_share")) {
    checker.warning("live_share", "has no effect without order: live_first");
  }
}

}  // namespace

void check_tls(const TlsOptions& tls, const Url& url, const std::string& path, const Places& places,
               Findings& findings) {
  const Checker checker(path, places, findings);
  const auto first = places.lower_bound(path + ".tls.");
  if (first == places.end() || !first->first.starts_with(path + ".tls.")) {
    return;  // nothing, or nothing useful, in the section
  }
  if (!url.scheme.empty() && !url.secure()) {
    const std::string secure = url.scheme == "ws" ? "wss" : url.scheme + 's';
    checker.error(
        "tls", "the URL does not use TLS: begin it with " + secure + ":// or remove the section");
  }
  if (!tls.cert.empty() && !checker.given("tls.key")) {
    checker.error("tls.cert", "a certificate needs its private key: add key");
  }
  if (!tls.key.empty() && !checker.given("tls.cert")) {
    checker.error("tls.key", "a private key needs its certificate: add cert");
  }
  if (tls.insecure_skip_verify) {
    checker.warning("tls.insecure_skip_verify",
                    "whoever can redirect the connection can read and change everything on it");
  }
}

void check_broker(const MqttSourceOptions& source, const std::string& path, const Places& places,
                  Findings& findings) {
  const Checker checker(path, places, findings);
  const bool plain_mqtt = source.url.scheme == "mqtt" || source.url.scheme == "mqtts";
  if (plain_mqtt && source.url.target != "/") {
    checker.error("url", "an " + source.url.scheme +
                             ":// URL ends after the port: topics are "
                             "listed under topics");
  }
  check_session(source, checker);
  check_shared(source, checker);
  check_tls(source.tls, source.url, path, places, findings);
}

void check_sources(const Config& config, const Places& places, Findings& findings) {
  for (const SourceConfig& source : config.sources) {
    const std::string path = "sources." + source.name;
    const Checker checker(path, places, findings);
    check_use(source, config, checker);
    if (source.kind == SourceKind::Mqtt) {
      check_broker(source.mqtt, path, places, findings);
    }
  }
  check_client_ids(config, places, findings);
}

namespace {

// A step's text may be a language of its own: then the place within it is told as well.
void check_steps(const FlowConfig& flow, const Checker& checker) {
  const MadeSteps made = make_steps(flow);
  for (const StepError& error : made.errors) {
    const std::string at =
        error.offset ? ", at its character " + std::to_string(*error.offset + 1) : "";
    checker.error(error.path, error.message + at);
  }
  for (const StepError& warning : made.warnings) {
    checker.warning(warning.path, warning.message);
  }
}

}  // namespace

void check_flows(const Config& config, const Places& places, Findings& findings) {
  const std::vector<std::string> sources = names_of(config.sources);
  const std::vector<std::string> sinks = names_of(config.sinks);
  for (const FlowConfig& flow : config.flows) {
    const Checker checker("flows." + flow.name, places, findings);
    check_references(flow.from, "from", "source", sources, checker);
    check_references(flow.to, "to", "sink", sinks, checker);
    check_feed(flow, config, checker);
    check_decoder(flow, places, findings);
    check_steps(flow, checker);
    if (flow.max_size > config.buffer.max_size && checker.given("buffer.max_size")) {
      checker.warning("buffer.max_size",
                      "the buffer as a whole may only grow to " +
                          size_text(static_cast<std::int64_t>(config.buffer.max_size)));
    }
  }
}

namespace {

void check_flow_of(const FlowTest& test, const std::vector<std::string>& flows,
                   const Checker& checker) {
  if (!checker.given("flow") || flows.empty() || is_listed(flows, test.flow)) {
    return;
  }
  const auto meant = nearest(test.flow, flows);
  checker.error("flow",
                "there is no flow of this name" +
                    (meant ? ": did you mean " + *meant + "?" : "; there are: " + joined(flows)));
}

void check_expectations(const FlowTest& test, const Checker& checker) {
  for (const auto& [key, list] : {std::pair("expect", &test.expect), {"dead", &test.dead}}) {
    if (!list->empty() && !list->starts_with('[')) {
      checker.error(key, "must be a list, even of one: begin each record with \"- \"");
    }
  }
  if (test.expect.empty() && test.dead.empty() && checker.given("input")) {
    checker.error("", "expects nothing, so it cannot fail: add expect, or dead");
  }
}

}  // namespace

void check_tests(const Config& config, const Places& places, Findings& findings) {
  const std::vector<std::string> flows = names_of(config.flows);
  for (std::size_t i = 0; i < config.tests.size(); ++i) {
    const std::string path = "tests[" + std::to_string(i) + ']';
    const Checker checker(path, places, findings);
    check_flow_of(config.tests[i], flows, checker);
    check_expectations(config.tests[i], checker);
  }
}

void check_sinks(const Config& config, const Places& places, Findings& findings) {
  for (const SinkConfig& sink : config.sinks) {
    const std::string path = "sinks." + sink.name;
    const Checker checker(path, places, findings);
    check_delivery(sink.delivery, checker);
    check_sink_of_kind(sink, config, places, findings);
    const bool used = std::ranges::any_of(
        config.flows, [&](const FlowConfig& flow) { return is_listed(flow.to, sink.name); });
    if (!used) {
      checker.warning("", "no flow delivers to this sink");
    }
  }
}

}  // namespace sluice::configuration
