#include "transforms/field_steps.h"

#include "tests/unit/transforms/running.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Drop, RemovesWhatItNamesAndKeepsEveryOtherByte) {
  Running drop(make_drop({"rssi", "note"}));
  EXPECT_EQ(drop.one(R"({"t": 1014.50 ,"rssi":-7,"n":9007199254740993,"note":{"a":[1]}})"),
            R"({"t":1014.50,"n":9007199254740993})");
  EXPECT_EQ(drop.one(R"({"rssi":-7})"), "{}");
}

TEST(Drop, LeavesARecordWithoutTheFieldAsItCame) {
  Running drop(make_drop({"rssi"}));
  EXPECT_EQ(drop.one(R"({ "t" : 1 })"), R"({ "t" : 1 })");
}

TEST(Drop, KnowsAFieldHoweverItIsSpelled) {
  Running drop(make_drop({"rssi", "a\"b"}));
  EXPECT_EQ(drop.one(R"({"\u0072ssi":1,"a\u0022b":2,"c":3})"), R"({"c":3})");
}

TEST(Keep, KeepsOnlyWhatItNamesInTheOrderOfTheRecord) {
  Running keep(make_keep({"b", "a", "missing"}));
  EXPECT_EQ(keep.one(R"({"a":1,"x":[],"b":"2","y":null})"), R"({"a":1,"b":"2"})");
}

TEST(Rename, GivesTheNewNameInPlace) {
  Running rename(make_rename({{"humidity", "humidity_pct"}, {"t", "temperature"}}));
  EXPECT_EQ(rename.one(R"({"humidity":5,"x":1,"t":2})"),
            R"({"humidity_pct":5,"x":1,"temperature":2})");
}

TEST(Rename, ReplacesAFieldThatHasTheNewName) {
  Running rename(make_rename({{"a", "b"}}));
  EXPECT_EQ(rename.one(R"({"b":"old","a":1})"), R"({"b":1})");
  EXPECT_EQ(rename.one(R"({"b":"stays"})"), R"({"b":"stays"})");
}

TEST(Flatten, LiftsMembersOfMembersAndLeavesArrays) {
  Running flatten(make_flatten({}));
  EXPECT_EQ(flatten.one(R"({"a":{"b":{"c":1},"d":[{"e":2}]},"f":3,"g":{}})"),
            R"({"a_b_c":1,"a_d":[{"e":2}],"f":3,"g":{}})");
  EXPECT_EQ(flatten.one(R"({"a": 1})"), R"({"a": 1})");
}

TEST(Flatten, EndsAtItsDepth) {
  Running flatten(make_flatten({.separator = ".", .depth = 1}));
  EXPECT_EQ(flatten.one(R"({"a":{"b":{"c":1}}})"), R"({"a.b":{"c":1}})");
}

std::unique_ptr<Step> tags(const std::string& pattern) {
  auto step = make_topic_tags(pattern);
  return step ? *std::move(step) : nullptr;
}

TEST(TopicTags, NameTheLevelsOfATopic) {
  Running tag(tags("sensors/{device}/{_}/{what}"));
  EXPECT_EQ(tag.one(R"({"t":1})", "sensors/pump \"7\"/x/flow"),
            R"({"t":1,"device":"pump \"7\"","what":"flow"})");
}

TEST(TopicTags, LeaveOtherTopicsAlone) {
  Running tag(tags("sensors/{device}"));
  EXPECT_EQ(tag.one(R"({"t":1})", "sensors/a/b"), R"({"t":1})");
  EXPECT_EQ(tag.one(R"({"t":1})", "other/a"), R"({"t":1})");
  EXPECT_EQ(tag.one(R"({"t":1})", "sensors"), R"({"t":1})");
}

TEST(TopicTags, TakeAnyRestIfToldSo) {
  Running tag(tags("+/{device}/#"));
  EXPECT_EQ(tag.one(R"({})", "x/d/1/2"), R"({"device":"d"})");
  EXPECT_EQ(tag.one(R"({})", "x/d"), R"({"device":"d"})");
  EXPECT_EQ(tag.one(R"({})", "x"), R"({})");
}

TEST(TopicTags, RefuseWhatIsNoPattern) {
  for (const char* pattern : {"a/{b", "a/#/b", "{a}/{a}", "a/{}", "a/b+"}) {
    EXPECT_FALSE(make_topic_tags(pattern)) << pattern;
  }
}

}  // namespace
}  // namespace sluice
