#include "transforms/text_steps.h"

#include "tests/unit/transforms/running.h"
#include "transforms/regex.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using Find = RedactOptions::Find;
using With = RedactOptions::With;

Running parse(const ParseOptions& options) {
  auto step = make_parse(options);
  return Running(step ? *std::move(step) : nullptr);
}

Running redact(const RedactOptions& options) {
  auto step = make_redact(options);
  return Running(step ? *std::move(step) : nullptr);
}

TEST(Parse, MakesFieldsOfTheNamedGroups) {
  Running step = parse({.pattern = R"(^(?<time>\S+) (?<level>[A-Z]+) (\S+) t=(?<t>\S+)(?<x> x)?)",
                        .types = {{"t", TextType::Real}}});
  EXPECT_EQ(step.one("12:00 WARN \"q\" t=21.50 rest", "a", BodyKind::Text),
            R"({"time":"12:00","level":"WARN","t":21.5})");
  EXPECT_EQ(step.one("- A b t=1 x", "a", BodyKind::Text),
            R"({"time":"-","level":"A","t":1,"x":" x"})");
}

TEST(Parse, ReadsAnyFieldThatIsAText) {
  Running step = parse({.pattern = "(?<a>[^ ]+) (?<b>.*)", .field = "line"});
  EXPECT_EQ(step.one(R"({"n":1,"line":"x\u0022\\ \u00e4\ty"})"),
            R"({"n":1,"a":"x\"\\","b":"ä\ty"})");
  EXPECT_EQ(step.one(R"({"line":7})"), R"({"line":7})");
  EXPECT_EQ(step.one(R"({"n":1})"), R"({"n":1})");
}

TEST(Parse, KeepsTheTextIfToldSoOrIfAGroupHasItsName) {
  Running keeps = parse({.pattern = "(?<a>.)", .field = "line", .keep = true});
  EXPECT_EQ(keeps.one(R"({"line":"xy"})"), R"({"line":"xy","a":"x"})");
  Running replaces = parse({.pattern = "(?<line>.)", .field = "line"});
  EXPECT_EQ(replaces.one(R"({"line":"xy"})"), R"({"line":"x"})");
}

TEST(Parse, GivesTypes) {
  const auto as = [](TextType type, std::string_view text) {
    Running each = parse({.pattern = "(?<v>.*)", .types = {{"v", type}}});
    return each.one(text, "a", BodyKind::Text);
  };
  EXPECT_EQ(as(TextType::Int, "-0042"), R"({"v":-42})");
  EXPECT_EQ(as(TextType::Int, "+9223372036854775807"), R"({"v":9223372036854775807})");
  EXPECT_EQ(as(TextType::Int, "9223372036854775808"), R"({"v":null})");
  EXPECT_EQ(as(TextType::Int, "1.5"), R"({"v":null})");
  EXPECT_EQ(as(TextType::Real, "1e3"), R"({"v":1000})");
  EXPECT_EQ(as(TextType::Real, "nan"), R"({"v":null})");
  EXPECT_EQ(as(TextType::Real, "-"), R"({"v":null})");
  EXPECT_EQ(as(TextType::Bool, "true"), R"({"v":true})");
  EXPECT_EQ(as(TextType::Bool, "0"), R"({"v":false})");
  EXPECT_EQ(as(TextType::Bool, "on"), R"({"v":null})");
  EXPECT_EQ(as(TextType::Text, "1"), R"({"v":"1"})");
  EXPECT_EQ(text_type("real"), TextType::Real);
  EXPECT_EQ(text_type("float"), std::nullopt);
}

TEST(Parse, FailsARecordThatDoesNotMatchAndKeepsItAsItWas) {
  Running step = parse({.pattern = "^(?<a>[0-9]+)$"});
  EXPECT_EQ(step.one("12x", "a", BodyKind::Text), "12x");
  EXPECT_EQ(step.came()[0].error, "no_match");
  EXPECT_EQ(step.came()[0].failed_step, "parse");
  EXPECT_EQ(step.one("12\n", "a", BodyKind::Text), "12\n");
  EXPECT_EQ(step.came()[0].error, "no_match");
}

