#include "config/checks.h"
#include "config/flow_hash.h"
#include "config/rules.h"
#include "config/substitution.h"

#include <algorithm>
#include <utility>

namespace sluice::configuration {

namespace {

void complete_agent(AgentOptions& agent, const Places& places, Findings& findings) {
  if (places.contains("agent.id")) {
    return;  // what is wrong with it has been said
  }
  agent.id = host_name();
  if (!check_agent_id(agent.id)) {
    findings.error(place_of(places, "agent"), "agent.id",
                   "the host name " + quoted(agent.id) +
                       " cannot be the agent's id: set agent.id to letters, digits, '.', _ and -");
  }
}

void complete_source(MqttSourceOptions& source, const Config& config, const Places& places,
                     Findings& findings) {
  const std::string path = "sources." + source.name;
  const bool has_username = places.contains(path + ".username");
  move_credentials(source.url, source.username, source.password, path,
                   path + (has_username ? ".username" : ".password"), places, findings);
  if (source.client_id.empty()) {
    source.client_id = "sluice-" + config.agent.id + '-' + source.name;
  }
  // The rest of the time is for the store, which commits what the sources brought last.
  source.drain_time = config.agent.shutdown_timeout * 4 / 5;
}

Route route_of(const FlowConfig& flow) {
  Route route{.flow = flow.name,
              .sinks = flow.to,
              .max_size = flow.max_size,
              .when_full = flow.when_full,
              .priority = flow.priority};
  if (flow.max_age > std::chrono::milliseconds(0)) {
    route.max_age = flow.max_age;
  }
  return route;
}

}  // namespace

Place place_of(const Places& places, std::string_view path) {
  for (;;) {
    if (const auto found = places.find(path); found != places.end()) {
      return found->second;
    }
    const std::size_t end = path.find_last_of(".[");
    if (end == std::string_view::npos) {
      return {};
    }
    path = path.substr(0, end);
  }
}

void move_credentials(Url& url, std::string& username, std::string& password,
                      const std::string& path, const std::string& section, const Places& places,
                      Findings& findings) {
  if (url.user.empty() && url.password.empty()) {
    return;
  }
  if (places.contains(section)) {
    findings.error(
        place_of(places, path + ".url"), path + ".url",
        "the URL holds credentials, and so does " + section + ": write them in one place");
  }
  username = std::exchange(url.user, {});
  password = std::exchange(url.password, {});
}

void complete(Config& config, const Reading& reading, Findings& findings) {
  const Places& places = reading.places;
  complete_agent(config.agent, places, findings);
  for (SourceConfig& source : config.sources) {
    source.mqtt.name = source.name;
    source.internal.topic = "sluice/" + config.agent.id + "/status";
    if (source.kind == SourceKind::Mqtt) {
      complete_source(source.mqtt, config, places, findings);
    }
  }
  for (SinkConfig& sink : config.sinks) {
    const std::string path = "sinks." + sink.name;
    move_credentials(sink.http.url, sink.http.auth.username, sink.http.auth.password, path,
                     path + ".auth", places, findings);
    if (!places.contains(path + ".auth") && !sink.http.auth.username.empty() &&
        !check_basic_username(sink.http.auth.username)) {
      findings.error(place_of(places, path + ".url"), path + ".url",
                     "the user name in the URL must not contain a colon");
    }
    complete_sink(sink, config, places, findings);
  }
  config.buffer.directory = config.agent.data_dir;
  config.buffer.flush_interval = config.blocks.flush_interval;
  // Room for several blocks, however large they are, so that one can fill while another is stored.
  config.blocks.source_budget = std::max(config.blocks.source_budget, 4 * config.blocks.block_size);
  for (FlowConfig& flow : config.flows) {
    flow.hash = flow_hash(flow, config.sources, reading);
    config.buffer.routes.push_back(route_of(flow));
  }
}

}  // namespace sluice::configuration
