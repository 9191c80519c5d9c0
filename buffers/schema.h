// The database file as such: how it is opened, its settings and its tables. Private to buffers/.
#pragma once

#include "buffers/sqlite_buffer.h"
#include "buffers/sqlite_handle.h"
#include "core/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice {

constexpr std::uint64_t kPageSize = 4096;

struct DatabaseOptions {
  std::string path;
  const char* vfs = nullptr;
  Durability durability = Durability::Power;
  std::uint64_t max_size = 0;  // SQLite itself lets the file grow a little beyond this, no more
  bool may_create = true;
  // The log holds a transaction with this number behind the place where SQLite ends to read it.
  std::uint64_t unread_tick = 0;
  std::string encryption_key = {};  // see SqliteBufferOptions
  std::vector<std::string> encryption_old_keys = {};
  bool read_only = false;  // nothing is written, the log stays as it is; the file must exist
};

// Opens the file, or creates it with all its tables. Recovers what a crash has left in the log, but
// does not write to an existing file unless its format is an earlier one: then it is brought up to
// date in one transaction. Until StoreFile::secure() has been called, closing it writes nothing
// either.
//   Fatal:  the file is damaged, or none of this program's
//   Reject: the file is not to be touched: it is of a later version, or cannot be written
//   Full:   it had to be created or brought up to date and there is no room
Result<sqlite::Connection> open_database(const DatabaseOptions& options);

// For opening by SQLite.
std::string to_uri(const std::string& path);

// All tables of an empty buffer, and the mark of this program. Within a transaction of the caller.
Status create_buffer(sqlite::Connection& connection);

// The database can be read and has none of the tables of a buffer.
bool belongs_to_another_program(sqlite::Connection& connection);

// Copies the log into the database and empties it. Needed once after opening, before anything is
// promised: what a crash left in the log can be read, but may not have reached the disk itself, or
// may share a sector with what is written next.
Status empty_log(sqlite::Connection& connection);

// Copies the log into the database, so that its space is used again from the beginning.
Status fold_log(sqlite::Connection& connection);

// Whether the log is copied into the database by itself, at the end of a transaction.
enum class Checkpoints { WhenLogIsLong, Never };
Status set_checkpoints(sqlite::Connection& connection, Checkpoints when);

Status set_durability(sqlite::Connection& connection, Durability durability);

}  // namespace sluice
