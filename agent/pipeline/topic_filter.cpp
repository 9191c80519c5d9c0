#include "pipeline/topic_filter.h"

#include <cstddef>

namespace sluice {
namespace {

std::string_view without_share(std::string_view filter) {
  constexpr std::string_view kShare = "$share/";
  if (!filter.starts_with(kShare)) {
    return filter;
  }
  const std::size_t end_of_group = filter.find('/', kShare.size());
  return end_of_group == std::string_view::npos ? filter : filter.substr(end_of_group + 1);
}

// The levels of a topic, one after the other. "a/" has two, the second of them empty.
class Levels {
 public:
  explicit Levels(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool done() const { return done_; }

  std::string_view next() {
    const std::size_t end = rest_.find('/');
    const std::string_view level = rest_.substr(0, end);
    done_ = end == std::string_view::npos;
    if (!done_) {
      rest_.remove_prefix(end + 1);
    }
    return level;
  }

 private:
  std::string_view rest_;
  bool done_ = false;
};

}  // namespace

TopicFilter::TopicFilter(std::string_view filter) : filter_(without_share(filter)) {
}

bool TopicFilter::matches(std::string_view topic) const {
  if (topic.starts_with('$') && !filter_.starts_with('$')) {
    return false;  // a filter that starts with a name does not match either
  }
  Levels wanted(filter_);
  Levels given(topic);
  while (!wanted.done()) {
    const std::string_view level = wanted.next();
    if (level == "#") {
      return true;
    }
    if (given.done()) {
      return false;
    }
    if (const std::string_view actual = given.next(); level != "+" && level != actual) {
      return false;
    }
  }
  return given.done();
}

}  // namespace sluice
