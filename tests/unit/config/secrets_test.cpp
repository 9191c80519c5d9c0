// No diagnostic gives a secret away, whatever else is wrong with the file.
#include "tests/support/temp_directory.h"
#include "tests/unit/config/loading.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace sluice {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): this is a test
using List = std::vector<std::string>;

bool is_silent_about(const std::string& secret, const std::string& yaml) {
  const std::string text = report(yaml);
  EXPECT_FALSE(text.empty()) << yaml;
  return text.find(secret) == std::string::npos;
}

TEST(Secrets, InPlainTextAreWarnedAboutAndCovered) {
  EXPECT_EQ(report(with_source("password: hunter2  # mine")),
            "test.yaml:5:15: warning: sources.plant.password: this secret stands in the file as "
            "plain text: use ${NAME} or ${file:/run/secrets/name}\n"
            "    password: *******  # mine\n"
            "              ^\n");
  EXPECT_EQ(findings(with_sink("auth: {bearer: abc}")),
            List{"4:20 warning sinks.cloud.auth.bearer"});
  EXPECT_EQ(findings(with_sink("auth: {basic: {username: a, password: abc}}")),
            List{"4:43 warning sinks.cloud.auth.basic.password"});
  EXPECT_EQ(findings(with_sink("headers: {X-Api-Key: abc, X-Site: abc}")),
            List{"4:26 warning sinks.cloud.headers.X-Api-Key"});
}

TEST(Secrets, AsDefaultsArePlainText) {
  EXPECT_EQ(findings(with_source("password: ${SLUICE_TEST_UNSET:-hunter2}")),
            List{"5:15 warning sources.plant.password"});
  EXPECT_TRUE(is_silent_about("hunter2", with_source("password: ${SLUICE_TEST_UNSET:-hunter2}")));
}

TEST(Secrets, FromOutsideTheFileAreNoneOfItsBusiness) {
  const EnvironmentVariable password("SLUICE_TEST_PASSWORD", "hunter2");
  EXPECT_EQ(findings(with_source("password: ${SLUICE_TEST_PASSWORD}")), List{});
}

TEST(Secrets, AreCoveredInTheLinesOfOtherProblems) {
  for (const char* line : {"auth: {basic: {username: a, password: hunter2}, bear: 1}",
                           "auth: {bearer: 'hunter2', basik: 1}",
                           R"(auth: {bearer: "hun\x74er2 hunter2", basik: 1})",
                           "auth: hunter2",
                           "auth: {bearer: [hunter2]}",
                           "auth: {bearer: {a: hunter2}}",
                           "auth: {bearrer: hunter2}",
                           "bearer: hunter2",
                           "auth: {oauth2: {client_secret: hunter2}}",
                           "passwd: hunter2",
                           "auth: {basic: [a, hunter2]}",
                           "headers: {X-Token: hunter2, \"a b\": c}",
                           "headers: {X-Token: [hunter2]}",
                           "headers: [hunter2]",
                           "proxy: http://me:hunter2@h",
                           R"(auth: {bearer: "hunter2\n"})",
                           "auth: &a {bearer: hunter2, basik: *a}",
                           "unknown: [1, {deep: hunter2}]",
                           "auth: {bearer: \"${HOME}\", bearer: hunter2}",
                           "auth: {x: 1, x: {y: hunter2}}",
                           "proxy: http://h\n    proxy: http://me:hunter2@h"}) {
    EXPECT_TRUE(is_silent_about("hunter2", with_sink(line))) << report(with_sink(line));
  }
  for (const char* lines :
       {"encryption_key: hunter2", "encryption_key: [hunter2]", "encryption_kee: hunter2",
        "encryption_old_keys: hunter2", "encryption_old_keys: [hunter2]",
        "encryption_old_keys: [hunter2, hunter2]", "encryption_old_keys: [[hunter2]]",
        "encryption_old_keys: {a: hunter2}", "encryption_old_kees: [hunter2]"}) {
    const std::string text = with_top("buffer:\n  " + std::string(lines));
    EXPECT_TRUE(is_silent_about("hunter2", text)) << report(text);
  }
  EXPECT_TRUE(is_silent_about("hunter2", with_top("admin: {token: hunter2, x: 1}")));
}

