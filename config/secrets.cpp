#include "config/secrets.h"

#include "config/substitution.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::configuration {

namespace {

// Where the password begins and ends. Generous: a password with an unescaped / in it makes the URL
// invalid, but must not be shown for that.
struct Span {
  std::size_t begin;
  std::size_t end;
};

std::optional<Span> password_in(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t at = url.rfind('@');
  if (scheme == std::string_view::npos || at == std::string_view::npos) {
    return std::nullopt;
  }
  const std::size_t colon = url.find(':', scheme + 3);
  if (colon >= at) {
    return std::nullopt;
  }
  const std::size_t slash = url.find('/', colon);
  const std::string_view port = url.substr(colon + 1, slash - colon - 1);
  const bool is_port = slash < at && std::ranges::all_of(port, [](char c) {
                         return c >= '0' && c <= '9';
                       });  // host:8080/path@more
  return is_port ? std::nullopt : std::optional(Span{colon + 1, at});
}

}  // namespace

void Censor::hide(const YamlNode& node) {
  std::vector<const YamlNode*> open{&node};
  while (!open.empty()) {
    const YamlNode& next = open.back()->content();
    open.pop_back();
    if (!hidden_.insert(&next).second) {
      continue;
    }
    if (next.kind == YamlNode::Kind::Scalar && tells_value(next.text)) {
      findings_.hide(next.place, next.end, next.text);
    }
    open.insert(open.end(), next.items.begin(), next.items.end());
    for (const YamlNode::Entry& entry : next.entries) {
      open.push_back(entry.value);
    }
  }
}

bool Censor::hide_url_password(const YamlNode& node) {
  const YamlNode& content = node.content();
  const auto span = password_in(content.text);
  if (!span) {
    return false;
  }
  const std::string_view password =
      std::string_view(content.text).substr(span->begin, span->end - span->begin);
  if (!tells_value(password)) {
    return false;
  }
  Place place = content.place;
  place.column += static_cast<int>(span->begin);
  findings_.hide(place, content.end, password);
  return true;
}

}  // namespace sluice::configuration
