#include "transforms/sql_connection.h"

#include "transforms/sql_functions.h"
#include "transforms/sql_text.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace sluice {
namespace {

// What one value may be. A function that looks for one text in another takes the product of their
// sizes, and cannot be interrupted.
constexpr int kLargestValue = 64 * 1024;
constexpr int kOperationsBetweenLooks = 100;

std::chrono::nanoseconds read(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void set_limits(sqlite3* handle) {
  static constexpr std::array<std::pair<int, int>, 11> kLimits = {{
      {SQLITE_LIMIT_LENGTH, kLargestValue},
      {SQLITE_LIMIT_SQL_LENGTH, 16 * 1024},
      {SQLITE_LIMIT_COLUMN, 256},
      {SQLITE_LIMIT_EXPR_DEPTH, 64},
      {SQLITE_LIMIT_COMPOUND_SELECT, 8},
      {SQLITE_LIMIT_VDBE_OP, 20'000},
      {SQLITE_LIMIT_FUNCTION_ARG, 64},
      {SQLITE_LIMIT_ATTACHED, 0},
      {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 128},
      {SQLITE_LIMIT_TRIGGER_DEPTH, 0},
      {SQLITE_LIMIT_WORKER_THREADS, 0},
  }};
  for (const auto& [limit, value] : kLimits) {
    sqlite3_limit(handle, limit, value);
  }
}

void set_switches(sqlite3* handle) {
  static constexpr std::array<std::pair<int, int>, 6> kSwitches = {{
      {SQLITE_DBCONFIG_DQS_DML, 0},
      {SQLITE_DBCONFIG_DQS_DDL, 0},
      {SQLITE_DBCONFIG_DEFENSIVE, 1},
      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
      {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
      {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
  }};
  for (const auto& [option, value] : kSwitches) {
    sqlite3_db_config(handle, option, value, nullptr);
  }
}

// Tables that come with SQLite and say something about it.
bool is_internal(std::string_view table) {
  static constexpr std::array<std::string_view, 4> kTables = {"dbstat", "fts3tokenize", "bytecode",
                                                              "tables_used"};
  return table.starts_with("sqlite_") || table.starts_with("pragma_") ||
         std::ranges::find(kTables, table) != kTables.end();
}

std::string_view or_empty(const char* text) {
  return text != nullptr ? text : "";
}

// What is behind the first statement and is more than space and comments.
bool has_more(const char* tail) {
  return tail != nullptr && !sql_tokens(tail).empty();
}

std::optional<std::size_t> place_of(std::string_view word, std::string_view sql) {
  const std::vector<SqlToken> tokens = sql_tokens(sql);
  const auto found = std::ranges::find_if(
      tokens, [word](const SqlToken& token) { return same_word(token.text, word); });
  return found != tokens.end() ? std::optional(found->at) : std::nullopt;
}

}  // namespace

void SqlDeadline::start(std::chrono::milliseconds budget) {
  cpu_end_ = read(CLOCK_THREAD_CPUTIME_ID) + budget;
  next_look_ = read(CLOCK_MONOTONIC_COARSE) + budget;
}

bool SqlDeadline::is_over() {
  const std::chrono::nanoseconds now = read(CLOCK_MONOTONIC_COARSE);
  if (now < next_look_) {
    return false;
  }
  const std::chrono::nanoseconds left = cpu_end_ - read(CLOCK_THREAD_CPUTIME_ID);
  next_look_ = now + left;
  return left <= std::chrono::nanoseconds::zero();
}

SqlConnection::SqlConnection() {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(
      ":memory:", &opened,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
      nullptr);
  handle_.reset(opened);
  if (code != SQLITE_OK) {
    throw std::runtime_error("SQLite has no memory for a database");
  }
  harden();
}

void SqlConnection::harden() {
  set_switches(handle_.get());
  add_sql_functions(handle_.get());
  // Sorting never reaches the disk. The tables of JSON are made when they are first used, and that
  // takes more than a statement may do.
  run_trusted(
      "PRAGMA temp_store = MEMORY; SELECT * FROM json_each('[]'); SELECT * FROM json_tree('[]')");
  set_limits(handle_.get());
  sqlite3_set_authorizer(handle_.get(), authorize, this);
  sqlite3_progress_handler(handle_.get(), kOperationsBetweenLooks, progress, this);
  deadline_.start(std::chrono::minutes(1));
}

void SqlConnection::run_trusted(const char* sql) {
  trusted_ = true;
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  trusted_ = false;
  if (code != SQLITE_OK) {
    throw std::runtime_error("SQLite refuses " + std::string(sql) + ": " + last_error());
  }
}

void SqlConnection::show(const sqlite3_module& module, void* table) {
  if (sqlite3_create_module_v2(handle_.get(), "sluice_records", &module, table, nullptr) !=
      SQLITE_OK) {
    throw std::runtime_error("SQLite takes no module: " + last_error());
  }
}

void SqlConnection::renew_records() {
  run_trusted("DROP TABLE IF EXISTS records; CREATE VIRTUAL TABLE records USING sluice_records");
}

std::variant<SqlStatement, SqlRefusal> SqlConnection::prepare(const std::string& sql) {
  denied_.clear();
  denied_word_.clear();
  deadline_.start(std::chrono::minutes(1));
  sqlite3_stmt* prepared = nullptr;
  const char* tail = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.c_str(), static_cast<int>(sql.size()) + 1,
                                      SQLITE_PREPARE_PERSISTENT, &prepared, &tail);
  SqlStatement statement(prepared);
  if (code != SQLITE_OK) {
    const int offset = sqlite3_error_offset(handle_.get());
    SqlRefusal refusal{denied_.empty() ? last_error() : denied_};
    if (offset >= 0) {
      refusal.offset = static_cast<std::size_t>(offset);
    } else {
      static constexpr std::string_view kNoTable = "no such table: ";
      const bool no_table = refusal.message.starts_with(kNoTable);
      refusal.offset =
          place_of(no_table ? refusal.message.substr(kNoTable.size()) : denied_word_, sql);
    }
    return refusal;
  }
  if (statement == nullptr) {
    return SqlRefusal{"there is no SQL in it"};
  }
  if (has_more(tail)) {
    return SqlRefusal{"there is a second statement", static_cast<std::size_t>(tail - sql.c_str())};
  }
  // VACUUM INTO gets past the authorizer.
  if (sqlite3_stmt_readonly(statement.get()) == 0 || sqlite3_stmt_isexplain(statement.get()) != 0 ||
      sqlite3_column_count(statement.get()) == 0) {
    return SqlRefusal{"only SELECT can be used here"};
  }
  if (sqlite3_bind_parameter_count(statement.get()) > 0) {
    return SqlRefusal{"there are no values for parameters (?, :name, @name, $name)"};
  }
  return statement;
}

int SqlConnection::authorize(void* self, int action, const char* first, const char* second,
                             const char* /*database*/, const char* /*trigger*/) {
  auto* const connection = static_cast<SqlConnection*>(self);
  return connection->trusted_ || connection->is_allowed(action, or_empty(first), or_empty(second))
             ? SQLITE_OK
             : SQLITE_DENY;
}

bool SqlConnection::is_allowed(int action, std::string_view first, std::string_view second) {
  if (action == SQLITE_SELECT) {
    return true;
  }
  if (action == SQLITE_FUNCTION) {
    if (is_sql_function(second)) {
      return true;
    }
    denied_word_ = second;
    denied_ = "the function " + denied_word_ + " cannot be used here";
    return false;
  }
  if (action == SQLITE_READ) {
    // Without a column: of a table of which nothing is read, which may have been made by WITH.
    if (first == "records" || first == "json_each" || first == "json_tree" ||
        (second.empty() && !is_internal(first))) {
      return true;
    }
    denied_word_ = first;
    denied_ = "there is one table, records: not " + denied_word_;
    return false;
  }
  denied_ = action == SQLITE_RECURSIVE ? "WITH RECURSIVE cannot be used here"
                                       : "only SELECT can be used here";
  return false;
}

int SqlConnection::progress(void* self) {
  return static_cast<SqlConnection*>(self)->deadline_.is_over() ? 1 : 0;
}

}  // namespace sluice
