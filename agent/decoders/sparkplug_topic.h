// What the topic of a Sparkplug message says.
#pragma once

#include <optional>
#include <string_view>

namespace sluice {

// spBv1.0/<group>/<type>/<node>[/<device>]; the words are views of the topic.
struct SparkplugTopic {
  std::string_view group;
  std::string_view type;
  std::string_view node;
  std::string_view device;  // empty: it is the node itself that speaks

  [[nodiscard]] bool is_birth() const { return type == "NBIRTH" || type == "DBIRTH"; }
  [[nodiscard]] bool is_data() const { return type == "NDATA" || type == "DDATA"; }
};

// Nothing if it is none of those that carry a payload of metrics.
std::optional<SparkplugTopic> parse_sparkplug_topic(std::string_view topic);

// STATE/<host> or spBv1.0/STATE/<host>: whether a host is there, in text or JSON.
bool is_sparkplug_state(std::string_view topic);

}  // namespace sluice
