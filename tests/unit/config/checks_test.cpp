// What several values together can be wrong about.
#include "tests/unit/config/loading.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): this is a test
using List = std::vector<std::string>;

const std::string kRest = kFlow + kSink;
const std::string kSecureSource =
    "sources:\n  plant:\n    url: mqtts://h\n    topics: [a/#]\n    tls: ";  // tls at 5:5

TEST(References, MustNameWhatThereIs) {
  EXPECT_EQ(findings(kSource + "flows:\n  all: {from: [plant, plent], to: [cloud]}\n" + kSink),
            List{"6:23 error flows.all.from[1]"});
  EXPECT_NE(report(kSource + "flows:\n  all: {from: [plant], to: [cluod]}\n" + kSink)
                .find("there is no sink of this name: did you mean cloud?"),
            std::string::npos);
}

TEST(References, AreListedOnce) {
  EXPECT_EQ(findings(kSource + "flows:\n  all: {from: [plant], to: [cloud, cloud]}\n" + kSink),
            List{"6:36 error flows.all.to[1]"});
}

TEST(UnusedThings, AreWarnedAbout) {
  const std::string text = kSource + "  spare: {url: mqtt://other, topics: [a]}\n" + kRest +
                           "  nowhere: {url: http://h}\n";
  EXPECT_EQ(findings(text), (List{"5:3 warning sources.spare", "13:3 warning sinks.nowhere"}));
  EXPECT_TRUE(load(text).ok());
}

TEST(Topics, ThatNoFlowTakesAreWarnedAbout) {
  EXPECT_EQ(findings("sources: {plant: {url: mqtt://h, topics: [a/#, b]}}\n"
                     "flows: {all: {from: [plant], topics: [a/b], to: [cloud]}}\n" +
                     kSink),
            List{"1:48 warning sources.plant.topics[1]"});
  EXPECT_EQ(findings("sources: {plant: {url: mqtt://h, topics: [$share/g/a]}}\n"
                     "flows: {all: {from: [plant], topics: [a, c], to: [cloud]},\n"
                     "        other: {from: [plant], topics: [x], to: [cloud]}}\n" +
                     kSink),
            List{"3:40 warning flows.other.topics"});
}

TEST(Tls, CertificateAndKeyGoTogether) {
  EXPECT_EQ(findings(kSecureSource + "{cert: c}\n" + kRest),
            List{"5:17 error sources.plant.tls.cert"});
  EXPECT_EQ(findings(kSecureSource + "{key: k}\n" + kRest),
            List{"5:16 error sources.plant.tls.key"});
  EXPECT_EQ(findings(kSecureSource + "{cert: c, key: k}\n" + kRest), List{});
}

TEST(Tls, NeedsAUrlThatUsesIt) {
  EXPECT_EQ(findings(with_source("tls: {ca: c}")), List{"5:10 error sources.plant.tls"});
  EXPECT_EQ(findings(with_sink("tls: {server_name: c}")), List{"4:10 error sinks.cloud.tls"});
  EXPECT_EQ(findings(with_sink("tls: {}")), List{});
  EXPECT_NE(report(with_source("tls: {ca: c}")).find("mqtts://"), std::string::npos);
}

TEST(Tls, WithoutVerificationIsWarnedAbout) {
  EXPECT_EQ(findings(kSecureSource + "{insecure_skip_verify: true}\n" + kRest),
            List{"5:33 warning sources.plant.tls.insecure_skip_verify"});
}

TEST(Sessions, ThatLoseMessagesAreWarnedAbout) {
  EXPECT_EQ(findings(with_source("receive_maximum: 901")),
            List{"5:22 warning sources.plant.receive_maximum"});
  EXPECT_EQ(findings(with_source("session_expiry: 30s")),
            List{"5:21 warning sources.plant.session_expiry"});
  EXPECT_EQ(findings(with_source("qos: 0\n    session_expiry: 30s")), List{});
}

