#include "transforms/sql_functions.h"

#include "transforms/sql_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <stdexcept>

namespace sluice {
namespace {

constexpr std::array<std::string_view, 94> kAllowed = {
    // of one value
    "abs", "coalesce", "glob", "hex", "ifnull", "iif", "instr", "length", "like", "lower", "ltrim",
    "max", "min", "nullif", "quote", "replace", "round", "rtrim", "sign", "substr", "substring",
    "topic_part", "trim", "typeof", "unicode", "upper",
    // mathematics
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "ceiling", "cos", "cosh",
    "degrees", "exp", "floor", "ln", "log", "log10", "log2", "mod", "pi", "pow", "power", "radians",
    "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
    // time
    "date", "datetime", "julianday", "strftime", "time", "unixepoch",
    // JSON
    "->", "->>", "json", "json_array", "json_array_length", "json_extract", "json_group_array",
    "json_group_object", "json_insert", "json_object", "json_patch", "json_quote", "json_remove",
    "json_replace", "json_set", "json_type", "json_valid",
    // of many values
    "avg", "count", "cume_dist", "dense_rank", "first_value", "group_concat", "lag", "last_value",
    "lead", "nth_value", "ntile", "percent_rank", "rank", "row_number", "sum", "total"};

std::optional<std::string_view> level_of(std::string_view topic, sqlite3_int64 number) {
  const auto levels = 1 + static_cast<sqlite3_int64>(std::ranges::count(topic, '/'));
  sqlite3_int64 left = number > 0 ? number : levels + 1 + number;
  if (number == 0 || left < 1 || left > levels) {
    return std::nullopt;
  }
  while (--left > 0) {
    topic.remove_prefix(topic.find('/') + 1);
  }
  return topic.substr(0, topic.find('/'));
}

void topic_part(sqlite3_context* context, int /*count*/, sqlite3_value** arguments) {
  const void* const bytes = sqlite3_value_blob(arguments[0]);
  if (bytes == nullptr) {
    return;
  }
  const std::string_view topic(static_cast<const char*>(bytes),
                               static_cast<std::size_t>(sqlite3_value_bytes(arguments[0])));
  if (const auto level = level_of(topic, sqlite3_value_int64(arguments[1]))) {
    sqlite3_result_text64(context, level->data(), level->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  }
}

}  // namespace

bool is_sql_function(std::string_view name) {
  return std::ranges::any_of(kAllowed,
                             [name](std::string_view allowed) { return same_word(allowed, name); });
}

void add_sql_functions(sqlite3* connection) {
  if (sqlite3_create_function_v2(connection, "topic_part", 2,
                                 SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, nullptr,
                                 topic_part, nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw std::runtime_error("SQLite takes no functions");
  }
}

}  // namespace sluice