TEST(Secrets, OverSeveralLinesAreCoveredInAllOfThem) {
  EXPECT_TRUE(is_silent_about("hunter2", with_source("password: |\n      hunter2\n      x")));
  EXPECT_TRUE(is_silent_about(
      "hunter2", "{sources: {plant: {password: \"a\n  hunter2\", nonsense: 1}}, more: 2}"));
}

TEST(Secrets, BehindAnAliasAreCovered) {
  const std::string text =
      "buffer: {durability: &secret hunter2}\n" + with_source("password: *secret");
  EXPECT_EQ(findings(text),
            (List{"1:22 error buffer.durability", "6:15 warning sources.plant.password"}));
}

TEST(Secrets, InUrlsAreWarnedAboutAndCovered) {
  const std::string rest = ", topics: [a]}}\n" + kFlow + kSink;
  EXPECT_EQ(findings("sources: {plant: {url: \"mqtt://me:hunter2@h\"" + rest),
            List{"1:24 warning sources.plant.url"});
  for (const char* url : {"mqtt://me:hunter2@h", "mqtt://me:hunter2@h:99999", "ftp://me:hunter2@h",
                          "mqtt://me:hun/hunter2@h", "mqtt://me:@hunter2@h", "mqtt://me:%hunter2@h",
                          "mqtt://me:hunter2@"}) {
    const std::string text = "sources: {plant: {url: \"" + std::string(url) + '"' + rest;
    EXPECT_TRUE(is_silent_about("hunter2", text)) << report(text);
  }
  EXPECT_EQ(findings("sinks: {cloud: {url: \"http://h:80/a@b\"}}\n" + kSource + kFlow), List{})
      << "a port is not a password";
}

TEST(Secrets, InBrokenYamlAreCovered) {
  for (const char* line : {"password: hunter2: x", "password: \"hunter2", "password: 'hunter2",
                           "\tpassword: hunter2", "url: mqtt://me:hunter2@h: x"}) {
    EXPECT_TRUE(is_silent_about("hunter2", with_source(line))) << report(with_source(line));
  }
}

TEST(Secrets, FromFilesAndTheEnvironmentAreNeverShown) {
  const TempDirectory directory;
  std::ofstream(directory.file("secret")) << "hunter2 with a space and a\nline break\n";
  const std::string reference = "\"${file:" + directory.file("secret") + "}\"";
  for (const char* key : {"url: ", "qos: ", "keep_alive: ", "password: ", "retained: ",
                          "client_id: ", "max_message_size: "}) {
    std::string text = "sources: {plant: {topics: [a], ";
    text.append(key).append(reference).append("}}\n").append(kFlow).append(kSink);
    EXPECT_TRUE(is_silent_about("hunter2", text)) << report(text);
  }
  const EnvironmentVariable scheme("SLUICE_TEST_URL", "hunter2://host");
  EXPECT_TRUE(is_silent_about("hunter2", "sinks: {cloud: {url: \"${SLUICE_TEST_URL}\"}}"));
  const EnvironmentVariable name("SLUICE_TEST_NAME", "hunter2");
  EXPECT_TRUE(is_silent_about(
      "hunter2",
      kSource + "flows: {all: {from: [\"${SLUICE_TEST_NAME}\"], to: [cloud]}}\n" + kSink));
}

TEST(Secrets, InOtherAlphabetsKeepTheCaretInPlace) {
  EXPECT_EQ(
      report(with_sink("auth: {bearer: \"${HOME}\", basic: {username: a, password: süß, x: 1}}"))
          .find("süß"),
      std::string::npos);
  const std::string text = report(with_source("tls: {ca: c, x: 1}\n    password: süß"));
  EXPECT_NE(text.find("    password: ***\n              ^\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace sluice
