// Texts that are no configuration, or not even YAML.
#include "config/config.h"
#include "tests/unit/config/loading.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): this is a test
using List = std::vector<std::string>;

const std::string kValid = kSource + kFlow + kSink;

TEST(Yaml, MustSaySomething) {
  for (const char* text : {"", "\n\n", "# a comment\n", "---\n", "...\n", "~\n"}) {
    const std::string said = report(text);
    EXPECT_NE(said.find("the file is empty"), std::string::npos) << text << said;
  }
}

TEST(Yaml, IsNotIndentedWithTabs) {
  EXPECT_EQ(findings("sources:\n\tplant:\n\t\turl: x\n"), List{"2:1 error "});
  EXPECT_EQ(findings("sources:\n  plant:\n    url: mqtt://h\n\ttopics: [a]\n"), List{"4:1 error "});
  EXPECT_EQ(findings("sources:\n  - a\n  \t- b\n"), List{"3:3 error "});
  EXPECT_NE(report("a:\n\tb: c\n").find("use spaces"), std::string::npos);
}

TEST(Yaml, ErrorsHaveAPlace) {
  EXPECT_EQ(findings("a: b: c\n"), List{"1:5 error "});
  EXPECT_EQ(findings("sources: [a\nflows: b\n"), List{"1:10 error "});
  EXPECT_EQ(findings("a: *nobody\n"), List{"1:4 error "});
  EXPECT_EQ(findings("a: 1\n b: 2\n"), List{"2:3 error "});
}

TEST(Yaml, QuotesMustBeClosed) {
  EXPECT_EQ(findings(kValid + "agent:\n  id: \"abc\n  data_dir: x\n"), List{"13:7 error "});
  EXPECT_EQ(findings(kValid + "agent:\n  id: 'it''s\n"), List{"13:7 error "});
}

TEST(Yaml, SubstitutionsInFlowStyleWantQuotes) {
  EXPECT_NE(report(with_sink("auth: {bearer: ${TOKEN}}")).find("must stand in quotes"),
            std::string::npos);
}

TEST(Yaml, IsOneDocument) {
  EXPECT_EQ(findings("---\n" + kValid + "...\n"), List{});
  EXPECT_EQ(findings(kValid + "---\nagent: {}\n"), List{"12:1 error "});
  EXPECT_NE(report(kValid + "---\nagent: {}\n").find("second YAML document"), std::string::npos);
}

TEST(Yaml, IsPlainUtf8) {
  EXPECT_EQ(findings("a: \xff\n"), List{"1:4 error "});
  EXPECT_EQ(findings("a: \xc0\x80\n"), List{"1:4 error "});
  EXPECT_EQ(findings("a: \xed\xa0\x80\n"), List{"1:4 error "});
  EXPECT_EQ(findings("a: 1\nb: x\x04y\n"), List{"2:5 error "});
  EXPECT_EQ(findings(std::string("a: \0b\n", 6)), List{"1:4 error "});
}

TEST(Yaml, MayHaveAByteOrderMarkAndDosLineBreaks) {
  EXPECT_EQ(findings("\xEF\xBB\xBF" + kValid), List{});
  std::string dos;
  for (const char c : with_source("qos: 3")) {
    dos += c == '\n' ? "\r\n" : std::string(1, c);
  }
  EXPECT_EQ(findings(dos), List{"5:10 error sources.plant.qos"});
  EXPECT_EQ(report(dos).find('\r'), std::string::npos);
}

TEST(Yaml, TagsAreRefusedUnlessTheyAreStandard) {
  EXPECT_EQ(findings(with_source("username: !env USER")), List{"5:15 error "});
  EXPECT_EQ(findings(with_source("username: !!str 5")), List{});
}

TEST(Yaml, KeysAreSingleWords) {
  EXPECT_EQ(findings(with_top("? [a]\n: b")), List{"1:3 error "});
}

TEST(Yaml, MergeKeysReferToSections) {
  EXPECT_EQ(findings(with_source("<<: 5")), List{"5:9 error sources.plant"});
  EXPECT_EQ(findings(with_source("<<: [{qos: 2}, 7]")), List{"5:20 error sources.plant"});
}

TEST(Yaml, ValuesAreNotGuessedAt) {
  const LoadedConfig loaded = load(with_source("username: no\n    client_id: 007"));
  EXPECT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.config.sources.at(0).mqtt.username, "no");
  EXPECT_EQ(loaded.config.sources.at(0).mqtt.client_id, "007");
}

TEST(Yaml, NestedTooDeeplyIsRefused) {
  for (const char* piece : {"[", "{a: ", "- ", "? "}) {
    std::string text;
    for (int i = 0; i < 50'000; ++i) {
      text += piece;
    }
    EXPECT_EQ(load(text).diagnostics.size(), 1U) << piece;
  }
}

TEST(Aliases, ThatContainThemselvesAreNotFollowedForEver) {
  EXPECT_FALSE(load("sources: &a\n  x: *a\n" + kFlow + kSink).ok());
  EXPECT_FALSE(load("&a {<<: *a, sources: *a, flows: [*a]}").ok());
  EXPECT_FALSE(load("sources: &a [*a, *a]\nsinks: {x: {auth: {bearer: *a}}}").ok());
}

TEST(Aliases, CannotMakeAShortFileEndless) {
  // Each level holds the one below ten times.
  std::string text = "l0: &l0 {topics: [x]}\n";
  for (int level = 1; level < 30; ++level) {
    const std::string below = "*l" + std::to_string(level - 1);
    text += "l" + std::to_string(level) + ": &l" + std::to_string(level) + " {<<: [" + below;
    for (int i = 1; i < 10; ++i) {
      text += ", " + below;
    }
    text.append("], k").append(std::to_string(level));
    text.append(": [").append(below).append(", ").append(below).append("]}\n");
  }
  EXPECT_FALSE(load(text + "sources: *l29\nsinks: {a: *l29, b: *l29}\n").ok());

  // Ten thousand sources with a thousand unknown keys each.
  text = "sources:\n  s: &s {";
  for (int i = 0; i < 1'000; ++i) {
    text += "unknown" + std::to_string(i) + ": 1, ";
  }
  text += "}\n";
  for (int i = 0; i < 10'000; ++i) {
    text += "  s" + std::to_string(i) + ": *s\n";
  }
  const std::string said = report(text);
  EXPECT_NE(said.find("describes too much"), std::string::npos);
}

}  // namespace
}  // namespace sluice
