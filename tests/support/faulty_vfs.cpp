#include "tests/support/faulty_vfs.h"

#include <sqlite3.h>

#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>

namespace sluice::testing_support {

namespace {

// What the disk has been told to do. One for the process, because SQLite's layers are.
class Plan {
 public:
  void break_after(int operations, DiskFault fault) {
    const std::lock_guard lock(mutex_);
    fault_ = fault;
    left_ = operations;
    failed_ = false;
  }
  void limit(std::uint64_t bytes, const std::string& directory) {
    const std::lock_guard lock(mutex_);
    limit_ = bytes;
    directory_ = directory;
    failed_ = false;
  }
  void heal() {
    const std::lock_guard lock(mutex_);
    fault_.reset();
    limit_.reset();
  }
  [[nodiscard]] bool failed() const {
    const std::lock_guard lock(mutex_);
    return failed_;
  }
  [[nodiscard]] std::uint64_t use(const std::string& directory) const {
    const std::lock_guard lock(mutex_);
    return in_use(directory);
  }

  // True if this read fails.
  bool next_read() {
    const std::lock_guard lock(mutex_);
    if (fault_ != DiskFault::CannotRead) {
      return false;
    }
    if (left_ > 0) {
      --left_;
      return false;
    }
    failed_ = true;
    return true;
  }

  [[nodiscard]] bool read_only() const {
    const std::lock_guard lock(mutex_);
    return fault_ == DiskFault::IsReadOnly && failed_;
  }

  // The fault that this operation meets.
  std::optional<DiskFault> next(bool is_sync) {
    const std::lock_guard lock(mutex_);
    if (!fault_ || *fault_ == DiskFault::CannotRead) {
      return std::nullopt;
    }
    if (left_ > 0) {
      --left_;
      return std::nullopt;
    }
    if (*fault_ == DiskFault::SyncFails && !is_sync && !failed_) {
      return std::nullopt;
    }
    if (*fault_ != DiskFault::IsFull) {
      failed_ = true;
    }
    return fault_;
  }

  // True if the file may have this size.
  bool grow(const std::string& path, std::uint64_t size, bool full) {
    const std::lock_guard lock(mutex_);
    std::uint64_t& present = sizes_[path];
    if (size <= present) {
      return true;
    }
    if (full || (limit_ && in_use(directory_) + (size - present) > *limit_)) {
      failed_ = true;
      return false;
    }
    present = size;
    return true;
  }
  void set_size(const std::string& path, std::uint64_t size) {
    const std::lock_guard lock(mutex_);
    sizes_[path] = size;
  }
  void forget(const std::string& path) {
    const std::lock_guard lock(mutex_);
    sizes_.erase(path);
  }

 private:
  [[nodiscard]] std::uint64_t in_use(const std::string& directory) const {
    std::uint64_t bytes = 0;
    for (const auto& [path, size] : sizes_) {
      bytes += path.starts_with(directory) ? size : 0;
    }
    std::error_code absent;
    const auto ballast = std::filesystem::file_size(directory + "/buffer.ballast", absent);
    return absent ? bytes : bytes + ballast;
  }

  mutable std::mutex mutex_;
  std::optional<DiskFault> fault_;
  int left_ = 0;
  bool failed_ = false;
  std::optional<std::uint64_t> limit_;
  std::string directory_;
  std::map<std::string, std::uint64_t> sizes_;
};

Plan& plan() {
  static Plan the_plan;
  return the_plan;
}

// SQLite reserves szOsFile bytes for a file; those of the real layer follow ours.
struct FaultyFile {
  sqlite3_file base;
  std::string* path;
};

FaultyFile* ours(sqlite3_file* file) {
  return reinterpret_cast<FaultyFile*>(file);
}

sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(ours(file) + 1);
}

int close_file(sqlite3_file* file) {
  delete ours(file)->path;
  return real(file)->pMethods->xClose(real(file));
}

int read_file(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
  if (plan().next_read()) {
    return SQLITE_IOERR_READ;
  }
  return real(file)->pMethods->xRead(real(file), to, size, at);
}

int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
  const std::optional<DiskFault> fault = plan().next(false);
  if (!plan().grow(*ours(file)->path, static_cast<std::uint64_t>(at + size),
                   fault == DiskFault::IsFull)) {
    return SQLITE_FULL;
  }
  if (!fault || fault == DiskFault::IsFull) {
    return real(file)->pMethods->xWrite(real(file), from, size, at);
  }
  if (fault == DiskFault::TearsWrite) {
    static_cast<void>(real(file)->pMethods->xWrite(real(file), from, size / 2, at));
  }
  return SQLITE_IOERR_WRITE;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  const std::optional<DiskFault> fault = plan().next(false);
  if (fault && fault != DiskFault::IsFull) {
    return SQLITE_IOERR_TRUNCATE;
  }
  plan().set_size(*ours(file)->path, static_cast<std::uint64_t>(size));
  return real(file)->pMethods->xTruncate(real(file), size);
}

