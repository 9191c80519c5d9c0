// Every metric there is on /metrics. The names are a promise: dashboards and alerts use them.
// docs/monitoring/metrics.md lists the same.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sluice {

enum class Metric : std::uint8_t {
  BuildInfo,
  Health,
  HealthReasons,
  CpuSeconds,
  ResidentBytes,
  StartTime,
  WrittenBytes,

  SourceConnected,
  SourceConnects,
  SourceMessages,
  SourceAcknowledgements,
  SourceRedelivered,
  SourceOversize,

  FlowRecords,
  FlowBlocks,
  FlowDecodeErrors,
  FlowLedger,
  FlowDropped,
  FlowImbalance,
  FlowHeldRecords,
  FlowHeldBytes,
  FlowLimitBytes,
  FlowArrivalRate,
  FlowServiceRate,
  FlowUtilization,
  FlowQueueRecords,
  FlowTimeInSystem,
  FlowLittleTime,
  FlowTimeToFull,
  FlowTimeToDrain,

  DeliveryBlocks,
  DeliveryRecords,
  DeliveryBytes,
  DeliveryBusy,
  DeliveryServiceRate,
  DeliveryUtilization,
  DeliveryTimeInSystem,
  DeliveryOldestAge,
  DeliverySeconds,

  SinkSentBytes,
  SinkAnswers,
  SinkRetries,
  SinkSplits,
  SinkDeadRecords,
  SinkBackfillRecords,
  SinkConnects,
  SinkFailovers,
  SinkBreaker,
  SinkWaiting,
  SinkFlowsWithBacklog,
  SinkFlowsRefused,
  SinkCertificateExpiry,

  BufferHeldBlocks,
  BufferHeldRecords,
  BufferHeldBytes,
  BufferWaitingBytes,
  BufferFileBytes,
  BufferFileLimitBytes,
  BufferStoredBytes,
  BufferPassedRecords,
  BufferDamagedBlocks,
  BufferLostRecords,
  BufferTrouble,
  BufferCommitSeconds,
};

enum class MetricKind : std::uint8_t { Counter, Gauge, Histogram };

struct MetricEntry {
  Metric metric{};
  MetricKind kind{};
  std::string_view name;
  std::string_view help;
};

// In the order of the enumerators.
std::span<const MetricEntry> metric_catalogue();

}  // namespace sluice
