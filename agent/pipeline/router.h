// Which flows want the messages of a topic.
#pragma once

#include "core/ids.h"
#include "pipeline/topic_filter.h"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice {

struct TopicRoute {
  std::vector<FlowIndex> flows;  // in rising order
  std::string topic_json;        // the topic as a JSON string, quotes included
};

// The flows of one source. Remembers the answer for the topics it has seen: a repeated question
// allocates nothing. The memory is bounded, whatever topics arrive. One thread at a time.
class Router {
 public:
  static constexpr std::size_t kMostTopics = 4096;
  static constexpr std::size_t kMostBytes = 1024UL * 1024;  // of topics

  // Call before the first find(), with rising `flow`. No topic filters: it wants everything.
  void add(FlowIndex flow, const std::vector<std::string>& topics);

  // Valid until the next call.
  const TopicRoute& find(std::string_view topic);

  [[nodiscard]] std::size_t remembered() const { return known_.size(); }

 private:
  struct Wish {
    FlowIndex flow;
    std::vector<TopicFilter> filters;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  [[nodiscard]] TopicRoute resolve(std::string_view topic) const;

  std::vector<Wish> wishes_;
  std::unordered_map<std::string, TopicRoute, Hash, std::equal_to<>> known_;
  std::size_t known_bytes_ = 0;
};

}  // namespace sluice
