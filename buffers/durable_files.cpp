#include "buffers/durable_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace sluice {

namespace {

Error failure(const std::string& doing) {
  const int code = errno;
  return {code == ENOSPC || code == EDQUOT ? Reaction::Full : Reaction::Retry,
          "cannot " + doing + ": " + std::generic_category().message(code)};
}

}  // namespace

Status sync_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) {
    return failure("open " + path);
  }
  Status synced = ::fsync(descriptor) == 0 ? Status() : failure("write " + path);
  ::close(descriptor);
  return synced;
}

void sync_directory(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor >= 0) {
    static_cast<void>(::fsync(descriptor));
    ::close(descriptor);
  }
}

Status move_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT) {
    return failure("move " + from + " to " + to);
  }
  return {};
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

}  // namespace sluice
