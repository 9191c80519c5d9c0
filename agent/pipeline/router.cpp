#include "pipeline/router.h"

#include "core/json_text.h"

#include <algorithm>
#include <utility>

namespace sluice {

void Router::add(FlowIndex flow, const std::vector<std::string>& topics) {
  Wish wish{.flow = flow, .filters = {}};
  for (const std::string& topic : topics) {
    wish.filters.emplace_back(topic);
  }
  wishes_.push_back(std::move(wish));
}

const TopicRoute& Router::find(std::string_view topic) {
  if (const auto found = known_.find(topic); found != known_.end()) {
    return found->second;
  }
  // Forgetting everything at once needs no bookkeeping on the way of the known topics. It costs one
  // resolve() per topic and round, only for a source with more topics than we remember.
  if (known_.size() >= kMostTopics || known_bytes_ >= kMostBytes) {
    known_.clear();
    known_bytes_ = 0;
  }
  known_bytes_ += topic.size();
  return known_.emplace(topic, resolve(topic)).first->second;
}

TopicRoute Router::resolve(std::string_view topic) const {
  TopicRoute route{.flows = {}, .topic_json = quoted(topic)};
  for (const Wish& wish : wishes_) {
    const bool wanted =
        wish.filters.empty() ||
        std::any_of(wish.filters.begin(), wish.filters.end(),
                    [topic](const TopicFilter& filter) { return filter.matches(topic); });
    if (wanted) {
      route.flows.push_back(wish.flow);
    }
  }
  return route;
}

}  // namespace sluice
