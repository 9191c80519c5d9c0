#include "transforms/value_steps.h"

#include "tests/unit/transforms/running.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Scale, MultipliesThenAddsThenRounds) {
  Running scale(make_scale({{.field = "p", .factor = 0.1, .offset = -2, .round = 2},
                            {.field = "t", .factor = 0.5, .offset = 32}}));
  EXPECT_EQ(scale.one(R"({"p":10145,"t":31,"x":1.50})"), R"({"p":1012.5,"t":47.5,"x":1.50})");
  EXPECT_EQ(scale.one(R"({"p":12.345})"), R"({"p":-0.77})");
}

TEST(Scale, LeavesWhatIsNoNumber) {
  Running scale(make_scale({{.field = "p", .factor = 2}}));
  EXPECT_EQ(scale.one(R"({"p":"10"})"), R"({"p":"10"})");
  EXPECT_EQ(scale.one(R"({"p":null})"), R"({"p":null})");
  EXPECT_EQ(scale.one(R"({"q":1})"), R"({"q":1})");
}

TEST(Scale, ReachesAPayloadThatIsJustANumber) {
  Running scale(make_scale({{.field = "value", .factor = 2}}));
  EXPECT_EQ(scale.one("21"), R"({"value":42})");
}

TEST(Map, ReplacesValuesByOthers) {
  Running map(make_map({{.field = "s", .values = {{"0", "stopped"}, {"1", "2"}, {"on", "true"}}}}));
  EXPECT_EQ(map.one(R"({"s":0})"), R"({"s":"stopped"})");
  EXPECT_EQ(map.one(R"({"s":"0"})"), R"({"s":"stopped"})");
  EXPECT_EQ(map.one(R"({"s":1})"), R"({"s":2})");
  EXPECT_EQ(map.one(R"({"s":"on"})"), R"({"s":true})");
  EXPECT_EQ(map.one(R"({"s": 7})"), R"({"s": 7})");
}

TEST(Map, HasAValueForEverythingElse) {
  Running map(make_map({{.field = "s", .values = {{"0", "a"}}, .otherwise = "other"}}));
  EXPECT_EQ(map.one(R"({"s":[1]})"), R"({"s":"other"})");
  EXPECT_EQ(map.one(R"({"t":1})"), R"({"t":1})");
}

}  // namespace
}  // namespace sluice
