// What must hold for any record and any expression.
#include "json/slicer.h"
#include "tests/unit/transforms/sql_making.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace sluice {
namespace {

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}

  std::size_t below(std::size_t count) { return engine_() % count; }

  template <class Choices>
  std::string one_of(const Choices& choices) {
    return std::string(choices[below(choices.size())]);
  }

  // A value as devices send them, and as they should not.
  std::string value(int depth = 2) {
    static constexpr std::array<std::string_view, 32> kScalars = {"0",
                                                                  "1",
                                                                  "-1",
                                                                  "31",
                                                                  "30",
                                                                  "-0",
                                                                  "30.0",
                                                                  "1014.50",
                                                                  "1e3",
                                                                  "1E-7",
                                                                  "-2.5e+10",
                                                                  "9007199254740993",
                                                                  "9223372036854775807",
                                                                  "-9223372036854775808",
                                                                  "18446744073709551615",
                                                                  "1.7976931348623157e308",
                                                                  "true",
                                                                  "false",
                                                                  "null",
                                                                  R"("")",
                                                                  R"("n/a")",
                                                                  R"("31")",
                                                                  R"("true")",
                                                                  R"("it's")",
                                                                  R"("a\"b\\c\/d")",
                                                                  R"("\u0000x")",
                                                                  R"("\ud83d\ude00é")",
                                                                  R"("{\"a\":1}")",
                                                                  R"("[1,2")",
                                                                  R"("%_")",
                                                                  R"("\n")",
                                                                  R"("); DROP TABLE records; --")"};
    if (depth == 0 || below(5) != 0) {
      return one_of(kScalars);
    }
    return below(2) == 0 ? "[" + value(depth - 1) + ", " + value(depth - 1) + "]"
                         : R"({"a":)" + value(depth - 1) + R"(, "b" : )" + value(depth - 1) + "}";
  }

  std::string record() {
    static constexpr std::array<std::string_view, 9> kKeys = {"a",     "b", "c",   "topic", "ts",
                                                              "rowid", "A", "x y", "q\\\"q"};
    std::string text = "{";
    for (std::size_t i = 0, count = below(7); i < count; ++i) {
      text += (i > 0 ? "," : "") + ("\"" + one_of(kKeys) + "\": ") + value();
    }
    return text + "}";
  }

  std::string operand() {
    static constexpr std::array<std::string_view, 16> kOperands = {
        "a", "b",  "c",   "topic", "ts",   "payload_ts", "rowid",       "\"x y\"",
        "1", "30", "0.5", "'n/a'", "NULL", "length(a)",  "a ->> '$.a'", "topic_part(topic, 2)"};
    return one_of(kOperands);
  }

  std::string condition(int depth = 2) {
    static constexpr std::array<std::string_view, 12> kOperators = {
        "<", ">", "<=", ">=", "=", "<>", "IS", "IS NOT", "+", "||", "LIKE", "*"};
    if (depth == 0 || below(3) == 0) {
      return operand() + ' ' + one_of(kOperators) + ' ' + operand();
    }
    static constexpr std::array<std::string_view, 2> kJoins = {") AND (", ") OR ("};
    return '(' + condition(depth - 1) + one_of(kJoins) + condition(depth - 1) + ')';
  }

 private:
  std::mt19937 engine_;
};

using Origins = std::map<std::uint32_t, std::string>;

// What came out of the records, by their number; "" if they came out without an error.
Origins pass(const std::string& condition, const std::vector<std::string>& records) {
  RunningSql sql(filter(condition));
  for (const std::string& each : records) {
    sql->add(each, "x/30/z");
  }
  sql->run();
  Origins came;
  for (const Came& each : sql->came()) {
    EXPECT_EQ(each.body, records[each.origin]) << "a filter changes nothing";
    came[each.origin] = each.error;
  }
  return came;
}

TEST(SqlProperty, AConditionItsNegationAndTheUnknownPartTheRecords) {
  std::size_t computed = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::string condition = random.condition();
    SCOPED_TRACE(condition);
    std::vector<std::string> records;
    for (int i = 0; i < 40; ++i) {
      records.push_back(random.record());
    }
    const std::string bracketed = "(" + condition + ")";
    const Origins yes = pass(bracketed, records);
    const Origins no = pass("NOT " + bracketed, records);
    const Origins unknown = pass(bracketed + " IS NULL", records);
    for (std::uint32_t i = 0; i < records.size(); ++i) {
      SCOPED_TRACE(records[i]);
      std::size_t passed = 0;
      std::size_t failed = 0;
      for (const Origins* came : {&yes, &no, &unknown}) {
        const auto found = came->find(i);
        passed += found != came->end() && found->second.empty() ? 1U : 0U;
        failed += found != came->end() && !found->second.empty() ? 1U : 0U;
      }
      // What fails may not be looked at in one of the three: x OR y does not need y if x is true.
      EXPECT_TRUE(failed > 0 ? passed <= 1 : passed == 1) << passed << " passed";
      computed += failed == 0 ? 1U : 0U;
    }
  }
  EXPECT_GT(computed, 2000U) << "most can be computed";
}

// The text of each member, in order.
std::vector<std::pair<std::string, std::string>> members(const std::string& object) {
  const std::string padded = object + std::string(MessageBatch::kPadding, ' ');
  JsonSlicer slicer;
  EXPECT_TRUE(slicer.slice(std::string_view(padded).substr(0, object.size()))) << object;
  std::vector<std::pair<std::string, std::string>> all;
  for (const RecordField& field : slicer.fields()) {
    all.emplace_back(field.key, field.value);
  }
  return all;
}

TEST(SqlProperty, WhatIsNotSetKeepsItsBytesAndWhatIsSetIsJson) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::string expression = random.condition();
    SCOPED_TRACE(expression);
    RunningSql sql(set({{"b", expression}, {"new", random.operand()}}));
    for (int i = 0; i < 40; ++i) {
      const std::string record = random.record();
      SCOPED_TRACE(record);
      const std::string body = sql->one(record);
      ASSERT_EQ(sql->came().size(), 1U);
      if (!sql->came().front().error.empty()) {
        EXPECT_EQ(body, record);
        continue;
      }
      const auto before = members(record);
      const auto after = members(body);
      const bool had_b = std::ranges::any_of(before, [](const auto& m) { return m.first == "b"; });
      ASSERT_EQ(after.size(), before.size() + (had_b ? 1 : 2));
      for (std::size_t m = 0; m < before.size(); ++m) {
        EXPECT_EQ(after[m].first, before[m].first);
        EXPECT_TRUE(before[m].first == "b" || after[m].second == before[m].second);
      }
    }
  }
}

TEST(SqlProperty, EveryResultOfAQueryIsJson) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::string query = R"(SELECT a, b AS "q""1", )" + random.condition() +
                              " AS x, json_array(c) AS j, hex(a) AS h, topic FROM records WHERE " +
                              random.condition() + " OR 1 ORDER BY c";
    SCOPED_TRACE(query);
    RunningSql sql(select(query));
    std::size_t failed = 0;
    for (int i = 0; i < 40; ++i) {
      sql->add(random.record());
    }
    sql->run();
    for (const Came& each : sql->came()) {
      failed += each.error.empty() ? 0U : 1U;
      EXPECT_EQ(members(each.body).empty(), each.body == "{}");
    }
    EXPECT_EQ(sql->came().size(), 40U);
    EXPECT_EQ(sql->aggregated, 40U - failed);
  }
}

}  // namespace
}  // namespace sluice
