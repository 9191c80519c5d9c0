// Which proxy stands between the agent and a URL.
#pragma once

#include "core/result.h"
#include "net/url.h"

#include <optional>
#include <string>

namespace sluice {

// https is tunnelled through it by CONNECT; http is asked of it with the whole URL in the request.
struct HttpProxy {
  Url url;
  std::string authorization;  // value of Proxy-Authorization; empty: none
};

// The usual variables. The lower-case spelling wins over the upper-case one, except that HTTP_PROXY
// does not count at all: to a program that was started for a web request it may come from outside.
struct ProxyEnvironment {
  std::string http;     // http_proxy
  std::string https;    // https_proxy, HTTPS_PROXY
  std::string all;      // all_proxy, ALL_PROXY: where the two above are empty
  std::string exclude;  // no_proxy, NO_PROXY
};
ProxyEnvironment proxy_environment();

// Whether no_proxy names the URL's host. It is a list of names, separated by commas or spaces: a
// name stands for itself and for everything below it, with or without a dot in front; with :port it
// counts for that port only; * stands for all. Addresses are compared as they are written; ranges
// of them are not understood. This very machine (localhost, 127.0.0.0/8, ::1) never has a proxy.
bool without_proxy(const Url& url, const std::string& exclude);

// `configured`, if it has a host, is taken for every URL; otherwise the environment decides.
// Rejects a variable that does not hold the URL of an HTTP proxy, without repeating it.
Result<std::optional<HttpProxy>> proxy_for(const Url& url, const Url& configured,
                                           const ProxyEnvironment& environment);

}  // namespace sluice
