#include "buffers/sqlite_handle.h"

#include <cerrno>
#include <utility>

namespace sluice::sqlite {

namespace {

constexpr int kPrimaryCode = 0xff;  // the bytes above it hold detail

// A file system may report that it is full in places where SQLite expects no such answer.
bool out_of_space(int code, sqlite3* handle) {
  if ((code & kPrimaryCode) == SQLITE_FULL) {
    return true;
  }
  if ((code & kPrimaryCode) != SQLITE_IOERR || handle == nullptr) {
    return false;
  }
  const int system = sqlite3_system_errno(handle);
  return system == ENOSPC || system == EDQUOT;
}

Reaction reaction_to(int code, sqlite3* handle) {
  if (out_of_space(code, handle)) {
    return Reaction::Full;
  }
  switch (code & kPrimaryCode) {
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      return Reaction::Reject;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_MISUSE:
    case SQLITE_ERROR:
      return Reaction::Fatal;
    default:
      return Reaction::Retry;
  }
}

Error failure(int code, std::string_view doing, sqlite3* handle) {
  std::string message(doing);
  message += ": ";
  message += handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  message += " (SQLite code " + std::to_string(code) + ")";
  return {reaction_to(code, handle), std::move(message)};
}

// A null pointer would be bound as NULL, and an empty view may hold one.
const char* start_of(std::string_view bytes) {
  return bytes.data() != nullptr ? bytes.data() : "";
}

}  // namespace

// The return values of sqlite3_bind_*: the numbers are constants of this folder, and what cannot
// be bound for lack of memory makes the step fail on a NOT NULL column.
Statement& Statement::bind(int parameter, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), parameter, value);
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), parameter, start_of(text), text.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(int parameter, std::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), parameter, start_of(bytes), bytes.size(), SQLITE_STATIC);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) {
    return true;
  }
  if (code == SQLITE_DONE) {
    return false;
  }
  return failure(code, sqlite3_sql(statement_.get()), sqlite3_db_handle(statement_.get()));
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::bytes(int column) const {
  const auto* start = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return start != nullptr ? std::string_view(start, size) : std::string_view();
}

void Statement::reset() noexcept {
  sqlite3_reset(statement_.get());  // repeats the error that step() has returned already
  sqlite3_clear_bindings(statement_.get());
}

Status prepare_all(Connection& connection, std::span<const PreparedAt> statements) {
  for (const auto& [statement, sql] : statements) {
    Result<Statement> prepared = connection.prepare(sql);
    if (!prepared) {
      return prepared.error();
    }
    statement->emplace(*std::move(prepared));
  }
  return {};
}

Status for_each_row(Statement& statement, const std::function<void()>& take) {
  const ResetAtExit reset(statement);
  while (true) {
    const Result<bool> row = statement.step();
    if (!row || !*row) {
      return row ? Status() : row.error();
    }
    take();
  }
}

Status run_to_end(Statement& statement) {
  const ResetAtExit reset(statement);
  while (true) {
    const Result<bool> row = statement.step();
    if (!row) {
      return row.error();
    }
    if (!*row) {
      return {};
    }
  }
}

Result<Connection> Connection::open(const std::string& uri, const char* vfs, bool may_create) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | (may_create ? SQLITE_OPEN_CREATE : 0) |
                    SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(uri.c_str(), &handle, flags, vfs);
  Connection connection(handle);  // there is a handle to close even when opening has failed
  if (code != SQLITE_OK) {
    return failure(code, "open " + uri, handle);
  }
  return connection;
}

Status Connection::run(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    return failure(code, sql, handle_.get());
  }
  return {};
}

Result<Statement> Connection::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) {
    return failure(code, sql, handle_.get());
  }
  return Statement(statement);
}

Result<std::int64_t> Connection::integer(std::string_view sql) {
  Result<Statement> statement = prepare(sql);
  if (!statement) {
    return statement.error();
  }
  const Result<bool> row = statement->step();
  if (!row) {
    return row.error();
  }
  if (!*row) {
    return Error{Reaction::Fatal, std::string(sql) + ": no answer"};
  }
  return statement->integer(0);
}

Result<std::string> Connection::text(std::string_view sql) {
  Result<Statement> statement = prepare(sql);
  if (!statement) {
    return statement.error();
  }
  const Result<bool> row = statement->step();
  if (!row) {
    return row.error();
  }
  return *row ? std::string(statement->bytes(0)) : std::string();
}

void Connection::keep_log_file() {
  int keep = 1;
  // A layer that does not know the request deletes the file: slower, not wrong.
  sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
}

void Connection::leave_log_when_closed(bool leave) {
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leave ? 1 : 0, nullptr);
}

bool Connection::read_only() const {
  return sqlite3_db_readonly(handle_.get(), "main") == 1;
}

bool Connection::in_transaction() const {
  return sqlite3_get_autocommit(handle_.get()) == 0;
}

Result<sqlite3_file*> Connection::file() {
  sqlite3_file* file = nullptr;
  const int code = sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (code != SQLITE_OK) {
    return failure(code, "find the database file", nullptr);
  }
  return file;
}

Result<std::uint64_t> Connection::file_size() {
  const Result<sqlite3_file*> opened = file();
  if (!opened) {
    return opened.error();
  }
  sqlite3_int64 size = 0;
  if (const int code = (*opened)->pMethods->xFileSize(*opened, &size); code != SQLITE_OK) {
    return failure(code, "size of the database file", nullptr);
  }
  return static_cast<std::uint64_t>(size);
}

Status Connection::truncate_file(std::uint64_t size) {
  const Result<sqlite3_file*> opened = file();
  if (!opened) {
    return opened.error();
  }
  const int code = (*opened)->pMethods->xTruncate(*opened, static_cast<sqlite3_int64>(size));
  return code == SQLITE_OK ? Status() : failure(code, "cut the database file", nullptr);
}

Transaction::~Transaction() {
  // Some errors have rolled back already, and a failed COMMIT may leave the transaction open.
  if (connection_.in_transaction()) {
    // If this fails as well, the transaction stays open and the next BEGIN reports it.
    static_cast<void>(connection_.run("ROLLBACK"));
  }
}

Status Transaction::begin() {
  return connection_.run("BEGIN IMMEDIATE");
}

Status Transaction::commit() {
  return connection_.run("COMMIT");
}

}  // namespace sluice::sqlite
