// The open database and everything prepared on it. Private to buffers/.
#pragma once

#include "buffers/block_cipher.h"
#include "buffers/block_table.h"
#include "buffers/catalogue.h"
#include "buffers/dead_table.h"
#include "buffers/held_table.h"
#include "buffers/schema.h"
#include "buffers/sqlite_handle.h"
#include "core/result.h"

#include <cstdint>
#include <memory>

namespace sluice {

// Of the database, as if its log had been copied into it.
struct FileUse {
  std::uint64_t all_bytes = 0;
  std::uint64_t used_bytes = 0;  // without pages that are free to be used again
};

// One thread.
struct StoreFile {
  // Errors are those of open_database(); Reject as well if a key is none.
  static Result<StoreFile> open(const DatabaseOptions& options);

  // Empties the log if that has not succeeded yet since the file was opened. Nothing may be
  // committed before. See empty_log().
  Status secure();

  Result<FileUse> use();
  // How much the database will grow when the log is copied into it. On a full disk that cannot be
  // done, and a log that cannot be copied cannot be used again from its beginning.
  Result<std::uint64_t> growth_bytes();

  std::unique_ptr<BlockCipher> cipher;
  sqlite::Connection connection;  // closed after the statements are gone
  BlockTable blocks;
  Catalogue catalogue;
  DeadTable dead;
  HeldTable held;
  sqlite::Statement page_count;
  sqlite::Statement free_count;
  bool secured = false;
};

}  // namespace sluice
