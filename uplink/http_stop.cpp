#include "uplink/http_stop.h"

#include "uplink/http_credentials.h"

#include <algorithm>
#include <cctype>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

namespace {

bool is_named(const std::pair<std::string, std::string>& header, std::string_view lower_case) {
  return std::ranges::equal(header.first, lower_case,
                            [](unsigned char a, char b) { return std::tolower(a) == b; });
}

void keep_to_ourselves(std::vector<std::pair<std::string, std::string>>& headers) {
  std::erase_if(headers, [](const auto& header) {
    return !is_named(header, "content-type") && !is_named(header, "user-agent");
  });
}

}  // namespace

Result<HttpStop> make_stop(const Url& url, HttpRoutes::Trust trust, HttpTransportOptions options,
                           const SenderIdentity& identity, HttpRoutes& routes) {
  if (url.scheme != "http" && url.scheme != "https") {
    return Error{Reaction::Reject,
                 "an HTTP destination needs http:// or https://, not " + url.scheme + "://"};
  }
  if (url.user.find(':') != std::string::npos) {
    return Error{Reaction::Reject, "the user name in the URL must not contain a colon"};
  }
  const auto destination = routes.to(url, trust, std::make_shared<HttpMeter>());
  if (!destination) {
    return destination.error();
  }
  options.url = url;
  if (trust == HttpRoutes::Trust::Stranger) {
    keep_to_ourselves(options.headers);
  }
  auto head = HttpHead::make(options, identity, (*destination)->target());
  if (!head) {
    return head.error();
  }
  return HttpStop{url, *std::move(head), trust,
                  url.user.empty() ? "" : basic_credentials(url.user, url.password)};
}

std::string name_of(const Url& url) {
  return url.scheme + "://" + url.authority() + url.target.substr(0, url.target.find('?'));
}

bool sets_authorization(const HttpTransportOptions& options) {
  return std::ranges::any_of(options.headers,
                             [](const auto& header) { return is_named(header, "authorization"); });
}

}  // namespace sluice
