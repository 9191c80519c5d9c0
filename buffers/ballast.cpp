#include "buffers/ballast.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace sluice {

bool Ballast::hold() {
  if (held_) {
    return true;
  }
  const int descriptor = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor < 0) {
    return errno != ENOSPC && errno != EDQUOT;
  }
  const int failed = ::posix_fallocate(descriptor, 0, static_cast<off_t>(kSize));
  const bool no_room = failed == ENOSPC || failed == EDQUOT;
  if (no_room) {
    // Half a ballast would only take space from the others.
    static_cast<void>(::ftruncate(descriptor, 0) == 0);
  }
  ::close(descriptor);
  held_ = !no_room;
  return held_;
}

void Ballast::release() {
  held_ = false;
  // If the file cannot be emptied there is nothing to gain, and the commit says so again.
  static_cast<void>(::truncate(path_.c_str(), 0) == 0);
}

}  // namespace sluice
