// The agent's figures as Prometheus reads them.
#include "commands/metrics.h"

#include "metrics/catalogue.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kNow{std::chrono::milliseconds(1'763'692'800'000)};

// An agent of which everything is known.
AgentStatus busy_agent() {
  AgentStatus status{.version = "1.2.3",
                     .agent = "plant-7",
                     .epoch = 0xAB,
                     .now = kNow,
                     .counts = {},
                     .buffer = {},
                     .flows = {},
                     .sources = {},
                     .sinks = {}};
  status.sources["plant"] = {.messages = 7, .connects = 2, .connected = true};
  FlowStatus& flow = status.flows["telemetry"];
  flow.ledger = {{"received", 13}, {"dropped_error", 1}, {"stored", 12}, {"dropped_age", 3}};
  flow.counts = {.records = 500, .blocks = 5, .errors = 1};
  flow.room = {.held_records = 9, .held_bytes = 900, .max_bytes = 4'000};
  FeedCounts feed{
      .flow = FlowIndex(0), .blocks = 4, .records = 400, .bytes = 4'000, .busy = 2500ms};
  feed.seconds_to_confirm.add(1.5, 400);
  feed.oldest = kNow - 90s;
  flow.feeds.emplace("cloud", feed);
  const ServiceFigures service{.service_rate = 200, .utilization = 0.5, .time_in_system = 1.5};
  flow.queue = {.held = 100,
                .arrival_rate = 100,
                .mean_held = 150,
                .slowest = service,
                .little_time = 1.5,
                .time_to_full = 3'600,
                .time_to_drain = 1,
                .services = {service}};
  SinkStatus& sink = status.sinks["cloud"];
  sink.counts.answers.at(static_cast<std::size_t>(Verdict::TooLarge)) = 4;
  sink.counts.buried_refused = 2;
  sink.counts.breaker = BreakerState::Open;
  sink.counts.last_error = "503";
  sink.counts.feeds = {feed};
  sink.connection.certificate_expires = kNow + 24h;
  return status;
}

const ProcessFigures kProcess{
    .cpu_seconds = 1.5, .resident_bytes = 5'000'000, .written_bytes = 77, .start_seconds = 1e9};

bool has_line(const std::string& text, const std::string& line) {
  return text.find('\n' + line + '\n') != std::string::npos;
}

TEST(MetricsOfAnAgent, HoldEveryMetricOfTheCatalogue) {
  const std::string text = to_metrics(busy_agent(), kProcess);
  for (const MetricEntry& entry : metric_catalogue()) {
    EXPECT_NE(text.find("# TYPE " + std::string(entry.name) + ' '), std::string::npos)
        << entry.name << " has no value";
  }
}

TEST(MetricsOfAnAgent, TellWhatIsKnownOfEveryPart) {
  const std::string text = to_metrics(busy_agent(), kProcess);
  for (const char* line :
       {R"(sluice_build_info{version="1.2.3",agent="plant-7"} 1)",
        R"(sluice_health{state="ok"} 0)",
        R"(sluice_health{state="degraded"} 1)",
        R"(sluice_health_reasons{code="certificate_expires"} 1)",
        R"(sluice_health_reasons{code="sink_paused"} 1)",
        "process_cpu_seconds_total 1.5",
        "process_resident_memory_bytes 5000000",
        "sluice_process_written_bytes_total 77",
        R"(sluice_source_connected{source="plant"} 1)",
        R"(sluice_source_messages_total{source="plant"} 7)",
        R"(sluice_flow_records_total{flow="telemetry"} 500)",
        R"(sluice_flow_ledger_records_total{flow="telemetry",what="stored"} 12)",
        R"(sluice_flow_ledger_records_total{flow="telemetry",what="dead"} 0)",
        R"(sluice_flow_ledger_records_total{flow="telemetry",what="received"} 13)",
        R"(sluice_flow_ledger_records_total{flow="telemetry",what="dead_input"} 0)",
        R"(sluice_flow_dropped_records_total{flow="telemetry",reason="error"} 1)",
        R"(sluice_flow_dropped_records_total{flow="telemetry",reason="age"} 3)",
        R"(sluice_flow_dropped_records_total{flow="telemetry",reason="full"} 0)",
        R"(sluice_flow_time_to_full_seconds{flow="telemetry"} 3600)",
        R"(sluice_flow_little_time_seconds{flow="telemetry"} 1.5)",
        R"(sluice_delivery_busy_seconds_total{flow="telemetry",sink="cloud"} 2.5)",
        R"(sluice_delivery_oldest_record_age_seconds{flow="telemetry",sink="cloud"} 90)",
        R"(sluice_delivery_utilization_ratio{flow="telemetry",sink="cloud"} 0.5)",
        R"(sluice_delivery_duration_seconds_bucket{flow="telemetry",sink="cloud",le="1"} 0)",
        R"(sluice_delivery_duration_seconds_bucket{flow="telemetry",sink="cloud",le="2"} 400)",
        R"(sluice_delivery_duration_seconds_sum{flow="telemetry",sink="cloud"} 600)",
        R"(sluice_sink_answers_total{sink="cloud",class="too_large"} 4)",
        R"(sluice_sink_answers_total{sink="cloud",class="refused"} 0)",
        R"(sluice_sink_dead_records_total{sink="cloud",reason="refused"} 2)",
        R"(sluice_sink_breaker{sink="cloud",state="open"} 1)",
        R"(sluice_sink_breaker{sink="cloud",state="closed"} 0)",
        R"(sluice_sink_waiting{sink="cloud",reason="none"} 1)"}) {
    EXPECT_TRUE(has_line(text, line)) << line << "\nis not in\n" << text;
  }
  const std::string expiry = "sluice_sink_certificate_expiry_timestamp_seconds";
  EXPECT_TRUE(has_line(text, expiry + R"({sink="cloud",whose="agent"} 1763779200)"));
}

TEST(MetricsOfAnAgent, LeaveOutWhatIsNotKnown) {
  AgentStatus status = busy_agent();
  status.flows["telemetry"].queue = {};
  status.sinks["cloud"].connection = {};
  const std::string text = to_metrics(status, {});
  for (const char* name :
       {"process_cpu_seconds_total", "sluice_flow_service_records_per_second",
        "sluice_flow_time_to_full_seconds", "sluice_sink_certificate_expiry_timestamp_seconds"}) {
    EXPECT_EQ(text.find(name), std::string::npos) << name;
  }
}

TEST(MetricsOfAnAgent, AnOldestRecordFromTheFutureIsNew) {
  AgentStatus status = busy_agent();
  status.flows["telemetry"].feeds.at("cloud").oldest = kNow + 1h;
  EXPECT_TRUE(
      has_line(to_metrics(status, kProcess),
               R"(sluice_delivery_oldest_record_age_seconds{flow="telemetry",sink="cloud"} 0)"));
}

}  // namespace
}  // namespace sluice
