// What several values of an HTTP sink together can be wrong about.
#include "config/checks.h"
#include "config/rules.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::configuration {

namespace {

class HttpChecker {
 public:
  HttpChecker(const HttpTransportOptions& http, const std::string& path, const Places& places,
              Findings& findings)
      : http_(http), path_(path), places_(places), findings_(findings) {}

  void check() const {
    check_auth();
    check_oauth2();
    check_urls();
    check_tls(http_.tls, an_encrypted_url(), path_, places_, findings_);
  }

 private:
  [[nodiscard]] bool given(const std::string& key) const {
    return places_.contains(path_ + '.' + key);
  }
  void error(const std::string& key, std::string message) const {
    findings_.error(place_of(places_, path_ + '.' + key), path_ + '.' + key, std::move(message));
  }
  void warning(const std::string& key, std::string message) const {
    findings_.warning(place_of(places_, path_ + '.' + key), path_ + '.' + key, std::move(message));
  }

  void check_auth() const {
    constexpr std::array<std::string_view, 4> kWays{"bearer", "bearer_file", "basic", "oauth2"};
    const auto ways = std::ranges::count_if(
        kWays, [this](std::string_view way) { return given("auth." + std::string(way)); });
    if (ways > 1) {
      error("auth", "bearer, bearer_file, basic and oauth2 exclude each other: keep one");
    }
    exclude("auth.basic.password", "auth.basic.password_file");
    const bool own_header = std::ranges::any_of(http_.headers, [](const auto& header) {
      return lower_case(header.first) == "authorization";
    });
    if (own_header && (ways > 0 || !http_.auth.username.empty())) {
      error("headers", "auth writes the header Authorization already: remove one of them");
    }
  }

  void exclude(const std::string& one, const std::string& other) const {
    if (given(one) && given(other)) {
      error(other, "is the same thing as " + one + ": keep one");
    }
  }

  void check_oauth2() const {
    if (!given("auth.oauth2")) {
      return;
    }
    exclude("auth.oauth2.client_secret", "auth.oauth2.client_secret_file");
    if (!given("auth.oauth2.client_secret") && !given("auth.oauth2.client_secret_file")) {
      error("auth.oauth2", "needs client_secret or client_secret_file");
    }
    const Url& url = http_.auth.oauth2.token_url;
    if (!url.user.empty() || !url.password.empty()) {
      error("auth.oauth2.token_url",
            "must not hold credentials: write client_id and "
            "client_secret");
    }
    if (url.scheme == "http") {
      warning("auth.oauth2.token_url",
              "the client's secret travels unprotected: begin the URL with https://");
    }
  }

  void check_urls() const {
    if (!given("urls")) {
      if (given("failback_after")) {
        warning("failback_after", "has no effect without urls");
      }
      return;
    }
    if (given("url")) {
      error("urls", "takes the place of url: keep one of them");
    }
    // Those of the first one have been moved to where basic puts them.
    const bool first = !http_.auth.username.empty() && !given("auth.basic");
    if (first || std::ranges::any_of(http_.fallback_urls,
                                     [](const Url& url) { return !url.user.empty(); })) {
      error("urls",
            "must not hold credentials, which would be those of one of them only: write "
            "them under auth");
    }
  }

  // The section tls is for any of them.
  [[nodiscard]] const Url& an_encrypted_url() const {
    if (http_.auth.oauth2.token_url.secure()) {
      return http_.auth.oauth2.token_url;
    }
    const auto secure = std::ranges::find_if(http_.fallback_urls, &Url::secure);
    return http_.url.secure() || secure == http_.fallback_urls.end() ? http_.url : *secure;
  }

  const HttpTransportOptions& http_;
  const std::string& path_;
  const Places& places_;
  Findings& findings_;
};

}  // namespace

void check_http(const HttpTransportOptions& http, const std::string& path, const Places& places,
                Findings& findings) {
  HttpChecker(http, path, places, findings).check();
}

}  // namespace sluice::configuration
