#include "tests/unit/transforms/sql_making.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

using Bodies = std::vector<std::string>;

TEST(SqlFilter, KeepsThoseForWhichTheConditionIsTrue) {
  RunningSql sql(filter("temperature > 30 AND status <> 'test'"));
  sql->add(R"({"temperature":31,"status":"ok"})");
  sql->add(R"({"temperature":30,"status":"ok"})");
  sql->add(R"({"temperature":31,"status":"test"})");
  sql->add(R"({"temperature":30.001,"status":"ok"})");
  sql->run();
  EXPECT_EQ(sql->bodies(), (Bodies{R"({"temperature":31,"status":"ok"})",
                                   R"({"temperature":30.001,"status":"ok"})"}));
  EXPECT_EQ(sql->filtered, 2U);
  EXPECT_EQ(sql.step().counts().filtered_unknown, 0U);
}

TEST(SqlFilter, CountsApartWhatWasFilteredAndHadNotAllFields) {
  RunningSql sql(filter("temperature > 30"));
  sql->add(R"({"temperature":null})");
  sql->add(R"({"t":31})");
  sql->add(R"({"temperature":3})");
  sql->add(R"({"temperature":31})");
  sql->run();
  EXPECT_EQ(sql->bodies(), (Bodies{R"({"temperature":31})"}));
  EXPECT_EQ(sql->filtered, 3U);
  EXPECT_EQ(sql.step().counts().filtered_unknown, 2U);
}

TEST(SqlFilter, LeavesBytesAndKindAlone) {
  RunningSql sql(filter("value > 1 OR text IS NOT NULL"));
  EXPECT_EQ(sql->one(" 2.50"), " 2.50");
  EXPECT_EQ(sql->one("1"), "-");
  EXPECT_EQ(sql->one("a \"text\"", "t", BodyKind::Text), "a \"text\"");
  EXPECT_EQ(sql->came().front().kind, BodyKind::Text);
}

TEST(SqlFilter, KnowsTopicAndTime) {
  RunningSql sql(filter("topic_part(topic, 2) = 'b' AND ts = 1763692800000"));
  EXPECT_EQ(sql->one("{}", "a/b/c"), "{}");
  EXPECT_EQ(sql->one("{}", "a/c/b"), "-");
}

TEST(SqlSet, SetsNewFieldsAndReplacesOthersInTheirPlace) {
  RunningSql sql(set({{"f", "t*9.0/5+32"}, {"t", "t+1"}, {"site", "topic_part(topic,1)"}}));
  EXPECT_EQ(sql->one(R"({"a":1014.50,"t":20,"z":[1, 2]})"),
            R"({"a":1014.50,"t":21,"z":[1, 2],"f":68,"site":"a"})");
}

TEST(SqlSet, AllExpressionsSeeTheRecordAsItWasBefore) {
  RunningSql sql(set({{"a", "b"}, {"b", "a"}}));
  EXPECT_EQ(sql->one(R"({"a":1,"b":2})"), R"({"a":2,"b":1})");
}

TEST(SqlSet, KeepsWhatJsonHasAndSqlHasNot) {
  RunningSql sql(set({{"x", "v"}, {"y", "coalesce(w, v)"}, {"z", "CASE WHEN 1 THEN v END"}}));
  const auto same = [&](const std::string& json) {
    EXPECT_EQ(sql->one("{\"v\":" + json + "}"),
              "{\"v\":" + json + ",\"x\":" + json + ",\"y\":" + json + ",\"z\":" + json + "}");
  };
  same("true");
  same("false");
  same("null");
  same("0");
  same("1");
  same(R"({"a":[1,true,null,{"b":1.50}]})");
  same("[]");
  same("9007199254740993");
  same("9223372036854775807");
  same("-9223372036854775808");
  same("0.1");
  same(R"("")");
  same(R"("a\"b\\c\nd\u0000e")");
  same(R"("Grüße 😀")");
}

