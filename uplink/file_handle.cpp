#include "uplink/file_handle.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace sluice {

Error file_error(const std::string& what, const std::string& path, int number) {
  const bool permanent = number == ENOENT || number == ENOTDIR || number == EACCES ||
                         number == EPERM || number == EROFS || number == EISDIR ||
                         number == EWOULDBLOCK;
  const std::string why =
      number == EWOULDBLOCK ? "another process writes it" : std::generic_category().message(number);
  return {permanent ? Reaction::Reject : Reaction::Retry,
          "cannot " + what + ' ' + path + ": " + why};
}

FileHandle::~FileHandle() {
  close();
}

FileHandle::FileHandle(FileHandle&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {
}

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
    path_ = std::move(other.path_);
  }
  return *this;
}

void FileHandle::close() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
    descriptor_ = -1;
  }
}

Result<FileHandle> FileHandle::open(const std::string& path) {
  constexpr mode_t kMode = 0640;
  FileHandle file;
  file.path_ = path;
  file.descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode);
  if (!file.is_open()) {
    return file_error("open", path, errno);
  }
  if (::flock(file.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    return file_error("lock", path, errno);
  }
  return file;
}

Status FileHandle::write_at(std::uint64_t offset, std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto written =
        ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno != EINTR) {
      return file_error("write", path_, errno);
    }
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
      offset += static_cast<std::uint64_t>(written);
    }
  }
  return {};
}

Result<std::size_t> FileHandle::read_at(std::uint64_t offset, char* bytes, std::size_t size) const {
  std::size_t got = 0;
  while (got < size) {
    const auto more =
        ::pread(descriptor_, bytes + got, size - got, static_cast<off_t>(offset + got));
    if (more < 0 && errno != EINTR) {
      return file_error("read", path_, errno);
    }
    if (more == 0) {
      break;
    }
    got += more > 0 ? static_cast<std::size_t>(more) : 0;
  }
  return got;
}

Status FileHandle::truncate(std::uint64_t size) const {
  return ::ftruncate(descriptor_, static_cast<off_t>(size)) == 0
             ? Status{}
             : file_error("shorten", path_, errno);
}

Status FileHandle::sync() const {
  return ::fdatasync(descriptor_) == 0 ? Status{} : file_error("sync", path_, errno);
}

Result<std::uint64_t> FileHandle::size() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) {
    return file_error("look at", path_, errno);
  }
  return static_cast<std::uint64_t>(status.st_size);
}

Status sync_folder(const std::string& path) {
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) {
    return file_error("open", path, errno);
  }
  const int failure = ::fsync(directory) == 0 ? 0 : errno;
  ::close(directory);
  // Some file systems cannot sync a directory, and need not.
  return failure == 0 || failure == EINVAL ? Status{} : file_error("sync", path, failure);
}

Status rename_file(const std::string& from, const std::string& to) {
  return std::rename(from.c_str(), to.c_str()) == 0 ? Status{} : file_error("rename", from, errno);
}

}  // namespace sluice
