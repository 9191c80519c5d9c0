// From a stream of frames to lines. Private to tools/.
#pragma once

#include "tools/frames.h"

#include <cstdint>
#include <limits>
#include <ostream>

namespace sluice {

// Writes the records whose sequences are wanted. One thread.
class RecordPrinter {
 public:
  struct Wanted {
    std::uint64_t from = 0;
    std::uint64_t to = std::numeric_limits<std::int64_t>::max();
    std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
  };

  RecordPrinter(Wanted wanted, std::ostream& out) : wanted_(wanted), out_(out) {}

  // Closed: enough has been written.
  Status take(std::string_view bytes);

  [[nodiscard]] std::uint64_t written() const { return written_; }
  [[nodiscard]] std::uint64_t damaged() const { return damaged_; }

 private:
  Status print(const FrameSplitter::Frame& frame);

  Wanted wanted_;
  std::ostream& out_;
  FrameSplitter frames_;
  std::uint64_t written_ = 0;
  std::uint64_t damaged_ = 0;
};

// What to say about damaged blocks after everything else; success if there were none.
Status judged(std::uint64_t damaged);

}  // namespace sluice
