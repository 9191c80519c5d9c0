#include "tests/support/power_cut_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

namespace sluice::testing_support {

namespace {

constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t kGarbledSector = 4096;

PowerCutDisk* the_disk = nullptr;

struct OpenFile {
  sqlite3_file base;
  std::shared_ptr<PowerCutDisk::File>* file;
  bool syncs_directory;  // with its own first sync, as SQLite's layer for Unix does for logs
  bool powersafe;        // as the URI says: does a torn write leave its neighbours alone?
};

OpenFile* ours(sqlite3_file* file) {
  return reinterpret_cast<OpenFile*>(file);
}

PowerCutDisk::File& contents(sqlite3_file* file) {
  return **ours(file)->file;
}

void put(std::string& bytes, std::size_t at, std::string_view from) {
  if (bytes.size() < at + from.size()) {
    bytes.resize(at + from.size());
  }
  from.copy(bytes.data() + at, from.size());
}

int close_file(sqlite3_file* file) {
  delete ours(file)->file;
  return SQLITE_OK;
}

int read_file(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
  if (!the_disk->is_on()) {
    return SQLITE_IOERR_READ;
  }
  const std::string& bytes = contents(file).current;
  const auto wanted = static_cast<std::size_t>(size);
  const std::size_t start = std::min(bytes.size(), static_cast<std::size_t>(at));
  const std::size_t there = std::min(wanted, bytes.size() - start);
  std::memcpy(to, bytes.data() + start, there);
  std::memset(static_cast<char*>(to) + there, 0, wanted - there);
  return there == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
  if (!the_disk->is_on()) {
    return SQLITE_IOERR_WRITE;
  }
  PowerCutDisk::File& target = contents(file);
  const std::string_view bytes(static_cast<const char*>(from), static_cast<std::size_t>(size));
  put(target.current, static_cast<std::size_t>(at), bytes);
  target.unsynced.push_back({false, static_cast<std::size_t>(at), std::string(bytes)});
  return the_disk->operate() ? SQLITE_OK : SQLITE_IOERR_WRITE;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  if (!the_disk->is_on()) {
    return SQLITE_IOERR_TRUNCATE;
  }
  PowerCutDisk::File& target = contents(file);
  target.current.resize(static_cast<std::size_t>(size));
  target.unsynced.push_back({true, static_cast<std::size_t>(size), {}});
  return the_disk->operate() ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

int sync_file(sqlite3_file* file, int /*flags*/) {
  if (!the_disk->operate()) {
    return SQLITE_IOERR_FSYNC;
  }
  PowerCutDisk::File& target = contents(file);
  if (ours(file)->syncs_directory && !target.durable_entry) {
    the_disk->sync_directory();
  }
  target.durable = target.current;
  target.durable_entry = true;
  target.unsynced.clear();
  return SQLITE_OK;
}

int size_of_file(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(contents(file).current.size());
  return the_disk->is_on() ? SQLITE_OK : SQLITE_IOERR_FSTAT;
}

int control_file(sqlite3_file* file, int operation, void* argument) {
  if (operation == SQLITE_FCNTL_PERSIST_WAL) {
    *static_cast<int*>(argument) = 1;
    return SQLITE_OK;
  }
  if (operation == SQLITE_FCNTL_POWERSAFE_OVERWRITE) {
    *static_cast<int*>(argument) = ours(file)->powersafe ? 1 : 0;
    return SQLITE_OK;
  }
  return SQLITE_NOTFOUND;
}

sqlite3_io_methods make_methods() {
  sqlite3_io_methods m{};
  m.iVersion = 1;  // no shared memory
  m.xClose = close_file;
  m.xRead = read_file;
  m.xWrite = write_file;
  m.xTruncate = truncate_file;
  m.xSync = sync_file;
  m.xFileSize = size_of_file;
  m.xLock = [](sqlite3_file*, int) { return SQLITE_OK; };
  m.xUnlock = [](sqlite3_file*, int) { return SQLITE_OK; };
  m.xCheckReservedLock = [](sqlite3_file*, int* held) {
    *held = 0;
    return SQLITE_OK;
  };
  m.xFileControl = control_file;
  m.xSectorSize = [](sqlite3_file*) { return static_cast<int>(kGarbledSector); };
  m.xDeviceCharacteristics = [](sqlite3_file* file) {
    return ours(file)->powersafe ? SQLITE_IOCAP_POWERSAFE_OVERWRITE : 0;
  };
  return m;
}

int open_file(sqlite3_vfs* /*vfs*/, const char* name, sqlite3_file* file, int flags, int* out) {
  static const sqlite3_io_methods methods = make_methods();
  file->pMethods = nullptr;
  if (!the_disk->is_on()) {
    return SQLITE_CANTOPEN;
  }
  const std::string path = name != nullptr ? name : "temporary";
  auto found = the_disk->files.find(path);
  if (found == the_disk->files.end()) {
    if ((flags & SQLITE_OPEN_CREATE) == 0) {
      return SQLITE_CANTOPEN;
    }
    found = the_disk->files.emplace(path, std::make_shared<PowerCutDisk::File>()).first;
  }
  ours(file)->file = new std::shared_ptr<PowerCutDisk::File>(found->second);
  ours(file)->syncs_directory = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
  ours(file)->powersafe = (flags & SQLITE_OPEN_URI) == 0 || name == nullptr ||
                          sqlite3_uri_boolean(name, "psow", 1) != 0;
  file->pMethods = &methods;
  if (out != nullptr) {
    *out = flags;
  }
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* /*vfs*/, const char* name, int sync_directory) {
  if (!the_disk->is_on()) {
    return SQLITE_IOERR_DELETE;
  }
  const auto found = the_disk->files.find(name);
  if (found == the_disk->files.end()) {
    return SQLITE_IOERR_DELETE_NOENT;
  }
  if (found->second->durable_entry) {
    the_disk->deleted[name] = found->second;
  }
  the_disk->files.erase(found);
  if (!the_disk->operate()) {
    return SQLITE_IOERR_DELETE;
  }
  if (sync_directory != 0) {
    the_disk->deleted.erase(name);
  }
  return SQLITE_OK;
}

int access_file(sqlite3_vfs* /*vfs*/, const char* name, int /*flags*/, int* there) {
  *there = the_disk->files.contains(name) ? 1 : 0;
  return SQLITE_OK;
}

int full_path(sqlite3_vfs* /*vfs*/, const char* name, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", name);
  return SQLITE_OK;
}

}  // namespace

struct PowerCutDisk::Image {
  Files files;
  Files deleted;
};

PowerCutDisk::PowerCutDisk(PowerCutOptions options, std::uint64_t seed)
    : options_(options), random_(seed), cut_at_(kNever) {
  the_disk = this;
}

PowerCutDisk::~PowerCutDisk() {
  the_disk = nullptr;
}

const char* PowerCutDisk::vfs() {
  static sqlite3_vfs layer = [] {
    sqlite3_vfs copy = *sqlite3_vfs_find(nullptr);
    copy.pNext = nullptr;
    copy.zName = "power-cut";
    copy.szOsFile = static_cast<int>(sizeof(OpenFile));
    copy.xOpen = open_file;
    copy.xDelete = delete_file;
    copy.xAccess = access_file;
    copy.xFullPathname = full_path;
    return copy;
  }();
  static const int registered = sqlite3_vfs_register(&layer, 0);
  static_cast<void>(registered);
  return layer.zName;
}

void PowerCutDisk::cut_at(std::uint64_t operation) {
  cut_at_ = operations_ + operation;
}

bool PowerCutDisk::operate() {
  if (on_ && ++operations_ >= cut_at_) {
    on_ = false;
  }
  return on_;
}

void PowerCutDisk::sync_directory() {
  deleted.clear();
  for (const auto& [name, file] : files) {
    file->durable_entry = true;
  }
}

void PowerCutDisk::restart() {
  Files kept;
  for (const auto& [name, file] : files) {
    if (file->durable_entry || below(2) == 0) {
      kept[name] = std::make_shared<File>(File{true, survivor(*file), {}, {}});
    }
  }
  for (const auto& [name, file] : deleted) {
    if (!files.contains(name) && below(2) == 0) {
      kept[name] = std::make_shared<File>(File{true, survivor(*file), {}, {}});
    }
  }
  for (const auto& [name, file] : kept) {
    file->current = file->durable;
  }
  files = std::move(kept);
  deleted.clear();
  on_ = true;
  cut_at_ = kNever;
}

std::shared_ptr<const PowerCutDisk::Image> PowerCutDisk::image() const {
  Image copy;
  for (const auto& [name, file] : files) {
    copy.files[name] = std::make_shared<File>(*file);
  }
  for (const auto& [name, file] : deleted) {
    copy.deleted[name] = std::make_shared<File>(*file);
  }
  return std::make_shared<const Image>(std::move(copy));
}

void PowerCutDisk::restore(const std::shared_ptr<const Image>& image) {
  files.clear();
  deleted.clear();
  for (const auto& [name, file] : image->files) {
    files[name] = std::make_shared<File>(*file);
  }
  for (const auto& [name, file] : image->deleted) {
    deleted[name] = std::make_shared<File>(*file);
  }
}

std::string PowerCutDisk::survivor(const File& file) {
  std::string bytes = file.durable;
  if (file.unsynced.empty()) {
    return bytes;
  }
  const std::size_t old_size = bytes.size();
  bytes.resize(surviving_size(file));
  // What a file has grown by and was never written may hold whatever was there before.
  if (below(2) == 0) {
    for (std::size_t i = old_size; i < bytes.size(); ++i) {
      bytes[i] = static_cast<char>(random_());
    }
  }
  keep_sectors(file, bytes);
  if (options_.garble_in_flight) {
    garble(file, bytes);
  }
  return bytes;
}

// One of the sizes that the file had since it was synced; often the last.
std::size_t PowerCutDisk::surviving_size(const File& file) {
  std::vector<std::size_t> sizes{file.durable.size()};
  for (const Change& change : file.unsynced) {
    sizes.push_back(change.truncates ? change.at
                                     : std::max(sizes.back(), change.at + change.bytes.size()));
  }
  return below(3) == 0 ? sizes.back() : sizes[below(sizes.size())];
}

void PowerCutDisk::keep_sectors(const File& file, std::string& bytes) {
  struct Piece {
    std::size_t at;
    std::string_view bytes;
  };
  std::map<std::size_t, std::vector<Piece>> sectors;
  for (const Change& change : file.unsynced) {
    const std::string_view all = change.bytes;
    for (std::size_t done = 0; done < all.size();) {
      const std::size_t at = change.at + done;
      const std::size_t sector = at / options_.sector;
      const std::size_t size = std::min(all.size() - done, (sector + 1) * options_.sector - at);
      sectors[sector].push_back({at, all.substr(done, size)});
      done += size;
    }
  }
  constexpr std::array<std::size_t, 5> kPercent{0, 20, 50, 80, 100};
  const std::size_t percent = kPercent.at(below(kPercent.size()));
  for (const auto& [sector, pieces] : sectors) {
    if (below(100) >= percent) {
      continue;
    }
    const std::size_t kept = below(2) == 0 ? pieces.size() : below(pieces.size() + 1);
    for (std::size_t i = 0; i < kept; ++i) {
      if (pieces[i].at < bytes.size()) {
        const std::size_t room = bytes.size() - pieces[i].at;
        put(bytes, pieces[i].at, pieces[i].bytes.substr(0, room));
      }
    }
  }
}

void PowerCutDisk::garble(const File& file, std::string& bytes) {
  // Mostly the last write was under way, but a disk may be busy with an earlier one.
  const Change& in_flight =
      below(2) == 0 ? file.unsynced.back() : file.unsynced[below(file.unsynced.size())];
  if (in_flight.truncates) {
    return;
  }
  const std::size_t last = in_flight.at + in_flight.bytes.size() - 1;
  const std::size_t start = last / kGarbledSector * kGarbledSector;
  for (std::size_t i = start; i < std::min(bytes.size(), start + kGarbledSector); ++i) {
    bytes[i] = static_cast<char>(random_());
  }
}

std::size_t PowerCutDisk::below(std::size_t limit) {
  return static_cast<std::size_t>(random_() % limit);
}

}  // namespace sluice::testing_support