// Does not bother the real disk: here it breaks, but its power is never cut.
int sync_file(sqlite3_file* /*file*/, int /*flags*/) {
  const std::optional<DiskFault> fault = plan().next(true);
  return fault && fault != DiskFault::IsFull ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

sqlite3_io_methods make_methods() {
  sqlite3_io_methods m{};
  m.iVersion = 1;  // without shared memory: the buffer opens its file exclusively
  m.xClose = close_file;
  m.xRead = read_file;
  m.xWrite = write_file;
  m.xTruncate = truncate_file;
  m.xSync = sync_file;
  m.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
    return real(f)->pMethods->xFileSize(real(f), size);
  };
  m.xLock = [](sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); };
  m.xUnlock = [](sqlite3_file* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); };
  m.xCheckReservedLock = [](sqlite3_file* f, int* held) {
    return real(f)->pMethods->xCheckReservedLock(real(f), held);
  };
  m.xFileControl = [](sqlite3_file* f, int operation, void* argument) {
    return real(f)->pMethods->xFileControl(real(f), operation, argument);
  };
  m.xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); };
  m.xDeviceCharacteristics = [](sqlite3_file* f) {
    return real(f)->pMethods->xDeviceCharacteristics(real(f));
  };
  return m;
}

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
  static const sqlite3_io_methods methods = make_methods();
  auto* disk = static_cast<sqlite3_vfs*>(vfs->pAppData);
  std::memset(static_cast<void*>(file), 0, sizeof(FaultyFile));
  if (plan().read_only() && (flags & SQLITE_OPEN_READWRITE) != 0) {  // as the system's layer does
    flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
  }
  const int code = disk->xOpen(disk, name, real(file), flags, out);
  if (code != SQLITE_OK) {
    return code;
  }
  ours(file)->path = new std::string(name != nullptr ? name : "");
  file->pMethods = &methods;
  sqlite3_int64 size = 0;
  if (real(file)->pMethods->xFileSize(real(file), &size) == SQLITE_OK) {
    plan().set_size(*ours(file)->path, static_cast<std::uint64_t>(size));
  }
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  auto* disk = static_cast<sqlite3_vfs*>(vfs->pAppData);
  if (plan().read_only()) {
    return SQLITE_IOERR_DELETE;
  }
  plan().forget(name);
  return disk->xDelete(disk, name, sync_directory);
}

}  // namespace

const char* faulty_vfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs* disk = sqlite3_vfs_find(nullptr);
    sqlite3_vfs copy = *disk;  // what is not replaced goes straight to the real disk
    copy.pNext = nullptr;
    copy.zName = "faulty";
    copy.pAppData = disk;
    copy.szOsFile = static_cast<int>(sizeof(FaultyFile)) + disk->szOsFile;
    copy.xOpen = open_file;
    copy.xDelete = delete_file;
    return copy;
  }();
  static const int registered = sqlite3_vfs_register(&vfs, 0);
  static_cast<void>(registered);
  return vfs.zName;
}

void break_disk_after(int operations, DiskFault fault) {
  plan().break_after(operations, fault);
}

void limit_disk(std::uint64_t bytes, const std::string& directory) {
  plan().limit(bytes, directory);
}

void heal_disk() {
  plan().heal();
}

bool disk_has_failed() {
  return plan().failed();
}

std::uint64_t disk_use(const std::string& directory) {
  return plan().use(directory);
}

}  // namespace sluice::testing_support
