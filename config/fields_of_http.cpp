#include "config/fields.h"
#include "config/rules.h"

namespace sluice::configuration {

namespace {

using namespace std::chrono_literals;

Field auth_field(HttpAuth& auth) {
  return section(
      "auth",
      {secret("bearer", auth.bearer, "Sent as Authorization: Bearer …").checked(check_not_empty),
       section(
           "basic",
           {text("username", auth.username, "User name.").checked(check_basic_username).require(),
            secret("password", auth.password, "Password.")},
           "Sent as Authorization: Basic …"),
       unsupported_secret("oauth2", "A token that is fetched from an authorisation server.")},
      "How the agent proves who it is; one of them.");
}

}  // namespace

std::vector<Field> http_fields(HttpTransportOptions& http) {
  Field headers =
      text_map("headers", http.headers, check_header, "Further headers of every request.");
  headers.may_hold_secrets = true;
  headers.is_secret_key = is_secret_header;
  return {
      url("url", http.url, {"http", "https"}, "Where to deliver.").require(),
      choice<std::string>("method", http.method,
                          {{"POST", "POST"}, {"PUT", "PUT"}, {"PATCH", "PATCH"}}, "HTTP method."),
      std::move(headers),
      choice<HttpCompression>("compression", http.compression,
                              {{"zstd", HttpCompression::Zstd},
                               {"gzip", HttpCompression::Gzip},
                               {"none", HttpCompression::None}},
                              "Encoding of the body."),
      auth_field(http.auth),
      section("tls", tls_fields(http.tls), "For https."),
      unsupported_secret("proxy", "HTTP proxy on the way."),
      duration("timeout", http.timeout, 10ms, 10min, "Of every step of a request."),
      responses_field(http.responses),
  };
}

}  // namespace sluice::configuration
