// The open database and everything prepared on it. Private to buffers/.
#pragma once

#include "buffers/block_table.h"
#include "buffers/catalogue.h"
#include "buffers/dead_table.h"
#include "buffers/schema.h"
#include "buffers/sqlite_handle.h"
#include "core/result.h"

#include <cstdint>

namespace sluice {

// One thread.
struct StoreFile {
  static Result<StoreFile> open(const DatabaseOptions& options);

  // Empties the log if that has not succeeded yet since the file was opened. Nothing may be
  // committed before. See empty_log().
  Status secure();

  // Bytes in use within the file, without pages that are free to be used again.
  Result<std::uint64_t> used_bytes();
  // How much the database will grow when the log is copied into it. On a full disk that cannot be
  // done, and a log that cannot be copied cannot be used again from its beginning.
  Result<std::uint64_t> growth_bytes();

  sqlite::Connection connection;  // first: closed after the statements are gone
  BlockTable blocks;
  Catalogue catalogue;
  DeadTable dead;
  sqlite::Statement page_count;
  sqlite::Statement free_count;
  bool secured = false;
};

}  // namespace sluice
