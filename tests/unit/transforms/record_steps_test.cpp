#include "transforms/record_steps.h"

#include "tests/unit/transforms/running.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using OnFail = ValidateOptions::OnFail;

std::unique_ptr<Step> validate(const ValidateOptions& options) {
  auto step = make_validate(options);
  return step ? *std::move(step) : nullptr;
}

// Why the record fails; empty if it passes.
std::string failure(const FieldRule& rule, const std::string& record) {
  Running step(validate({.fields = {rule}}));
  EXPECT_EQ(step.one(record), record);
  return step.came().front().error;
}

TEST(Validate, AsksForFields) {
  const FieldRule rule{.field = "a", .required = true};
  EXPECT_EQ(failure(rule, R"({"a": 0})"), "");
  EXPECT_EQ(failure(rule, R"({"b": 0})"), "missing:a");
  EXPECT_EQ(failure(rule, R"({"a": null})"), "missing:a");
  EXPECT_EQ(failure({.field = "a", .type = JsonType::Text}, R"({"b": 0})"), "");
}

TEST(Validate, KnowsTypes) {
  const std::vector<std::pair<JsonType, std::string>> values{
      {JsonType::Text, "\"1\""}, {JsonType::Number, "1.0"}, {JsonType::Integer, "-7"},
      {JsonType::Bool, "false"}, {JsonType::Object, "{}"},  {JsonType::Array, "[1]"}};
  for (const auto& [type, own] : values) {
    for (const auto& [other, value] : values) {
      const bool fits = type == other || (type == JsonType::Number && other == JsonType::Integer);
      EXPECT_EQ(failure({.field = "a", .type = type}, "{\"a\":" + value + "}"),
                fits ? "" : "type:a")
          << value;
    }
  }
  EXPECT_EQ(json_type("integer"), JsonType::Integer);
  EXPECT_EQ(json_type("int"), std::nullopt);
}

TEST(Validate, KnowsRangesValuesAndPatterns) {
  const FieldRule range{.field = "a", .min = -1.5, .max = 2};
  EXPECT_EQ(failure(range, R"({"a":-1.5})"), "");
  EXPECT_EQ(failure(range, R"({"a":2})"), "");
  EXPECT_EQ(failure(range, R"({"a":2.01})"), "range:a");
  EXPECT_EQ(failure(range, R"({"a":-2})"), "range:a");
  EXPECT_EQ(failure(range, R"({"a":"1"})"), "range:a");
  const FieldRule values{.field = "a", .one_of = {"ok", "1"}};
  EXPECT_EQ(failure(values, R"({"a":"ok"})"), "");
  EXPECT_EQ(failure(values, R"({"a":1})"), "");
  EXPECT_EQ(failure(values, R"({"a":"bad"})"), "enum:a");
  const FieldRule pattern{.field = "a", .pattern = "^[A-Z]{2}\\d+$"};
  EXPECT_EQ(failure(pattern, R"({"a":"\u0041B7"})"), "");
  EXPECT_EQ(failure(pattern, R"({"a":"B7"})"), "pattern:a");
}

TEST(Validate, KnowsUnits) {
  const FieldRule rule{.field = "t", .unit = "°C", .unit_field = "u"};
  EXPECT_EQ(failure(rule, R"({"t":1,"u":"°C"})"), "");
  EXPECT_EQ(failure(rule, R"({"t":1,"u":"F"})"), "unit:t");
  EXPECT_EQ(failure(rule, R"({"t":1})"), "unit:t");
  EXPECT_EQ(failure(rule, R"({"u":"F"})"), "");
}

