// What is said about single values and keys, and where.
#include "config/config.h"
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

const std::string kValid = kSource + kFlow + kSink;

TEST(Diagnostics, AreAbsentWhenAllIsWell) {
  EXPECT_EQ(findings(kValid), List{});
  EXPECT_TRUE(load(kValid).ok());
}

TEST(Diagnostics, ShowTheLineAndACaret) {
  EXPECT_EQ(report(with_source("recieve_maximum: 20")),
            "test.yaml:5:5: error: sources.plant.recieve_maximum: unknown key: did you mean "
            "receive_maximum?\n"
            "    recieve_maximum: 20\n"
            "    ^\n");
}

TEST(Diagnostics, ComeAllInOneRunAndInTheOrderOfTheFile) {
  EXPECT_EQ(findings("sinks:\n"
                     "  cloud: {url: ftp://x, timeout: 5}\n"
                     "  spare: {url: http://x}\n"
                     "flows:\n"
                     "  all:\n"
                     "    from: [plnt]\n"
                     "    to: [clod]\n"
                     "    buffer: {max_size: 1KiB, wen_full: block}\n"
                     "sources:\n"
                     "  plant:\n"
                     "    topics: [a#]\n"
                     "    qos: 3\n"
                     "agent: {data_dir: \"\"}\n"),
            (List{"2:3 warning sinks.cloud", "2:16 error sinks.cloud.url",
                  "2:34 error sinks.cloud.timeout", "3:3 warning sinks.spare",
                  "6:12 error flows.all.from[0]", "7:10 error flows.all.to[0]",
                  "8:24 error flows.all.buffer.max_size", "8:30 error flows.all.buffer.wen_full",
                  "10:3 error sources.plant.url", "10:3 warning sources.plant",
                  "11:14 error sources.plant.topics[0]", "12:10 error sources.plant.qos",
                  "13:19 error agent.data_dir"}));
}

TEST(Diagnostics, CountCharactersAndNotBytes) {
  EXPECT_EQ(report("flöws: 1\n" + kValid),
            "test.yaml:1:1: error: flöws: unknown key: did you mean flows?\nflöws: 1\n^\n");
  EXPECT_EQ(report(with_source("username: {ü: 1, é: 2}")),
            "test.yaml:5:15: error: sources.plant.username: must be a single value, not a list or "
            "a section\n"
            "    username: {ü: 1, é: 2}\n              ^\n");
  EXPECT_EQ(findings(with_top("agent: {log: {lével: info, level: x}}")),
            (List{"1:15 error agent.log.lével", "1:35 error agent.log.level"}));
}

TEST(Diagnostics, KeepTheTabsOfTheLineAboveTheCaret) {
  EXPECT_EQ(report(with_source("qos:\t\t3")),
            "test.yaml:5:11: error: sources.plant.qos: '3' is out of range: it must be between 0 "
            "and 2\n    qos:\t\t3\n        \t\t^\n");
}

