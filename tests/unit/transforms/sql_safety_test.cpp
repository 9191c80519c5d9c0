// What SQL in a configuration must not be able to do, and what it is told then.
#include "tests/unit/transforms/sql_making.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace sluice {
namespace {

TEST(SqlSafety, RefusesEverythingButOneSelectOverRecords) {
  for (const char* const attack : {
           "ATTACH 'x.db' AS x",
           "DETACH main",
           "PRAGMA database_list",
           "SELECT * FROM pragma_database_list",
           "SELECT count(*) FROM pragma_database_list",
           "SELECT * FROM sqlite_master",
           "SELECT count(*) FROM sqlite_master",
           "SELECT * FROM sqlite_schema",
           "SELECT * FROM sqlite_temp_schema",
           "SELECT * FROM dbstat",
           "SELECT * FROM sqlite_stmt",
           "SELECT * FROM sqlite_dbpage",
           "SELECT * FROM fts3tokenize",
           "CREATE TABLE t(a)",
           "CREATE TEMP TABLE t(a)",
           "CREATE VIRTUAL TABLE t USING fts5(a)",
           "CREATE VIEW v AS SELECT 1",
           "CREATE TRIGGER g AFTER INSERT ON records BEGIN SELECT 1; END",
           "INSERT INTO records VALUES (1, 2, 3)",
           "UPDATE records SET ts = 1",
           "DELETE FROM records",
           "DROP TABLE records",
           "ALTER TABLE records RENAME TO r",
           "VACUUM",
           "VACUUM INTO 'y.db'",
           "REINDEX",
           "ANALYZE",
           "BEGIN",
           "SAVEPOINT s",
           "SELECT load_extension('x')",
           "SELECT fts3_tokenizer('simple')",
           "SELECT sqlite_version()",
           "SELECT sqlite_compileoption_get(1)",
           "SELECT last_insert_rowid()",
           "SELECT randomblob(1000000000)",
           "SELECT random()",
           "SELECT hex(zeroblob(1000000000))",
           "SELECT printf('%.*c', 900000000, 'x') FROM records",
           "SELECT format('%.*c', 900000000, 'x') FROM records",
           "SELECT char(1, 2)",
           "SELECT 1; DROP TABLE records",
           "SELECT 1; SELECT 2",
           "EXPLAIN SELECT 1",
           "EXPLAIN QUERY PLAN SELECT 1",
           "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT count(*) FROM r",
           "SELECT ?1 FROM records",
           "SELECT :name FROM records",
           "SELECT * FROM records WHERE a MATCH 'b'",
           "SELECT * FROM records WHERE a REGEXP 'b'",
           "SELECT * FROM generate_series(1, 9)",
           "SELECT",
           "",
           " -- nothing",
       }) {
    SCOPED_TRACE(attack);
    EXPECT_FALSE(refused(select(attack)).message.empty());
  }
  EXPECT_FALSE(std::filesystem::exists("x.db"));
  EXPECT_FALSE(std::filesystem::exists("y.db"));
}

TEST(SqlSafety, AllowsWhatIsNeededForAReport) {
  for (const char* const query : {
           "SELECT topic, temperature FROM records WHERE temperature > 30;",
           "SELECT count(*) FROM records",
           "WITH hot AS (SELECT device, t FROM records WHERE t > 1) SELECT count(*) FROM hot",
           "SELECT j.key, j.value FROM records, json_each(records.list) j WHERE j.atom > 1000",
           "SELECT key, atom FROM records, json_tree(payload)",
           "SELECT device, lag(t) OVER (PARTITION BY device ORDER BY ts) FROM records",
           "SELECT a.d AS x, b.d AS y FROM records a JOIN records b ON a.d = b.d + 1",
           "SELECT r.d FROM records AS r ORDER BY r.e DESC LIMIT 3 -- the last three",
           "SELECT strftime('%H', ts / 1000, 'unixepoch'), avg(t) FROM records GROUP BY 1",
           "SELECT 1 AS one UNION ALL SELECT t FROM records",
       }) {
    SCOPED_TRACE(query);
    EXPECT_NE(made(select(query)), nullptr);
  }
}

TEST(SqlSafety, AnExpressionIsAnExpression) {
  for (const char* const attack : {
           "a) UNION SELECT (1",
           "a) OR (b",
           "1) -- (",
           "a), (b",
           "a; DROP TABLE records",
           "avg(a) > 1",
           "max(a)",
           "count(*)",
           "lag(a) OVER ()",
           "a /*",
           "(a",
           "a GROUP BY b",
           "a, b",
           "'a",
           "\"a",
           "",
           " /* a */ ",
           "(SELECT name FROM sqlite_master)",
           "load_extension('x')",
       }) {
    SCOPED_TRACE(attack);
    EXPECT_FALSE(refused(filter(attack)).message.empty());
    EXPECT_FALSE(refused(set({{"x", attack}})).message.empty());
  }
}

TEST(SqlSafety, ASlowStatementEndsAtItsDeadline) {
  for (const char* const query : {
           "SELECT count(*) AS n FROM records a, records b, records c, records d",
           "SELECT a.ts FROM records a, records b, records c ORDER BY a.p || b.p",
           "SELECT a.p || b.p AS x, count(*) AS n FROM records a, records b, records c GROUP BY 1",
           "SELECT count(*) AS n FROM records WHERE instr(replace(hex(p), '6', p), p || 'b')",
           "SELECT 1 FROM records a, records b WHERE replace(hex(a.p), 6, b.p) LIKE '%a%a%b'",
       }) {
    SCOPED_TRACE(query);
    RunningSql sql(select(query));
    for (int i = 0; i < 512; ++i) {
      sql->add(R"({"p":")" + std::string(200, 'a') + std::to_string(i) + "\"}");
    }
    sql->run();
    ASSERT_EQ(sql->came().size(), 512U);
    for (const Came& came : sql->came()) {
      ASSERT_EQ(came.error, "timeout");
      ASSERT_EQ(came.failed_step, "sql");
    }
    EXPECT_EQ(sql.step().counts().timeouts, 1U);
    EXPECT_EQ(sql.step().counts().errors, 512U);
  }
}

