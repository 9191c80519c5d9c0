#include "top/top_agent.h"

#include "tools/text.h"

#include <simdjson.h>

#include <algorithm>

namespace sluice {

namespace {

using Element = simdjson::dom::element;

std::uint64_t count(const Element& object, const char* name) {
  std::uint64_t number = 0;
  return object[name].get(number) == simdjson::SUCCESS ? number : 0;
}

std::string text(const Element& object, const char* name) {
  std::string_view words;
  return object[name].get(words) == simdjson::SUCCESS ? printable(words) : std::string();
}

std::optional<double> figure(const Element& object, const char* name) {
  double number = 0;
  return object[name].get(number) == simdjson::SUCCESS ? std::optional(number) : std::nullopt;
}

std::optional<Timestamp> time(const Element& object, const char* name) {
  const Result<Timestamp> parsed = parse_time(text(object, name), Timestamp());
  return parsed ? std::optional(*parsed) : std::nullopt;
}

// Calls `visit` with the name and the content of every member.
template <class Visit>
void for_each_member(const Element& object, const char* name, Visit visit) {
  simdjson::dom::object members;
  if (object[name].get(members) == simdjson::SUCCESS) {
    for (const auto member : members) {
      visit(printable(member.key), member.value);
    }
  }
}

TopFeed feed_of(std::string sink, const Element& feed) {
  return {.sink = std::move(sink),
          .served = count(feed, "served"),
          .service_rate = figure(feed, "service_rate"),
          .utilization = figure(feed, "utilization"),
          .time_in_system = figure(feed, "time_in_system"),
          .oldest = time(feed, "oldest")};
}

TopFlow flow_of(std::string name, const Element& flow) {
  TopFlow read{.name = std::move(name),
               .arrived = count(flow, "records"),
               .backlog = 0,
               .held_bytes = count(flow, "held_bytes"),
               .max_bytes = count(flow, "max_bytes"),
               .arrival_rate = 0,
               .mean_backlog = 0,
               .service_rate = {},
               .utilization = {},
               .time_in_system = {},
               .little_time = {},
               .time_to_full = {},
               .time_to_drain = {},
               .feeds = {},
               .ledger = {}};
  for_each_member(flow, "ledger", [&read](std::string what, const Element& records) {
    std::uint64_t number = 0;
    if (records.get(number) == simdjson::SUCCESS) {
      read.ledger.emplace_back(std::move(what), number);
    }
  });
  Element queue;
  if (flow["queue"].get(queue) != simdjson::SUCCESS) {
    return read;
  }
  read.backlog = count(queue, "records");
  read.arrival_rate = figure(queue, "arrival_rate").value_or(0);
  read.mean_backlog = figure(queue, "mean_records").value_or(0);
  read.service_rate = figure(queue, "service_rate");
  read.utilization = figure(queue, "utilization");
  read.time_in_system = figure(queue, "time_in_system");
  read.little_time = figure(queue, "little_time");
  read.time_to_full = figure(queue, "time_to_full");
  read.time_to_drain = figure(queue, "time_to_drain");
  for_each_member(queue, "sinks", [&read](std::string sink, const Element& feed) {
    read.feeds.push_back(feed_of(std::move(sink), feed));
  });
  return read;
}

TopSink sink_of(std::string name, const Element& sink) {
  TopSink read{.name = std::move(name),
               .url = text(sink, "url"),
               .breaker = text(sink, "breaker"),
               .waiting_for = text(sink, "waiting_for"),
               .last_error = text(sink, "last_error"),
               .next_attempt = time(sink, "next_attempt"),
               .records = count(sink, "records"),
               .bytes = count(sink, "bytes"),
               .retries = count(sink, "retries"),
               .dead = 0};
  Element dead;
  if (sink["dead"].get(dead) == simdjson::SUCCESS) {
    read.dead = count(dead, "refused") + count(dead, "too_large");
  }
  return read;
}

TopSource source_of(std::string name, const Element& source) {
  bool connected = false;
  return {.name = std::move(name),
          .connected = source["connected"].get(connected) == simdjson::SUCCESS && connected,
          .messages = count(source, "messages"),
          .acknowledged = count(source, "acknowledged"),
          .redelivered = count(source, "redelivered")};
}

void read_reasons(const Element& status, TopAgent& agent) {
  simdjson::dom::array reasons;
  if (status["reasons"].get(reasons) == simdjson::SUCCESS) {
    for (const Element reason : reasons) {
      agent.reasons.push_back(text(reason, "text"));
    }
  }
}

void read_buffer(const Element& status, TopAgent& agent) {
  Element buffer;
  if (status["buffer"].get(buffer) == simdjson::SUCCESS) {
    agent.held_records = count(buffer, "held_records");
    agent.file_bytes = count(buffer, "file_bytes");
    agent.file_max_bytes = count(buffer, "file_max_bytes");
    agent.dropped = count(buffer, "dropped_full") + count(buffer, "dropped_disk") +
                    count(buffer, "dropped_age");
  }
}

}  // namespace

std::uint64_t TopFlow::served() const {
  const auto least = std::ranges::min_element(feeds, {}, &TopFeed::served);
  return least != feeds.end() ? least->served : 0;
}

Result<TopAgent> read_top_agent(std::string_view status) {
  simdjson::dom::parser parser;
  Element root;
  TopAgent agent;
  if (parser.parse(simdjson::padded_string(status)).get(root) == simdjson::SUCCESS) {
    agent.name = text(root, "agent");
    agent.health = text(root, "health");
    agent.time = time(root, "time").value_or(Timestamp());
  }
  if (agent.health.empty()) {
    return Error{Reaction::Fatal,
                 "the agent's answer is not understood: is it of another version?"};
  }
  read_reasons(root, agent);
  read_buffer(root, agent);
  for_each_member(root, "flows", [&agent](std::string name, const Element& flow) {
    agent.flows.push_back(flow_of(std::move(name), flow));
  });
  for_each_member(root, "sinks", [&agent](std::string name, const Element& sink) {
    agent.sinks.push_back(sink_of(std::move(name), sink));
  });
  for_each_member(root, "sources", [&agent](std::string name, const Element& source) {
    agent.sources.push_back(source_of(std::move(name), source));
  });
  return agent;
}

}  // namespace sluice
