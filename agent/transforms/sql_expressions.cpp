#include "core/json_text.h"
#include "transforms/sql_query.h"
#include "transforms/sql_steps.h"
#include "transforms/sql_text.h"
#include "transforms/sql_warnings.h"
#include "transforms/values.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

namespace sluice {
namespace {

constexpr int kMostRetries = 16;

// A comment at the end of the expression ends with the line.
std::string in_brackets(const std::string& expression) {
  return "(" + expression + "\n)";
}

struct Part {
  std::string expression;
  std::size_t clause;
  std::size_t field;
};

// Filters, then one set: SELECT "# row", (e1), (e2) FROM records WHERE (w).
class Group {
 public:
  Group(const SqlTypes& types, std::chrono::milliseconds timeout)
      : query_(types), timeout_(timeout) {}

  // What stands behind a set sees what that has set.
  [[nodiscard]] bool is_complete() const { return !sets_.empty(); }

  void add(const SqlClause& clause, std::size_t number) {
    if (!clause.condition.empty()) {
      filters_.push_back({clause.condition, number, 0});
    }
    for (std::size_t i = 0; i < clause.fields.size(); ++i) {
      sets_.push_back({clause.fields[i].second, number, i});
      declared_.push_back(query_.table().declared(clause.fields[i].first));
      keys_.push_back(key_text(clause.fields[i].first));
    }
    step_ = filters_.empty() ? "set" : (sets_.empty() ? "filter" : "filter, set");
  }

  [[nodiscard]] std::optional<SqlFault> compile();
  void run(RowBatch& batch);

  void add_counts(SqlCounts& sum) const {
    sum.type_errors += query_.table().type_errors();
    sum.filtered_unknown += counts_.filtered_unknown;
    sum.errors += counts_.errors;
    sum.timeouts += counts_.timeouts;
    sum.timeouts_in_a_row = std::max(sum.timeouts_in_a_row, counts_.timeouts_in_a_row);
  }

  void add_warnings(const SqlTypes& types, std::vector<std::string>& warnings) const {
    for (const std::vector<Part>* parts : {&filters_, &sets_}) {
      for (const Part& part : *parts) {
        add_untyped_use(part.expression, query_.table(), types, warnings);
      }
    }
    add_never_seen(query_.table(), warnings);
  }

 private:
  enum class Verdict : unsigned char { Filtered, Selected, Failed };

  [[nodiscard]] std::optional<SqlFault> check(const Part& part);
  void take_row(RowBatch& batch);
  void select(RowBatch& batch);
  void fail(RowBatch& batch, std::size_t position, std::string_view reason);
  void fail_from(RowBatch& batch, std::size_t position, std::string_view reason);
  void apply(RowBatch& batch);

  SqlQuery query_;
  std::chrono::milliseconds timeout_;
  std::vector<Part> filters_;
  std::vector<Part> sets_;
  std::vector<std::string> keys_;  // of the fields that are set, as JSON text
  std::vector<std::optional<SqlType>> declared_;
  std::string_view step_;
  SqlCounts counts_;

