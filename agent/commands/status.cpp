#include "commands/status.h"

#include "admin/json_writer.h"
#include "core/join.h"
#include "tools/text.h"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace sluice {

namespace {

void write_text_or_null(const char* name, const std::string& text, JsonWriter& json) {
  json.key(name);
  if (text.empty()) {
    json.null();
  } else {
    json.value(text);
  }
}

void write_time_or_null(const char* name, std::optional<Timestamp> time, JsonWriter& json) {
  write_text_or_null(name, time ? time_text(*time) : std::string(), json);
}

void write_buffer(const BufferCounts& buffer, JsonWriter& json) {
  json.key("buffer").begin_object();
  json.field("held_blocks", buffer.held_blocks).field("held_records", buffer.held_records);
  json.field("held_bytes", buffer.held_bytes).field("waiting_bytes", buffer.waiting_bytes);
  json.field("commits", buffer.commits).field("stored_bytes", buffer.stored_bytes);
  json.field("file_bytes", buffer.file_bytes).field("file_max_bytes", buffer.file_max_bytes);
  json.field("passed_records", buffer.passed_records);
  json.field("dropped_full", buffer.dropped_full).field("dropped_disk", buffer.dropped_disk);
  json.field("dropped_age", buffer.dropped_age).field("damaged_blocks", buffer.damaged_blocks);
  write_text_or_null("trouble", buffer.trouble, json);
  write_text_or_null("quarantine", buffer.quarantine, json);
  json.field("salvaged_blocks", buffer.salvaged_blocks).field("lost_blocks", buffer.lost_blocks);
  json.field("lost_records", buffer.lost_records).end_object();
}

void write_rate_or_null(const char* name, std::optional<double> figure, JsonWriter& json) {
  json.key(name);
  if (figure) {
    json.value(*figure);
  } else {
    json.null();
  }
}

void write_service(const ServiceFigures& service, JsonWriter& json) {
  write_rate_or_null("service_rate", service.service_rate, json);
  write_rate_or_null("utilization", service.utilization, json);
  write_rate_or_null("time_in_system", service.time_in_system, json);
}

void write_queue(const FlowStatus& flow, JsonWriter& json) {
  const QueueFigures& queue = flow.queue;
  json.key("queue").begin_object().field("records", queue.held);
  json.field("mean_records", queue.mean_held).field("arrival_rate", queue.arrival_rate);
  write_service(queue.slowest, json);
  write_rate_or_null("little_time", queue.little_time, json);
  write_rate_or_null("time_to_full", queue.time_to_full, json);
  write_rate_or_null("time_to_drain", queue.time_to_drain, json);
  json.key("sinks").begin_object();
  auto service = queue.services.begin();
  for (const auto& [sink, feed] : flow.feeds) {
    json.key(sink).begin_object().field("served", feed.records + feed.buried);
    write_time_or_null("oldest", feed.oldest, json);
    write_service(service != queue.services.end() ? *service++ : ServiceFigures(), json);
    json.end_object();
  }
  json.end_object().end_object();
}

void write_flow(const FlowStatus& flow, JsonWriter& json) {
  json.begin_object().field("records", flow.counts.records).field("blocks", flow.counts.blocks);
  json.field("decode_errors", flow.counts.errors).field("held_records", flow.room.held_records);
  json.field("held_bytes", flow.room.held_bytes).field("max_bytes", flow.room.max_bytes);
  json.field("imbalance", flow.imbalance);
  json.key("ledger").begin_object();
  for (const auto& [what, records] : flow.ledger) {
    json.field(what, records);
  }
  json.end_object();
  write_queue(flow, json);
  json.end_object();
}

void write_source(const SourceCounts& source, JsonWriter& json) {
  json.begin_object().field("connected", source.connected).field("connects", source.connects);
  json.field("messages", source.messages).field("acknowledged", source.acknowledged);
  json.field("redelivered", source.redelivered).field("oversize", source.oversize).end_object();
}

void write_reasons(const std::vector<HealthReason>& reasons, JsonWriter& json) {
  json.key("reasons").begin_array();
  for (const HealthReason& reason : reasons) {
    json.begin_object().field("code", reason.code).field("text", reason.text).end_object();
  }
  json.end_array();
}

// Rounded down; negative once it has expired.
std::int64_t days_until(Timestamp time, Timestamp now) {
  return std::chrono::floor<std::chrono::days>(time - now).count();
}

void write_certificate(const char* name, std::optional<Timestamp> expires, Timestamp now,
                       JsonWriter& json) {
  json.key(name);
  if (!expires) {
    json.null();
    return;
  }
  json.begin_object().field("expires", time_text(*expires));
  json.field("days_left", days_until(*expires, now)).end_object();
}

void write_connection(const TransportFigures& connection, Timestamp now, JsonWriter& json) {
  write_text_or_null("url", connection.url, json);
  json.field("connects", connection.connects).field("failovers", connection.failovers);
  write_certificate("certificate", connection.certificate_expires, now, json);
  write_certificate("server_certificate", connection.server_certificate_expires, now, json);
}

void write_sink(const SinkStatus& sink, Timestamp now, JsonWriter& json) {
  const DispatcherCounts& counts = sink.counts;
  json.begin_object().field("blocks", counts.blocks).field("records", counts.records);
  json.field("bytes", counts.bytes).field("sent_bytes", counts.sent_bytes);
  json.field("backfill_records", counts.backfill_records).field("retries", counts.retries);
  json.key("answers").begin_object();
  for (std::size_t i = 0; i < counts.answers.size(); ++i) {
    json.field(word_of(static_cast<Verdict>(i)), counts.answers.at(i));
  }
  json.end_object().field("splits", counts.splits);
  json.key("dead").begin_object().field("refused", counts.buried_refused);
  json.field("too_large", counts.buried_too_large).end_object();
  json.field("breaker", word_of(counts.breaker)).field("waiting_for", word_of(counts.waiting_for));
  write_time_or_null("next_attempt", counts.next_attempt, json);
  json.field("flows_with_backlog", counts.flows_with_backlog);
  json.field("flows_refused", counts.flows_refused).field("sent_today", counts.sent_today);
  json.field("sent_this_month", counts.sent_this_month);
  write_text_or_null("last_error", counts.last_error, json);
  write_connection(sink.connection, now, json);
  json.end_object();
}

void write_sums(const AgentCounts& counts, JsonWriter& json) {
  json.field("received", counts.received).field("acknowledged", counts.acknowledged);
  json.field("redelivered", counts.redelivered).field("records", counts.records);
  json.field("delivered", counts.delivered);
}

// Sooner than this somebody has to see to a certificate.
constexpr std::int64_t kDaysToRenew = 14;

// Older than this, what a sink is to get next is late. The alert SluiceDeliveryLate takes the same.
constexpr std::chrono::minutes kLate{15};

// Collects reasons; the state is that of the worst.
class Diagnosis {
 public:
  void failing(std::string_view code, std::string text) {
    failing_.push_back({code, std::move(text)});
  }
  void degraded(std::string_view code, std::string text) {
    degraded_.push_back({code, std::move(text)});
  }
  void certificate(const std::string& sink, const char* whose, std::optional<Timestamp> expires,
                   Timestamp now) {
    if (expires && days_until(*expires, now) < kDaysToRenew) {
      degraded("certificate_expires", fmt::format("sink {}: {} certificate is valid until {}", sink,
                                                  whose, time_text(*expires)));
    }
  }
  Health conclude() && {
    Health health{.state = HealthState::Ok, .reasons = std::move(failing_)};
    if (!health.reasons.empty()) {
      health.state = HealthState::Failing;
    } else if (!degraded_.empty()) {
      health.state = HealthState::Degraded;
    }
    health.reasons.insert(health.reasons.end(), degraded_.begin(), degraded_.end());
    return health;
  }

