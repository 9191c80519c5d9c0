// The live rows of a batch as a table of SQLite.
#pragma once

#include "transforms/batch.h"
#include "transforms/sql_connection.h"
#include "transforms/sql_values.h"

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// The columns are `topic`, `ts`, the fields that were asked for, and kRowColumn. A field called
// `topic` or `ts` is the column `payload_topic` or `payload_ts`. Used by one statement at a time on
// one thread; the batch stays as it is while the statement runs.
class SqlTable {
 public:
  static constexpr std::string_view kRowColumn = "# row";  // the position in live()

  explicit SqlTable(SqlTypes types);

  static const sqlite3_module& module();

  // False: it is there already, or there are too many.
  bool add_column(const std::string& name);
  [[nodiscard]] bool has_column(std::string_view name) const;

  // The live rows of this batch are what statements read from now on.
  void show(RowBatch& batch);
  // A statement begins to read, at this position.
  void start(std::size_t first, SqlDeadline& deadline);

  [[nodiscard]] const std::vector<std::uint32_t>& live() const { return live_; }
  // Where the outer loop of the statement stands.
  [[nodiscard]] std::size_t outer() const { return outer_; }
  // The position of the value that was read last.
  [[nodiscard]] std::optional<std::size_t> last_read() const { return last_read_; }

  // A value at this position was missing or null. Valid for rows that the outer loop has left.
  [[nodiscard]] bool read_null(std::size_t position) const { return null_[position]; }

  // The number of the field for meaning(); nothing if there is no such column.
  [[nodiscard]] std::optional<std::size_t> field(std::string_view column) const;
  // What a result that is nothing but this field stands for: by its declaration, or by all that
  // came out of it since start().
  [[nodiscard]] std::optional<SqlType> meaning(std::size_t field) const;
  // Of a result with this name: only by its declaration.
  [[nodiscard]] std::optional<SqlType> declared(std::string_view name) const;

  [[nodiscard]] std::uint64_t type_errors() const { return type_errors_; }
  // The fields that were asked for; nothing else has been in any record.
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::vector<std::string> never_seen() const;

 private:
  struct Column {
    std::string name;
    std::string key;  // as JSON text
    std::optional<SqlType> type;
    SqlKinds kinds = kSawNothing;
    bool wanted = false;
    bool seen = false;
    std::size_t errors_before = 0;  // positions whose errors are counted
  };
  struct Cursor;
  struct Callbacks;

  [[nodiscard]] std::string declaration() const;
  void give(std::size_t position, int column, sqlite3_context* context);
  void give_field(std::size_t position, Column& column, sqlite3_context* context);

  SqlTypes types_;
  std::vector<Column> columns_;
  SqlValues values_;
  RowBatch* batch_ = nullptr;
  SqlDeadline* deadline_ = nullptr;
  std::vector<std::uint32_t> live_;
  std::vector<bool> null_;
  std::size_t first_ = 0;
  std::size_t outer_ = 0;
  std::optional<std::size_t> last_read_;
  Cursor* outer_cursor_ = nullptr;
  std::uint64_t type_errors_ = 0;
};

}  // namespace sluice
