// Steps in SQL as tests want them: one that compiles, or why it does not.
#pragma once

#include "tests/unit/transforms/running.h"
#include "transforms/sql_steps.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

inline std::unique_ptr<SqlStep> made(SqlMade result) {
  EXPECT_NE(result.step, nullptr) << result.fault.message;
  return std::move(result.step);
}

inline SqlFault refused(SqlMade result) {
  EXPECT_EQ(result.step, nullptr) << "it compiles";
  return std::move(result.fault);
}

inline SqlMade filter(const std::string& condition, SqlTypes types = {},
                      std::chrono::milliseconds timeout = kSqlTimeout) {
  return make_sql_expressions(
      {.clauses = {{.condition = condition}}, .types = std::move(types), .timeout = timeout});
}

inline SqlMade set(std::vector<std::pair<std::string, std::string>> fields, SqlTypes types = {}) {
  return make_sql_expressions(
      {.clauses = {{.fields = std::move(fields)}}, .types = std::move(types)});
}

inline SqlMade select(const std::string& query, SqlTypes types = {}) {
  return make_sql_select({.query = query, .types = std::move(types)});
}

// A step that the test can still look at while it runs.
class RunningSql final {
 public:
  explicit RunningSql(SqlMade result) : RunningSql(made(std::move(result))) {}

  Running* operator->() { return &running_; }
  [[nodiscard]] const SqlStep& step() const { return step_; }

 private:
  explicit RunningSql(std::unique_ptr<SqlStep> step) : step_(*step), running_(std::move(step)) {}

  SqlStep& step_;
  Running running_;
};

}  // namespace sluice
