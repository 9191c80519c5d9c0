// One statement over the rows of a batch.
#pragma once

#include "transforms/sql_connection.h"
#include "transforms/sql_options.h"
#include "transforms/sql_table.h"

#include <sqlite3.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sluice {

// One thread at a time.
class SqlQuery {
 public:
  enum class End { Done, Error, Timeout };

  explicit SqlQuery(SqlTypes types);
  ~SqlQuery() = default;
  SqlQuery(const SqlQuery&) = delete;
  SqlQuery& operator=(const SqlQuery&) = delete;

  // Every name that SQLite does not know becomes a column. The last statement that was compiled is
  // the one that runs.
  [[nodiscard]] std::optional<SqlRefusal> compile(const std::string& sql);

  [[nodiscard]] SqlTable& table() { return table_; }
  [[nodiscard]] const SqlTable& table() const { return table_; }
  [[nodiscard]] int columns() const { return sqlite3_column_count(statement_.get()); }
  [[nodiscard]] std::string_view column_name(int column) const;

  // Runs over the live rows of the batch, from this one on; `on_row` may read the columns, and ends
  // the run with false.
  template <class OnRow>
  End run(std::size_t first, std::chrono::milliseconds timeout, OnRow on_row) {
    connection_.deadline().start(timeout);
    table_.start(first, connection_.deadline());
    int code = sqlite3_step(statement_.get());
    while (code == SQLITE_ROW && on_row()) {
      code = sqlite3_step(statement_.get());
    }
    return finish(code);
  }
  // After an End::Error.
  [[nodiscard]] const std::string& error() const { return error_; }

  // For on_row.
  [[nodiscard]] sqlite3_stmt* row() const { return statement_.get(); }
  // A column as JSON text. `declared`: what the name of the result is declared as.
  void append(int column, std::optional<SqlType> declared, std::string& out);

 private:
  End finish(int code);
  [[nodiscard]] std::optional<std::string> unknown_column(const SqlRefusal& refusal,
                                                          std::string_view sql) const;

  // The connection ends before the table that it shows, and the statement before the connection.
  SqlTable table_;
  SqlConnection connection_;
  SqlStatement statement_;
  std::vector<std::optional<std::size_t>> origins_;  // of each column: the field that it is
  SqlValues values_;
  std::string error_;
};

}  // namespace sluice
