// Tries a Kafka cluster without producing anything.
#pragma once

#include "core/result.h"
#include "uplink/kafka_transport.h"
#include "uplink/sender_identity.h"

#include <chrono>
#include <string>

namespace sluice {

// Connects as the sink does, TLS and SASL included, and asks which brokers there are. Topics are
// not asked for: some clusters make those that are. Blocks, at most as long as it is told, and
// answers in words for a human.
Result<std::string> check_kafka_brokers(const KafkaTransportOptions& options,
                                        const SenderIdentity& identity,
                                        std::chrono::milliseconds at_most);

}  // namespace sluice
