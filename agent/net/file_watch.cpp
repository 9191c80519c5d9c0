#include "net/file_watch.h"

#include <sys/stat.h>

namespace sluice {

namespace {

std::int64_t nanoseconds(const timespec& time) {
  constexpr std::int64_t kPerSecond = 1'000'000'000;
  return std::int64_t{time.tv_sec} * kPerSecond + time.tv_nsec;
}

}  // namespace

FileWatch::Stamp FileWatch::look_at(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) {
    return {};
  }
  return {.exists = true,
          .device = facts.st_dev,
          .inode = facts.st_ino,
          .size = facts.st_size,
          .modified_ns = nanoseconds(facts.st_mtim),
          .status_changed_ns = nanoseconds(facts.st_ctim)};
}

bool FileWatch::changed() {
  const Stamp now = look_at(path_);
  if (looked_ && now == last_) {
    return false;
  }
  looked_ = true;
  last_ = now;
  return true;
}

}  // namespace sluice
