// Buffer files as earlier versions wrote them.
#pragma once

#include "buffers/crc32c.h"

#include <array>
#include <cstdint>
#include <string>

namespace sluice::testing_support {

// As version 0.1 created it.
inline constexpr const char* kFormat1 = R"sql(
  PRAGMA page_size = 4096;
  PRAGMA journal_mode = WAL;
  CREATE TABLE meta(
    k INTEGER PRIMARY KEY CHECK (k = 1),
    format INTEGER NOT NULL, epoch INTEGER NOT NULL,
    last_seq INTEGER NOT NULL, tick INTEGER NOT NULL) STRICT;
  CREATE TABLE flow(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE cursor(
    flow INTEGER NOT NULL, sink TEXT NOT NULL, confirmed INTEGER NOT NULL,
    PRIMARY KEY (flow, sink)) STRICT, WITHOUT ROWID;
  CREATE TABLE state(key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT;
  CREATE TABLE block(
    id INTEGER PRIMARY KEY, flow INTEGER NOT NULL, n INTEGER NOT NULL,
    raw_bytes INTEGER NOT NULL, codec INTEGER NOT NULL,
    min_ts INTEGER NOT NULL, max_ts INTEGER NOT NULL,
    crc INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
  CREATE INDEX block_flow ON block(flow);
  CREATE TABLE quarantine(
    id ANY, flow ANY, n ANY, raw_bytes ANY, codec ANY, min_ts ANY, max_ts ANY, crc ANY, data ANY,
    reason TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
  INSERT INTO meta VALUES (1, 1, 77, 20, 5);
  INSERT INTO flow VALUES (3, 'a');
  INSERT INTO cursor VALUES (3, 'x', 10);
  INSERT INTO state VALUES ('key', x'01');
  PRAGMA application_id = 1936482915;
)sql";

// A row of format 1, by the words of its specification.
inline std::string row_of_format_1(std::int64_t id, std::int64_t flow, std::int64_t count,
                                   const std::string& data) {
  const std::array<std::int64_t, 7> columns{id, flow, count, 50, 0, 1'000, 2'000};
  std::string covered;
  for (const std::int64_t value : columns) {
    for (unsigned byte = 0; byte < 8; ++byte) {
      covered += static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * byte)) & 0xFFU);
    }
  }
  std::string sql = "INSERT INTO block VALUES (";
  for (const std::int64_t value : columns) {
    sql += std::to_string(value) + ", ";
  }
  return sql + std::to_string(crc32c(0, covered + data)) + ", CAST('" + data + "' AS BLOB));";
}

}  // namespace sluice::testing_support
