// A set of sequences, kept as ranges.
#pragma once

#include "core/ids.h"

#include <cstddef>
#include <cstdint>
#include <map>

namespace sluice {

// One thread at a time.
class SequenceRanges {
 public:
  static constexpr std::size_t kMost = 10'000;

  SequenceRanges() = default;
  // Keeps so many ranges; the lowest is forgotten when there are more.
  explicit SequenceRanges(std::size_t most) : most_(most) {}

  void add(Sequence first, Sequence last);
  void remove(Sequence first, Sequence last);
  void clear() { ranges_.clear(); }

  [[nodiscard]] bool contains(Sequence sequence) const { return contains(sequence, sequence); }
  [[nodiscard]] bool contains(Sequence first, Sequence last) const;  // every one of them
  [[nodiscard]] bool overlaps(Sequence first, Sequence last) const;  // at least one
  [[nodiscard]] bool empty() const { return ranges_.empty(); }

  // First and last of each, rising, with room between them.
  [[nodiscard]] const std::map<std::uint64_t, std::uint64_t>& ranges() const { return ranges_; }

 private:
  // The range that begins at or before `sequence`, if there is one.
  [[nodiscard]] std::map<std::uint64_t, std::uint64_t>::const_iterator before(
      std::uint64_t sequence) const;

  std::size_t most_ = kMost;
  std::map<std::uint64_t, std::uint64_t> ranges_;
};

}  // namespace sluice