TEST(Sessions, OfOldMqttHaveFewerOptions) {
  EXPECT_EQ(
      findings(with_source("protocol: 3.1.1\n    receive_maximum: 10\n    session_expiry: 1d")),
      (List{"6:22 warning sources.plant.receive_maximum",
            "7:21 warning sources.plant.session_expiry"}));
  EXPECT_EQ(findings(with_source("protocol: 3.1.1\n    password: ${HOME}")),
            List{"6:15 error sources.plant.password"});
  EXPECT_EQ(findings(with_source("password: ${HOME}")), List{});
}

TEST(SharedSubscriptions, HaveRulesOfTheirOwn) {
  const auto with = [](const std::string& more) {
    return "sources: {plant: {url: mqtt://h, topics: [$share/g/a/#], " + more + "}}\n" + kRest;
  };
  EXPECT_EQ(findings(with("qos: 1")), List{});
  EXPECT_EQ(findings(with("qos: 2")), List{"1:43 warning sources.plant.topics[0]"});
  EXPECT_EQ(findings(with("protocol: 3.1.1")), List{"1:43 warning sources.plant.topics[0]"});
}

TEST(ClientIds, AreNotUsedTwiceAtOneBroker) {
  const auto two = [](const std::string& first, const std::string& second) {
    return "sources:\n  plant: {url: mqtt://h" + first + ", topics: [a]}\n  other: {url: mqtt://h" +
           second + ", topics: [a]}\nflows: {all: {from: [plant, other], to: [cloud]}}\n" + kSink;
  };
  EXPECT_EQ(findings(two(", client_id: me", ", client_id: me")),
            List{"3:37 error sources.other.client_id"});
  EXPECT_EQ(findings(two(":1, client_id: me", ":2, client_id: me")), List{});
  EXPECT_EQ(findings(two("", "")), List{});
}

TEST(Credentials, AreGivenInOnePlace) {
  EXPECT_EQ(
      findings("sources: {plant: {url: \"mqtt://me@h\", username: me, topics: [a]}}\n" + kRest),
      List{"1:24 error sources.plant.url"});
  EXPECT_EQ(findings("sinks: {cloud: {url: \"http://me@h\", auth: {bearer: \"${HOME}\"}}}\n" +
                     kSource + kFlow),
            List{"1:22 error sinks.cloud.url"});
  EXPECT_EQ(findings(with_sink("auth: {bearer: \"${HOME}\", basic: {username: a}}")),
            List{"4:11 error sinks.cloud.auth"});
  EXPECT_EQ(findings(with_sink("headers: {authorization: \"${HOME}\"}\n"
                               "    auth: {bearer: \"${HOME}\"}")),
            List{"4:14 error sinks.cloud.headers"});
  EXPECT_EQ(findings(with_sink("auth: {basic: {username: \"a:b\"}}")),
            List{"4:30 error sinks.cloud.auth.basic.username"});
  EXPECT_EQ(findings("sinks: {cloud: {url: \"http://a%3Ab@h\"}}\n" + kSource + kFlow),
            List{"1:22 error sinks.cloud.url"});
}

TEST(Retries, WaitLongerAndLonger) {
  EXPECT_EQ(findings(with_sink("retry: {initial: 2m}")),
            List{"4:22 error sinks.cloud.retry.initial"});
  EXPECT_EQ(findings(with_sink("retry: {max: 500ms}")), List{"4:18 error sinks.cloud.retry.max"});
  EXPECT_EQ(findings(with_sink("retry: {initial: 2m, max: 2m}")), List{});
}

TEST(FlowBuffers, LargerThanTheWholeAreWarnedAbout) {
  EXPECT_EQ(findings("buffer: {max_size: 10MiB}\n" + kSource + kFlow +
                     "    buffer: {max_size: 20MiB}\n" + kSink),
            List{"10:24 warning flows.all.buffer.max_size"});
  EXPECT_EQ(findings("buffer: {max_size: 10MiB}\n" + kSource + kRest), List{});
}

}  // namespace
}  // namespace sluice
