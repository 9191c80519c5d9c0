#include "transforms/sql_table.h"

#include "transforms/sql_text.h"
#include "transforms/values.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace sluice {
namespace {

// Column 0 is kRowColumn.
constexpr int kTopic = 1;
constexpr int kTime = 2;
constexpr int kFirstField = 3;

// SQLite would take these for the number of the row if there were no columns of that name.
constexpr std::array<std::string_view, 3> kRowNames = {"rowid", "oid", "_rowid_"};

constexpr std::size_t kMostColumns = 200;

std::string key_of(std::string_view column) {
  if (column == "payload_topic") return "topic";
  if (column == "payload_ts") return "ts";
  return key_text(column);
}

std::string quoted_name(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) {
    text += c;
    if (c == '"') text += '"';
  }
  return text + '"';
}

bool is_row_name(std::string_view name) {
  return std::ranges::find(kRowNames, name) != kRowNames.end();
}

}  // namespace

struct SqlTable::Cursor : sqlite3_vtab_cursor {
  std::size_t position = 0;
};

// What SQLite calls.
struct SqlTable::Callbacks {
  struct Shown : sqlite3_vtab {
    SqlTable* table = nullptr;
  };

  static SqlTable& table_of(sqlite3_vtab_cursor* cursor) {
    return *static_cast<Shown*>(cursor->pVtab)->table;
  }

  static int connect(sqlite3* connection, void* table, int /*count*/, const char* const* /*words*/,
                     sqlite3_vtab** shown, char** /*error*/) {
    auto& records = *static_cast<SqlTable*>(table);
    const int code = sqlite3_declare_vtab(connection, records.declaration().c_str());
    if (code != SQLITE_OK) {
      return code;
    }
    sqlite3_vtab_config(connection, SQLITE_VTAB_INNOCUOUS);
    auto* const made = new Shown{};
    made->table = &records;
    *shown = made;
    return SQLITE_OK;
  }

  static int disconnect(sqlite3_vtab* shown) {
    delete static_cast<Shown*>(shown);
    return SQLITE_OK;
  }

  static int best_index(sqlite3_vtab* /*shown*/, sqlite3_index_info* plan) {
    plan->estimatedCost = 1000;
    plan->estimatedRows = 500;
    return SQLITE_OK;
  }

  static int open(sqlite3_vtab* /*shown*/, sqlite3_vtab_cursor** cursor) {
    *cursor = new Cursor{};
    return SQLITE_OK;
  }

  static int close(sqlite3_vtab_cursor* cursor) {
    SqlTable& table = table_of(cursor);
    auto* const closed = static_cast<Cursor*>(cursor);
    if (table.outer_cursor_ == closed) {
      table.outer_cursor_ = nullptr;
    }
    delete closed;
    return SQLITE_OK;
  }

  // The loop that begins first is the outer one.
  static int filter(sqlite3_vtab_cursor* cursor, int /*index*/, const char* /*name*/, int /*count*/,
                    sqlite3_value** /*values*/) {
    SqlTable& table = table_of(cursor);
    auto* const begun = static_cast<Cursor*>(cursor);
    begun->position = table.first_;
    if (table.outer_cursor_ == nullptr) {
      table.outer_cursor_ = begun;
    }
    return SQLITE_OK;
  }

  static int next(sqlite3_vtab_cursor* cursor) {
    SqlTable& table = table_of(cursor);
    auto* const moved = static_cast<Cursor*>(cursor);
    ++moved->position;
    if (table.outer_cursor_ == moved) {
      table.outer_ = moved->position;
    }
    const bool more = moved->position < table.live_.size();
    return more && table.deadline_->is_over() ? SQLITE_INTERRUPT : SQLITE_OK;
  }

  static int is_at_end(sqlite3_vtab_cursor* cursor) {
    return static_cast<Cursor*>(cursor)->position >= table_of(cursor).live_.size() ? 1 : 0;
  }

  static int column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int number) {
    table_of(cursor).give(static_cast<Cursor*>(cursor)->position, number, context);
    return SQLITE_OK;
  }

  static int row_number(sqlite3_vtab_cursor* cursor, sqlite3_int64* number) {
    *number = static_cast<sqlite3_int64>(static_cast<Cursor*>(cursor)->position);
    return SQLITE_OK;
  }
};

const sqlite3_module& SqlTable::module() {
  static const sqlite3_module shown = [] {
    sqlite3_module made{};
    made.xCreate = Callbacks::connect;
    made.xConnect = Callbacks::connect;
    made.xBestIndex = Callbacks::best_index;
    made.xDisconnect = Callbacks::disconnect;
    made.xDestroy = Callbacks::disconnect;
    made.xOpen = Callbacks::open;
    made.xClose = Callbacks::close;
    made.xFilter = Callbacks::filter;
    made.xNext = Callbacks::next;
    made.xEof = Callbacks::is_at_end;
    made.xColumn = Callbacks::column;
    made.xRowid = Callbacks::row_number;
    return made;
  }();
  return shown;
}

