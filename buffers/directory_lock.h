// Makes sure that one directory is used by one agent. Private to buffers/.
#pragma once

#include "core/result.h"

#include <string>

namespace sluice {

// Held as long as the object lives, and let go by the system if the process dies.
class DirectoryLock {
 public:
  // Creates the directory if it is absent. Closed: another process has it; the message names it.
  // Fatal: the directory cannot be made or written.
  static Result<DirectoryLock> take(const std::string& directory);

  // The process that held it before did not let it go by itself.
  [[nodiscard]] bool after_crash() const { return after_crash_; }

  ~DirectoryLock();
  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&& other) = delete;
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  explicit DirectoryLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
  bool held_ = false;
  bool after_crash_ = false;
};

}  // namespace sluice
