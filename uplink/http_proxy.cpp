#include "uplink/http_proxy.h"

#include "uplink/http_credentials.h"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <initializer_list>
#include <string_view>

namespace sluice {

namespace {

std::string variable(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    // Nothing in the agent changes the environment.
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    if (value != nullptr && *value != '\0') {
      return value;
    }
  }
  return {};
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

bool is_this_machine(const std::string& host) {
  if (host == "localhost" || host.ends_with(".localhost")) {
    return true;
  }
  boost::system::error_code not_an_address;
  const auto address = boost::asio::ip::make_address(host, not_an_address);
  return !not_an_address && address.is_loopback();
}

// host, host:port, [IPv6], [IPv6]:port, IPv6.
struct Excluded {
  std::string_view host;
  std::string_view port;
};

Excluded parse_excluded(std::string_view entry) {
  if (entry.starts_with('[')) {
    const std::size_t close = std::min(entry.find(']'), entry.size());
    const std::string_view after = entry.substr(std::min(close + 1, entry.size()));
    return {entry.substr(1, close - 1), after.starts_with(':') ? after.substr(1) : ""};
  }
  const std::size_t colon = entry.find(':');
  const bool is_ipv6 = colon != entry.rfind(':');
  if (colon == std::string_view::npos || is_ipv6) {
    return {entry, ""};
  }
  return {entry.substr(0, colon), entry.substr(colon + 1)};
}

bool is_excluded(const std::string& host, const std::string& port, std::string_view entry) {
  if (entry == "*") {
    return true;
  }
  Excluded excluded = parse_excluded(entry);
  if (!excluded.port.empty() && excluded.port != port) {
    return false;
  }
  if (excluded.host.starts_with("*.")) {
    excluded.host.remove_prefix(1);
  }
  if (excluded.host.starts_with('.')) {
    excluded.host.remove_prefix(1);
  }
  if (excluded.host.empty() || !host.ends_with(excluded.host)) {
    return false;
  }
  return host.size() == excluded.host.size() || host[host.size() - excluded.host.size() - 1] == '.';
}

HttpProxy proxy_at(const Url& url) {
  return {url, url.user.empty() ? "" : basic_credentials(url.user, url.password)};
}

Result<std::optional<HttpProxy>> parse_proxy(const std::string& text) {
  // Written without a scheme as often as with one.
  const auto url = parse_url(text.find("://") == std::string::npos ? "http://" + text : text);
  if (!url || url->scheme != "http") {
    return Error{Reaction::Reject,
                 "the environment (https_proxy, http_proxy or all_proxy) must name an HTTP proxy, "
                 "http://host:port, and names something else: set `proxy`, or no_proxy"};
  }
  return std::optional(proxy_at(*url));
}

}  // namespace

ProxyEnvironment proxy_environment() {
  return {.http = variable({"http_proxy"}),
          .https = variable({"https_proxy", "HTTPS_PROXY"}),
          .all = variable({"all_proxy", "ALL_PROXY"}),
          .exclude = variable({"no_proxy", "NO_PROXY"})};
}

bool without_proxy(const Url& url, const std::string& exclude) {
  const std::string host = lower_case(url.host);
  if (is_this_machine(host)) {
    return true;
  }
  const std::string list = lower_case(exclude);
  constexpr std::string_view kSeparators = ", \t";
  for (std::size_t at = list.find_first_not_of(kSeparators); at != std::string::npos;) {
    const std::size_t end = std::min(list.find_first_of(kSeparators, at), list.size());
    if (is_excluded(host, url.port, std::string_view(list).substr(at, end - at))) {
      return true;
    }
    at = list.find_first_not_of(kSeparators, end);
  }
  return false;
}

Result<std::optional<HttpProxy>> proxy_for(const Url& url, const Url& configured,
                                           const ProxyEnvironment& environment) {
  if (!configured.host.empty()) {
    return std::optional(proxy_at(configured));
  }
  const std::string& own = url.secure() ? environment.https : environment.http;
  const std::string& proxy = own.empty() ? environment.all : own;
  if (proxy.empty() || without_proxy(url, environment.exclude)) {
    return std::optional<HttpProxy>();
  }
  return parse_proxy(proxy);
}

}  // namespace sluice
