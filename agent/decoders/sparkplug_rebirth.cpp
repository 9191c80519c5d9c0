#include "decoders/sparkplug_rebirth.h"

#include <protozero/pbf_writer.hpp>

namespace sluice {
namespace {

// Payload with one metric, which is true: "Node Control/Rebirth".
void write_request(Timestamp now, std::string& payload) {
  constexpr std::uint32_t kBoolean = 11;
  const auto milliseconds = static_cast<std::uint64_t>(now.time_since_epoch().count());
  payload.clear();
  protozero::pbf_writer writer(payload);
  writer.add_uint64(1, milliseconds);
  protozero::pbf_writer metric(writer, 2);
  metric.add_string(1, "Node Control/Rebirth");
  metric.add_uint64(3, milliseconds);
  metric.add_uint32(4, kBoolean);
  metric.add_bool(14, true);
}

}  // namespace

void SparkplugRebirth::ask(const SparkplugTopic& topic) {
  if (requests_ == nullptr || topic.group.size() + topic.node.size() > kLongestName) {
    return;
  }
  node_.assign(topic.group).append(1, '/').append(topic.node);
  const Instant now = clock_.elapsed();
  const auto before = asked_.find(node_);
  if (before != asked_.end() && now - before->second < kRebirthInterval) {
    return;
  }
  if (before == asked_.end() && asked_.size() >= kMostNodes) {
    forget_old(now);
    if (asked_.size() >= kMostNodes) {
      return;
    }
  }
  asked_[node_] = now;
  topic_.assign("spBv1.0/").append(topic.group).append("/NCMD/").append(topic.node);
  write_request(clock_.now(), payload_);
  requests_->request(topic_, payload_);
}

void SparkplugRebirth::forget_old(Instant now) {
  std::erase_if(asked_, [now](const auto& node) { return now - node.second >= kRebirthInterval; });
}

}  // namespace sluice