TEST(SqlSafety, ValuesDoNotGrowWithoutBounds) {
  RunningSql sql(select("SELECT group_concat(p) AS p FROM records, json_each('[1,2,3,4,5]')"));
  for (int i = 0; i < 512; ++i) {
    sql->add(R"({"p":")" + std::string(200, 'a') + "\"}");
  }
  sql->run();
  ASSERT_EQ(sql->came().size(), 512U);
  EXPECT_EQ(sql->came().front().error, "string or blob too big");
}

TEST(SqlSafety, StatementsAreBounded) {
  const std::string deep = std::string(200, '(') + "1" + std::string(200, ')');
  std::string sum = "1";
  for (int i = 0; i < 200; ++i) {
    sum += "+1";
  }
  EXPECT_FALSE(refused(filter(sum)).message.empty());
  EXPECT_FALSE(refused(filter("a = '" + std::string(17'000, 'x') + "'")).message.empty());
  std::string columns = "0";
  for (int i = 0; i < 300; ++i) {
    columns += ",c" + std::to_string(i);
  }
  EXPECT_FALSE(refused(filter("1 IN (" + columns + ")")).message.empty());
  EXPECT_FALSE(refused(filter(deep)).message.empty());
}

void expect_fault(const SqlMade& result, std::size_t clause, std::size_t field, std::size_t offset,
                  const std::string& part) {
  ASSERT_EQ(result.step, nullptr);
  EXPECT_EQ(result.fault.clause, clause);
  EXPECT_EQ(result.fault.field, field);
  EXPECT_EQ(result.fault.offset, offset) << result.fault.message;
  EXPECT_NE(result.fault.message.find(part), std::string::npos) << result.fault.message;
}

TEST(SqlFaults, SayWhichClauseAndWhere) {
  expect_fault(filter("t >> > 30"), 0, 0, 5, "near \">\"");
  expect_fault(filter("t > 30 AND"), 0, 0, 10, "");
  expect_fault(filter("t > 30) OR (1"), 0, 0, 6, ")");
  expect_fault(filter("a = 1 AND sqlite_version() = 1"), 0, 0, 10, "sqlite_version");
  expect_fault(filter("a = 1 AND frobnicate(1)"), 0, 0, 10, "no such function: frobnicate");
  expect_fault(filter("loc.lat > 1"), 0, 0, 0, "->>");
  expect_fault(make_sql_expressions({.clauses = {{.condition = "a > 1"},
                                                 {.fields = {{"b", "1"}, {"c", "1 +* 2"}}}}}),
               1, 1, 3, "near \"*\"");
  expect_fault(make_sql_expressions({.clauses = {{.fields = {{"b", "1"}}}, {.condition = "a >"}}}),
               1, 0, 3, "");
  expect_fault(select("SELECT a FROM recrods"), 0, 0, 14, "no such table: recrods");
  expect_fault(select("SELECT a FROM records; SELECT b"), 0, 0, 22, "second statement");
}

TEST(SqlFaults, ASelectNeedsNamesThatDiffer) {
  const SqlFault fault = refused(select("SELECT a.t, b.t FROM records a, records b"));
  EXPECT_NE(fault.message.find("called t"), std::string::npos) << fault.message;
}

}  // namespace
}  // namespace sluice
