#include "metrics/catalogue.h"

#include <array>
#include <cstddef>

namespace sluice {

namespace {

using Kind = MetricKind;

constexpr std::size_t kMetrics = static_cast<std::size_t>(Metric::BufferCommitSeconds) + 1;

constexpr std::array<MetricEntry, kMetrics> kCatalogue{{
    {Metric::BuildInfo, Kind::Gauge, "sluice_build_info",
     "Always 1; version and name of the agent are in the labels."},
    {Metric::Health, Kind::Gauge, "sluice_health",
     "1 for the state that /readyz tells, 0 for the others."},
    {Metric::HealthReasons, Kind::Gauge, "sluice_health_reasons",
     "How many reasons with this code /readyz gives for not being ok."},
    {Metric::CpuSeconds, Kind::Counter, "process_cpu_seconds_total", "User and system CPU time."},
    {Metric::ResidentBytes, Kind::Gauge, "process_resident_memory_bytes", "Resident memory."},
    {Metric::StartTime, Kind::Gauge, "process_start_time_seconds",
     "When the process started, in seconds since 1970."},
    {Metric::WrittenBytes, Kind::Counter, "sluice_process_written_bytes_total",
     "Bytes that the process has caused to be written to storage."},
    {Metric::SourceConnected, Kind::Gauge, "sluice_source_connected",
     "1 while the source has a session with its broker."},
    {Metric::SourceConnects, Kind::Counter, "sluice_source_connects_total",
     "Sessions established with the broker."},
    {Metric::SourceMessages, Kind::Counter, "sluice_source_messages_total", "Messages taken in."},
    {Metric::SourceAcknowledgements, Kind::Counter, "sluice_source_acknowledgements_total",
     "Acknowledgements sent to the broker."},
    {Metric::SourceRedelivered, Kind::Counter, "sluice_source_redelivered_messages_total",
     "Messages that arrived again and were here already."},
    {Metric::SourceOversize, Kind::Counter, "sluice_source_oversize_messages_total",
     "Messages larger than allowed."},
    {Metric::FlowRecords, Kind::Counter, "sluice_flow_records_total",
     "Records that have arrived in the flow."},
    {Metric::FlowBlocks, Kind::Counter, "sluice_flow_blocks_total", "Blocks sealed."},
    {Metric::FlowDecodeErrors, Kind::Counter, "sluice_flow_decode_errors_total",
     "Records that were decoded with an error; they are kept."},
    {Metric::FlowLedger, Kind::Counter, "sluice_flow_ledger_records_total",
     "Records by what has become of them, since the file was made."},
    {Metric::FlowDropped, Kind::Counter, "sluice_flow_dropped_records_total",
     "Records that were given up, by reason, since the file was made."},
    {Metric::FlowImbalance, Kind::Gauge, "sluice_flow_ledger_imbalance_records",
     "Records that the ledger cannot account for; anything but 0 is a fault."},
    {Metric::FlowHeldRecords, Kind::Gauge, "sluice_flow_held_records", "Records on the disk."},
    {Metric::FlowHeldBytes, Kind::Gauge, "sluice_flow_held_bytes",
     "Bytes of the blocks on the disk."},
    {Metric::FlowLimitBytes, Kind::Gauge, "sluice_flow_limit_bytes", "What the flow may hold."},
    {Metric::FlowArrivalRate, Kind::Gauge, "sluice_flow_arrival_records_per_second",
     "Lambda: records that arrive, over the last minute."},
    {Metric::FlowServiceRate, Kind::Gauge, "sluice_flow_service_records_per_second",
     "Mu: records that the slowest sink is through with while it has any, over the last minute."},
    {Metric::FlowUtilization, Kind::Gauge, "sluice_flow_utilization_ratio",
     "Rho: lambda / mu; from 1 on the flow fills."},
    {Metric::FlowQueueRecords, Kind::Gauge, "sluice_flow_queue_records",
     "L: records that have arrived and have not left, in memory and on the disk."},
    {Metric::FlowTimeInSystem, Kind::Gauge, "sluice_flow_time_in_system_seconds",
     "W: mean time from arrival to confirmation by the slowest sink, measured over the last "
     "minute."},
    {Metric::FlowLittleTime, Kind::Gauge, "sluice_flow_little_time_seconds",
     "W by Little's law: mean L / lambda over the last minute."},
    {Metric::FlowTimeToFull, Kind::Gauge, "sluice_flow_time_to_full_seconds",
     "Until the flow or the file is full at the rates of the last minute; +Inf: it is not "
     "filling."},
    {Metric::FlowTimeToDrain, Kind::Gauge, "sluice_flow_time_to_drain_seconds",
     "Until nothing is held at the rates of the last minute; +Inf: it does not drain."},
    {Metric::DeliveryBlocks, Kind::Counter, "sluice_delivery_blocks_total",
     "Blocks that the sink has confirmed."},
    {Metric::DeliveryRecords, Kind::Counter, "sluice_delivery_records_total",
     "Records that the sink has confirmed."},
    {Metric::DeliveryBytes, Kind::Counter, "sluice_delivery_bytes_total",
     "Bytes of the blocks that the sink has confirmed."},
    {Metric::DeliveryBusy, Kind::Counter, "sluice_delivery_busy_seconds_total",
     "Time for which the sink had something of the flow to deliver."},
    {Metric::DeliveryServiceRate, Kind::Gauge, "sluice_delivery_service_records_per_second",
     "Mu of one sink."},
    {Metric::DeliveryUtilization, Kind::Gauge, "sluice_delivery_utilization_ratio",
     "Rho of one sink."},
    {Metric::DeliveryTimeInSystem, Kind::Gauge, "sluice_delivery_time_in_system_seconds",
     "W of one sink."},
    {Metric::DeliveryOldestAge, Kind::Gauge, "sluice_delivery_oldest_record_age_seconds",
     "Age of the oldest record that the sink is to get next; 0: there is none."},
    {Metric::DeliverySeconds, Kind::Histogram, "sluice_delivery_duration_seconds",
     "From the arrival of a record until the sink has confirmed it."},
    {Metric::SinkSentBytes, Kind::Counter, "sluice_sink_sent_bytes_total",
     "Bytes onto the line, with headers and failed attempts."},
    {Metric::SinkAnswers, Kind::Counter, "sluice_sink_answers_total",
     "Attempts by what the destination answered."},
    {Metric::SinkRetries, Kind::Counter, "sluice_sink_retries_total",
     "Attempts that were not confirmed."},
    {Metric::SinkSplits, Kind::Counter, "sluice_sink_splits_total",
     "Blocks cut in two because the destination refused them."},
    {Metric::SinkDeadRecords, Kind::Counter, "sluice_sink_dead_records_total",
     "Records that became dead letters, by reason."},
    {Metric::SinkBackfillRecords, Kind::Counter, "sluice_sink_backfill_records_total",
     "Records delivered that had waited while fresher ones went ahead."},
    {Metric::SinkConnects, Kind::Counter, "sluice_sink_connects_total", "Connections opened."},
    {Metric::SinkFailovers, Kind::Counter, "sluice_sink_failovers_total",
     "Changes from one URL to another."},
    {Metric::SinkBreaker, Kind::Gauge, "sluice_sink_breaker",
     "1 for the state of the circuit breaker, 0 for the others."},
    {Metric::SinkWaiting, Kind::Gauge, "sluice_sink_waiting",
     "1 for the reason why nothing is sent, 0 for the others."},
    {Metric::SinkFlowsWithBacklog, Kind::Gauge, "sluice_sink_flows_with_backlog",
     "Flows of which fresh blocks have overtaken older ones."},
    {Metric::SinkFlowsRefused, Kind::Gauge, "sluice_sink_flows_refused",
     "Flows of which the destination takes nothing at all."},
    {Metric::SinkCertificateExpiry, Kind::Gauge, "sluice_sink_certificate_expiry_timestamp_seconds",
     "When a certificate expires, in seconds since 1970."},
    {Metric::BufferHeldBlocks, Kind::Gauge, "sluice_buffer_held_blocks",
     "Blocks on the disk, of all flows."},
    {Metric::BufferHeldRecords, Kind::Gauge, "sluice_buffer_held_records",
     "Records on the disk, of all flows."},
    {Metric::BufferHeldBytes, Kind::Gauge, "sluice_buffer_held_bytes",
     "Bytes of the blocks on the disk, of all flows."},
    {Metric::BufferWaitingBytes, Kind::Gauge, "sluice_buffer_waiting_bytes",
     "Bytes of blocks that are in memory and not on the disk yet."},
    {Metric::BufferFileBytes, Kind::Gauge, "sluice_buffer_file_bytes",
     "Bytes in use in the buffer's file."},
    {Metric::BufferFileLimitBytes, Kind::Gauge, "sluice_buffer_file_limit_bytes",
     "What the file may grow to: buffer.max_size, or what the disk still has."},
    {Metric::BufferStoredBytes, Kind::Counter, "sluice_buffer_stored_bytes_total",
     "Bytes of blocks committed."},
    {Metric::BufferPassedRecords, Kind::Counter, "sluice_buffer_passed_records_total",
     "Records delivered without having been written."},
    {Metric::BufferDamagedBlocks, Kind::Counter, "sluice_buffer_damaged_blocks_total",
     "Blocks set aside because their checksum did not match."},
    {Metric::BufferLostRecords, Kind::Counter, "sluice_buffer_lost_records_total",
     "Records that a damaged file had and that could not be read."},
    {Metric::BufferTrouble, Kind::Gauge, "sluice_buffer_trouble", "1 while nothing can be stored."},
    {Metric::BufferCommitSeconds, Kind::Histogram, "sluice_buffer_commit_duration_seconds",
     "How long transactions took, fsync included."},
}};

constexpr bool each_is_in_its_place() {
  for (std::size_t i = 0; i < kCatalogue.size(); ++i) {
    if (kCatalogue.at(i).metric != static_cast<Metric>(i)) {
      return false;
    }
  }
  return true;
}
static_assert(each_is_in_its_place());

}  // namespace

std::span<const MetricEntry> metric_catalogue() {
  return kCatalogue;
}

}  // namespace sluice