TEST(SqlSet, WritesWhatSqlHasAndJsonHasNot) {
  RunningSql sql(set({{"blob", "CAST('ab' AS BLOB)"},
                      {"huge", "9e999"},
                      {"half", "substr('é',1,1)"},
                      {"bad", "CAST(x'61ff' AS TEXT)"}}));
  EXPECT_EQ(sql->one("{}"), R"({"blob":"YWI=","huge":null,"half":"é","bad":"a)"
                            "\uFFFD"
                            R"("})");
}

TEST(SqlSet, MakesJsonOfJsonFunctions) {
  RunningSql sql(set({{"o", "json_object('lat', loc ->> 'lat', 'n', n)"},
                      {"l", "loc -> 'lat'"},
                      {"s", "json(s)"}}));
  EXPECT_EQ(sql->one(R"({"loc":{"lat":52.5},"n":1,"s":"[1,\n 2]"})"),
            R"({"loc":{"lat":52.5},"n":1,"s":[1,2],"o":{"lat":52.5,"n":1},"l":52.5})");
  // SQLite takes half a character for JSON.
  EXPECT_EQ(sql->one(R"({"s":"\"\\ud800\""})"),
            R"({"s":"\"\\ud800\"","o":{"lat":null,"n":null},"l":null})");
}

TEST(SqlSet, ReachesFieldsWithTheNamesOfColumns) {
  RunningSql sql(set({{"a", "payload_topic || payload_ts || rowid"}, {"topic", "topic"}}));
  EXPECT_EQ(sql->one(R"({"topic":"x","ts":1,"rowid":"y"})"),
            R"({"topic":"a/b","ts":1,"rowid":"y","a":"x1y"})");
  EXPECT_EQ(sql->one(R"({"topic":"x","ts":1})"), R"({"topic":"a/b","ts":1,"a":null})");
}

TEST(SqlSet, ReachesFieldsWithUnusualNames) {
  RunningSql sql(set({{"r \"1\"", R"("b c" + "x.y" + [d e] + "quote""d" + records.é)"}}));
  EXPECT_EQ(sql->one(R"({"b c":1,"x.y":2,"d e":4,"quote\"d":8,"é":16})"),
            R"({"b c":1,"x.y":2,"d e":4,"quote\"d":8,"é":16,"r \"1\"":31})");
}

TEST(SqlSet, TakesTheLastOfFieldsWithOneName) {
  RunningSql sql(set({{"b", "a"}}));
  EXPECT_EQ(sql->one(R"({"a":1,"a":2})"), R"({"a":1,"a":2,"b":2})");
}

TEST(SqlClauses, SeeWhatThoseBeforeThemHaveSet) {
  RunningSql sql(make_sql_expressions({.clauses = {{.condition = "n > 1"},
                                                   {.condition = "n < 9 -- not many"},
                                                   {.fields = {{"n", "n * 10"}}},
                                                   {.condition = "n > 20 /* now tens */"},
                                                   {.fields = {{"m", "n"}}}}}));
  for (int n = 0; n < 10; ++n) {
    sql->add("{\"n\":" + std::to_string(n) + "}");
  }
  sql->run();
  EXPECT_EQ(sql->bodies(),
            (Bodies{R"({"n":30,"m":30})", R"({"n":40,"m":40})", R"({"n":50,"m":50})",
                    R"({"n":60,"m":60})", R"({"n":70,"m":70})", R"({"n":80,"m":80})"}));
  EXPECT_EQ(sql->filtered, 4U);
}

TEST(SqlClauses, GoByRecordsThatAreNotLive) {
  RunningSql sql(set({{"n", "n + 1"}}));
  sql->add(R"({"n":1})");
  sql->chain().add(
      {.topic = "t", .time = {}, .kind = BodyKind::Json, .body = R"({"n":5})", .error = "no"}, 1);
  sql->add(R"({"n":2})");
  sql->run();
  EXPECT_EQ(sql->bodies(), (Bodies{R"({"n":2})", R"({"n":5})", R"({"n":3})"}));
}

