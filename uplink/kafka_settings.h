// What librdkafka is told: our own settings and those that the user passes through.
#pragma once

#include "core/result.h"
#include "uplink/kafka_transport.h"

#include <memory>
#include <string>

// Of librdkafka, whose header only kafka_*.cpp include.
struct rd_kafka_conf_s;

namespace sluice {

struct KafkaSettingsDeleter {
  void operator()(rd_kafka_conf_s* settings) const noexcept;
};
using KafkaSettings = std::unique_ptr<rd_kafka_conf_s, KafkaSettingsDeleter>;

// Rejects, in librdkafka's words, what it does not know or take.
Result<KafkaSettings> make_kafka_settings(const KafkaTransportOptions& options);

// Of one setting that the user passes through: the same, and what the agent must decide itself.
// The second half of a sentence that begins with the name; never repeats the value.
Status check_kafka_setting(const std::string& name, const std::string& value);

}  // namespace sluice
