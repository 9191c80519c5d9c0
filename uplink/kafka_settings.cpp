#include "uplink/kafka_settings.h"

#include "core/join.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

using Pair = std::pair<const char*, const char*>;

constexpr std::size_t kErrorBytes = 512;

// Without these the promise would not hold; each has the aliases under which it could be undone.
constexpr std::array<Pair, 5> kOwn{{
    {"enable.idempotence", "true"},
    {"acks", "all"},
    {"message.timeout.ms", "0"},  // default: given up silently after five minutes
    {"retries", "2147483647"},
    {"delivery.report.only.error", "false"},
}};
constexpr std::array<std::string_view, 18> kReserved{
    "bootstrap.servers",
    "metadata.broker.list",
    "compression.codec",
    "compression.type",
    "enable.idempotence",
    "acks",
    "request.required.acks",
    "message.timeout.ms",
    "delivery.timeout.ms",
    "retries",
    "message.send.max.retries",
    "delivery.report.only.error",
    "dr_cb",
    "dr_msg_cb",
    "transactional.id",
    "log.queue",
    "enabled_events",
    "opaque",
};

// May be replaced by the user's.
constexpr std::array<Pair, 4> kDefaults{{
    {"queue.buffering.max.kbytes", "8192"},  // default: 1 GiB; a block that is larger is fed
    {"linger.ms", "5"},
    {"topic.metadata.refresh.sparse", "true"},
    {"socket.keepalive.enable", "true"},
}};

const char* word(KafkaCompression compression) {
  switch (compression) {
    case KafkaCompression::Zstd:
      return "zstd";
    case KafkaCompression::Lz4:
      return "lz4";
    case KafkaCompression::Snappy:
      return "snappy";
    case KafkaCompression::Gzip:
      return "gzip";
    case KafkaCompression::None:
      break;
  }
  return "none";
}

Status set(rd_kafka_conf_t* settings, const std::string& name, const std::string& value) {
  std::array<char, kErrorBytes> why{};
  if (rd_kafka_conf_set(settings, name.c_str(), value.c_str(), why.data(), why.size()) !=
      RD_KAFKA_CONF_OK) {
    return Error{Reaction::Reject, why.data()};
  }
  return {};
}

}  // namespace

void KafkaSettingsDeleter::operator()(rd_kafka_conf_s* settings) const noexcept {
  rd_kafka_conf_destroy(settings);
}

Result<KafkaSettings> make_kafka_settings(const KafkaTransportOptions& options) {
  KafkaSettings settings(rd_kafka_conf_new());
  std::vector<std::pair<std::string, std::string>> pairs(kDefaults.begin(), kDefaults.end());
  pairs.insert(pairs.end(), options.properties.begin(), options.properties.end());
  pairs.insert(pairs.end(), kOwn.begin(), kOwn.end());
  pairs.emplace_back("bootstrap.servers", joined(options.brokers, ","));
  pairs.emplace_back("compression.codec", word(options.compression));
  for (const auto& [name, value] : pairs) {
    if (const Status done = set(settings.get(), name, value); !done) {
      return done.error();
    }
  }
  return settings;
}

Status check_kafka_setting(const std::string& name, const std::string& value) {
  if (std::ranges::find(kReserved, name) != kReserved.end()) {
    return Error{Reaction::Reject, "is decided by the agent: remove it"};
  }
  const KafkaSettings scratch(rd_kafka_conf_new());
  const Status done = set(scratch.get(), name, value);
  if (done) {
    return {};
  }
  std::string why = done.error().message;
  for (std::size_t at = why.find(value); !value.empty() && at != std::string::npos;
       at = why.find(value)) {
    why.replace(at, value.size(), "…");
  }
  return Error{Reaction::Reject, "is refused by librdkafka: " + why};
}

}  // namespace sluice
