// Notices that a file has been replaced or rewritten.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace sluice {

// Looks at the file's place, size and times, not into it: one system call. A link is followed, so
// that a whole directory of secrets may be switched over by one. One thread at a time.
class FileWatch {
 public:
  explicit FileWatch(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] const std::string& path() const { return path_; }

  // Whether it differs from the last look; true at the first one. That it is gone is a difference.
  // Read the file after this and not before, or a change in between is never noticed.
  bool changed();

 private:
  struct Stamp {
    bool exists = false;
    dev_t device = 0;
    ino_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_ns = 0;
    std::int64_t status_changed_ns = 0;  // catches a rewrite that puts the old time back

    bool operator==(const Stamp&) const = default;
  };
  [[nodiscard]] static Stamp look_at(const std::string& path);

  std::string path_;
  Stamp last_;
  bool looked_ = false;
};

}  // namespace sluice
