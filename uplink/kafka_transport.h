// Sends records to Kafka, one message each.
#pragma once

#include "core/result.h"
#include "core/transport.h"
#include "uplink/sender_identity.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

enum class KafkaCompression { Zstd, Lz4, Snappy, Gzip, None };

struct KafkaTransportOptions {
  std::vector<std::string> brokers;  // host:port, to begin with; the rest they tell
  std::string topic;                 // template, see record_template.h
  std::string key = "{topic}";       // template; decides the partition; empty: no key
  KafkaCompression compression = KafkaCompression::Zstd;
  std::chrono::milliseconds timeout{30'000};  // until an answer, whatever librdkafka still tries
  std::vector<std::pair<std::string, std::string>> properties;  // of librdkafka, for TLS and SASL
};

// Message:  the line of the record without its line break; headers sluice-agent, sluice-epoch (16
// hex
//           digits), sluice-seq and sluice-flow name the record. Characters that a Kafka topic must
//           not have become '.' for a slash and '_' otherwise.
// Order:    by key, as far as Kafka keeps it: the producer is idempotent.
// Confirms: when every record of the block has been acknowledged by all in-sync replicas. Of a
// block
//           that is turned down, what has arrived is not sent again.
// Errors:   rejects settings that librdkafka does not accept.
Result<std::unique_ptr<Transport>> make_kafka_transport(boost::asio::io_context& io,
                                                        const KafkaTransportOptions& options,
                                                        const SenderIdentity& identity);

}  // namespace sluice
