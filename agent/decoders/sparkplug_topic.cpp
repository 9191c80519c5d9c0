#include "decoders/sparkplug_topic.h"

#include <algorithm>
#include <array>

namespace sluice {
namespace {

constexpr std::string_view kNamespace = "spBv1.0/";
constexpr std::string_view kState = "STATE/";

// Takes the next level off the front; empty if there is none.
std::string_view take_level(std::string_view& topic) {
  const std::string_view level = topic.substr(0, topic.find('/'));
  topic.remove_prefix(std::min(level.size() + 1, topic.size()));
  return level;
}

}  // namespace

std::optional<SparkplugTopic> parse_sparkplug_topic(std::string_view topic) {
  constexpr std::array<std::string_view, 4> kOfNode = {"NBIRTH", "NDEATH", "NDATA", "NCMD"};
  constexpr std::array<std::string_view, 4> kOfDevice = {"DBIRTH", "DDEATH", "DDATA", "DCMD"};
  if (!topic.starts_with(kNamespace)) {
    return std::nullopt;
  }
  topic.remove_prefix(kNamespace.size());
  SparkplugTopic parsed;
  parsed.group = take_level(topic);
  parsed.type = take_level(topic);
  parsed.node = take_level(topic);
  parsed.device = take_level(topic);
  const bool is_known =
      std::ranges::count(parsed.device.empty() ? kOfNode : kOfDevice, parsed.type) > 0;
  if (!topic.empty() || parsed.group.empty() || parsed.node.empty() || !is_known) {
    return std::nullopt;
  }
  return parsed;
}

bool is_sparkplug_state(std::string_view topic) {
  if (topic.starts_with(kNamespace)) {
    topic.remove_prefix(kNamespace.size());
  }
  return topic.starts_with(kState);
}

}  // namespace sluice
