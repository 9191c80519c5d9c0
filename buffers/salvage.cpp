#include "buffers/salvage.h"

#include "buffers/carver.h"
#include "buffers/damaged_pages.h"
#include "buffers/durable_files.h"
#include "buffers/found_rows.h"
#include "buffers/salvaged_file.h"
#include "buffers/schema.h"
#include "buffers/volume.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace sluice {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kQuarantine = "quarantine-";
// Of the database and of what SQLite may have beside it.
constexpr std::array<const char*, 4> kSuffixes{"-wal", "-journal", "-shm", ""};

struct Paths {
  explicit Paths(const std::string& where)
      : directory(where),
        buffer(where + "/buffer.db"),
        unfinished(where + "/buffer.salvage"),
        finished(where + "/buffer.salvaged") {}

  std::string directory, buffer, unfinished, finished;
};

Error failure(const std::string& doing, const std::error_code& code) {
  return {code == std::errc::no_space_on_device ? Reaction::Full : Reaction::Retry,
          "cannot " + doing + ": " + code.message()};
}

std::string utc(Timestamp now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(now));
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts);
  return {text.data(), size};
}

// A directory that did not exist: two salvages within a second must not mix.
Result<std::string> make_quarantine(const std::string& directory, Timestamp now) {
  const std::string name = directory + "/" + std::string(kQuarantine) + utc(now);
  std::string path = name;
  for (int i = 2;; ++i) {
    std::error_code failed;
    if (fs::create_directory(path, failed)) {
      fs::permissions(path, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec,
                      failed);
      return path;
    }
    if (failed) {
      return failure("make " + path, failed);
    }
    path = name + "-" + std::to_string(i);
  }
}

// The one whose damaged files have not all been moved yet.
std::string newest_quarantine(const std::string& directory) {
  std::string newest;
  fs::file_time_type newest_time{};
  std::error_code ignored;  // then there is none, and the caller makes one
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, ignored)) {
    if (!entry.path().filename().string().starts_with(kQuarantine)) {
      continue;
    }
    const auto time = entry.last_write_time(ignored);
    if (newest.empty() || time > newest_time) {
      newest = entry.path().string();
      newest_time = time;
    }
  }
  return newest;
}

Status move_into_place(const Paths& paths, const std::string& quarantine) {
  for (const char* suffix : kSuffixes) {
    const std::string name = std::string("/buffer.db") + suffix;
    if (Status moved = move_file(paths.directory + name, quarantine + name); !moved) {
      return moved;
    }
  }
  sync_directory(quarantine);
  sync_directory(paths.directory);
  Status moved = move_file(paths.finished, paths.buffer);
  sync_directory(paths.directory);
  return moved;
}

void remove_unfinished(const Paths& paths) {
  std::error_code ignored;  // what cannot be deleted cannot be created either, and that is told
  for (const char* suffix : kSuffixes) {
    fs::remove(paths.unfinished + suffix, ignored);
  }
}

KnownNames names_of(const std::vector<Route>& routes) {
  KnownNames names;
  for (const Route& route : routes) {
    names.sinks_of_flows.emplace(route.flow, route.sinks);
  }
  return names;
}

// What SQLite itself can read. It writes nothing: the log stays, and a database without a byte is
// not opened, because SQLite would delete the log of it. False: the database is another program's.
bool read_by_sqlite(const Paths& paths, const char* vfs, bool sees_whole_log, FoundRows& rows) {
  std::error_code failed;
  const std::uintmax_t size = fs::file_size(paths.buffer, failed);
  if (failed || size == 0) {
    return true;
  }
  auto connection = sqlite::Connection::open(to_uri(paths.buffer), vfs, false);
  if (!connection) {
    return true;
  }
  connection->leave_log_when_closed(true);
  connection->keep_log_file();
  // Without it SQLite would use the index of the log in a file.
  if (!connection->run("PRAGMA locking_mode = EXCLUSIVE")) {
    return true;
  }
  if (belongs_to_another_program(*connection)) {
    return false;
  }
  rows.read_by_sqlite(*connection, sees_whole_log);
  return true;
}

// Room for the log of the new file, and for the ballast.
constexpr std::uint64_t kRoomLeft = 16UL * 1024 * 1024;

