#include "buffers/schema.h"

#include "buffers/tables.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

constexpr std::int64_t kApplicationId = 0x736c6263;  // "slbc"

// Before the log is opened. EXCLUSIVE keeps the index of the log in memory instead of a -shm file.
// One by one, so that the message about a file that is no database does not repeat them all.
constexpr std::array kFirstSettings{"PRAGMA locking_mode = EXCLUSIVE", "PRAGMA page_size = 4096",
                                    "PRAGMA auto_vacuum = NONE"};

// The log is never made smaller: growing it again would cost the file system more writes than the
// data. secure_delete is on in Debian's library and would write every freed page once more.
constexpr const char* kSettings = R"sql(
  PRAGMA journal_size_limit = -1;
  PRAGMA secure_delete = OFF;
  PRAGMA cache_size = -256;
  PRAGMA mmap_size = 0;
  PRAGMA temp_store = MEMORY;
  PRAGMA cell_size_check = ON;
)sql";

Error damaged(const std::string& how) {
  return {Reaction::Fatal, how};
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

Status create(sqlite::Connection& connection) {
  sqlite::Transaction transaction(connection);
  if (Status begun = transaction.begin(); !begun) {
    return begun;
  }
  if (Status created = create_buffer(connection); !created) {
    return created;
  }
  return transaction.commit();
}

// A transaction that a power cut has ended early is the first behind the last that is whole. When
// there are later ones, something else has happened to the log.
Status check_log(std::uint64_t tick, const DatabaseOptions& options) {
  return options.unread_tick <= tick + 1 ? Status() : damaged("its log is damaged");
}

// The format of the file; 0 if it has no tables yet. Writes nothing.
Result<std::int64_t> inspect(sqlite::Connection& connection, const DatabaseOptions& options) {
  const Result<std::int64_t> tables = connection.integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) {
    return tables.error();
  }
  if (*tables == 0) {
    const Status whole = check_log(0, options);
    return whole ? Result<std::int64_t>(0) : whole.error();
  }
  const Result<std::int64_t> application = connection.integer("PRAGMA application_id");
  if (!application) {
    return application.error();
  }
  if (*application != kApplicationId) {
    return damaged("it is a database of another program");
  }
  const Result<std::int64_t> format = connection.integer("SELECT format FROM meta");
  if (!format) {
    return format.error();
  }
  if (*format < kOldestFormat) {
    return damaged("it has format " + std::to_string(*format) + ", which never was");
  }
  if (*format > kFormat) {
    return Error{Reaction::Reject,
                 "this buffer has format " + std::to_string(*format) +
                     ", and this version reads formats up to " + std::to_string(kFormat) +
                     "; start a later version, or move the file away, or configure another"
                     " directory"};
  }
  const Result<std::int64_t> tick = connection.integer("SELECT tick FROM meta");
  if (!tick) {
    return tick.error();
  }
  const Status whole = check_log(static_cast<std::uint64_t>(*tick), options);
  return whole ? format : whole.error();
}

Status create_or_migrate(sqlite::Connection& connection, std::int64_t format) {
  if (format == 0) {
    return create(connection);
  }
  return format < kFormat ? migrate(connection, format) : Status();
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
  const Result<std::string> mode = connection.text("PRAGMA journal_mode = WAL");
  if (!mode) {
    return mode.error();
  }
  if (*mode != "wal") {
    return Error{Reaction::Reject, "the file system allows no write-ahead log"};
  }
  connection.keep_log_file();
  if (Status set = connection.run(kSettings); !set) {
    return set;
  }
  if (Status set = set_checkpoints(connection, Checkpoints::WhenLogIsLong); !set) {
    return set;
  }
  if (Status set = set_durability(connection, options.durability); !set) {
    return set;
  }
  return limit_size(connection, options.max_size);
}

// From here on SQLite itself refuses to write. The log stays as a crash may have left it.
Status protect(sqlite::Connection& connection, std::int64_t format) {
  if (format == 0) {
    return Error{Reaction::Reject, "there is nothing in this buffer yet"};
  }
  if (format < kFormat) {
    return Error{Reaction::Reject, "this buffer has the earlier format " + std::to_string(format) +
                                       ": start the agent once, which brings it up to date"};
  }
  if (Status set = connection.run(kSettings); !set) {
    return set;
  }
  return connection.run("PRAGMA query_only = ON");
}

Status prepare(sqlite::Connection& connection, const DatabaseOptions& options,
               std::int64_t format) {
  if (options.read_only) {
    return protect(connection, format);
  }
  if (Status configured = configure(connection, options); !configured) {
    return configured;
  }
  return create_or_migrate(connection, format);
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

Status create_buffer(sqlite::Connection& connection) {
  if (Status created = create_tables(connection); !created) {
    return created;
  }
  const std::string sql = "PRAGMA application_id = " + std::to_string(kApplicationId);
  return connection.run(sql.c_str());
}

bool belongs_to_another_program(sqlite::Connection& connection) {
  const Result<std::int64_t> ours = connection.integer(
      "SELECT count(*) FROM sqlite_schema WHERE name IN ('meta', 'cursor', 'block')");
  const Result<std::int64_t> all = connection.integer("SELECT count(*) FROM sqlite_schema");
  return ours && all && *ours == 0 && *all > 0;
}

Result<sqlite::Connection> open_database(const DatabaseOptions& options) {
  const auto at_path = [&](const Error& error) {
    return Error{error.reaction, options.path + ": " + error.message};
  };
  Result<sqlite::Connection> connection =
      sqlite::Connection::open(to_uri(options.path), options.vfs, options.may_create);
  if (!connection) {
    return connection.error();
  }
  connection->leave_log_when_closed(true);
  if (connection->read_only()) {
    return Error{Reaction::Reject, options.path + " cannot be written; check owner and mode"};
  }
  for (const char* setting : kFirstSettings) {
    if (Status set = connection->run(setting); !set) {
      return at_path(set.error());
    }
  }
  const Result<std::int64_t> format = inspect(*connection, options);
  if (!format) {
    return at_path(format.error());
  }
  if (Status ready = prepare(*connection, options, *format); !ready) {
    return at_path(ready.error());
  }
  return connection;
}

Status set_checkpoints(sqlite::Connection& connection, Checkpoints when) {
  return connection.run(when == Checkpoints::Never ? "PRAGMA wal_autocheckpoint = 0"
                                                   : "PRAGMA wal_autocheckpoint = 1000");
}

Status set_durability(sqlite::Connection& connection, Durability durability) {
  return connection.run(durability == Durability::Power ? "PRAGMA synchronous = FULL"
                                                        : "PRAGMA synchronous = NORMAL");
}

Status empty_log(sqlite::Connection& connection) {
  return checkpoint(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
}

Status fold_log(sqlite::Connection& connection) {
  return checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)");
}

}  // namespace sluice
