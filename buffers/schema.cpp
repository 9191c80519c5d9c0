#include "buffers/schema.h"

#include "buffers/tables.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

constexpr std::int64_t kApplicationId = 0x736c6263;  // "slbc"

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

Status create(sqlite::Connection& connection) {
  sqlite::Transaction transaction(connection);
  if (Status begun = transaction.begin(); !begun) {
    return begun;
  }
  if (Status created = create_tables(connection); !created) {
    return created;
  }
  const std::string sql = "PRAGMA application_id = " + std::to_string(kApplicationId);
  if (Status marked = connection.run(sql.c_str()); !marked) {
    return marked;
  }
  return transaction.commit();
}

Error not_a_buffer(const std::string& why) {
  return {Reaction::Fatal, why + "; move the file away or configure another directory"};
}

// What a crash left in the log can be read, but need not be on the disk: see empty_log().
Status migrate(sqlite::Connection& connection, std::int64_t from) {
  if (Status emptied = empty_log(connection); !emptied) {
    return emptied;
  }
  sqlite::Transaction transaction(connection);
  if (Status begun = transaction.begin(); !begun) {
    return begun;
  }
  if (Status upgraded = upgrade_tables(connection, from); !upgraded) {
    return upgraded;
  }
  return transaction.commit();
}

Result<std::int64_t> format_of(sqlite::Connection& connection) {
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
  if (*format < kOldestFormat || *format > kFormat) {
    return not_a_buffer("this buffer has format " + std::to_string(*format) +
                        ", and this version reads formats up to " + std::to_string(kFormat));
  }
  return format;
}

Status check_format(sqlite::Connection& connection) {
  const Result<std::int64_t> format = format_of(connection);
  if (!format) {
    return format.error();
  }
  connection.leave_log_when_closed(false);
  return *format < kFormat ? migrate(connection, *format) : Status();
}

// From here on SQLite itself refuses to write. The log stays as a crash may have left it.
Status check_and_protect(sqlite::Connection& connection) {
  const Result<std::int64_t> format = format_of(connection);
  if (!format) {
    return format.error();
  }
  if (*format < kFormat) {
    return Error{Reaction::Reject, "this buffer has the earlier format " + std::to_string(*format) +
                                       ": start the agent once, which brings it up to date"};
  }
  return connection.run("PRAGMA query_only = ON");
}

Status create_or_check(sqlite::Connection& connection) {
  const Result<std::int64_t> tables = connection.integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) {
    return tables.error();
  }
  if (*tables == 0) {
    connection.leave_log_when_closed(false);
    return create(connection);
  }
  return check_format(connection);
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
  // A file that is refused is not touched.
  connection->leave_log_when_closed(true);
  Status ready = options.read_only ? check_and_protect(*connection) : create_or_check(*connection);
  if (!ready) {
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