std::uint64_t room_in(const std::string& directory) {
  const std::uint64_t free = space_of(directory).free;
  return free - std::min(free, kRoomLeft);
}

struct Outcome {
  SalvageReport report;
  std::uint64_t left_behind = 0;
};

Result<Outcome> fill(const Paths& paths, const SqliteBufferOptions& options,
                     const Remembered& remembered) {
  const Result<DamagedPages> pages = DamagedPages::open(paths.buffer, paths.buffer + "-wal");
  if (!pages) {
    return pages.error();
  }
  FoundRows rows(names_of(options.routes), remembered);
  const bool sees_whole_log = pages->unread().empty() && !pages->has_bad_log_header();
  const bool ours = read_by_sqlite(paths, options.vfs, sees_whole_log, rows);
  Result<SalvagedFile> file =
      SalvagedFile::create(paths.unfinished, options.vfs, room_in(paths.directory));
  if (!file) {
    return file.error();
  }
  Carver carver(*pages, rows, *file);
  if (ours) {
    if (Status carved = carver.carve(); !carved) {
      return carved.error();
    }
  }
  const Result<Losses> losses = file->finish(rows);
  if (!losses) {
    return losses.error();
  }
  return Outcome{{.text = {},
                  .salvaged_blocks = carver.salvaged(),
                  .lost_blocks = losses->blocks,
                  .lost_records = losses->records},
                 carver.left_behind()};
}

std::string describe(const Outcome& outcome, const std::string& why,
                     const std::string& quarantine) {
  std::string text = "the buffer could not be used: " + why + "; it was moved to " + quarantine +
                     ", " + std::to_string(outcome.report.salvaged_blocks) +
                     " blocks were read out of it and are in the new one";
  if (outcome.report.lost_blocks > 0 || outcome.report.lost_records > 0) {
    text += ", " + std::to_string(outcome.report.lost_blocks) + " blocks are lost with " +
            std::to_string(outcome.report.lost_records) + " records";
  }
  if (outcome.left_behind > 0) {
    text += ", " + std::to_string(outcome.left_behind) +
            " blocks had to stay there because the disk is full";
  }
  return text;
}

void write_report(const std::string& quarantine, const std::string& text) {
  const std::string path = quarantine + "/salvage.txt";
  std::ofstream(path) << text << '\n';
  // The agent tells it as well, so it may be missing on a full disk.
  static_cast<void>(sync_file(path));
}

}  // namespace

Result<SalvageReport> salvage_buffer(const SqliteBufferOptions& options,
                                     const Remembered& remembered, Timestamp now,
                                     const std::string& why) {
  const Paths paths(options.directory);
  remove_unfinished(paths);
  Result<Outcome> outcome = fill(paths, options, remembered);
  if (!outcome) {
    remove_unfinished(paths);
    return Error{outcome.error().reaction,
                 "the buffer cannot be used (" + why +
                     ") and cannot be salvaged: " + outcome.error().message};
  }
  const Result<std::string> quarantine = make_quarantine(options.directory, now);
  if (!quarantine) {
    remove_unfinished(paths);
    return quarantine.error();
  }
  outcome->report.text = describe(*outcome, why, *quarantine);
  write_report(*quarantine, outcome->report.text);
  if (Status named = move_file(paths.unfinished, paths.finished); !named) {
    return named.error();
  }
  sync_directory(paths.directory);
  if (Status moved = move_into_place(paths, *quarantine); !moved) {
    return moved.error();
  }
  return outcome->report;
}

Result<SalvageReport> finish_salvage(const std::string& directory) {
  const Paths paths(directory);
  remove_unfinished(paths);
  if (!exists(paths.finished)) {
    return SalvageReport();
  }
  std::string quarantine = newest_quarantine(directory);
  if (quarantine.empty()) {
    return Error{Reaction::Retry, "cannot read " + directory};
  }
  if (Status moved = move_into_place(paths, quarantine); !moved) {
    return moved.error();
  }
  return SalvageReport{.text = "a damaged buffer was moved to " + quarantine +
                               "; salvage.txt in it says what became of its blocks"};
}

}  // namespace sluice
