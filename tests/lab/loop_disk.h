// A file system of its own on a loop device, to count what reaches a device.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::lab {

// ext4 in a file, mounted noatime. Seen only by this process and those it starts from now on, and
// gone with them. One thread.
class LoopDisk {
 public:
  // Makes `directory`, which then holds the file and the mount point. Throws std::runtime_error,
  // with what to do about it: mounting needs the rights of root.
  LoopDisk(const std::string& directory, std::uint64_t mebibytes);
  ~LoopDisk();
  LoopDisk(const LoopDisk&) = delete;
  LoopDisk& operator=(const LoopDisk&) = delete;

  [[nodiscard]] const std::string& path() const { return mount_point_; }
  // Everything that was written to the device so far, with what the caches still hold.
  [[nodiscard]] std::uint64_t written_bytes() const;

 private:
  std::string mount_point_;
  std::string statistics_;  // a file of the kernel
};

}  // namespace sluice::lab
