#include "net/url.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <utility>

namespace sluice {

namespace {

struct KnownScheme {
  std::string_view name;
  std::string_view port;
};
constexpr std::array<KnownScheme, 6> kSchemes{{{"http", "80"},
                                               {"https", "443"},
                                               {"mqtt", "1883"},
                                               {"mqtts", "8883"},
                                               {"ws", "80"},
                                               {"wss", "443"}}};

Error invalid(std::string_view why) {
  return {Reaction::Reject, "not a valid URL: " + std::string(why)};
}

std::string_view default_port(std::string_view scheme) {
  const auto* known =
      std::ranges::find_if(kSchemes, [&](const KnownScheme& each) { return each.name == scheme; });
  return known == kSchemes.end() ? std::string_view{} : known->port;
}

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (lower >= 'a' && lower <= 'f') {
    return lower - 'a' + 10;
  }
  return std::nullopt;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) {
      return std::nullopt;
    }
    const auto high = hex_digit(text[i + 1]);
    const auto low = hex_digit(text[i + 2]);
    if (!high || !low) {
      return std::nullopt;
    }
    decoded += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return decoded;
}

Status take_user(std::string_view user, Url& url) {
  const std::size_t colon = user.find(':');
  auto name = percent_decoded(user.substr(0, colon));
  auto password = percent_decoded(colon == std::string_view::npos ? std::string_view{}
                                                                  : user.substr(colon + 1));
  if (!name || !password) {
    return invalid("a % in the user name or password is not followed by two hex digits");
  }
  url.user = *std::move(name);
  url.password = *std::move(password);
  return {};
}

Status take_port(std::string_view port, Url& url) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc{} || end != port.data() + port.size() || number < 1 || number > 65535) {
    return invalid("the port must be a number from 1 to 65535");
  }
  url.port = std::to_string(number);
  return {};
}

Status take_host(std::string_view place, Url& url) {
  std::string_view after;
  if (place.starts_with('[')) {
    const std::size_t close = place.find(']');
    if (close == std::string_view::npos) {
      return invalid("[ of an IPv6 address without ]");
    }
    url.host = place.substr(1, close - 1);
    after = place.substr(close + 1);
    if (!after.empty() && !after.starts_with(':')) {
      return invalid("expected :port after ]");
    }
  } else {
    const std::size_t colon = place.find(':');
    url.host = place.substr(0, colon);
    after = colon == std::string_view::npos ? std::string_view{} : place.substr(colon);
  }
  if (url.host.empty()) {
    return invalid("the host is missing");
  }
  return after.empty() ? Status{} : take_port(after.substr(1), url);
}

bool has_forbidden(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) {
    return c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>';
  });
}

}  // namespace

std::string Url::authority() const {
  std::string text = host.find(':') == std::string::npos ? host : '[' + host + ']';
  if (port != default_port(scheme)) {
    text += ':' + port;
  }
  return text;
}

Result<Url> parse_url(std::string_view text) {
  if (has_forbidden(text)) {
    return invalid("it contains a space, a line break or another character that must be escaped");
  }
  const std::size_t separator = text.find("://");
  if (separator == std::string_view::npos) {
    return invalid("it must begin with a scheme, for example mqtt:// or https://");
  }
  Url url;
  url.scheme = text.substr(0, separator);
  std::ranges::transform(url.scheme, url.scheme.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  url.port = default_port(url.scheme);
  if (url.port.empty()) {
    return invalid("unknown scheme " + url.scheme + ", known are http https mqtt mqtts ws wss");
  }
  std::string_view rest = text.substr(separator + 3);
  const std::size_t end = rest.find_first_of("/?#");
  std::string_view place = rest.substr(0, end);
  std::string_view target = end == std::string_view::npos ? std::string_view{} : rest.substr(end);
  target = target.substr(0, target.find('#'));
  url.target = target.starts_with('/') ? std::string(target) : '/' + std::string(target);
  if (const std::size_t at = place.rfind('@'); at != std::string_view::npos) {
    if (Status user = take_user(place.substr(0, at), url); !user) {
      return user.error();
    }
    place = place.substr(at + 1);
  }
  if (Status host = take_host(place, url); !host) {
    return host.error();
  }
  return url;
}

}  // namespace sluice
