// The database file as such: how it is opened, its settings and its tables. Private to buffers/.
#pragma once

#include "buffers/sqlite_buffer.h"
#include "buffers/sqlite_handle.h"
#include "core/result.h"

#include <cstdint>
#include <string>

namespace sluice {

constexpr std::uint64_t kPageSize = 4096;

struct DatabaseOptions {
  std::string path;
  const char* vfs = nullptr;
  Durability durability = Durability::Power;
  std::uint64_t max_size = 0;  // SQLite itself lets the file grow a little beyond this, no more
  bool may_create = true;
  bool read_only = false;  // nothing is written, the log stays as it is; the file must exist
};

// Opens the file, or creates it with all its tables. Recovers what a crash has left in the log, but
// does not write to an existing file unless its format is an earlier one: then it is brought up to
// date in one transaction. Fatal: it is not a buffer, or of a later version; it is not touched.
// Full: it had to be created or brought up to date and there is no room.
Result<sqlite::Connection> open_database(const DatabaseOptions& options);

// Copies the log into the database and empties it. Needed once after opening, before anything is
// promised: what a crash left in the log can be read, but may not have reached the disk itself, or
// may share a sector with what is written next.
Status empty_log(sqlite::Connection& connection);

// Copies the log into the database, so that its space is used again from the beginning.
Status fold_log(sqlite::Connection& connection);

}  // namespace sluice
