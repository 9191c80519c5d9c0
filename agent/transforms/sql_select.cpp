#include "core/stateful.h"
#include "transforms/sql_query.h"
#include "transforms/sql_steps.h"
#include "transforms/sql_text.h"
#include "transforms/sql_warnings.h"
#include "transforms/sql_window.h"
#include "transforms/values.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace sluice {
namespace {

constexpr int kMostRetries = 16;
constexpr std::string_view kStep = "sql";

// Where the values of a result column go.
struct ResultColumn {
  std::string name;  // of the field
  std::string key;   // as JSON text
  std::optional<SqlType> declared;
};

class SqlSelect final : public SqlStep, public Stateful {
 public:
  explicit SqlSelect(SqlSelectOptions options)
      : options_(std::move(options)), query_(options_.types), window_(options_.every) {}

  [[nodiscard]] std::optional<SqlFault> compile();

  void run(RowBatch& batch, const StepTime& now) override;
  [[nodiscard]] std::optional<Instant> due() const override { return due_; }
  Stateful* state() override { return is_windowed() ? this : nullptr; }

  [[nodiscard]] bool changed() const override { return changed_; }
  std::string save() override {
    changed_ = false;
    return window_.save();
  }
  Status restore(std::string_view saved) override {
    Status restored = window_.restore(saved);
    if (restored && window_.size() > 0) {
      due_ = Instant{};  // only run() knows what time it is
    }
    return restored;
  }

  [[nodiscard]] SqlCounts counts() const override {
    SqlCounts counts = counts_;
    counts.type_errors = query_.table().type_errors();
    return counts;
  }
  [[nodiscard]] std::vector<std::string> warnings() const override;

 private:
  struct Failure {
    std::string_view reason;
    bool may_be_one_record;
  };
  struct Result {
    std::string_view topic;
    Timestamp time;
    std::size_t first;  // of its values
  };

  [[nodiscard]] bool is_windowed() const { return options_.every.count() > 0; }
  void run_over_batch(RowBatch& batch);
  void close(RowBatch& batch, Timestamp now);
  void collect(RowBatch& batch, std::size_t count, Timestamp now);
  [[nodiscard]] bool query(RowBatch& rows, Arena& arena);
  [[nodiscard]] std::optional<Failure> compute(RowBatch& rows, Arena& arena);
  bool take_row(Arena& arena);
  void make_rows(RowBatch& batch, std::string_view topic, Timestamp time);

  SqlSelectOptions options_;
  SqlQuery query_;
  std::vector<ResultColumn> columns_;
  std::optional<int> topic_column_;
  std::optional<int> time_column_;
  SqlWindow window_;
  bool changed_ = false;
  std::optional<Instant> due_;
  SqlCounts counts_;

