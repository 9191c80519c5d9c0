#include "buffers/schema.h"

#include <algorithm>
#include <bit>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::int64_t kApplicationId = 0x736c6263;  // "slbc"

// STRICT, because SQLite would store a text in an INTEGER column and tell nobody. `block` keeps its
// rowid: a table without one stores large values badly. `data` is last, so that everything else is
// found without walking through it. The quarantine takes ANY, because what has to be set aside may
// have lost its types.
constexpr const char* kTables = R"sql(
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

// Before the log is opened. EXCLUSIVE keeps the index of the log in memory instead of a -shm file.
constexpr const char* kFirstSettings = R"sql(
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA page_size = 4096;
  PRAGMA auto_vacuum = NONE;
)sql";

// The log is never made smaller: growing it again would cost the file system more writes than the
// data. secure_delete is on in Debian's library and would write every freed page once more.
constexpr const char* kSettings = R"sql(
  PRAGMA wal_autocheckpoint = 1000;
  PRAGMA journal_size_limit = -1;
  PRAGMA secure_delete = OFF;
  PRAGMA cache_size = -256;
  PRAGMA mmap_size = 0;
  PRAGMA cell_size_check = ON;
)sql";

// '?' and '#' would end the path and '%' start an escape.
std::string to_uri(const std::string& path) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string uri = "file:";
  for (const char character : path) {
    if (std::string_view("?#%").find(character) == std::string_view::npos) {
      uri += character;
      continue;
    }
    const auto byte = static_cast<unsigned char>(character);
    uri += '%';
    uri += kHex[byte >> 4U];
    uri += kHex[byte & 0xFU];
  }
  // Without psow=0 SQLite assumes that a write which is cut short by a loss of power leaves its
  // neighbours in the same sector alone. Flash cards do not keep to that.
  return uri + "?psow=0";
}

Status create_tables(sqlite::Connection& connection) {
  std::random_device random;
  const auto epoch =
      std::bit_cast<std::int64_t>((std::uint64_t{random()} << 32U) | std::uint64_t{random()});
  sqlite::Transaction transaction(connection);
  if (Status begun = transaction.begin(); !begun) {
    return begun;
  }
  const std::string sql = std::string(kTables) + "INSERT INTO meta VALUES (1, " +
                          std::to_string(kFormat) + ", " + std::to_string(epoch) + ", 0, 0);" +
                          "PRAGMA application_id = " + std::to_string(kApplicationId) + ";";
  if (Status created = connection.run(sql.c_str()); !created) {
    return created;
  }
  return transaction.commit();
}

Error not_a_buffer(const std::string& why) {
  return {Reaction::Fatal, why + "; move the file away or configure another directory"};
}

Status check_format(sqlite::Connection& connection) {
  const Result<std::int64_t> application = connection.integer("PRAGMA application_id");
  if (!application) {
    return application.error();
  }
  if (*application != kApplicationId) {
    return not_a_buffer("this is a database of another program");
  }
  const Result<std::int64_t> format = connection.integer("SELECT format FROM meta");
  if (!format) {
    return format.error();
  }
  if (*format != kFormat) {
    return not_a_buffer("this buffer has format " + std::to_string(*format) +
                        ", and this version reads format " + std::to_string(kFormat));
  }
  return {};
}

Status create_or_check(sqlite::Connection& connection) {
  const Result<std::int64_t> tables = connection.integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) {
    return tables.error();
  }
  return *tables == 0 ? create_tables(connection) : check_format(connection);
}

// Deletions and cursors need a few pages of their own while the file is as large as it may be.
constexpr std::uint64_t kReservedPages = 64;

// SQLite refuses a limit below the present size, and then nothing would be reserved.
Status limit_size(sqlite::Connection& connection, std::uint64_t max_size) {
  const Result<std::int64_t> present = connection.integer("PRAGMA page_count");
  if (!present) {
    return present.error();
  }
  const std::uint64_t pages =
      std::max(max_size / kPageSize, static_cast<std::uint64_t>(*present)) + kReservedPages;
  return connection.run(("PRAGMA max_page_count = " + std::to_string(pages)).c_str());
}

Status configure(sqlite::Connection& connection, const DatabaseOptions& options) {
  if (Status set = connection.run(kFirstSettings); !set) {
    return set;
  }
  const Result<std::string> mode = connection.text("PRAGMA journal_mode = WAL");
  if (!mode) {
    return mode.error();
  }
  if (*mode != "wal") {
    return Error{Reaction::Fatal, "the file system allows no write-ahead log"};
  }
  const std::string sql = std::string(kSettings) + "PRAGMA synchronous = " +
                          (options.durability == Durability::Power ? "FULL" : "NORMAL");
  connection.keep_log_file();
  if (Status set = connection.run(sql.c_str()); !set) {
    return set;
  }
  return limit_size(connection, options.max_size);
}

Status checkpoint(sqlite::Connection& connection, std::string_view sql) {
  const Result<std::int64_t> busy = connection.integer(sql);
  if (!busy) {
    return busy.error();
  }
  if (*busy != 0) {
    return Error{Reaction::Retry, std::string(sql) + ": the log is in use"};
  }
  return {};
}

}  // namespace

Result<sqlite::Connection> open_database(const DatabaseOptions& options) {
  Result<sqlite::Connection> connection =
      sqlite::Connection::open(to_uri(options.path), options.vfs, options.may_create);
  if (!connection) {
    return connection.error();
  }
  if (connection->read_only()) {
    return Error{Reaction::Fatal, options.path + " cannot be written; check owner and mode"};
  }
  if (Status configured = configure(*connection, options); !configured) {
    return Error{configured.error().reaction, options.path + ": " + configured.error().message};
  }
  if (Status ready = create_or_check(*connection); !ready) {
    return Error{ready.error().reaction, options.path + ": " + ready.error().message};
  }
  return connection;
}

Status empty_log(sqlite::Connection& connection) {
  return checkpoint(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
}

Status fold_log(sqlite::Connection& connection) {
  return checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)");
}

}  // namespace sluice