TEST(SqlErrors, ConcernOneRecord) {
  RunningSql sql(set({{"n", "abs(n)"}}));
  sql->add(R"({"n":-1})");
  sql->add(R"({"n":-9223372036854775808})");
  sql->add(R"({"n":-3})");
  sql->add(R"({"n":-9223372036854775808})");
  sql->run();
  EXPECT_EQ(sql->bodies(), (Bodies{R"({"n":1})", R"({"n":-9223372036854775808})", R"({"n":3})",
                                   R"({"n":-9223372036854775808})"}));
  EXPECT_EQ(sql->came()[1].error, "integer overflow");
  EXPECT_EQ(sql->came()[1].failed_step, "set");
  EXPECT_EQ(sql->came()[2].error, "");
  EXPECT_EQ(sql->came()[3].error, "integer overflow");
  EXPECT_EQ(sql.step().counts().errors, 2U);
}

TEST(SqlErrors, AreTriedAgainSixteenTimesInABatch) {
  RunningSql sql(filter("abs(n) > 2"));
  for (int i = 0; i < 17; ++i) {
    sql->add(R"({"n":-9223372036854775808})");
    sql->add(R"({"n":1})");
  }
  sql->add(R"({"n":3})");
  sql->run();
  // Behind the 17th everything fails with its reason.
  EXPECT_EQ(sql->filtered, 16U);
  ASSERT_EQ(sql->came().size(), 19U);
  EXPECT_EQ(sql->came().back().error, "integer overflow");
  EXPECT_EQ(sql->one(R"({"n":3})"), R"({"n":3})");
}

TEST(SqlErrors, AValueThatIsTooLargeFailsOnlyWhereItIsRead) {
  RunningSql sql(filter("small > 0 AND (big IS NULL OR length(big) > 0)"));
  sql->add(R"({"small":1})");
  sql->add(R"({"small":1,"big":")" + std::string(70'000, 'x') + "\"}");
  sql->add(R"({"small":1,"other":")" + std::string(70'000, 'x') + "\"}");
  sql->run();
  ASSERT_EQ(sql->came().size(), 3U);
  EXPECT_EQ(sql->came()[0].error, "");
  EXPECT_EQ(sql->came()[1].error, "string or blob too big");
  EXPECT_EQ(sql->came()[2].error, "");
}

TEST(SqlErrors, ASlowExpressionEndsAtItsDeadline) {
  RunningSql sql(
      filter("n = 0 OR (SELECT count(*) FROM records a, records b, records c, records d) > 0", {},
             std::chrono::milliseconds(5)));
  sql->add(R"({"n":0})");
  for (int i = 1; i < 400; ++i) {
    sql->add(R"({"n":1})");
  }
  sql->run();
  ASSERT_EQ(sql->came().size(), 400U);
  EXPECT_EQ(sql->came().front().error, "");
  for (std::size_t i = 1; i < 400; ++i) {
    EXPECT_EQ(sql->came()[i].error, "timeout");
    EXPECT_EQ(sql->came()[i].body, R"({"n":1})");
  }
  EXPECT_EQ(sql.step().counts().timeouts_in_a_row, 1U);
  EXPECT_EQ(sql->one(R"({"n":0})"), R"({"n":0})");
  EXPECT_EQ(sql.step().counts().timeouts_in_a_row, 0U);
  EXPECT_EQ(sql.step().counts().timeouts, 1U);
}

TEST(SqlTypes, ConvertOrGiveNull) {
  RunningSql sql(set({{"r", "t*9/5+32"}, {"hot", "t > 30"}}, {{"t", SqlType::Real}}));
  EXPECT_EQ(sql->one(R"({"t":31})"), R"({"t":31,"r":87.8,"hot":1})");
  EXPECT_EQ(sql->one(R"({"t":"31"})"), R"({"t":"31","r":87.8,"hot":1})");
  EXPECT_EQ(sql.step().counts().type_errors, 0U);
  EXPECT_EQ(sql->one(R"({"t":"n/a"})"), R"({"t":"n/a","r":null,"hot":null})");
  EXPECT_EQ(sql.step().counts().type_errors, 1U) << "once, although it was read twice";
  EXPECT_EQ(sql->one(R"({"t":null})"), R"({"t":null,"r":null,"hot":null})");
  EXPECT_EQ(sql->one(R"({})"), R"({"r":null,"hot":null})");
  EXPECT_EQ(sql.step().counts().type_errors, 1U);
}