  std::vector<Result> results_;
  std::vector<std::string_view> values_;
};

std::optional<SqlFault> SqlSelect::compile() {
  if (auto refusal = query_.compile(options_.query)) {
    return SqlFault{.message = std::move(refusal->message), .offset = refusal->offset};
  }
  for (int i = 0; i < query_.columns(); ++i) {
    std::string name(query_.column_name(i));
    if (std::ranges::find(columns_, name, &ResultColumn::name) != columns_.end()) {
      return SqlFault{"two columns of the result are called " + name +
                      ": give one of them another name with AS"};
    }
    if (name == "topic") topic_column_ = i;
    if (name == "ts") time_column_ = i;
    const bool reserved = name == "payload_topic" || name == "payload_ts";
    std::string key = key_text(reserved ? name.substr(std::string_view("payload_").size()) : name);
    const std::optional<SqlType> declared = query_.table().declared(name);
    columns_.push_back({std::move(name), std::move(key), declared});
  }
  return std::nullopt;
}

void SqlSelect::run(RowBatch& batch, const StepTime& now) {
  if (!is_windowed()) {
    run_over_batch(batch);
    return;
  }
  const std::size_t came = batch.size();
  if (window_.is_over(now.wall)) {
    close(batch, now.wall);
  }
  collect(batch, came, now.wall);
  due_.reset();
  if (window_.size() > 0) {
    due_ = now.elapsed +
           std::clamp(window_.end() - now.wall, std::chrono::milliseconds(1), options_.every);
  }
}

void SqlSelect::run_over_batch(RowBatch& batch) {
  std::string_view topic;
  Timestamp time{};
  batch.for_each_live([&](const Row& row) {
    topic = row.topic;
    time = row.time;
  });
  if (!query(batch, batch.arena())) {
    return;
  }
  batch.for_each_live([](Row& row) { RowBatch::aggregate(row); });
  make_rows(batch, topic, time);
}

// The first `count` rows: behind them are the results of windows. One that is full ends early.
void SqlSelect::collect(RowBatch& batch, std::size_t count, Timestamp now) {
  for (std::size_t i = 0; i < count; ++i) {
    if (!batch.rows()[i].live()) continue;
    window_.add(batch.record(batch.rows()[i]), now);
    RowBatch::aggregate(batch.rows()[i]);
    changed_ = true;
    if (window_.size() >= options_.max_rows) {
      close(batch, now);
    }
  }
}

void SqlSelect::close(RowBatch& batch, Timestamp now) {
  RowBatch collected;
  window_.for_each([&collected](const Record& record) { collected.add(record, 0); });
  const Timestamp time = window_.is_over(now) ? window_.end() : now;
  window_.clear();
  changed_ = true;
  const std::string_view topic = batch.arena().put(collected.rows().back().topic);
  if (query(collected, batch.arena())) {
    make_rows(batch, topic, time);
  }
  for (const Row& failed : collected.rows()) {
    if (failed.state != RowState::Failed) continue;
    const std::string_view body = batch.arena().put(failed.body);
    const std::string_view reason = batch.arena().put(failed.error);
    Row& row = batch.make(failed.topic, failed.time);
    row.kind = failed.kind;
    row.body = body;
    RowBatch::fail(row, kStep, reason);
  }
}

// Over the live rows. Those that cannot be computed fail; false: all of them.
bool SqlSelect::query(RowBatch& rows, Arena& arena) {
  for (int retry = 0;; ++retry) {
    query_.table().show(rows);
    const std::vector<std::uint32_t>& live = query_.table().live();
    if (live.empty()) {
      return false;
    }
    const std::optional<Failure> failure = compute(rows, arena);
    if (!failure) {
      return true;
    }
    const std::optional<std::size_t> bad = query_.table().last_read();
    if (failure->may_be_one_record && bad && retry < kMostRetries) {
      RowBatch::fail(rows.rows()[live[*bad]], kStep, failure->reason);
      ++counts_.errors;
      continue;
    }
    for (const std::uint32_t row : live) {
      RowBatch::fail(rows.rows()[row], kStep, failure->reason);
    }
    counts_.errors += live.size();
    return false;
  }
}

std::optional<SqlSelect::Failure> SqlSelect::compute(RowBatch& rows, Arena& arena) {
  results_.clear();
  values_.clear();
  const SqlQuery::End end = query_.run(0, options_.timeout, [&] { return take_row(arena); });
  counts_.timeouts_in_a_row = end == SqlQuery::End::Timeout ? counts_.timeouts_in_a_row + 1 : 0;
  if (end == SqlQuery::End::Timeout) {
    ++counts_.timeouts;
    return Failure{"timeout", false};
  }
  if (end == SqlQuery::End::Error) {
    return Failure{rows.arena().put(query_.error()), true};
  }
  return results_.size() > options_.max_rows ? std::optional(Failure{"too many results", false})
                                             : std::nullopt;
}

// False: more than there may be.
bool SqlSelect::take_row(Arena& arena) {
  Result result{{}, {}, values_.size()};
  for (int i = 0; i < query_.columns(); ++i) {
    const ResultColumn& column = columns_[static_cast<std::size_t>(i)];
    std::string& text = arena.scratch();
    query_.append(i, column.declared, text);
    values_.push_back(arena.put(text));
  }
  results_.push_back(result);
  return results_.size() <= options_.max_rows;
}

// Milliseconds; nothing if that is no time before the year 10000.
std::optional<Timestamp> time_in(std::string_view json) {
  constexpr double kLast = 253'402'300'799'999;
  const std::optional<double> number = number_in(json);
  if (!number || *number < 0 || *number > kLast) {
    return std::nullopt;
  }
  return Timestamp(std::chrono::milliseconds(std::llround(*number)));
}

void SqlSelect::make_rows(RowBatch& batch, std::string_view topic, Timestamp time) {
  std::string scratch;
  for (const Result& result : results_) {
    const auto value = [&](int column) {
      return values_[result.first + static_cast<std::size_t>(column)];
    };
    const auto own_topic =
        topic_column_ ? text_in(value(*topic_column_), scratch) : std::optional<std::string_view>();
    const auto own_time = time_column_ ? time_in(value(*time_column_)) : std::optional<Timestamp>();
    Row& row =
        batch.make(own_topic && !own_topic->empty() ? *own_topic : topic, own_time.value_or(time));
    for (int i = 0; i < query_.columns(); ++i) {
      if (i != topic_column_ && i != time_column_) {
        batch.set(row, columns_[static_cast<std::size_t>(i)].key, value(i));
      }
    }
  }
}

std::vector<std::string> SqlSelect::warnings() const {
  std::vector<std::string> all;
  if (selects_everything(options_.query)) {
    all.emplace_back(
        "* stands for topic, ts and the fields that the query names elsewhere, not for all fields");
  }
  add_untyped_use(options_.query, query_.table(), options_.types, all);
  add_never_seen(query_.table(), all);
  return all;
}

}  // namespace

SqlMade make_sql_select(SqlSelectOptions options) {
  auto step = std::make_unique<SqlSelect>(std::move(options));
  if (auto fault = step->compile()) {
    return {.fault = std::move(*fault)};
  }
  return {.step = std::move(step)};
}

}  // namespace sluice
