#include "tests/unit/transforms/sql_making.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace sluice {
namespace {

using namespace std::chrono_literals;
using Bodies = std::vector<std::string>;

SqlMade every(const std::string& query, std::chrono::milliseconds length,
              std::size_t max_rows = 10'000) {
  return make_sql_select({.query = query, .every = length, .max_rows = max_rows});
}

TEST(SqlSelect, PutsItsResultsInThePlaceOfTheRecords) {
  RunningSql sql(select(
      "SELECT device, avg(t) AS t, count(*) AS n FROM records GROUP BY device HAVING n > 1"));
  sql->add(R"({"device":"a","t":1})", "x/a");
  sql->add(R"({"device":"b","t":5})", "x/b");
  sql->add(R"({"device":"a","t":2})", "x/c");
  sql->run();
  EXPECT_EQ(sql->bodies(), (Bodies{R"({"device":"a","t":1.5,"n":2})"}));
  EXPECT_EQ(sql->came().front().topic, "x/c");
  EXPECT_EQ(sql->came().front().time, sql->clock().now());
  EXPECT_EQ(sql->came().front().origin, TransformOutput::kMade);
  EXPECT_EQ(sql->aggregated, 3U);
  EXPECT_EQ(sql->made, 1U);
  EXPECT_EQ(sql->filtered, 0U);
}

TEST(SqlSelect, TakesTopicAndTimeFromTheResult) {
  RunningSql sql(
      select("SELECT topic || '/x' AS topic, ts + 1000 AS ts, 1 AS one, 'p' AS payload_topic FROM "
             "records"));
  EXPECT_EQ(sql->one("{}", "a"), R"({"one":1,"topic":"p"})");
  EXPECT_EQ(sql->came().front().topic, "a/x");
  EXPECT_EQ(sql->came().front().time, sql->clock().now() + 1s);
  RunningSql none(select("SELECT NULL AS topic, 'soon' AS ts, 1 AS one FROM records"));
  EXPECT_EQ(none->one("{}", "a"), R"({"one":1})");
  EXPECT_EQ(none->came().front().topic, "a");
  EXPECT_EQ(none->came().front().time, none->clock().now());
}

// SQLite forgets what is true and what is an object when it sorts.
TEST(SqlSelect, KeepsTruthAndObjectsThroughSorting) {
  for (const char* const order : {"", " ORDER BY n DESC", " GROUP BY n ORDER BY 1"}) {
    SCOPED_TRACE(order);
    RunningSql sql(select("SELECT n, door, loc FROM records" + std::string(order)));
    EXPECT_EQ(sql->one(R"({"n":1,"door":true,"loc":{"a":[1, 2]}})"),
              R"({"n":1,"door":true,"loc":{"a":[1, 2]}})");
    // A 1 among truth values: which is which cannot be known any more, so both are numbers.
    sql->add(R"({"n":1,"door":true})");
    sql->add(R"({"n":2,"door":1})");
    sql->run();
    const std::string truth = *order == '\0' ? "true" : "1";
    const std::vector<std::string> bodies = sql->bodies();
    ASSERT_EQ(bodies.size(), 2U);
    EXPECT_TRUE(std::ranges::find(bodies, "{\"n\":1,\"door\":" + truth + ",\"loc\":null}") !=
                bodies.end())
        << bodies.front() << bodies.back();
    RunningSql typed(select("SELECT n, door AS open, loc FROM records" + std::string(order),
                            {{"door", SqlType::Bool}, {"loc", SqlType::Json}}));
    typed->add(R"({"n":2,"door":1,"loc":"[1]"})");
    typed->run();
    EXPECT_EQ(typed->bodies(), (Bodies{R"({"n":2,"open":true,"loc":[1]})"}));
  }
}

TEST(SqlSelect, WithoutRecordsThereIsNoResult) {
  RunningSql sql(select("SELECT count(*) AS n FROM records"));
  sql->run();
  EXPECT_TRUE(sql->came().empty());
}

TEST(SqlSelect, AResultOfManyMayBeEmpty) {
  RunningSql sql(select("SELECT n FROM records WHERE n > 5"));
  sql->add(R"({"n":1})");
  sql->run();
  EXPECT_TRUE(sql->came().empty());
  EXPECT_EQ(sql->aggregated, 1U);
}

TEST(SqlSelect, IsComputedWithoutTheRecordThatCannotBe) {
  RunningSql sql(select("SELECT sum(abs(n)) AS n FROM records"));
  sql->add(R"({"n":-1})");
  sql->add(R"({"n":-9223372036854775808})");
  sql->add(R"({"n":-2})");
  sql->run();
  EXPECT_EQ(sql->bodies(), (Bodies{R"({"n":-9223372036854775808})", R"({"n":3})"}));
  EXPECT_EQ(sql->came().front().error, "integer overflow");
  EXPECT_EQ(sql->came().front().origin, 1U);
  EXPECT_EQ(sql->aggregated, 2U);
  for (int i = 0; i < 18; ++i) {
    sql->add(R"({"n":-9223372036854775808})");
  }
  sql->add(R"({"n":1})");
  sql->run();
  EXPECT_EQ(sql->came().size(), 19U) << "all fail";
}

TEST(SqlSelect, AResultOfTooManyRowsFails) {
  RunningSql sql(make_sql_select({.query = "SELECT a.n FROM records a, records b", .max_rows = 8}));
  sql->add(R"({"n":1})");
  sql->add(R"({"n":2})");
  sql->run();
  EXPECT_EQ(sql->came().size(), 4U);
  sql->add(R"({"n":1})");
  sql->add(R"({"n":2})");
  sql->add(R"({"n":3})");
  sql->run();
  ASSERT_EQ(sql->came().size(), 3U);
  EXPECT_EQ(sql->came().front().error, "too many results");
}

TEST(SqlSelect, WarnsOfAStarThatIsNotAll) {
  EXPECT_EQ(made(select("SELECT * FROM records"))->warnings().size(), 1U);
  EXPECT_EQ(made(select("SELECT r.* FROM records r"))->warnings().size(), 1U);
  EXPECT_EQ(made(select("SELECT count(*), 2 * 3 AS x FROM records"))->warnings().size(), 0U);
}

// The fake clock stands at a multiple of ten seconds.
TEST(SqlWindow, RunsOverAllThatCameWithinIt) {
  RunningSql sql(every("SELECT count(*) AS n, sum(v) AS v FROM records", 10s));
  sql->clock().advance(3s);
  sql->add(R"({"v":1})", "first");
  sql->run();
  EXPECT_TRUE(sql->came().empty());
  EXPECT_EQ(sql->aggregated, 1U);
  EXPECT_EQ(sql->chain().due(), sql->clock().elapsed() + 7s);
  sql->clock().advance(6999ms);
  sql->add(R"({"v":2})", "second");
  sql->run();
  EXPECT_TRUE(sql->came().empty());
  const Timestamp end = sql->clock().now() + 1ms;
  sql->clock().advance(5s);
  sql->add(R"({"v":4})", "third");
  sql->run();
  EXPECT_EQ(sql->bodies(), (Bodies{R"({"n":2,"v":3})"}));
  EXPECT_EQ(sql->came().front().time, end);
  EXPECT_EQ(sql->came().front().topic, "second");
  EXPECT_EQ(sql->made, 1U);
  EXPECT_EQ(sql->aggregated, 3U);
  sql->clock().advance(10s);
  sql->run();
  EXPECT_EQ(sql->bodies(), (Bodies{R"({"n":1,"v":4})"}));
  EXPECT_EQ(sql->chain().due(), std::nullopt);
}

TEST(SqlWindow, NeitherStaysNorLosesAnythingWhenTheClockIsSet) {
  for (const std::chrono::hours jump : {-24h, 24h * 3650}) {
    RunningSql sql(every("SELECT count(*) AS n FROM records", 1min));
    sql->add("{}");
    sql->run();
    sql->clock().set_wall(sql->clock().now() + jump);
    ASSERT_EQ(sql->chain().due(), sql->clock().elapsed() + 1min);
    sql->add("{}");
    sql->run();
    EXPECT_EQ(sql->bodies(), Bodies{R"({"n":1})"});
    sql->clock().advance(1min);
    sql->run();
    EXPECT_EQ(sql->bodies(), Bodies{R"({"n":1})"});
  }
}

TEST(SqlWindow, EndsEarlyWhenItIsFull) {
  RunningSql sql(every("SELECT group_concat(n) AS n FROM records", 1h, 3));
  for (int i = 0; i < 7; ++i) {
    sql->add("{\"n\":" + std::to_string(i) + "}");
  }
  sql->run();
  EXPECT_EQ(sql->bodies(), (Bodies{R"({"n":"0,1,2"})", R"({"n":"3,4,5"})"}));
  EXPECT_EQ(sql->came().front().time, sql->clock().now());
  EXPECT_EQ(sql->aggregated, 7U);
  EXPECT_EQ(sql->made, 2U);
}

TEST(SqlWindow, WhatCannotBeComputedComesOutAsItWas) {
  RunningSql sql(every("SELECT sum(abs(n)) AS n FROM records", 10s));
  sql->add(R"({"n":-1,"x":1.50})");
  sql->add(R"({"n":-9223372036854775808,"x":1.50})", "bad/topic");
  sql->run();
  sql->clock().advance(10s);
  sql->run();
  ASSERT_EQ(sql->bodies(), (Bodies{R"({"n":1})", R"({"n":-9223372036854775808,"x":1.50})"}));
  EXPECT_EQ(sql->came().back().error, "integer overflow");
  EXPECT_EQ(sql->came().back().failed_step, "sql");
  EXPECT_EQ(sql->came().back().topic, "bad/topic");
}

TEST(SqlWindow, GoesOnAfterACrashWithAllThatWasSaved) {
  const char* const query = "SELECT count(*) AS n, sum(v) AS v, max(text) AS text FROM records";
  std::string saved;
  {
    RunningSql sql(every(query, 10s));
    EXPECT_FALSE(sql->chain().state()->changed());
    sql->add(R"({"v":1,"w":[1, 2]})", "a/b\nc");
    sql->add("two\nlines", "t", BodyKind::Text);
    sql->run();
    EXPECT_TRUE(sql->chain().state()->changed());
    saved = sql->chain().state()->save();
    EXPECT_FALSE(sql->chain().state()->changed());
    sql->run();
    EXPECT_FALSE(sql->chain().state()->changed()) << "nothing came";
  }
  RunningSql sql(every(query, 10s));
  ASSERT_TRUE(sql->chain().state()->restore(saved));
  EXPECT_EQ(sql->chain().state()->save(), saved);
  ASSERT_TRUE(sql->chain().due() && *sql->chain().due() <= sql->clock().elapsed())
      << "nobody knows yet when it ends";
  sql->run();
  EXPECT_TRUE(sql->came().empty());
  EXPECT_EQ(sql->chain().due(), sql->clock().elapsed() + 10s);
  sql->add(R"({"v":2})");
  sql->clock().advance(10s);
  sql->run();
  EXPECT_EQ(sql->bodies(), (Bodies{R"({"n":2,"v":1,"text":"two\nlines"})"}));
  EXPECT_TRUE(sql->chain().state()->changed());
}

TEST(SqlWindow, EndsAtOnceIfItEndedDuringTheCrash) {
  RunningSql before(every("SELECT count(*) AS n FROM records", 10s));
  before->add("{}");
  before->run();
  const std::string saved = before->chain().state()->save();
  RunningSql sql(every("SELECT count(*) AS n FROM records", 10s));
  ASSERT_TRUE(sql->chain().state()->restore(saved));
  sql->clock().advance(1h);
  sql->run();
  EXPECT_EQ(sql->bodies(), Bodies{R"({"n":1})"});
  EXPECT_EQ(sql->came().front().time, before->clock().now() + 10s);
  EXPECT_TRUE(sql->chain().state()->save().empty());
}

TEST(SqlWindow, TakesNoDamagedState) {
  RunningSql sql(every("SELECT count(*) AS n FROM records", 10s));
  sql->add(R"({"v":1})");
  sql->add(R"({"v":2})", "b");
  sql->run();
  const std::unique_ptr<SqlStep> step = made(every("SELECT count(*) AS n FROM records", 10s));
  // What one step saves: without the line that the chain puts before it.
  std::string saved = sql->chain().state()->save();
  saved.erase(0, saved.find('\n') + 1);
  ASSERT_TRUE(step->state()->restore(saved));
  const std::size_t first_line = saved.find('\n') + 1;
  for (std::size_t size = 0; size < saved.size(); ++size) {
    const std::string part = saved.substr(0, size);
    // Only what ends behind the head or behind a record is whole.
    const bool whole = size == first_line || part.ends_with(R"({"v":1})");
    EXPECT_EQ(static_cast<bool>(step->state()->restore(part)), whole) << part;
  }
  EXPECT_FALSE(step->state()->restore("2" + saved.substr(1)));
  EXPECT_EQ(made(select("SELECT 1 AS n FROM records"))->state(), nullptr);
}

}  // namespace
}  // namespace sluice
