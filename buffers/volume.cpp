#include "buffers/volume.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <limits>

namespace sluice {

VolumeSpace space_of(const std::string& directory) {
  constexpr std::uint64_t kUnknown = std::numeric_limits<std::uint64_t>::max();
  struct statvfs space {};
  if (::statvfs(directory.c_str(), &space) != 0) {
    return {kUnknown, kUnknown};
  }
  return {std::uint64_t{space.f_blocks} * space.f_frsize,
          std::uint64_t{space.f_bavail} * space.f_frsize};
}

std::uint64_t reserved_bytes(const VolumeSpace& space) {
  constexpr std::uint64_t kEnoughForTheLog = 16UL * 1024 * 1024;
  return std::min(std::max(kEnoughForTheLog, space.total / 100), space.total / 8);
}

}  // namespace sluice