TEST(Parse, NeverTakesLong) {
  Running step = parse({.pattern = "^(?<a>(x+)+)$"});
  // About a million steps: PCRE2 by itself would take them.
  step.one(std::string(20, 'x') + "!", "a", BodyKind::Text);
  EXPECT_EQ(step.came()[0].error, "match_limit");
  step.one(std::string(5, 'x') + "!", "a", BodyKind::Text);
  EXPECT_EQ(step.came()[0].error, "no_match");
  Running deep = parse({.pattern = "^(?<a>(x|y)*)$"});
  deep.one(std::string(300'000, 'x') + "!", "a", BodyKind::Text);
  EXPECT_FALSE(deep.came()[0].error.empty());
}

TEST(Parse, RefusesWhatCannotWork) {
  const auto wrong = make_parse({.pattern = "(?<a>x"});
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("missing closing parenthesis"), std::string::npos)
      << wrong.error().message;
  EXPECT_FALSE(make_parse({.pattern = "(x)"}));
  EXPECT_FALSE(make_parse({.pattern = "(?<a>x)", .types = {{"b", TextType::Int}}}));
}

TEST(Regex, BytesThatAreNotUtf8MatchNothing) {
  auto regex = Regex::compile("(?<a>.+)");
  ASSERT_TRUE(regex);
  EXPECT_EQ(regex->find("\xFF\xFE"), Regex::Outcome::NoMatch);
  EXPECT_EQ(regex->find("\xFFx\xC3\xA4\xFF"), Regex::Outcome::Match);
  EXPECT_EQ(regex->group(1), "x\xC3\xA4");
}

// RFC 4231, test case 2.
TEST(Redact, ReplacesByTheFirstHalfOfAKeyedHash) {
  Running step = redact({.fields = {"a"}, .with = With::Hmac, .key = "Jefe"});
  const std::string expected = R"({"a":"5bdcc146bf60754e6a042426089575c7","b":"x"})";
  EXPECT_EQ(step.one(R"({"a":"what do ya want for nothing?","b":"x"})"), expected);
  EXPECT_EQ(step.one(R"({"a":"what do \u0079a want for nothing?","b":"x"})"), expected);
  Running other = redact({.fields = {"a"}, .with = With::Hmac, .key = "other"});
  EXPECT_NE(other.one(R"({"a":"what do ya want for nothing?","b":"x"})"), expected);
}

TEST(Redact, MasksOrRemovesWholeFields) {
  Running mask = redact({.fields = {"a", "b"}});
  EXPECT_EQ(mask.one(R"({"a":1,"b":{"c":2},"d":3})"), R"({"a":"***","b":"***","d":3})");
  EXPECT_EQ(mask.one(R"({ "d":3})"), R"({ "d":3})");
  Running remove = redact({.fields = {"a", "b"}, .with = With::Remove});
  EXPECT_EQ(remove.one(R"({"a":1,"b":{"c":2},"d":3})"), R"({"d":3})");
}

TEST(Redact, FindsAddressesOfMail) {
  Running step = redact({.find = Find::Email});
  EXPECT_EQ(step.one(R"({"a":"from jo.d+x@mail.example.com, to <b@c.de>.","n":1})"),
            R"({"a":"from ***, to <***>.","n":1})");
  EXPECT_EQ(step.one(R"({"a":"at the end a@b.com."})"), R"({"a":"at the end ***."})");
  EXPECT_EQ(step.one(R"({"a":"user=müller@bücher.example"})"), R"({"a":"user=***"})");
  EXPECT_EQ(step.one(R"({"a": "no @ address, nor a@b"})"), R"({"a": "no @ address, nor a@b"})");
  EXPECT_EQ(step.one(R"({"a":"x\u0040y.org"})"), R"({"a":"***"})");
  EXPECT_EQ(step.one(R"({"a":{"b":["x@y.org"]},"c":[1]})"), R"({"a":"***","c":[1]})");
  EXPECT_EQ(step.one("mail x@y.org", "t", BodyKind::Text), R"({"text":"mail ***"})");
}

TEST(Redact, TakesNoLongerForALongText) {
  Running step = redact({.find = Find::Email});
  const std::string record = "{\"a\":\"" + std::string(100'000, 'x') + " @\"}";
  EXPECT_EQ(step.one(record), record);
  EXPECT_EQ(step.came()[0].error, "");
}

TEST(Redact, FindsOtherAddresses) {
  Running ipv4 = redact({.find = Find::Ipv4, .with = With::Remove});
  EXPECT_EQ(ipv4.one(R"({"a":"10.0.0.1 and 255.255.255.255. v1.2.3.4.5 256.1.1.1"})"),
            R"({"a":" and . v1.2.3.4.5 256.1.1.1"})");
  Running mac = redact({.find = Find::Mac});
  EXPECT_EQ(mac.one(R"({"a":"dev 00:1A:2b:3c:4d:5e up, 00:1A:2b:3c:4d:5e:6f not"})"),
            R"({"a":"dev *** up, 00:1A:2b:3c:4d:5e:6f not"})");
}

TEST(Redact, FindsWhatAPatternDescribes) {
  Running step = redact({.fields = {"a"}, .find = Find::Pattern, .pattern = R"(\b\d{4}\b|)"});
  EXPECT_EQ(step.one(R"({"a":"1234 12345 9999","b":"1234"})"),
            R"({"a":"*** 12345 ***","b":"1234"})");
  EXPECT_EQ(step.one(R"({"a":1234})"), R"({"a":"***"})");
  EXPECT_EQ(step.one(R"({"a":12345})"), R"({"a":12345})");
}

TEST(Redact, FailsWhatItCannotLookThrough) {
  Running step = redact({.find = Find::Pattern, .pattern = "^(x+)+$"});
  step.one("{\"b\":\"x\",\"a\":\"" + std::string(40, 'x') + "!\"}");
  EXPECT_EQ(step.came()[0].error, "match_limit");
  EXPECT_EQ(step.came()[0].failed_step, "redact");
}

TEST(Redact, RefusesWhatCannotWork) {
  EXPECT_FALSE(make_redact({.with = With::Hmac}));
  EXPECT_FALSE(make_redact({.find = Find::Pattern}));
  EXPECT_FALSE(make_redact({.find = Find::Pattern, .pattern = "("}));
}

}  // namespace
}  // namespace sluice