SqlTable::SqlTable(SqlTypes types) : types_(std::move(types)) {
  for (const std::string_view name : kRowNames) {
    columns_.push_back({std::string(name), std::string(name), declared(name)});
  }
}

bool SqlTable::add_column(const std::string& name) {
  if (has_column(name) || columns_.size() >= kMostColumns) {
    return false;
  }
  columns_.push_back({name, key_of(name), declared(name)});
  return true;
}

bool SqlTable::has_column(std::string_view name) const {
  return same_word(name, "topic") || same_word(name, "ts") || field(name).has_value();
}

// As SQLite compares names.
std::optional<std::size_t> SqlTable::field(std::string_view column) const {
  const auto found = std::ranges::find_if(
      columns_, [column](const Column& each) { return same_word(each.name, column); });
  return found != columns_.end() ? std::optional(static_cast<std::size_t>(found - columns_.begin()))
                                 : std::nullopt;
}

std::string SqlTable::declaration() const {
  std::string text =
      "CREATE TABLE x(" + quoted_name(kRowColumn) + " INT HIDDEN, topic TEXT, ts INT";
  for (const Column& column : columns_) {
    // Without a type, so that SQLite converts nothing on its own.
    text += ", " + quoted_name(column.name) + (is_row_name(column.name) ? " HIDDEN" : "");
  }
  return text + ')';
}

void SqlTable::show(RowBatch& batch) {
  batch_ = &batch;
  live_.clear();
  const std::span<const Row> rows = batch.rows();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].live()) live_.push_back(static_cast<std::uint32_t>(i));
  }
  null_.assign(live_.size(), false);
  for (Column& column : columns_) {
    column.errors_before = 0;
  }
}

void SqlTable::start(std::size_t first, SqlDeadline& deadline) {
  deadline_ = &deadline;
  first_ = first;
  outer_ = first;
  outer_cursor_ = nullptr;
  last_read_.reset();
  for (Column& column : columns_) {
    column.kinds = kSawNothing;
  }
}

void SqlTable::give(std::size_t position, int column, sqlite3_context* context) {
  last_read_ = position;
  if (column >= kFirstField) {
    give_field(position, columns_[static_cast<std::size_t>(column - kFirstField)], context);
    return;
  }
  const Row& row = batch_->rows()[live_[position]];
  if (column == kTopic) {
    sqlite3_result_text64(context, row.topic.data(), row.topic.size(), SQLITE_STATIC, SQLITE_UTF8);
  } else if (column == kTime) {
    sqlite3_result_int64(context, row.time.time_since_epoch().count());
  } else {
    sqlite3_result_int64(context, static_cast<sqlite3_int64>(position));
  }
}

void SqlTable::give_field(std::size_t position, Column& column, sqlite3_context* context) {
  column.wanted = true;
  const RecordField* const field = batch_->find(batch_->rows()[live_[position]], column.key);
  if (field == nullptr) {
    null_[position] = true;
    return;
  }
  column.seen = true;
  const std::optional<SqlKinds> kinds = column.type
                                            ? values_.give_as(*column.type, context, field->value)
                                            : values_.give(context, field->value);
  column.kinds |= kinds.value_or(kSawNothing);
  if (kinds.value_or(kSawNothing) == kSawNothing) {
    null_[position] = true;
  }
  // A statement may read a value several times.
  if (!kinds && position >= column.errors_before) {
    column.errors_before = position + 1;
    ++type_errors_;
  }
}

std::optional<SqlType> SqlTable::declared(std::string_view name) const {
  const auto found = types_.find(std::string(name));
  return found != types_.end() ? std::optional(found->second) : std::nullopt;
}

std::optional<SqlType> SqlTable::meaning(std::size_t field) const {
  const Column& column = columns_[field];
  if (column.type) return column.type;
  if (column.kinds == kSawBool) return SqlType::Bool;
  if (column.kinds == kSawJson) return SqlType::Json;
  return std::nullopt;
}

std::vector<std::string> SqlTable::names() const {
  std::vector<std::string> all;
  for (const Column& column : columns_) {
    if (!is_row_name(column.name)) all.push_back(column.name);
  }
  return all;
}

std::vector<std::string> SqlTable::never_seen() const {
  std::vector<std::string> all;
  for (const Column& column : columns_) {
    if (column.wanted && !column.seen) all.push_back(column.name);
  }
  return all;
}

}  // namespace sluice
