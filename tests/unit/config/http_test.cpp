// How an HTTP sink proves who it is, and the ways it may take.
#include "tests/unit/config/loading.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using testing_support::EnvironmentVariable;
using testing_support::findings;
using testing_support::kFlow;
using testing_support::kSource;
using testing_support::load;
using testing_support::report;
using testing_support::with_sink;
using List = std::vector<std::string>;

// A sink that has no url yet, in line 1.
std::string bare_sink(const std::string& keys) {
  return "sinks: {cloud: {" + keys + "}}\n" + kSource + kFlow;
}

class HttpKeys : public ::testing::Test {
 protected:
  const EnvironmentVariable secret_{"SLUICE_TEST_SECRET", "s3cret"};
};

TEST_F(HttpKeys, GoWhereTheyBelong) {
  const auto loaded = load(bare_sink(
      "urls: [\"https://a/x\", \"https://b:8443/y\"], failback_after: 5m, follow_redirects: true, "
      "proxy: \"http://me:${SLUICE_TEST_SECRET}@proxy:3128\", "
      "auth: {oauth2: {token_url: \"https://t/token\", client_id: me, scope: a b, "
      "client_secret: \"${SLUICE_TEST_SECRET}\", credentials_in: body}}"));
  ASSERT_TRUE(loaded.ok()) << report(loaded);
  EXPECT_EQ(loaded.diagnostics.size(), 0U) << report(loaded);
  const HttpTransportOptions& http = loaded.config.sinks.at(0).http;
  EXPECT_EQ(http.url.authority() + http.url.target, "a/x");
  ASSERT_EQ(http.fallback_urls.size(), 1U);
  EXPECT_EQ(http.fallback_urls[0].authority() + http.fallback_urls[0].target, "b:8443/y");
  EXPECT_EQ(http.failback_after, std::chrono::minutes(5));
  EXPECT_TRUE(http.follow_redirects);
  EXPECT_EQ(http.proxy.authority() + ' ' + http.proxy.user + ' ' + http.proxy.password,
            "proxy:3128 me s3cret");
  EXPECT_EQ(http.auth.oauth2.token_url.authority() + http.auth.oauth2.token_url.target, "t/token");
  EXPECT_EQ(http.auth.oauth2.client_id, "me");
  EXPECT_EQ(http.auth.oauth2.client_secret, "s3cret");
  EXPECT_EQ(http.auth.oauth2.scope, "a b");
  EXPECT_TRUE(http.auth.oauth2.credentials_in_body);
}

TEST_F(HttpKeys, MayNameFilesOfSecrets) {
  auto loaded = load(with_sink("auth: {bearer_file: /run/token}"));
  ASSERT_TRUE(loaded.ok()) << report(loaded);
  EXPECT_EQ(loaded.config.sinks.at(0).http.auth.bearer_file, "/run/token");
  loaded = load(with_sink("auth: {basic: {username: me, password_file: /run/password}}"));
  ASSERT_TRUE(loaded.ok()) << report(loaded);
  EXPECT_EQ(loaded.config.sinks.at(0).http.auth.password_file, "/run/password");
  loaded =
      load(with_sink("auth: {oauth2: {token_url: \"https://t/\", client_id: me, "
                     "client_secret_file: /run/secret}}"));
  ASSERT_TRUE(loaded.ok()) << report(loaded);
  EXPECT_EQ(loaded.config.sinks.at(0).http.auth.oauth2.client_secret_file, "/run/secret");
}

