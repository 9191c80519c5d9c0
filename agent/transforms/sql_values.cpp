#include "transforms/sql_values.h"

#include "core/json_text.h"
#include "core/message.h"
#include "core/utf8.h"
#include "transforms/values.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <system_error>

namespace sluice {
namespace {

std::optional<std::int64_t> integer_in(std::string_view json) {
  std::int64_t number = 0;
  const char* const end = json.data() + json.size();
  const auto [rest, error] = std::from_chars(json.data(), end, number);
  return error == std::errc() && rest == end ? std::optional(number) : std::nullopt;
}

SqlKinds give_text_of(sqlite3_context* context, std::string_view text, bool stays) {
  sqlite3_result_text64(context, text.data(), text.size(), stays ? SQLITE_STATIC : SQLITE_TRANSIENT,
                        SQLITE_UTF8);
  return kSawText;
}

SqlKinds give_truth(sqlite3_context* context, bool truth) {
  sqlite3_result_int(context, truth ? 1 : 0);
  sqlite3_result_subtype(context, kSqlBool);
  return kSawBool;
}

SqlKinds give_number(sqlite3_context* context, std::string_view json) {
  if (const std::optional<std::int64_t> integer = integer_in(json)) {
    sqlite3_result_int64(context, *integer);
  } else if (const std::optional<double> number = number_in(json)) {
    sqlite3_result_double(context, *number);
  }
  return kSawNumber;
}

std::optional<SqlKinds> give_real(sqlite3_context* context, std::string_view json) {
  const std::optional<double> number = number_in(bare(json));
  if (!number) {
    return std::nullopt;
  }
  sqlite3_result_double(context, *number);
  return kSawNumber;
}

std::optional<SqlKinds> give_integer(sqlite3_context* context, std::string_view json) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  const std::string_view text = bare(json);
  if (const std::optional<std::int64_t> integer = integer_in(text)) {
    sqlite3_result_int64(context, *integer);
    return kSawNumber;
  }
  const std::optional<double> number = number_in(text);
  if (!number || std::trunc(*number) != *number || *number < -kLimit || *number >= kLimit) {
    return std::nullopt;
  }
  sqlite3_result_int64(context, static_cast<std::int64_t>(*number));
  return kSawNumber;
}

bool is_ascii(std::string_view text) {
  unsigned char all = 0;
  for (const char c : text) {
    all |= static_cast<unsigned char>(c);
  }
  return all < 0x80;
}

std::string_view bytes_of(sqlite3_stmt* statement, int column) {
  // Not _text: that would copy the value to put a zero behind it.
  const void* const bytes = sqlite3_column_blob(statement, column);
  const int size = sqlite3_column_bytes(statement, column);
  return size > 0
             ? std::string_view(static_cast<const char*>(bytes), static_cast<std::size_t>(size))
             : std::string_view();
}

}  // namespace

SqlKinds SqlValues::give(sqlite3_context* context, std::string_view json) {
  switch (json.front()) {
    case '"':
      return give_text(context, json);
    case 't':
    case 'f':
      return give_truth(context, json.front() == 't');
    case 'n':
      return kSawNothing;  // NULL is what a result is without being told
    case '{':
    case '[':
      give_text_of(context, json, true);
      sqlite3_result_subtype(context, kSqlJson);
      return kSawJson;
    default:
      return give_number(context, json);
  }
}

SqlKinds SqlValues::give_text(sqlite3_context* context, std::string_view json) {
  const std::string_view text = text_in(json, scratch_).value_or(std::string_view());
  return give_text_of(context, text, text.data() != scratch_.data());
}

std::optional<SqlKinds> SqlValues::give_as(SqlType type, sqlite3_context* context,
                                           std::string_view json) {
  if (is_null(json)) {
    return kSawNothing;
  }
  switch (type) {
    case SqlType::Real:
      return give_real(context, json);
    case SqlType::Int:
      return give_integer(context, json);
    case SqlType::Bool:
      return give_bool(context, json);
    case SqlType::Text:
      return is_string(json) ? give_text(context, json) : give_text_of(context, json, true);
    case SqlType::Json:
      return give_json(context, json);
  }
  return std::nullopt;
}

std::optional<SqlKinds> SqlValues::give_bool(sqlite3_context* context, std::string_view json) {
  const std::string_view text = bare(json);
  const bool yes = text == "true" || text == "1";
  if (!yes && text != "false" && text != "0") {
    return std::nullopt;
  }
  return give_truth(context, yes);
}

std::optional<SqlKinds> SqlValues::give_json(sqlite3_context* context, std::string_view json) {
  const std::optional<std::string_view> text = text_in(json, scratch_);
  if (!text) {
    return give(context, json);
  }
  if (!is_json(*text)) {
    return std::nullopt;
  }
  give_text_of(context, *text, false);
  sqlite3_result_subtype(context, kSqlJson);
  return kSawJson;
}

// Everything that is written as JSON goes into lines as it is: it is looked at, although SQLite has
// read it, because SQLite allows what others do not.
bool SqlValues::is_json(std::string_view text) {
  object_ = "{\"v\":";
  object_ += text;
  object_ += '}';
  const std::size_t size = object_.size();
  object_.append(MessageBatch::kPadding, '\0');
  return slicer_.slice(std::string_view(object_).substr(0, size)) && slicer_.fields().size() == 1;
}

void SqlValues::append_text(std::string_view text, bool json, std::string& out) {
  if (json && is_json(text)) {
    const std::size_t start = out.size();
    out += text;
    for (std::size_t i = start; i < out.size(); ++i) {
      if (out[i] == '\n' || out[i] == '\r')
        out[i] = ' ';  // only between values: a line is a record
    }
  } else if (is_ascii(text) || is_utf8(text)) {
    out += '"';
    append_escaped(text, out);
    out += '"';
  } else {
    out += quoted(text);
  }
}

void SqlValues::append(sqlite3_stmt* statement, int column, std::optional<SqlType> meant,
                       std::string& out) {
  const auto mark = [statement, column] {
    return sqlite3_value_subtype(sqlite3_column_value(statement, column));
  };
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER: {
      const sqlite3_int64 number = sqlite3_column_int64(statement, column);
      const bool truth =
          meant == SqlType::Bool || ((number == 0 || number == 1) && mark() == kSqlBool);
      if (truth) {
        out += number != 0 ? "true" : "false";
      } else {
        append_number(number, out);
      }
      return;
    }
    case SQLITE_FLOAT:
      append_number(sqlite3_column_double(statement, column), out);
      return;
    case SQLITE_TEXT:
      append_text(bytes_of(statement, column), meant == SqlType::Json || mark() == kSqlJson, out);
      return;
    case SQLITE_BLOB:
      out += '"';
      append_base64(bytes_of(statement, column), out);
      out += '"';
      return;
    default:
      out += "null";
  }
}

}  // namespace sluice