TEST(Validate, TagsOrDropsIfToldSo) {
  const std::vector<FieldRule> rules{{.field = "a", .required = true}, {.field = "b", .max = 1}};
  Running tag(validate({.fields = rules, .on_fail = OnFail::Tag}));
  EXPECT_EQ(tag.one(R"({"b":2})"), R"({"b":2,"_invalid":["missing:a","range:b"]})");
  EXPECT_EQ(tag.one(R"({"a":1, "b":1})"), R"({"a":1, "b":1})");
  Running drop(validate({.fields = rules, .on_fail = OnFail::Drop}));
  EXPECT_EQ(drop.one(R"({"a":1,"b":2})"), "-");
  EXPECT_EQ(drop.filtered, 1U);
  Running dead(validate({.fields = rules}));
  EXPECT_EQ(dead.one(R"({"b":2})"), R"({"b":2})");
  EXPECT_EQ(dead.came()[0].error, "missing:a");
  EXPECT_EQ(dead.came()[0].failed_step, "validate");
}

TEST(Validate, RefusesWhatCannotWork) {
  EXPECT_FALSE(make_validate({.fields = {}}));
  EXPECT_FALSE(make_validate({.fields = {{.field = "a", .pattern = "("}}}));
}

using Bodies = std::vector<std::string>;

TEST(Split, MakesARecordOfEachItem) {
  Running step(make_split("v"));
  EXPECT_EQ(
      step.of(R"({"d":"x","v":[1.50, {"a":[1,2],"b":"],\"{"} ,"a,\\"],"e":null})"),
      (Bodies{R"({"d":"x","v":1.50,"e":null})", R"({"d":"x","v":{"a":[1,2],"b":"],\"{"},"e":null})",
              R"({"d":"x","v":"a,\\","e":null})"}));
  EXPECT_EQ(step.made, 2U);
  EXPECT_EQ(step.came()[0].origin, 0U);
  EXPECT_EQ(step.came()[1].origin, TransformOutput::kMade);
  EXPECT_EQ(step.came()[1].topic, "a/b");
}

TEST(Split, MakesARecordOfEachMember) {
  Running step(make_split("m"));
  EXPECT_EQ(step.of(R"({"m":{"t":1,"a\"b":{"c":2}},"d":0})"),
            (Bodies{R"({"m":1,"d":0,"m_key":"t"})", R"({"m":{"c":2},"d":0,"m_key":"a\"b"})"}));
}

TEST(Split, KeepsTheOrderOfAllRecords) {
  Running step(make_split("v"));
  step.add(R"({"v":[1,2]})");
  step.add(R"({"n":1})");
  step.add(R"({"v":[]})");
  step.add(R"({"v":[3]})");
  step.run();
  EXPECT_EQ(step.bodies(), (Bodies{R"({"v":1})", R"({"v":2})", R"({"n":1})", R"({"v":3})"}));
  EXPECT_EQ(step.came()[3].origin, 3U);
  EXPECT_EQ(step.filtered, 1U);
  EXPECT_EQ(step.made, 1U);
}

TEST(Split, LeavesWhatHasNoParts) {
  Running step(make_split("v"));
  for (const char* record : {R"({"v": 1})", R"({"v": "[1,2]"})", R"({"w": [1]})", "[ 1 ]"}) {
    EXPECT_EQ(step.one(record), record);
  }
}

TEST(Split, FailsWhatHasTooManyParts) {
  Running step(make_split("v"));
  std::string record = R"({"v":[0)";
  for (std::size_t i = 0; i < kMostParts; ++i) {
    record += ",1";
  }
  record += "]}";
  EXPECT_EQ(step.one(record), record);
  EXPECT_EQ(step.came()[0].error, "too_many_parts");
}

TEST(Stamp, SaysWhereARecordComesFrom) {
  Running step(make_stamp({.facts = {{"flow", "a\"b"}, {"host", "gw-7"}}}));
  EXPECT_EQ(step.one(R"({"t":1})"), R"({"t":1,"lineage":{"flow":"a\"b","host":"gw-7"}})");
  EXPECT_EQ(step.one(R"({"lineage":0})"), R"({"lineage":{"flow":"a\"b","host":"gw-7"}})");
  EXPECT_EQ(Running(make_stamp({.field = "l", .facts = {}})).one("{}"), R"({"l":{}})");
}

}  // namespace
}  // namespace sluice
