// MQTT topic filters: which topics a flow wants.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// A filter by the rules of MQTT 3.1.1 and 5 (section 4.7): "+" stands for one level, "#" for any
// number of levels at the end, the level above included; a wildcard at the beginning does not match
// topics that start with "$". "$share/<group>/<filter>" means <filter>. Immutable.
class TopicFilter {
 public:
  explicit TopicFilter(std::string_view filter);

  [[nodiscard]] bool matches(std::string_view topic) const;

 private:
  std::string filter_;
};

}  // namespace sluice
