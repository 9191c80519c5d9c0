// Reads the lines of one block and holds them against what its headers promise.
#pragma once

#include "core/result.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::lab {

// A record of the simulator: message `n` of `device`.
struct Sighting {
  std::string_view device;
  std::uint64_t n = 0;
};

struct CheckedLines {
  std::uint64_t records = 0;
  std::vector<Sighting> sightings;  // of the records that carry device and n
};

// What the headers say; absent ones are not checked.
struct Promise {
  std::optional<std::uint64_t> first_seq;
  std::optional<std::uint64_t> count;
};

// One thread at a time. Keeps its memory from block to block.
class LineCheck {
 public:
  LineCheck();
  ~LineCheck();
  LineCheck(const LineCheck&) = delete;
  LineCheck& operator=(const LineCheck&) = delete;

  // Rejects lines that are not JSON objects, sequences that are not contiguous, a wrong count.
  // `device` and `n` are looked for in `data`, or at the top of a line without `data`. Appends the
  // padding that the parser needs to `lines` and removes it again. The views in the result are
  // valid until the next call.
  Result<const CheckedLines*> check(std::string& lines, const Promise& promise);

 private:
  class Reader;
  std::unique_ptr<Reader> reader_;
};

}  // namespace sluice::lab
