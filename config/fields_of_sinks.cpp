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

Field retry_field(BackoffOptions& retry) {
  return section(
      "retry",
      {duration("initial", retry.initial, 10ms, 1h, "The first wait is at most so long."),
       duration("max", retry.max, 10ms, 24h, "No wait is longer.")},
      "Attempts go on for ever, with waits that double and are randomly shortened.");
}

}  // namespace

std::vector<Field> sink_fields(SinkConfig& sink) {
  Field headers =
      text_map("headers", sink.http.headers, check_header, "Further headers of every request.");
  headers.may_hold_secrets = true;
  return {
      selector("type", "http", "Kind of the sink.").later({"kafka", "mqtt", "file", "stdout"}),
      url("url", sink.http.url, {"http", "https"}, "Where to deliver.").require(),
      choice<std::string>("method", sink.http.method,
                          {{"POST", "POST"}, {"PUT", "PUT"}, {"PATCH", "PATCH"}}, "HTTP method."),
      std::move(headers),
      choice<HttpCompression>("compression", sink.http.compression,
                              {{"zstd", HttpCompression::Zstd},
                               {"gzip", HttpCompression::Gzip},
                               {"none", HttpCompression::None}},
                              "Encoding of the body."),
      auth_field(sink.http.auth),
      section("tls", tls_fields(sink.http.tls), "For https."),
      unsupported_secret("proxy", "HTTP proxy on the way."),
      duration("timeout", sink.http.timeout, 10ms, 10min, "Of every step of a request."),
      retry_field(sink.retry),
      unsupported("rate_limit", {}, "Limits what is sent in a second."),
      unsupported("order", {"oldest_first"}, "Whether backlog or fresh data goes first."),
  };
}

}  // namespace sluice::configuration
