// Sends records to Kafka, one message each.
#pragma once

#include "core/transport.h"
#include "uplink/sender_identity.h"

#include <chrono>
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

}  // namespace sluice
