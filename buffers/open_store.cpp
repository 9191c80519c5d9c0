#include "buffers/open_store.h"

#include "buffers/ballast.h"
#include "buffers/carver.h"
#include "buffers/damaged_pages.h"
#include "buffers/durable_files.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

namespace sluice {

namespace {

DatabaseOptions database_of(const SqliteBufferOptions& options) {
  return {.path = options.directory + "/buffer.db",
          .vfs = options.vfs,
          .durability = options.durability,
          .max_size = options.max_size,
          .encryption_key = options.encryption_key,
          .encryption_old_keys = options.encryption_old_keys};
}

// Of a file that is not there as well: 0.
std::uintmax_t size_of(const std::string& path) {
  std::error_code missing;
  const std::uintmax_t size = std::filesystem::file_size(path, missing);
  return missing ? 0 : size;
}

struct FirstLook {
  std::string damage;             // empty: SQLite may open it
  std::uint64_t unread_tick = 0;  // see DatabaseOptions
};

// What SQLite would not tell, but repair in its own way: it deletes the log of an empty database,
// and reads a damaged one as far as it is whole.
Result<FirstLook> look_at(const std::string& path, Suspicion suspicion) {
  FirstLook look;
  const std::uintmax_t database = size_of(path);
  const std::string log = path + "-wal";
  if (size_of(log) == 0) {
    // One page is what the very first start leaves before it makes the log.
    if (database > kPageSize && suspicion == Suspicion::AfterCrash && !exists(log)) {
      look.damage = "its log is missing";
    }
    return look;
  }
  const Result<DamagedPages> pages = DamagedPages::open(path, log);
  if (!pages) {
    return pages.error();
  }
  if (database == 0) {
    look.damage = "it is empty, but its log is not";
  } else if (pages->has_bad_log_header()) {
    look.damage = "the header of its log is damaged";
  } else {
    const Result<std::uint64_t> tick = newest_tick(*pages, pages->unread());
    if (!tick) {
      return tick.error();
    }
    look.unread_tick = *tick;
  }
  return look;
}

// The keys of blocks and states show when they are read.
Status check_keys_of_letters(StoreFile& file) {
  Result<sqlite::Statement> seals =
      file.connection.prepare("SELECT DISTINCT " SLUICE_SEAL " FROM dead");
  if (!seals) {
    return seals.error();
  }
  while (true) {
    const Result<bool> row = seals->step();
    if (!row || !*row) {
      return row ? Status() : row.error();
    }
    if (Status known = check_key(*file.cipher, seal_at(*seals, 0)); !known) {
      return known;
    }
  }
}

Status check_every_page(StoreFile& file) {
  const Result<std::string> found = file.connection.text("PRAGMA quick_check(1)");
  if (!found) {
    return found.error();
  }
  return *found == "ok" ? Status() : Error{Reaction::Fatal, "it is damaged: " + *found};
}

Result<OpenedStore> open_all(const SqliteBufferOptions& options, const DatabaseOptions& database,
                             Suspicion suspicion) {
  Result<StoreFile> file = StoreFile::open(database);
  if (!file) {
    return file.error();
  }
  if (suspicion == Suspicion::Damaged) {
    if (Status sound = check_every_page(*file); !sound) {
      return sound.error();
    }
  }
  Result<Pending> pending = Pending::load(*file, options.routes);
  if (!pending) {
    return pending.error();
  }
  if (Status known = check_keys_of_letters(*file); !known) {
    return known.error();
  }
  const Result<Meta> meta = file->catalogue.meta();
  if (!meta) {
    return meta.error();
  }
  Result<std::map<std::string, std::string>> states = file->catalogue.states();
  if (!states) {
    return states.error();
  }
  // On a full disk the rest of this waits until the first commit: the log has been synced by then,
  // and reading works.
  if (const Status secured = file->secure();
      !secured && secured.error().reaction != Reaction::Full) {
    return secured.error();
  }
  return OpenedStore{*std::move(file), *std::move(pending), *meta, *std::move(states), {}};
}

// For whoever opens the buffer there is no difference.
Error to_caller(const Error& error) {
  return {error.reaction == Reaction::Reject ? Reaction::Fatal : error.reaction, error.message};
}

}  // namespace

Result<OpenedStore> open_store(const SqliteBufferOptions& options, const Clock& clock,
                               Suspicion suspicion, const Remembered& remembered) {
  Result<SalvageReport> report = finish_salvage(options.directory);
  if (!report) {
    return report.error();
  }
  DatabaseOptions database = database_of(options);
  database.may_create = !remembered.epoch;
  const Result<FirstLook> look = look_at(database.path, suspicion);
  if (!look) {
    return look.error();
  }
  std::string damage = look->damage;
  if (damage.empty()) {
    database.unread_tick = look->unread_tick;
    Result<OpenedStore> opened = open_all(options, database, suspicion);
    if (!opened && opened.error().reaction == Reaction::Full) {
      Ballast(options.directory).release();  // what an earlier run has kept for such a time
      opened = open_all(options, database, suspicion);
    }
    if (opened) {
      opened->salvage = *std::move(report);
      return opened;
    }
    const bool on_disk = exists(database.path) || exists(database.path + "-wal");
    if (opened.error().reaction != Reaction::Fatal || !on_disk) {
      return to_caller(opened.error());
    }
    damage = opened.error().message;
  }
  Result<SalvageReport> salvaged = salvage_buffer(options, remembered, clock.now(), damage);
  if (!salvaged) {
    return salvaged.error();
  }
  database.unread_tick = 0;
  Result<OpenedStore> opened = open_all(options, database, Suspicion::None);
  if (!opened) {
    return to_caller(opened.error());
  }
  opened->salvage = *std::move(salvaged);
  return opened;
}

}  // namespace sluice