TEST_F(HttpKeys, SayTheUrlOnce) {
  EXPECT_EQ(findings(bare_sink("method: PUT")), List{"1:9 error sinks.cloud.url"});
  EXPECT_EQ(findings(bare_sink("url: http://a, urls: [http://b]")),
            List{"1:38 error sinks.cloud.urls"});
  EXPECT_EQ(findings(bare_sink("urls: []")), List{"1:23 error sinks.cloud.urls"});
  EXPECT_EQ(findings(bare_sink("urls: http://b")), List{"1:23 error sinks.cloud.urls"});
  EXPECT_EQ(findings(bare_sink("urls: [http://b, mqtt://c]")),
            List{"1:34 error sinks.cloud.urls[1]"});
  EXPECT_EQ(findings(bare_sink("urls: [http://b, http://b/]")),
            List{"1:34 error sinks.cloud.urls[1]"});
  EXPECT_EQ(findings(with_sink("failback_after: 5m")),
            List{"4:21 warning sinks.cloud.failback_after"});
}

TEST_F(HttpKeys, KeepCredentialsOutOfListsOfUrls) {
  for (const char* urls : {R"(["http://me:${SLUICE_TEST_SECRET}@a", http://b])",
                           R"([http://a, "http://me:${SLUICE_TEST_SECRET}@b"])"}) {
    EXPECT_EQ(findings(bare_sink("urls: " + std::string(urls))),
              List{"1:23 error sinks.cloud.urls"});
  }
}

TEST_F(HttpKeys, NeverShowSecrets) {
  for (const char* keys :
       {R"(urls: ["http://me:hunter2@a", "http://me:hunter2@a"])",
        R"(urls: ["http://me:hunter2@a b"])", R"(url: http://a, proxy: "http://me:hunter2@a b")",
        R"(url: http://a, proxy: "socks5://me:hunter2@p")",
        "url: http://a, auth: {oauth2: {client_secret: hunter2, x: 1}}",
        "url: http://a, auth: {oauth2: [hunter2]}"}) {
    const std::string text = report(bare_sink(keys));
    EXPECT_FALSE(text.empty());
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
  }
}

TEST_F(HttpKeys, ProveWhoItIsInOneWay) {
  for (const char* auth : {"{bearer: \"${SLUICE_TEST_SECRET}\", bearer_file: /x}",
                           "{bearer_file: /x, basic: {username: a}}",
                           "{bearer_file: /x, oauth2: {token_url: \"https://t/\", client_id: a, "
                           "client_secret_file: /x}}"}) {
    EXPECT_EQ(findings(with_sink("auth: " + std::string(auth))),
              List{"4:11 error sinks.cloud.auth"})
        << auth;
  }
  EXPECT_EQ(findings(with_sink("auth: {basic: {username: a, password: \"${SLUICE_TEST_SECRET}\", "
                               "password_file: /x}}")),
            List{"4:83 error sinks.cloud.auth.basic.password_file"});
  EXPECT_EQ(findings(with_sink("headers: {Authorization: \"${SLUICE_TEST_SECRET}\"}\n"
                               "    auth: {bearer_file: /x}")),
            List{"4:14 error sinks.cloud.headers"});
}

TEST_F(HttpKeys, OfOauth2BelongTogether) {
  EXPECT_EQ(findings(with_sink("auth: {oauth2: {token_url: \"https://t/\", client_id: a}}")),
            List{"4:20 error sinks.cloud.auth.oauth2"});
  EXPECT_EQ(findings(with_sink("auth: {oauth2: {client_secret_file: /x}}")),
            (List{"4:12 error sinks.cloud.auth.oauth2.token_url",
                  "4:12 error sinks.cloud.auth.oauth2.client_id"}));
  EXPECT_EQ(findings(with_sink("auth: {oauth2: {token_url: \"http://t/\", client_id: a, "
                               "client_secret_file: /x}}")),
            List{"4:32 warning sinks.cloud.auth.oauth2.token_url"});
}

TEST_F(HttpKeys, OfTlsAreForAnyOfTheUrls) {
  EXPECT_EQ(findings(bare_sink("urls: [http://a, https://b], tls: {ca: c}")), List{});
  EXPECT_EQ(findings(bare_sink("urls: [http://a, http://b], tls: {ca: c}")),
            List{"1:50 error sinks.cloud.tls"});
}

}  // namespace
}  // namespace sluice
