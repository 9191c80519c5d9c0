#include "config/fields.h"
#include "config/rules.h"

namespace sluice::configuration {

namespace {

using namespace std::chrono_literals;

Field oauth2_field(OAuth2Options& oauth2) {
  return section(
      "oauth2",
      {url("token_url", oauth2.token_url, {"https", "http"}, "Where tokens are fetched.").require(),
       text("client_id", oauth2.client_id, "Name of the client there.")
           .checked(check_not_empty)
           .require(),
       secret("client_secret", oauth2.client_secret, "Its secret.").checked(check_not_empty),
       text("client_secret_file", oauth2.client_secret_file,
            "File with the secret instead; read again when it changes.")
           .checked(check_not_empty),
       text("scope", oauth2.scope, "What the token is to be good for.").checked(check_not_empty),
       choice<bool>("credentials_in", oauth2.credentials_in_body,
                    {{"header", false}, {"body", true}},
                    "Where the request for a token holds name and secret; default: header.")
           .shown_as("")},  // with a default of its own, the section would never be empty
      "A token by client credentials: kept, renewed before it expires, and once on a 401.");
}

Field basic_field(HttpAuth& auth) {
  return section(
      "basic",
      {text("username", auth.username, "User name.").checked(check_basic_username).require(),
       secret("password", auth.password, "Password."),
       text("password_file", auth.password_file,
            "File with the password instead; read again when it changes.")
           .checked(check_not_empty)},
      "Sent as Authorization: Basic …");
}

Field auth_field(HttpAuth& auth) {
  return section(
      "auth",
      {secret("bearer", auth.bearer, "Sent as Authorization: Bearer …").checked(check_not_empty),
       text("bearer_file", auth.bearer_file,
            "File with the token instead; read again when it changes.")
           .checked(check_not_empty),
       basic_field(auth), oauth2_field(auth.oauth2)},
      "How the agent proves who it is; one of them.");
}

Field urls_field(HttpTransportOptions& http) {
  return url_list(
      "urls",
      [&http](const std::vector<Url>& urls) {
        http.url = urls.front();
        http.fallback_urls.assign(urls.begin() + 1, urls.end());
      },
      {"http", "https"}, "Instead of url: the next one is used while the one before fails.");
}

}  // namespace

std::vector<Field> http_fields(HttpTransportOptions& http) {
  Field headers =
      text_map("headers", http.headers, check_header, "Further headers of every request.");
  headers.may_hold_secrets = true;
  headers.is_secret_key = is_secret_header;
  return {
      url("url", http.url, {"http", "https"}, "Where to deliver.").require_unless("urls"),
      urls_field(http),
      duration("failback_after", http.failback_after, 1s, 24h,
               "While another one of the urls is used, the first one is tried again so often."),
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
      url("proxy", http.proxy, {"http"},
          "HTTP proxy on the way, for https by CONNECT; without it, the environment decides: "
          "https_proxy, http_proxy, all_proxy, no_proxy."),
      boolean("follow_redirects", http.follow_redirects,
              "Whether 307 and 308 are followed; to another host without credentials."),
      duration("timeout", http.timeout, 10ms, 10min, "Of every step of a request."),
      responses_field(http.responses),
  };
}

}  // namespace sluice::configuration
