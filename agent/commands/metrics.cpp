#include "commands/metrics.h"

#include "metrics/page.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

using Labels = MetricsPage::Labels;

double figure(std::uint64_t count) {
  return static_cast<double>(count);
}

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

// What is not known is left out.
template <class Figure>
void add_if_known(Metric metric, Labels labels, const std::optional<Figure>& value,
                  MetricsPage& page) {
  if (value) {
    page.add(metric, labels, static_cast<double>(*value));
  }
}

// 1 for the state it is in, 0 for the others: an alert must see a state come and go.
template <class State>
void add_state(Metric metric, std::optional<MetricsPage::Label> whose, const char* label,
               State last, State now, MetricsPage& page) {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(last); ++i) {
    const auto state = static_cast<State>(i);
    const double value = state == now ? 1 : 0;
    if (whose) {
      page.add(metric, {*whose, {label, word_of(state)}}, value);
    } else {
      page.add(metric, {{label, word_of(state)}}, value);
    }
  }
}

void add_agent(const AgentStatus& status, MetricsPage& page) {
  page.add(Metric::BuildInfo, {{"version", status.version}, {"agent", status.agent}}, 1);
  const Health health = health_of(status);
  add_state(Metric::Health, std::nullopt, "state", HealthState::Failing, health.state, page);
  std::map<std::string_view, int> reasons;
  for (const HealthReason& reason : health.reasons) {
    ++reasons[reason.code];
  }
  for (const auto& [code, times] : reasons) {
    page.add(Metric::HealthReasons, {{"code", code}}, times);
  }
}

void add_process(const ProcessFigures& process, MetricsPage& page) {
  add_if_known(Metric::CpuSeconds, {}, process.cpu_seconds, page);
  add_if_known(Metric::ResidentBytes, {}, process.resident_bytes, page);
  add_if_known(Metric::WrittenBytes, {}, process.written_bytes, page);
  add_if_known(Metric::StartTime, {}, process.start_seconds, page);
}

void add_source(const std::string& name, const SourceCounts& source, MetricsPage& page) {
  const MetricsPage::Label label{"source", name};
  page.add(Metric::SourceConnected, {label}, source.connected ? 1 : 0);
  page.add(Metric::SourceConnects, {label}, figure(source.connects));
  page.add(Metric::SourceMessages, {label}, figure(source.messages));
  page.add(Metric::SourceAcknowledgements, {label}, figure(source.acknowledged));
  page.add(Metric::SourceRedelivered, {label}, figure(source.redelivered));
  page.add(Metric::SourceOversize, {label}, figure(source.oversize));
}

// A counter that appears with its first increment hides it from increase(): all words, from 0 on.
void add_ledger(const std::string& flow, const Ledger& ledger, MetricsPage& page) {
  const auto records = [&ledger](const std::string& what) {
    const auto found = ledger.find(what);
    return found != ledger.end() ? figure(found->second) : 0;
  };
  for (const char* what : {"received", "made", "filtered", "aggregated", "dead_input", "stored",
                           "requeued", "retried_input", "delivered", "dead", "damaged"}) {
    page.add(Metric::FlowLedger, {{"flow", flow}, {"what", what}}, records(what));
  }
  for (const char* reason : {"error", "full", "disk", "age", "purged", "dead"}) {
    page.add(Metric::FlowDropped, {{"flow", flow}, {"reason", reason}},
             records(std::string("dropped_") + reason));
  }
}

std::uint64_t magnitude(std::int64_t figure) {
  return figure < 0 ? 0 - static_cast<std::uint64_t>(figure) : static_cast<std::uint64_t>(figure);
}

void add_queue(const std::string& flow, const QueueFigures& queue, MetricsPage& page) {
  const MetricsPage::Label label{"flow", flow};
  page.add(Metric::FlowArrivalRate, {label}, queue.arrival_rate);
  page.add(Metric::FlowQueueRecords, {label}, figure(queue.held));
  add_if_known(Metric::FlowServiceRate, {label}, queue.slowest.service_rate, page);
  add_if_known(Metric::FlowUtilization, {label}, queue.slowest.utilization, page);
  add_if_known(Metric::FlowTimeInSystem, {label}, queue.slowest.time_in_system, page);
  add_if_known(Metric::FlowLittleTime, {label}, queue.little_time, page);
  add_if_known(Metric::FlowTimeToFull, {label}, queue.time_to_full, page);
  add_if_known(Metric::FlowTimeToDrain, {label}, queue.time_to_drain, page);
}

void add_delivery(const std::string& flow, const std::string& sink, const FeedCounts& feed,
                  Timestamp now, MetricsPage& page) {
  const MetricsPage::Label from{"flow", flow};
  const MetricsPage::Label to{"sink", sink};
  page.add(Metric::DeliveryBlocks, {from, to}, figure(feed.blocks));
  page.add(Metric::DeliveryRecords, {from, to}, figure(feed.records));
  page.add(Metric::DeliveryBytes, {from, to}, figure(feed.bytes));
  page.add(Metric::DeliveryBusy, {from, to}, seconds(feed.busy));
  page.add(Metric::DeliverySeconds, {from, to}, feed.seconds_to_confirm);
  // The wall clock may have been set back since.
  const Timestamp oldest = std::min(feed.oldest.value_or(now), now);
  page.add(Metric::DeliveryOldestAge, {from, to}, seconds(now - oldest));
}

