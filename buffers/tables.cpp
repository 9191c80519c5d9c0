#include "buffers/tables.h"

#include <bit>
#include <random>
#include <string>

namespace sluice {

namespace {

// STRICT, because SQLite would store a text in an INTEGER column and tell nobody. `block` keeps its
// rowid: a table without one stores large values badly. The quarantine takes ANY, because what has
// to be set aside may have lost its types.
constexpr const char* kFormat1 = R"sql(
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
)sql";

// A new file takes the same steps as an old one, so that both have the same columns in the same
// places. `skipped` comes after `data` and is found without walking through it all the same: SQLite
// keeps 0 and 1 in the header of a row, and only merged blocks have another value. In `dead` and
// everywhere else `data` is last for that reason.
constexpr const char* kToFormat2 = R"sql(
  ALTER TABLE block ADD COLUMN skipped INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE quarantine ADD COLUMN skipped ANY;
  CREATE TABLE confirmed(
    flow INTEGER NOT NULL, sink TEXT NOT NULL, after INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (flow, sink, after)) STRICT, WITHOUT ROWID;
  CREATE TABLE dead(
    id INTEGER PRIMARY KEY AUTOINCREMENT, flow INTEGER NOT NULL, sink TEXT NOT NULL,
    first INTEGER NOT NULL, n INTEGER NOT NULL, raw_bytes INTEGER NOT NULL,
    codec INTEGER NOT NULL, min_ts INTEGER NOT NULL, max_ts INTEGER NOT NULL,
    crc INTEGER NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, at INTEGER NOT NULL,
    skipped INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
  CREATE UNIQUE INDEX dead_block ON dead(flow, first, sink);
  CREATE TABLE ledger(
    flow INTEGER NOT NULL, what TEXT NOT NULL, records INTEGER NOT NULL,
    PRIMARY KEY (flow, what)) STRICT, WITHOUT ROWID;
  INSERT INTO ledger
    SELECT flow, 'stored', sum(min(max(n, 0), 4294967295)) FROM block NOT INDEXED GROUP BY flow;
  UPDATE meta SET format = 2;
)sql";

// What is held is counted when the file is opened, and kept from then on.
constexpr const char* kToFormat3 = R"sql(
  CREATE TABLE seal(mark INTEGER PRIMARY KEY) STRICT;
  UPDATE meta SET format = 3;
)sql";

// Until then every record that was received has become a line.
constexpr const char* kToFormat4 = R"sql(
  INSERT INTO ledger SELECT flow, 'received', records FROM ledger WHERE what = 'stored';
  UPDATE meta SET format = 4;
)sql";

}  // namespace

Status create_tables(sqlite::Connection& connection) {
  std::random_device random;
  const auto epoch =
      std::bit_cast<std::int64_t>((std::uint64_t{random()} << 32U) | std::uint64_t{random()});
  const std::string sql = std::string(kFormat1) + "INSERT INTO meta VALUES (1, " +
                          std::to_string(kOldestFormat) + ", " + std::to_string(epoch) + ", 0, 0);";
  if (Status created = connection.run(sql.c_str()); !created) {
    return created;
  }
  return upgrade_tables(connection, kOldestFormat);
}

Status upgrade_tables(sqlite::Connection& connection, std::int64_t from) {
  if (from < 2) {
    if (Status done = connection.run(kToFormat2); !done) {
      return done;
    }
  }
  if (from < 3) {
    if (Status done = connection.run(kToFormat3); !done) {
      return done;
    }
  }
  return from < 4 ? connection.run(kToFormat4) : Status();
}

}  // namespace sluice