// What is converted comes out under the name `x`.
std::string converted(SqlType type, const std::string& json) {
  RunningSql sql(set({{"x", "v"}}, {{"v", type}}));
  const std::string body = sql->one("{\"v\":" + json + "}");
  const std::size_t at = body.rfind(",\"x\":") + 5;
  return body.substr(at, body.size() - at - 1);
}

TEST(SqlTypes, AreFiveAndConvertWhatHasTheSameMeaning) {
  EXPECT_EQ(converted(SqlType::Int, "31.0"), "31");
  EXPECT_EQ(converted(SqlType::Int, "\"42\""), "42");
  EXPECT_EQ(converted(SqlType::Int, "31.5"), "null");
  EXPECT_EQ(converted(SqlType::Int, "1e300"), "null");
  EXPECT_EQ(converted(SqlType::Int, "true"), "null");
  EXPECT_EQ(converted(SqlType::Int, "9007199254740993"), "9007199254740993");
  EXPECT_EQ(converted(SqlType::Real, "true"), "null");
  EXPECT_EQ(converted(SqlType::Real, "1014.50"), "1014.5");
  EXPECT_EQ(converted(SqlType::Bool, "1"), "true");
  EXPECT_EQ(converted(SqlType::Bool, "\"false\""), "false");
  EXPECT_EQ(converted(SqlType::Bool, "2"), "null");
  EXPECT_EQ(converted(SqlType::Text, "1.50"), "\"1.50\"");
  EXPECT_EQ(converted(SqlType::Text, "\"a\""), "\"a\"");
  EXPECT_EQ(converted(SqlType::Text, "[1]"), "\"[1]\"");
  EXPECT_EQ(converted(SqlType::Json, R"("[1,\n2]")"), "[1, 2]");
  EXPECT_EQ(converted(SqlType::Json, "{\"a\":1}"), "{\"a\":1}");
  EXPECT_EQ(converted(SqlType::Json, "\"[1\""), "null");
  EXPECT_EQ(converted(SqlType::Json, R"("1},{")"), "null");
}

TEST(SqlTypes, SayWhatAResultStandsFor) {
  RunningSql sql(set({{"open", "n > 1"}, {"o", "'[' || n || ']'"}},
                     {{"open", SqlType::Bool}, {"o", SqlType::Json}}));
  EXPECT_EQ(sql->one(R"({"n":2})"), R"({"n":2,"open":true,"o":[2]})");
  EXPECT_EQ(sql->one(R"({"n":"a"})"), R"({"n":"a","open":true,"o":"[a]"})");
}

TEST(SqlWarnings, TellOfNumbersBesideFieldsOfNoType) {
  const auto warned = [](const std::string& condition) {
    return made(filter(condition, {{"typed", SqlType::Real}}))->warnings().size();
  };
  EXPECT_EQ(warned("t > 30"), 1U);
  EXPECT_EQ(warned("30 < t"), 1U);
  EXPECT_EQ(warned("s = 'a' AND \"t u\"*9/5 BETWEEN 1 AND 2"), 1U);
  EXPECT_EQ(warned("t BETWEEN 1 AND 2"), 1U);
  EXPECT_EQ(warned("typed > 30"), 0U);
  EXPECT_EQ(warned("s = 't > 30' -- t > 30"), 0U);
  EXPECT_EQ(warned("t = 'ok'"), 0U);
}

TEST(SqlWarnings, TellOfFieldsThatNobodyHasSeen) {
  RunningSql sql(filter("status = \"ok\""));
  EXPECT_TRUE(sql.step().warnings().empty()) << "nothing has been seen at all";
  static_cast<void>(sql->of(R"({"status":"ok"})"));
  ASSERT_EQ(sql.step().warnings().size(), 1U);
  EXPECT_NE(sql.step().warnings().front().find("'ok'"), std::string::npos);
  static_cast<void>(sql->of(R"({"status":1,"ok":1})"));
  EXPECT_TRUE(sql.step().warnings().empty());
}

}  // namespace
}  // namespace sluice