void add_service(const std::string& flow, const std::string& sink, const ServiceFigures& service,
                 MetricsPage& page) {
  const MetricsPage::Label from{"flow", flow};
  const MetricsPage::Label to{"sink", sink};
  add_if_known(Metric::DeliveryServiceRate, {from, to}, service.service_rate, page);
  add_if_known(Metric::DeliveryUtilization, {from, to}, service.utilization, page);
  add_if_known(Metric::DeliveryTimeInSystem, {from, to}, service.time_in_system, page);
}

void add_flow(const std::string& name, const FlowStatus& flow, Timestamp now, MetricsPage& page) {
  const MetricsPage::Label label{"flow", name};
  page.add(Metric::FlowRecords, {label}, figure(flow.counts.records));
  page.add(Metric::FlowBlocks, {label}, figure(flow.counts.blocks));
  page.add(Metric::FlowDecodeErrors, {label}, figure(flow.counts.errors));
  page.add(Metric::FlowHeldRecords, {label}, figure(flow.room.held_records));
  page.add(Metric::FlowHeldBytes, {label}, figure(flow.room.held_bytes));
  page.add(Metric::FlowLimitBytes, {label}, figure(flow.room.max_bytes));
  add_ledger(name, flow.ledger, page);
  page.add(Metric::FlowImbalance, {label}, figure(magnitude(flow.imbalance)));
  add_queue(name, flow.queue, page);
  auto service = flow.queue.services.begin();
  for (const auto& [sink, feed] : flow.feeds) {
    add_delivery(name, sink, feed, now, page);
    if (service != flow.queue.services.end()) {
      add_service(name, sink, *service++, page);
    }
  }
}

void add_connection(const std::string& sink, const TransportFigures& connection,
                    MetricsPage& page) {
  const MetricsPage::Label label{"sink", sink};
  page.add(Metric::SinkConnects, {label}, figure(connection.connects));
  page.add(Metric::SinkFailovers, {label}, figure(connection.failovers));
  const std::array certificates{std::pair{"agent", connection.certificate_expires},
                                std::pair{"server", connection.server_certificate_expires}};
  for (const auto& [whose, expires] : certificates) {
    if (expires) {
      page.add(Metric::SinkCertificateExpiry, {label, {"whose", whose}},
               seconds(expires->time_since_epoch()));
    }
  }
}

void add_sink(const std::string& name, const SinkStatus& sink, MetricsPage& page) {
  const MetricsPage::Label label{"sink", name};
  const DispatcherCounts& counts = sink.counts;
  page.add(Metric::SinkSentBytes, {label}, figure(counts.sent_bytes));
  for (std::size_t i = 0; i < counts.answers.size(); ++i) {
    page.add(Metric::SinkAnswers, {label, {"class", word_of(static_cast<Verdict>(i))}},
             figure(counts.answers.at(i)));
  }
  page.add(Metric::SinkRetries, {label}, figure(counts.retries));
  page.add(Metric::SinkSplits, {label}, figure(counts.splits));
  page.add(Metric::SinkDeadRecords, {label, {"reason", "refused"}}, figure(counts.buried_refused));
  page.add(Metric::SinkDeadRecords, {label, {"reason", "too_large"}},
           figure(counts.buried_too_large));
  page.add(Metric::SinkBackfillRecords, {label}, figure(counts.backfill_records));
  add_state(Metric::SinkBreaker, label, "state", BreakerState::HalfOpen, counts.breaker, page);
  add_state(Metric::SinkWaiting, label, "reason", Hold::Batch, counts.waiting_for, page);
  page.add(Metric::SinkFlowsWithBacklog, {label}, figure(counts.flows_with_backlog));
  page.add(Metric::SinkFlowsRefused, {label}, figure(counts.flows_refused));
  add_connection(name, sink.connection, page);
}

void add_buffer(const BufferCounts& buffer, MetricsPage& page) {
  page.add(Metric::BufferHeldBlocks, {}, figure(buffer.held_blocks));
  page.add(Metric::BufferHeldRecords, {}, figure(buffer.held_records));
  page.add(Metric::BufferHeldBytes, {}, figure(buffer.held_bytes));
  page.add(Metric::BufferWaitingBytes, {}, figure(buffer.waiting_bytes));
  page.add(Metric::BufferFileBytes, {}, figure(buffer.file_bytes));
  page.add(Metric::BufferFileLimitBytes, {}, figure(buffer.file_max_bytes));
  page.add(Metric::BufferStoredBytes, {}, figure(buffer.stored_bytes));
  page.add(Metric::BufferPassedRecords, {}, figure(buffer.passed_records));
  page.add(Metric::BufferDamagedBlocks, {}, figure(buffer.damaged_blocks));
  page.add(Metric::BufferLostRecords, {}, figure(buffer.lost_records));
  page.add(Metric::BufferTrouble, {}, buffer.trouble.empty() ? 0 : 1);
  page.add(Metric::BufferCommitSeconds, {}, buffer.commit_seconds);
}

}  // namespace

std::string to_metrics(const AgentStatus& status, const ProcessFigures& process) {
  MetricsPage page;
  add_agent(status, page);
  add_process(process, page);
  for (const auto& [name, source] : status.sources) {
    add_source(name, source, page);
  }
  for (const auto& [name, flow] : status.flows) {
    add_flow(name, flow, status.now, page);
  }
  for (const auto& [name, sink] : status.sinks) {
    add_sink(name, sink, page);
  }
  add_buffer(status.buffer, page);
  return std::move(page).text();
}

}  // namespace sluice