  // Of one run. Nothing is changed before the statement has ended, because it may look at any row.
  std::vector<Verdict> verdicts_;
  std::vector<std::string_view> results_;  // of the selected rows, one behind the other
};

// Where WHERE wants an expression: there, functions of many rows are refused.
std::optional<SqlFault> Group::check(const Part& part) {
  static const std::string before = "SELECT 1 FROM records WHERE (";
  const auto fault = [&part](std::string message, std::optional<std::size_t> offset) {
    return SqlFault{std::move(message), part.clause, part.field, offset};
  };
  if (sql_tokens(part.expression).empty()) {
    return fault("there is no expression", 0);
  }
  if (const auto bracket = unmatched_bracket(part.expression)) {
    return fault("there is a ) too many", bracket);
  }
  std::optional<SqlRefusal> refusal = query_.compile(before + part.expression + "\n)");
  if (!refusal) {
    return std::nullopt;
  }
  std::optional<std::size_t> offset;
  if (refusal->offset && *refusal->offset >= before.size()) {
    // What is missing at the end is missed behind it.
    offset = std::min(*refusal->offset - before.size(), part.expression.size());
  }
  return fault(std::move(refusal->message), offset);
}

std::optional<SqlFault> Group::compile() {
  std::string sql = "SELECT \"" + std::string(SqlTable::kRowColumn) + '"';
  std::string where;
  for (const Part& part : filters_) {
    if (auto fault = check(part)) {
      return fault;
    }
    where += (where.empty() ? " WHERE " : " AND ") + in_brackets(part.expression);
  }
  for (const Part& part : sets_) {
    if (auto fault = check(part)) {
      return fault;
    }
    sql += ", " + in_brackets(part.expression);
  }
  if (std::optional<SqlRefusal> refusal = query_.compile(sql + " FROM records" + where)) {
    const Part& first = filters_.empty() ? sets_.front() : filters_.front();
    return SqlFault{std::move(refusal->message), first.clause, first.field, std::nullopt};
  }
  return std::nullopt;
}

void Group::run(RowBatch& batch) {
  query_.table().show(batch);
  if (query_.table().live().empty()) {
    return;
  }
  verdicts_.assign(query_.table().live().size(), Verdict::Filtered);
  results_.clear();
  select(batch);
  apply(batch);
}

void Group::take_row(RowBatch& batch) {
  const auto position = static_cast<std::size_t>(sqlite3_column_int64(query_.row(), 0));
  verdicts_[position] = Verdict::Selected;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    std::string& text = batch.arena().scratch();
    query_.append(static_cast<int>(i) + 1, declared_[i], text);
    results_.push_back(batch.arena().put(text));
  }
}

// Row by row, in order: what has been computed stays, and behind a row that fails it goes on.
void Group::select(RowBatch& batch) {
  std::size_t first = 0;
  for (int retry = 0;; ++retry) {
    const SqlQuery::End end = query_.run(first, timeout_, [&] {
      take_row(batch);
      return true;
    });
    if (end == SqlQuery::End::Done) {
      counts_.timeouts_in_a_row = 0;
      return;
    }
    const std::size_t bad = query_.table().outer();
    if (end == SqlQuery::End::Timeout) {
      ++counts_.timeouts;
      ++counts_.timeouts_in_a_row;
      fail_from(batch, bad, "timeout");
      return;
    }
    const std::string_view reason = batch.arena().put(query_.error());
    if (retry == kMostRetries) {
      fail_from(batch, bad, reason);
      return;
    }
    fail(batch, bad, reason);
    first = bad + 1;
    if (first >= verdicts_.size()) {
      return;
    }
  }
}

void Group::fail(RowBatch& batch, std::size_t position, std::string_view reason) {
  verdicts_[position] = Verdict::Failed;
  RowBatch::fail(batch.rows()[query_.table().live()[position]], step_, reason);
  ++counts_.errors;
}

void Group::fail_from(RowBatch& batch, std::size_t position, std::string_view reason) {
  for (; position < verdicts_.size(); ++position) {
    if (verdicts_[position] == Verdict::Filtered) fail(batch, position, reason);
  }
}

void Group::apply(RowBatch& batch) {
  std::uint64_t with_null = 0;
  auto result = results_.begin();
  for (std::size_t position = 0; position < verdicts_.size(); ++position) {
    Row& row = batch.rows()[query_.table().live()[position]];
    if (verdicts_[position] == Verdict::Filtered) {
      with_null += query_.table().read_null(position) ? 1U : 0U;
      RowBatch::filter(row);
    } else if (verdicts_[position] == Verdict::Selected) {
      for (const std::string& key : keys_) {
        batch.set(row, key, *result++);
      }
    }
  }
  counts_.filtered_unknown += with_null;
}

class SqlExpressions final : public SqlStep {
 public:
  explicit SqlExpressions(SqlTypes types) : types_(std::move(types)) {}

  [[nodiscard]] std::optional<SqlFault> compile(const SqlExpressionOptions& options) {
    for (std::size_t i = 0; i < options.clauses.size(); ++i) {
      const SqlClause& clause = options.clauses[i];
      if (clause.condition.empty() && clause.fields.empty()) {
        return SqlFault{"there is no expression", i};
      }
      if (groups_.empty() || groups_.back()->is_complete()) {
        groups_.push_back(std::make_unique<Group>(types_, options.timeout));
      }
      groups_.back()->add(clause, i);
    }
    for (const auto& group : groups_) {
      if (auto fault = group->compile()) {
        return fault;
      }
    }
    return std::nullopt;
  }

  void run(RowBatch& batch, const StepTime& /*now*/) override {
    for (const auto& group : groups_) {
      group->run(batch);
    }
  }

  [[nodiscard]] SqlCounts counts() const override {
    SqlCounts sum;
    for (const auto& group : groups_) {
      group->add_counts(sum);
    }
    return sum;
  }

  [[nodiscard]] std::vector<std::string> warnings() const override {
    std::vector<std::string> all;
    for (const auto& group : groups_) {
      group->add_warnings(types_, all);
    }
    return all;
  }

 private:
  SqlTypes types_;
  std::vector<std::unique_ptr<Group>> groups_;
};

}  // namespace

SqlMade make_sql_expressions(const SqlExpressionOptions& options) {
  auto step = std::make_unique<SqlExpressions>(options.types);
  if (auto fault = step->compile(options)) {
    return {.fault = std::move(*fault)};
  }
  return {.step = std::move(step)};
}

}  // namespace sluice
