#include "transforms/sql_query.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

std::string_view or_empty(const char* text) {
  return text != nullptr ? text : "";
}

bool opens_name(char c) {
  return c == '"' || c == '[' || c == '`';
}

}  // namespace

SqlQuery::SqlQuery(SqlTypes types) : table_(std::move(types)) {
  connection_.show(SqlTable::module(), &table_);
}

// "no such column: r.temperature" may be the column `temperature` of `records AS r` or the column
// "r.temperature".
std::optional<std::string> SqlQuery::unknown_column(const SqlRefusal& refusal,
                                                    std::string_view sql) const {
  static constexpr std::string_view kUnknown = "no such column: ";
  if (!refusal.message.starts_with(kUnknown)) {
    return std::nullopt;
  }
  std::string name = refusal.message.substr(kUnknown.size());
  const std::string_view written = sql.substr(std::min(refusal.offset.value_or(0), sql.size()));
  const bool one_name =
      !written.empty() && opens_name(written.front()) && written.substr(1).starts_with(name);
  const std::size_t dot = one_name ? std::string::npos : name.find('.');
  if (dot != std::string::npos) {
    name.erase(0, dot + 1);
  }
  return table_.has_column(name) ? std::nullopt : std::optional(std::move(name));
}

std::optional<SqlRefusal> SqlQuery::compile(const std::string& sql) {
  statement_.reset();
  while (true) {
    connection_.renew_records();
    auto prepared = connection_.prepare(sql);
    if (auto* const statement = std::get_if<SqlStatement>(&prepared)) {
      statement_ = std::move(*statement);
      break;
    }
    auto& refusal = std::get<SqlRefusal>(prepared);
    const std::optional<std::string> name = unknown_column(refusal, sql);
    if (!name || !table_.add_column(*name)) {
      if (refusal.message.starts_with("no such column: ") &&
          refusal.message.find('.') != std::string::npos) {
        refusal.message += "; a member of an object is reached with object ->> 'member'";
      }
      return std::move(refusal);
    }
  }
  origins_.clear();
  for (int column = 0; column < columns(); ++column) {
    const bool of_records = or_empty(sqlite3_column_table_name(row(), column)) == "records";
    origins_.push_back(of_records
                           ? table_.field(or_empty(sqlite3_column_origin_name(row(), column)))
                           : std::nullopt);
  }
  return std::nullopt;
}

std::string_view SqlQuery::column_name(int column) const {
  return or_empty(sqlite3_column_name(row(), column));
}

void SqlQuery::append(int column, std::optional<SqlType> declared, std::string& out) {
  const std::optional<std::size_t> origin = origins_[static_cast<std::size_t>(column)];
  values_.append(row(), column, declared || !origin ? declared : table_.meaning(*origin), out);
}

SqlQuery::End SqlQuery::finish(int code) {
  if (code != SQLITE_DONE && code != SQLITE_ROW) {
    error_ = connection_.last_error();
  }
  sqlite3_reset(statement_.get());
  if (code == SQLITE_INTERRUPT) {
    return End::Timeout;
  }
  return code == SQLITE_DONE || code == SQLITE_ROW ? End::Done : End::Error;
}

}  // namespace sluice
