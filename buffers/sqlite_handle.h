// SQLite's handles as owned objects without exceptions. Private to buffers/.
#pragma once

#include "core/c_handle.h"
#include "core/result.h"

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::sqlite {

// A prepared statement; used by the thread of its connection, and gone before the connection is.
class Statement {
 public:
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  // Parameters count from 1. Texts and blobs are borrowed until reset().
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, std::string_view text);
  Statement& bind_blob(int parameter, std::string_view bytes);

  // True: there is a row to read. False: the statement is done.
  Result<bool> step();

  // Columns count from 0. A view ends with the next step() or reset().
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string_view bytes(int column) const;  // of a text or a blob

  void reset() noexcept;

 private:
  CHandle<sqlite3_stmt, sqlite3_finalize> statement_;
};

// Puts a statement back at the end of its use. One that stays open holds a read transaction, and
// the log cannot be started from its beginning again while there is one.
class ResetAtExit {
 public:
  explicit ResetAtExit(Statement& statement) : statement_(statement) {}
  ~ResetAtExit() { statement_.reset(); }
  ResetAtExit(const ResetAtExit&) = delete;
  ResetAtExit& operator=(const ResetAtExit&) = delete;

 private:
  Statement& statement_;
};

// Steps a statement that returns no rows, or whose rows do not matter, to its end and resets it.
Status run_to_end(Statement& statement);
// Calls `take` at every row, and resets it.
Status for_each_row(Statement& statement, const std::function<void()>& take);

class Connection;
// Where a statement is to be, and its text.
using PreparedAt = std::pair<std::optional<Statement>*, const char*>;
// Ends with the first that cannot be prepared.
Status prepare_all(Connection& connection, std::span<const PreparedAt> statements);

class Connection {
 public:
  // `uri` is a "file:" name; `vfs` a registered file-system layer, null for the system's own.
  static Result<Connection> open(const std::string& uri, const char* vfs, bool may_create);

  Status run(const char* sql);
  Result<Statement> prepare(std::string_view sql);

  // First column of the first row; Fatal if there is none.
  Result<std::int64_t> integer(std::string_view sql);
  Result<std::string> text(std::string_view sql);

  // Asks SQLite to leave the log in place when the connection closes: shrinking and growing it
  // again costs the file system more writes than the data.
  void keep_log_file();
  // Whether closing leaves the log alone, instead of copying it into the database.
  void leave_log_when_closed(bool leave);
  [[nodiscard]] bool read_only() const;
  [[nodiscard]] bool in_transaction() const;
  Result<std::uint64_t> file_size();  // of the database without its log
  // Of the database as well. What is cut off must be of no use any more.
  Status truncate_file(std::uint64_t size);

 private:
  explicit Connection(sqlite3* handle) : handle_(handle) {}
  Result<sqlite3_file*> file();

  CHandle<sqlite3, sqlite3_close_v2> handle_;
};

// Rolls back at the end of its scope unless commit() has succeeded.
class Transaction {
 public:
  explicit Transaction(Connection& connection) : connection_(connection) {}
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  Status begin();
  Status commit();

 private:
  Connection& connection_;
};

}  // namespace sluice::sqlite
