// Addresses of brokers and endpoints.
#pragma once

#include "core/result.h"

#include <string>
#include <string_view>

namespace sluice {

// scheme://[user[:password]@]host[:port][/target]. Source: RFC 3986; only what the agent needs.
struct Url {
  std::string scheme;  // lower case
  std::string user;    // percent-decoded; empty if absent
  std::string password;
  std::string host;    // IPv6 addresses without brackets
  std::string port;    // decimal; the scheme's default if the URL has none
  std::string target;  // path and query, "/" if the URL has none; sent as it stands

  [[nodiscard]] bool secure() const {
    return scheme == "https" || scheme == "mqtts" || scheme == "wss";
  }
  // host:port as in the Host header: brackets around IPv6, no port where it is the default.
  [[nodiscard]] std::string authority() const;
};

// Knows http, https, mqtt, mqtts, ws and wss. Rejects anything else, an empty host, a port outside
// 1..65535, and characters that do not belong there (a space or line break above all).
Result<Url> parse_url(std::string_view text);

}  // namespace sluice
