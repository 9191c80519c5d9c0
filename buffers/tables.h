// The tables of the file and the way from one format to the next. Private to buffers/.
#pragma once

#include "buffers/sqlite_handle.h"
#include "core/result.h"

#include <cstdint>

namespace sluice {

constexpr std::int64_t kFormat = 4;
constexpr std::int64_t kOldestFormat = 1;  // from here on files are brought up to date

// Both run within a transaction of the caller.
Status create_tables(sqlite::Connection& connection);
Status upgrade_tables(sqlite::Connection& connection, std::int64_t from);

}  // namespace sluice
