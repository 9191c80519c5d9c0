// Disk space kept for bad times. Private to buffers/.
#pragma once

#include <cstdint>
#include <string>

namespace sluice {

// A full disk cannot even delete: the deletion has to be written to the log first. So a file of
// half a mebibyte is held, and given up when a commit finds no room. One thread.
class Ballast {
 public:
  static constexpr std::uint64_t kSize = 512UL * 1024;

  explicit Ballast(const std::string& directory) : path_(directory + "/buffer.ballast") {}

  // Takes the space unless it is held. False: there is no room for it. A file system that cannot
  // reserve space counts as room: nothing better can be had there.
  bool hold();
  void release();
  [[nodiscard]] bool held() const { return held_; }

 private:
  std::string path_;
  bool held_ = false;
};

}  // namespace sluice
