// Tells a bad record from a destination that takes nothing.
#pragma once

#include <algorithm>
#include <cstdint>

namespace sluice {

// A destination that refuses every single record is misconfigured (a table that does not exist, a
// schema of yesterday), and burying everything it refuses would empty the buffer into the dead
// letters. Counts single records that were refused in a row. One flow of one sink, one thread at a
// time.
class RefusalGuard {
 public:
  static constexpr std::uint64_t kPatience = 20;
  static constexpr std::uint64_t kMostPatience = 256 * kPatience;

  // Whether the record may be buried. Once it may not, nothing may until something is accepted.
  [[nodiscard]] bool may_bury() {
    distrusts_ = distrusts_ || row_ >= patience_;
    row_ += distrusts_ ? 0 : 1;
    return !distrusts_;
  }

  // It takes nothing, as far as anybody knows.
  [[nodiscard]] bool distrusts() const { return distrusts_; }

  void accepted() {
    if (distrusts_) {
      // The destination is fine, it was a long stretch of bad records: do not stop so soon again.
      patience_ = std::min(4 * patience_, kMostPatience);
    } else if (row_ == 0) {
      patience_ = kPatience;
    }
    distrusts_ = false;
    row_ = 0;
  }

 private:
  std::uint64_t patience_ = kPatience;
  std::uint64_t row_ = 0;
  bool distrusts_ = false;
};

}  // namespace sluice
