#include "uplink/file_check.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace sluice {

namespace {

std::string reason(int error) {
  return std::error_code(error, std::generic_category()).message();
}

std::string in_mebibytes(std::uint64_t bytes) {
  return std::to_string(bytes / (1024UL * 1024)) + " MiB";
}

Status try_to_write(const std::string& directory) {
  std::string name = directory + "/.sluice-check-XXXXXX";
  const int file = ::mkstemp(name.data());
  if (file >= 0) {
    ::close(file);
    if (::unlink(name.c_str()) == 0) {
      return {};
    }
  }
  const int error = errno;
  std::string advice;
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      advice = "; make the directory, or correct path";
      break;
    case EACCES:
    case EPERM:
      advice = "; let the user that the agent runs as write there";
      break;
    case EROFS:
      advice = "; mount it for writing, or choose another path";
      break;
    case ENOSPC:
    case EDQUOT:
      advice = "; make room there, or choose another path";
      break;
    default:
      break;
  }
  return Error{Reaction::Reject, "cannot write into " + directory + ": " + reason(error) + advice};
}

}  // namespace

Result<std::string> check_file_directory(const FileTransportOptions& options) {
  const std::filesystem::path parent = std::filesystem::path(options.path).parent_path();
  const std::string directory = parent.empty() ? "." : parent.string();
  if (Status written = try_to_write(directory); !written) {
    return written.error();
  }
  struct statvfs room {};
  if (::statvfs(directory.c_str(), &room) != 0) {
    return Error{Reaction::Retry,
                 "cannot ask how much room is in " + directory + ": " + reason(errno)};
  }
  const std::uint64_t free = std::uint64_t{room.f_bavail} * room.f_frsize;
  if (free < options.max_size) {
    return Error{Reaction::Reject, directory + " has room for " + in_mebibytes(free) +
                                       ", and one file may have " + in_mebibytes(options.max_size) +
                                       "; make room there, or lower max_size"};
  }
  return "writable, room for " + in_mebibytes(free);
}

}  // namespace sluice
