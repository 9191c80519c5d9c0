// Steps that are written in SQL.
//
// SQL reads the live records of the batch as the table `records`: the columns `topic` and `ts`
// (milliseconds), and every field by its name; a missing field is NULL. Fields called `topic` and
// `ts` are `payload_topic` and `payload_ts`. Two names that differ in upper and lower case only are
// one column, the field as it is written first.
//
// true, false, objects and arrays stay what they are as long as they are passed on and not computed
// with. Integers are exact up to 2^63. What SQL does not set keeps its bytes.
//
// Record by record: what cannot be computed fails with SQLite's words as its reason, and the others
// go on; more than 16 of them in a run, or `timeout`, and the rest of the run fails as well.
#pragma once

#include "transforms/sql_options.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

// One `filter` or one `set`.
struct SqlClause {
  std::string condition{};  // of a filter: a record for which it is false or NULL is filtered
  // Of a set: (name, expression). A field that is there is replaced. All expressions see the record
  // as it was before.
  std::vector<std::pair<std::string, std::string>> fields{};
};

// Clauses that follow one another in the configuration, in order; those that can be are run
// together. A fault names the clause and, of a set, the field, both counted from 0.
struct SqlExpressionOptions {
  std::vector<SqlClause> clauses;
  SqlTypes types{};
  std::chrono::milliseconds timeout = kSqlTimeout;  // of those that are run together
};
SqlMade make_sql_expressions(const SqlExpressionOptions& options);

// A whole SELECT: the rows of its result are the new records, those that went in are gone. A result
// column `topic` or `ts` is the topic or the time; without them they are those of the last record
// that went in, and with `every` the time is the end of the window.
struct SqlSelectOptions {
  std::string query;
  // Collects what comes within so much time, beginning at a multiple of it, and runs over all of
  // that. Zero: over each batch.
  std::chrono::milliseconds every{};
  // A window with so many records ends early, and a result of more fails. What is collected is
  // written to the disk with every block.
  std::size_t max_rows = 10'000;
  SqlTypes types{};
  std::chrono::milliseconds timeout = kSqlTimeout;
};
SqlMade make_sql_select(SqlSelectOptions options);

}  // namespace sluice
