#include "sources/subscriptions.h"

#include "sources/reason_codes.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice {

namespace {

// A text on the wire holds no U+0000, so the character can stand between the texts.
constexpr char kSeparator = '\0';

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t end = 0; end != std::string_view::npos; begin = end + 1) {
    end = text.find(separator, begin);
    parts.emplace_back(text.substr(begin, end - begin));
  }
  return parts;
}

Error invalid(std::string_view filter, std::string_view why) {
  return {Reaction::Reject,
          "topic filter \"" + std::string(filter) + "\" is not valid: " + std::string(why)};
}

Status check_levels(std::string_view filter, std::string_view levels) {
  const std::vector<std::string> all = split(levels, '/');
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string& level = all[i];
    if (level.find_first_of("+#") != std::string::npos && level.size() > 1) {
      return invalid(filter, "+ and # stand for a whole level");
    }
    if (level == "#" && i + 1 < all.size()) {
      return invalid(filter, "nothing may follow #");
    }
  }
  return {};
}

}  // namespace

Status check_filter(std::string_view filter) {
  constexpr std::size_t kMaxSize = 65535;
  constexpr std::string_view kShared = "$share/";
  if (filter.empty() || filter.size() > kMaxSize) {
    return invalid(filter.substr(0, 100), "it must have 1 to 65535 bytes");
  }
  if (filter.find('\0') != std::string_view::npos) {
    return invalid(filter, "it holds a zero character");
  }
  if (!filter.starts_with(kShared)) {
    return check_levels(filter, filter);
  }
  const std::string_view rest = filter.substr(kShared.size());
  const std::size_t slash = rest.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == rest.size()) {
    return invalid(filter, "a shared subscription is $share/<name>/<filter>");
  }
  if (rest.substr(0, slash).find_first_of("+#") != std::string_view::npos) {
    return invalid(filter, "the name of a shared subscription holds no wildcard");
  }
  return check_levels(filter, rest.substr(slash + 1));
}

Subscriptions::Subscriptions(std::vector<std::string> wanted, std::string client_id,
                             std::string_view saved)
    : client_id_(std::move(client_id)) {
  std::set<std::string_view> seen;
  std::ranges::copy_if(wanted, std::back_inserter(wanted_),
                       [&](const std::string& filter) { return seen.insert(filter).second; });
  if (saved.empty()) {
    return;
  }
  std::vector<std::string> parts = split(saved, kSeparator);
  if (parts.front() != client_id_) {
    former_client_id_ = parts.front();
    return;
  }
  known_.insert(std::next(parts.begin()), parts.end());
}

std::vector<std::string> Subscriptions::obsolete() const {
  const std::set<std::string> wanted(wanted_.begin(), wanted_.end());
  std::vector<std::string> result;
  std::ranges::set_difference(known_, wanted, std::back_inserter(result));
  return result;
}

std::vector<std::string> Subscriptions::refused() const {
  std::vector<std::string> result;
  std::ranges::copy_if(wanted_, std::back_inserter(result), [this](const std::string& filter) {
    const auto answer = answers_.find(filter);
    return answer != answers_.end() && answer->second >= kFirstErrorCode;
  });
  return result;
}

bool Subscriptions::all_known() const {
  return std::ranges::all_of(wanted_,
                             [this](const std::string& filter) { return known_.contains(filter); });
}

void Subscriptions::session_lost() {
  known_.clear();
}

void Subscriptions::subscribing() {
  known_.insert(wanted_.begin(), wanted_.end());
}

void Subscriptions::unsubscribed(const std::string& filter) {
  known_.erase(filter);
}

std::optional<int> Subscriptions::answered(const std::string& filter, int code) {
  const auto [answer, first] = answers_.try_emplace(filter, code);
  if (first) {
    return std::nullopt;
  }
  return std::exchange(answer->second, code);
}

std::string Subscriptions::state() const {
  std::string text = client_id_;
  for (const std::string& filter : known_) {
    text += kSeparator;
    text += filter;
  }
  return text;
}

}  // namespace sluice