 private:
  std::vector<HealthReason> failing_;
  std::vector<HealthReason> degraded_;
};

void diagnose_buffer(const BufferCounts& buffer, Diagnosis& diagnosis) {
  if (!buffer.trouble.empty()) {
    diagnosis.failing("buffer_cannot_store", "the buffer cannot store: " + buffer.trouble);
  }
  if (!buffer.quarantine.empty()) {
    diagnosis.degraded("buffer_was_damaged", "the buffer was damaged: " + buffer.quarantine);
  }
  if (buffer.damaged_blocks > 0) {
    diagnosis.degraded(
        "blocks_damaged",
        fmt::format("{} stored blocks do not match their checksum and were set aside",
                    buffer.damaged_blocks));
  }
  if (const auto dropped = buffer.dropped_full + buffer.dropped_disk + buffer.dropped_age;
      dropped > 0) {
    diagnosis.degraded("records_dropped",
                       fmt::format("{} records were dropped since the start", dropped));
  }
}

void diagnose_flow(const std::string& name, const FlowStatus& flow, Timestamp now,
                   Diagnosis& diagnosis) {
  if (flow.imbalance != 0) {
    diagnosis.failing(
        kLedgerUnbalanced,
        fmt::format("the ledger of flow {} is off by {} records: keep the buffer file "
                    "and run sluice buffer verify",
                    name, flow.imbalance));
  }
  for (const auto& [sink, feed] : flow.feeds) {
    if (feed.oldest && now - *feed.oldest > kLate) {
      diagnosis.degraded(
          "delivering_late",
          fmt::format("sink {} is {} minutes behind in flow {}", sink,
                      std::chrono::floor<std::chrono::minutes>(now - *feed.oldest).count(), name));
    }
  }
}

void diagnose_sink(const std::string& name, const SinkStatus& sink, Timestamp now,
                   Diagnosis& diagnosis) {
  if (sink.counts.breaker != BreakerState::Closed) {
    diagnosis.degraded("sink_paused",
                       fmt::format("sink {} takes nothing: {}", name, sink.counts.last_error));
  }
  if (sink.counts.flows_refused > 0) {
    diagnosis.degraded("sink_refuses", fmt::format("sink {} refuses everything of {} flows", name,
                                                   sink.counts.flows_refused));
  }
  if (const auto dead = sink.counts.buried_refused + sink.counts.buried_too_large; dead > 0) {
    diagnosis.degraded("records_refused",
                       fmt::format("sink {} has refused {} records since the start: they are kept, "
                                   "see sluice dead ls",
                                   name, dead));
  }
  diagnosis.certificate(name, "the agent's", sink.connection.certificate_expires, now);
  diagnosis.certificate(name, "the server's", sink.connection.server_certificate_expires, now);
}

std::string words_of(const std::vector<HealthReason>& reasons) {
  std::vector<std::string> words;
  words.reserve(reasons.size());
  for (const HealthReason& reason : reasons) {
    words.push_back(reason.text);
  }
  return joined(words, "; ");
}

}  // namespace

