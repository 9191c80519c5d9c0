#include "uplink/http_redirect.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace sluice {

namespace {

bool equal_but_for_case(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  });
}

bool is_absolute(std::string_view location) {
  const std::size_t colon = location.find(':');
  return colon != std::string_view::npos && colon < location.find_first_of("/?#");
}

// RFC 3986 §5.2, without the removal of dots, which is left to the server.
std::string absolute(const Url& from, std::string_view location) {
  std::string text(location);
  if (is_absolute(location)) {
    return text;
  }
  if (text.starts_with("//")) {
    return from.scheme + ':' + text;
  }
  const std::string origin = from.scheme + "://" + from.authority();
  if (text.starts_with('/')) {
    return origin + text;
  }
  const std::string path = from.target.substr(0, from.target.find('?'));
  if (text.starts_with('?')) {
    return origin + path + text;
  }
  return origin + path.substr(0, path.rfind('/') + 1) + text;
}

Error not_followed(const std::string& why) {
  return {Reaction::Reject, "the redirect is not followed: " + why};
}

}  // namespace

bool same_origin(const Url& one, const Url& other) {
  return one.scheme == other.scheme && one.port == other.port &&
         equal_but_for_case(one.host, other.host);
}

bool is_redirect(unsigned status) {
  constexpr unsigned kTemporary = 307;
  constexpr unsigned kPermanent = 308;
  return status == kTemporary || status == kPermanent;
}

Result<Url> redirect_target(const Url& from, std::string_view location) {
  if (location.empty()) {
    return not_followed("it does not say where to");
  }
  auto url = parse_url(absolute(from, location));
  if (!url) {
    return not_followed("its Location is " + url.error().message);
  }
  if (url->scheme != "http" && url->scheme != "https") {
    return not_followed("it leads to " + url->scheme + "://");
  }
  if (from.secure() && !url->secure()) {
    return not_followed("it leads from https to http, to " + url->authority());
  }
  url->user.clear();
  url->password.clear();
  return url;
}

}  // namespace sluice
