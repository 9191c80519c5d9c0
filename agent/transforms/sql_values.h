// JSON text becomes a value of SQLite, and the other way round.
#pragma once

#include "json/slicer.h"
#include "transforms/sql_options.h"

#include <sqlite3.h>

#include <string>
#include <string_view>

namespace sluice {

// SQLite knows neither truth values nor objects. A mark travels with the value, until something
// sorts or groups it.
constexpr unsigned kSqlBool = 'b';
constexpr unsigned kSqlJson = 'J';  // as SQLite's own JSON functions mark theirs

// What came out of a field, as bits.
using SqlKinds = unsigned;
constexpr SqlKinds kSawNothing = 0;
constexpr SqlKinds kSawBool = 1;
constexpr SqlKinds kSawNumber = 2;
constexpr SqlKinds kSawText = 4;
constexpr SqlKinds kSawJson = 8;

// One thread at a time.
class SqlValues {
 public:
  // `json` is one valid value and lives as long as the statement's row.
  SqlKinds give(sqlite3_context* context, std::string_view json);
  // Nothing, and NULL, if it cannot be converted.
  std::optional<SqlKinds> give_as(SqlType type, sqlite3_context* context, std::string_view json);

  // A column of the current row as JSON text. `meant` is what it stands for if it has lost its
  // mark.
  void append(sqlite3_stmt* statement, int column, std::optional<SqlType> meant, std::string& out);

 private:
  SqlKinds give_text(sqlite3_context* context, std::string_view json);
  std::optional<SqlKinds> give_bool(sqlite3_context* context, std::string_view json);
  std::optional<SqlKinds> give_json(sqlite3_context* context, std::string_view json);
  void append_text(std::string_view text, bool json, std::string& out);
  bool is_json(std::string_view text);

  std::string scratch_;
  std::string object_;
  JsonSlicer slicer_;
};

}  // namespace sluice
