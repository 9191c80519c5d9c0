#include "config/topic_filter.h"

#include <algorithm>

namespace sluice::configuration {

namespace {

constexpr std::string_view kShare = "$share/";
constexpr std::size_t kLongestFilter = 65'535;

Error wrong(std::string why) {
  return {Reaction::Reject, std::move(why)};
}

// Takes the first level off `rest`, and says whether more follow.
struct Level {
  std::string_view text;
  bool last;
};

Level next_level(std::string_view& rest) {
  const std::size_t end = rest.find('/');
  const Level level{rest.substr(0, end), end == std::string_view::npos};
  rest.remove_prefix(level.last ? rest.size() : end + 1);
  return level;
}

bool is_wildcard(std::string_view level) {
  return level == "+" || level == "#";
}

// Neither is #.
bool levels_overlap(std::string_view a, std::string_view b) {
  return a == b || a == "+" || b == "+";
}

// Whether what is left of two filters, of which at least one has come to its end, can be nothing.
bool end_together(bool a_ended, std::string_view a, bool b_ended, std::string_view b) {
  return (a_ended || a == "#") && (b_ended || b == "#");  // a/# matches a itself, too
}

// Wildcards at the front do not match topics that begin with $.
bool hidden_from_wildcard(std::string_view a, std::string_view b) {
  return is_wildcard(a.substr(0, a.find('/'))) && b.starts_with('$');
}

}  // namespace

Status check_filter(const std::string& text) {
  if (text.empty()) {
    return wrong("is empty: a topic filter has at least one character");
  }
  if (text.size() > kLongestFilter) {
    return wrong("is longer than 65535 bytes");
  }
  if (is_shared(text)) {
    return wrong("is a shared subscription: $share belongs in the topics of a source");
  }
  std::string_view rest = text;
  for (bool last = false; !last;) {
    const Level level = next_level(rest);
    last = level.last;
    if (level.text.find('#') != std::string_view::npos && (level.text != "#" || !last)) {
      return wrong("is not a valid topic filter: # must be the whole last level, as in a/b/#");
    }
    if (level.text.find('+') != std::string_view::npos && level.text != "+") {
      return wrong("is not a valid topic filter: + must be a whole level, as in a/+/c");
    }
  }
  return {};
}

Status check_subscription(const std::string& text) {
  if (!is_shared(text)) {
    return check_filter(text);
  }
  std::string_view group_and_filter = text;
  group_and_filter.remove_prefix(std::min(kShare.size(), text.size()));
  const std::size_t end = group_and_filter.find('/');
  const std::string_view group = group_and_filter.substr(0, end);
  if (group.empty() || group.find_first_of("+#") != std::string_view::npos) {
    return wrong("must name its group: $share/group/filter, without + or # in the group");
  }
  if (end == std::string_view::npos || end + 1 == group_and_filter.size()) {
    return wrong("has no topic filter: write $share/group/filter");
  }
  return check_filter(std::string(group_and_filter.substr(end + 1)));
}

bool is_shared(std::string_view subscription) {
  return subscription.starts_with(kShare) || subscription == kShare.substr(0, kShare.size() - 1);
}

std::string_view filter_of(std::string_view subscription) {
  if (!is_shared(subscription)) {
    return subscription;
  }
  const std::size_t end = subscription.find('/', kShare.size());
  return end == std::string_view::npos ? std::string_view{} : subscription.substr(end + 1);
}

bool filters_overlap(std::string_view a, std::string_view b) {
  if (hidden_from_wildcard(a, b) || hidden_from_wildcard(b, a)) {
    return false;
  }
  for (;;) {
    const Level level_a = next_level(a);
    const Level level_b = next_level(b);
    if (level_a.text == "#" || level_b.text == "#") {
      return true;
    }
    if (!levels_overlap(level_a.text, level_b.text)) {
      return false;
    }
    if (level_a.last || level_b.last) {
      return end_together(level_a.last, a, level_b.last, b);
    }
  }
}

}  // namespace sluice::configuration
