// A database in which the SQL of a configuration can do no harm.
#pragma once

#include "core/c_handle.h"

#include <sqlite3.h>

#include <chrono>
#include <cstddef>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace sluice {

using SqlStatement = CHandle<sqlite3_stmt, sqlite3_finalize>;

// Why a statement is refused.
struct SqlRefusal {
  std::string message;
  std::optional<std::size_t> offset{};
};

// Processor time of this thread. Looking at it is cheap as long as the time by the clock on the
// wall is not up either.
class SqlDeadline {
 public:
  void start(std::chrono::milliseconds budget);
  [[nodiscard]] bool is_over();

 private:
  std::chrono::nanoseconds cpu_end_{};
  std::chrono::nanoseconds next_look_{};
};

// In memory, with nothing in it but what modules show. A statement can read the table `records` and
// JSON, with functions of a list: no other table, nothing that writes, no file, no second
// statement. Texts and statements are bounded in size, and running ends with the deadline: it is
// looked at between operations, so that one call of a function takes as long as it takes; what is
// slow on purpose is not on the list. One thread at a time.
class SqlConnection {
 public:
  SqlConnection();
  ~SqlConnection() = default;
  SqlConnection(const SqlConnection&) = delete;
  SqlConnection& operator=(const SqlConnection&) = delete;

  // What shows the table `records`; `table` goes to the module, and both outlive the connection.
  // Once, before the other two.
  void show(const sqlite3_module& module, void* table);
  // Has the module say anew which columns there are. No statement may be running.
  void renew_records();

  [[nodiscard]] std::variant<SqlStatement, SqlRefusal> prepare(const std::string& sql);

  [[nodiscard]] SqlDeadline& deadline() { return deadline_; }
  [[nodiscard]] std::string last_error() const { return sqlite3_errmsg(handle_.get()); }

 private:
  static int authorize(void* self, int action, const char* first, const char* second,
                       const char* database, const char* trigger);
  static int progress(void* self);
  bool is_allowed(int action, std::string_view first, std::string_view second);
  void harden();
  void run_trusted(const char* sql);

  CHandle<sqlite3, sqlite3_close_v2> handle_;
  SqlDeadline deadline_;
  bool trusted_ = false;  // what runs is not from a configuration
  std::string denied_;    // what the last statement may not do
  std::string denied_word_;
};

}  // namespace sluice