std::string_view word_of(HealthState state) {
  switch (state) {
    case HealthState::Ok:
      return "ok";
    case HealthState::Degraded:
      return "degraded";
    case HealthState::Failing:
      return "failing";
  }
  return "";
}

Health health_of(const AgentStatus& status) {
  Diagnosis diagnosis;
  for (const std::string& words : status.stuck) {
    diagnosis.failing("thread_stuck", words);
  }
  diagnose_buffer(status.buffer, diagnosis);
  for (const auto& [name, source] : status.sources) {
    if (!source.connected) {
      diagnosis.failing("source_disconnected", "source " + name + " is not connected");
    }
  }
  for (const auto& [name, flow] : status.flows) {
    diagnose_flow(name, flow, status.now, diagnosis);
  }
  for (const auto& [name, sink] : status.sinks) {
    diagnose_sink(name, sink, status.now, diagnosis);
  }
  return std::move(diagnosis).conclude();
}

std::string words_of(const Health& health) {
  const std::string state(word_of(health.state));
  return health.reasons.empty() ? state : state + ": " + words_of(health.reasons);
}

std::string to_json(const AgentStatus& status) {
  JsonWriter json;
  json.begin_object().field("version", status.version).field("agent", status.agent);
  json.field("epoch", fmt::format("{:016x}", status.epoch)).field("time", time_text(status.now));
  const Health health = health_of(status);
  json.field("health", word_of(health.state));
  write_reasons(health.reasons, json);
  write_sums(status.counts, json);
  write_buffer(status.buffer, json);
  json.key("flows").begin_object();
  for (const auto& [name, flow] : status.flows) {
    json.key(name);
    write_flow(flow, json);
  }
  json.end_object();
  json.key("sources").begin_object();
  for (const auto& [name, source] : status.sources) {
    json.key(name);
    write_source(source, json);
  }
  json.end_object().key("sinks").begin_object();
  for (const auto& [name, sink] : status.sinks) {
    json.key(name);
    write_sink(sink, status.now, json);
  }
  json.end_object().end_object();
  return json.text() + '\n';
}

std::string to_json(const Health& health) {
  JsonWriter json;
  json.begin_object().field("state", word_of(health.state));
  write_reasons(health.reasons, json);
  if (health.state == HealthState::Failing) {  // answered with 503, and every such answer has this
    json.field("error", words_of(health.reasons));
  }
  json.end_object();
  return json.text() + '\n';
}

}  // namespace sluice