TEST(Diagnostics, AreNotBrokenByLongLinesAndStrangeKeys) {
  const std::string filler = '#' + std::string(5'000, 'x');
  EXPECT_LT(report(with_source("qos: 9 " + filler)).size(), 1'000U);
  EXPECT_LT(report("{" + std::string(5'000, ' ') + "bad: 1}").size(), 1'000U);
  const std::string escape = report(with_source(R"("a\e[31m\nb": 1)"));
  EXPECT_EQ(escape.find('\x1b'), std::string::npos);
  EXPECT_NE(escape.find("sources.plant.a?[31m?b: unknown key"), std::string::npos) << escape;
}

TEST(UnknownKeys, SuggestTheNearestOne) {
  const auto suggests = [](const std::string& text, const std::string& key) {
    return report(text).find("did you mean " + key + "?") != std::string::npos;
  };
  EXPECT_TRUE(suggests(with_top("agents: {}"), "agent"));
  EXPECT_TRUE(suggests(with_top("buffer: {maxSize: 1GiB}"), "max_size"));
  EXPECT_TRUE(suggests(with_source("Topics: [a]"), "topics"));
  EXPECT_TRUE(suggests(with_source("cleint_id: a"), "client_id"));
  EXPECT_TRUE(suggests(with_sink("retry: {initail: 1s}"), "initial"));
}

TEST(UnknownKeys, SuggestTheSectionTheyBelongTo) {
  EXPECT_NE(report(with_flow("max_size: 1GiB")).find("did you mean buffer.max_size?"),
            std::string::npos);
  EXPECT_NE(report(with_sink("bearer: x")).find("did you mean auth.bearer?"), std::string::npos);
}

TEST(UnknownKeys, ListWhatIsKnownIfNothingIsNear) {
  const std::string text = report(with_top("agent: {log: {colour: red}}"));
  EXPECT_NE(text.find("unknown key; known here: level, format"), std::string::npos) << text;
}

TEST(WrongTypes, AreReportedAtTheValue) {
  EXPECT_EQ(findings(with_top("agent: [a]")), List{"1:8 error agent"});
  EXPECT_EQ(findings(with_source("qos: one")), List{"5:10 error sources.plant.qos"});
  EXPECT_EQ(findings(with_source("qos: [1]")), List{"5:10 error sources.plant.qos"});
  EXPECT_EQ(findings(with_source("tls: yes")), List{"5:10 error sources.plant.tls"});
  EXPECT_EQ(findings(with_sink("headers: [a]")), List{"4:14 error sinks.cloud.headers"});
  EXPECT_EQ(
      findings(with_sink("tls: {insecure_skip_verify: yes}")),
      (List{"4:10 error sinks.cloud.tls", "4:33 error sinks.cloud.tls.insecure_skip_verify"}));
  EXPECT_EQ(findings("- a\n"), List{"1:1 error "});
  EXPECT_EQ(findings("hello\n"), List{"1:1 error "});
  EXPECT_EQ(findings(with_flow("topics: a/#")), List{"5:13 error flows.all.topics"});
}

TEST(MissingValues, AreReportedAtTheKey) {
  EXPECT_EQ(findings(with_source("qos:")), List{"5:5 error sources.plant.qos"});
  EXPECT_EQ(findings(with_source("qos: ~")), List{"5:5 error sources.plant.qos"});
  EXPECT_EQ(findings(with_flow("topics:")), List{"5:5 error flows.all.topics"});
  EXPECT_EQ(findings(with_top("agent:")), List{}) << "a section may be empty";
}

TEST(Units, AreRequiredAndKnown) {
  EXPECT_EQ(findings(with_source("keep_alive: 30")), List{"5:17 error sources.plant.keep_alive"});
  EXPECT_EQ(findings(with_source("keep_alive: 30sec")),
            List{"5:17 error sources.plant.keep_alive"});
  EXPECT_EQ(findings(with_source("keep_alive: 1500ms")),
            List{"5:17 error sources.plant.keep_alive"});
  EXPECT_EQ(findings(with_source("max_message_size: 64K")),
            List{"5:23 error sources.plant.max_message_size"});
}

TEST(Ranges, AreKept) {
  for (const char* line :
       {"qos: 3", "qos: -1", "receive_maximum: 0", "receive_maximum: 65536", "keep_alive: 0s",
        "keep_alive: 19h", "expect_message_every: 0s", "max_message_size: 10B",
        "max_message_size: 1TiB", "session_expiry: 50000d", "client_id: \"\""}) {
    const LoadedConfig loaded = load(with_source(line));
    ASSERT_EQ(loaded.diagnostics.size(), 1U) << line;
    EXPECT_EQ(loaded.diagnostics[0].line, 5) << line;
    EXPECT_FALSE(loaded.ok()) << line;
  }
  for (const char* line : {"receive_maximum: 900", "keep_alive: 65535s", "qos: 0",
                           "expect_message_every: off", "session_expiry: 49710d"}) {
    EXPECT_EQ(findings(with_source(line)), List{}) << line;
  }
  EXPECT_EQ(findings(with_top("agent: {shutdown_timeout: 0s}")),
            List{"1:27 error agent.shutdown_timeout"});
}

TEST(Choices, NameTheAlternatives) {
  EXPECT_NE(report(with_flow("decode: jsn"))
                .find("'jsn' must be one of: auto, json, text, binary, csv, logfmt, msgpack, cbor, "
                      "sparkplug_b, struct; did you mean json?"),
            std::string::npos);
  EXPECT_EQ(findings(with_source("protocol: 3.1")), List{"5:15 error sources.plant.protocol"});
}

TEST(RequiredKeys, AreAskedForWhereTheyBelong) {
  EXPECT_EQ(findings("agent: {id: a}\n"),
            (List{"0:0 error sources", "0:0 error flows", "0:0 error sinks"}));
  EXPECT_EQ(findings("sources: {}\nflows:\nsinks: {}\n"),
            (List{"1:1 error sources", "2:1 error flows", "3:1 error sinks"}));
  EXPECT_EQ(findings("sources:\n  plant:\n" + kFlow + kSink),
            (List{"2:3 error sources.plant.url", "2:3 error sources.plant.topics"}));
  EXPECT_EQ(findings(kSource + "flows:\n  all: {from: []}\n" + kSink),
            (List{"2:3 warning sources.plant", "6:3 error flows.all.to",
                  "6:15 error flows.all.from", "8:3 warning sinks.cloud"}));
  EXPECT_EQ(findings(with_sink("auth: {basic: {password: \"${HOME}\"}}")),
            List{"4:12 error sinks.cloud.auth.basic.username"});
}

TEST(RepeatedKeys, AreRefused) {
  EXPECT_EQ(findings(with_source("topics: [b]")), List{"5:5 error sources.plant.topics"});
  EXPECT_EQ(findings(kSource + "  plant: {url: mqtt://h, topics: [a]}\n" + kFlow + kSink),
            List{"5:3 error sources.plant"});
  EXPECT_EQ(findings(kValid + "sources: {}\n"), List{"12:1 error sources"});
  EXPECT_EQ(findings(with_sink("headers: {A: x, a: y}")), List{"4:21 error sinks.cloud.headers.a"});
  EXPECT_NE(report(with_source("topics: [b]")).find("first in line 4"), std::string::npos);
}

TEST(RepeatedItems, AreRefused) {
  EXPECT_EQ(findings(with_flow("topics: [a/b, a/c, a/b]")), List{"5:24 error flows.all.topics[2]"});
}

TEST(Names, ConsistOfLettersAndDigits) {
  for (const std::string name : {"a b", "ü", "a.b", "\"\"", "a/b", "a:b"}) {
    std::string text = kValid + "  ";
    text.append(name).append(": {url: http://x}\n");
    EXPECT_FALSE(load(text).ok()) << name;
  }
  EXPECT_FALSE(load(kValid + "  " + std::string(65, 'a') + ": {url: http://x}\n").ok());
  EXPECT_TRUE(load(kValid + "  " + std::string(64, 'a') + ": {url: http://x}\n").ok());
  EXPECT_TRUE(load(kValid + "  A-z_09: {url: http://x}\n").ok());
  EXPECT_FALSE(load(with_top("agent: {id: a b}")).ok());
  EXPECT_TRUE(load(with_top("agent: {id: host.example.com}")).ok());
}

TEST(Urls, HaveTheSchemeOfTheirKind) {
  EXPECT_EQ(findings("sources: {plant: {url: http://h, topics: [a]}}\n" + kFlow + kSink),
            List{"1:24 error sources.plant.url"});
  EXPECT_EQ(findings("sinks: {cloud: {url: mqtt://h}}\n" + kSource + kFlow),
            List{"1:22 error sinks.cloud.url"});
  EXPECT_EQ(findings("sinks: {cloud: {url: \"http://\"}}\n" + kSource + kFlow),
            List{"1:22 error sinks.cloud.url"});
  EXPECT_EQ(findings("sources: {plant: {url: mqtt://h/topic, topics: [a]}}\n" + kFlow + kSink),
            List{"1:24 error sources.plant.url"});
}

TEST(Topics, AreValidFilters) {
  EXPECT_EQ(findings("sources: {plant: {url: mqtt://h, topics: [a#, b/+c, \"\", $share/g]}}\n" +
                     kFlow + kSink),
            (List{"1:43 error sources.plant.topics[0]", "1:47 error sources.plant.topics[1]",
                  "1:53 error sources.plant.topics[2]", "1:57 error sources.plant.topics[3]"}));
  EXPECT_EQ(findings(with_flow("topics: [$share/g/a]")), List{"5:14 error flows.all.topics[0]"});
}

TEST(Headers, AreCheckedForWhatAnHttpRequestCannotTake) {
  for (const char* headers : {"{a b: c}", R"({a: "b\nc"})", "{Content-Length: 3}",
                              "{Sluice-Agent: me}", "{idempotency-key: x}", "{a: \" b\"}"}) {
    EXPECT_FALSE(load(with_sink(std::string("headers: ") + headers)).ok()) << headers;
  }
  EXPECT_TRUE(load(with_sink("headers: {Content-Type: application/stream+json}")).ok());
}

TEST(Certificates, AreGivenByTheirPath) {
  const std::string text = report(
      "sinks:\n  cloud:\n    url: https://h\n    tls:\n      ca: |\n"
      "        -----BEGIN CERTIFICATE-----\n        abc\n" +
      kSource + kFlow);
  EXPECT_NE(text.find("test.yaml:5:11: error: sinks.cloud.tls.ca: "), std::string::npos) << text;
}

TEST(LaterVersions, MayBeSwitchedOff) {
  EXPECT_EQ(findings(with_top("admin: {listen: off}")), List{});
  EXPECT_EQ(findings(with_sink("order: oldest_first")), List{});
}

TEST(Kinds, ThatDoNotExistAreNotComplainedAboutKeyByKey) {
  EXPECT_EQ(findings("sinks:\n  cloud:\n    brokers: [a]\n    type: pigeon\n    topic: t\n" +
                     kSource + kFlow),
            List{"4:11 error sinks.cloud.type"});
}

TEST(Kinds, DecideWhichKeysThereAre) {
  EXPECT_EQ(findings(with_sink("type: stdout")), List{"3:5 error sinks.cloud.url"});
  EXPECT_EQ(findings(with_sink("path: /data/records.ndjson")), List{"4:5 error sinks.cloud.path"});
  EXPECT_EQ(findings("sinks: {cloud: {type: kafka, topic: t}}\n" + kSource + kFlow),
            List{"1:9 error sinks.cloud.brokers"});
}

TEST(Files, ThatCannotBeReadAreReported) {
  const TempDirectory directory;
  const LoadedConfig missing = load_config(directory.file("none.yaml"));
  EXPECT_FALSE(missing.ok());
  EXPECT_EQ(report(missing), directory.file("none.yaml") +
                                 ": error: cannot read the file: No such file or directory\n");
  EXPECT_FALSE(load_config(directory.path()).ok());
  std::ofstream(directory.file("large.yaml")) << std::string(2'000'000, '#');
  EXPECT_FALSE(load_config(directory.file("large.yaml")).ok());
}

TEST(Files, AreNamedInDiagnostics) {
  const TempDirectory directory;
  const std::string path = directory.file("a.yaml");
  std::ofstream(path) << with_source("qos: 5");
  EXPECT_EQ(report(load_config(path)).substr(0, path.size() + 5), path + ":5:10");
}

}  // namespace
}  // namespace sluice
